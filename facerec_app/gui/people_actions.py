"""What the panel of people asks of the gallery, one job after another in the background."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from facerec_app.core.errors import PersonNotFoundError
from facerec_app.gallery.person_contents import PersonContents
from facerec_app.gallery.records import Consent, EnrolledFace, FaceState, Person
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import Task, TaskRunner
from facerec_app.services.people import PeopleService


@dataclass(frozen=True, slots=True)
class PeopleView:
    """Everything that the panel shows at one moment.

    Attributes:
        people: everybody, by name.
        last_seen: by person id.
        keeps_last_seen: whether these times outlast the program.
        undo_text, redo_text: what could be taken back and done again.
        opened_id: the person whose page was open when this was asked for, None without a page.
        opened: that person with their faces, None if the person has gone.
    """

    people: tuple[Person, ...]
    last_seen: Mapping[str, datetime]
    keeps_last_seen: bool
    undo_text: str | None
    redo_text: str | None
    opened_id: str | None
    opened: tuple[Person, tuple[EnrolledFace, ...]] | None


class PeopleActions(QObject):
    """Calls the services; every change is announced, so that the running view and all lists follow."""

    done = Signal(str)  # what was done, in words
    failed = Signal(str)  # what went wrong, in words

    def __init__(self, services: SharedServices, tasks: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._tasks = tasks

    def read(self, opened_id: str | None, show: Callable[[PeopleView], None]) -> None:
        """Read everything that is shown; ``opened_id`` is the person whose page is open."""

        def work(_: Task) -> PeopleView:
            service = self._services.people()
            opened = None
            if opened_id is not None:
                try:
                    opened = service.find(opened_id), service.faces(opened_id)
                except PersonNotFoundError:
                    opened = None  # removed meanwhile: the page closes
            seen, history = service.last_seen, service.history
            texts = history.undo_text, history.redo_text
            return PeopleView(service.everybody(), seen.times(), seen.is_kept, *texts, opened_id, opened)

        self._tasks.start(work, done=show, failed=self.failed.emit, urgent=True)

    def read_contents(self, person: Person, show: Callable[[PersonContents, tuple[str, ...]], None]) -> None:
        """Count everything that is kept of a person, with the networks that were trained on their faces."""

        def work(_: Task) -> tuple[PersonContents, tuple[str, ...]]:
            people = self._services.people()
            return people.contents(person.person_id), people.trained_versions(person.person_id)

        self._tasks.start(work, done=lambda found: show(*found), failed=self.failed.emit, urgent=True)

    def rename(self, person: Person, name: str) -> None:
        """Give a person another name."""
        self._change(lambda people: people.rename(person.person_id, name))

    def set_consent(self, person: Person, consent: Consent | None) -> None:
        """Record what a person agreed to."""
        self._change(lambda people: people.set_consent(person.person_id, consent))

    def merge(self, source_id: str, into: str) -> None:
        """Give all pictures of one person to another (name or identifier)."""
        self._change(lambda people: people.merge(source_id, into))

    def split(self, face_ids: Sequence[str], name: str) -> None:
        """Make pictures a new person."""
        self._change(lambda people: people.split(face_ids, name))

    def move_faces(self, face_ids: Sequence[str], name: str) -> None:
        """Give pictures to another person."""
        self._change(lambda people: people.move_faces(face_ids, name))

    def remove_faces(self, face_ids: Sequence[str]) -> None:
        """Remove pictures."""
        self._change(lambda people: people.remove_faces(face_ids))

    def set_portrait(self, face_id: str) -> None:
        """Let a picture stand for its person."""
        self._change(lambda people: people.set_portrait(face_id))

    def set_face_state(self, face_ids: Sequence[str], state: FaceState) -> None:
        """Let pictures take part in recognition or not."""
        self._change(lambda people: people.set_face_state(face_ids, state))

    def remove(self, person: Person) -> None:
        """Delete a person with everything."""
        said = self.tr("{0} was deleted.").format(person.name)
        self._change(lambda people: people.remove(person.person_id), said)

    def export(self, person: Person, folder: Path) -> None:
        """Write everything that is kept of a person into a new folder."""
        self._tasks.start(
            lambda _: self._services.people().export(person.person_id, folder),
            done=lambda files: self.done.emit(
                self.tr("{0}: {1} files written to {2}").format(person.name, len(files), folder)
            ),
            failed=self.failed.emit,
            urgent=True,
        )

    def undo(self) -> None:
        """Take the last change back."""
        self._step(PeopleService.undo, self.tr("Taken back: {0}."))

    def redo(self) -> None:
        """Do again what was taken back last."""
        self._step(PeopleService.redo, self.tr("Done again: {0}."))

    def keep_last_seen(self, wanted: bool) -> None:
        """Keep when people were last seen over a restart, or no longer."""

        def work(_: Task) -> None:
            self._services.people().last_seen.keep(wanted)

        said = self.tr("Times are kept from now on.") if wanted else self.tr("Times are no longer kept.")
        self._tasks.start(work, done=lambda _: self.done.emit(said), failed=self.failed.emit, urgent=True)

    def _change(self, change: Callable[[PeopleService], object], said: str = "") -> None:
        words = self.tr("Done: {0}.")

        def work(_: Task) -> str:
            people = self._services.people()
            before = people.history.undo_text
            change(people)
            self._services.gallery().announce()
            text = people.history.undo_text
            return said or (words.format(text) if text is not None and text != before else "")

        self._tasks.start(work, done=self.done.emit, failed=self.failed.emit, urgent=True)

    def _step(self, step: Callable[[PeopleService], str | None], words: str) -> None:
        def work(_: Task) -> str:
            text = step(self._services.people())
            self._services.gallery().announce()
            return words.format(text) if text is not None else ""

        self._tasks.start(work, done=self.done.emit, failed=self.failed.emit, urgent=True)
