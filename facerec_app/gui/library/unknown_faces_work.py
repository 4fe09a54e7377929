"""What the page of unknown faces asks of the services, in the background."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from facerec_app.core.types import UInt8Array
from facerec_app.gallery.unnamed_face import UnnamedFace
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import Task, TaskRunner
from facerec_app.services.face_groups import GroupedFaces
from facerec_app.services.unknown_collection import CollectionReport
from facerec_app.services.unknown_faces import UnknownFacesService


@dataclass(frozen=True, slots=True, eq=False)
class UnknownFacesView:
    """Everything that the page shows at one moment.

    Attributes:
        grouped: the faces.
        names: of everybody enrolled.
        keeps_live: whether faces of live sources are kept.
        undo_text, redo_text: what could be taken back and done again.
    """

    grouped: GroupedFaces
    names: tuple[str, ...]
    keeps_live: bool
    undo_text: str | None
    redo_text: str | None


class UnknownFacesWork(QObject):
    """Carries out one change after another; each is followed by what is to be shown now."""

    shown = Signal(object)  # UnknownFacesView
    looked = Signal(object)  # Progress of faces being looked at that another profile had kept
    progressed = Signal(object)  # Progress of pictures being added
    added = Signal(object)  # CollectionReport
    done = Signal(str)  # what was done, in words
    failed = Signal(str)  # what went wrong, in words

    def __init__(self, services: SharedServices, tasks: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._tasks = tasks
        self._is_reading = False
        self._reads_again = False
        self._adding: Task | None = None

    @property
    def is_adding(self) -> bool:
        """Whether pictures are being searched."""
        return self._adding is not None

    def read(self) -> None:
        """Read everything that is shown; asked twice meanwhile, once more afterwards."""
        if self._is_reading:
            self._reads_again = True
            return
        self._is_reading = True

        def work(task: Task) -> UnknownFacesView:
            library, people = self._services.library(), self._services.people()
            service = library.unknown_faces()
            grouped = service.grouped(progress=task.report, cancelled=task.is_cancelled)
            return UnknownFacesView(
                grouped,
                tuple(person.name for person in people.everybody()),
                library.unknown_collection().keeps_live,
                service.history.undo_text,
                service.history.redo_text,
            )

        def done(view: UnknownFacesView) -> None:
            self._note_read()
            self.shown.emit(view)

        def failed(message: str) -> None:
            self._note_read()
            self.failed.emit(message)

        self._tasks.start(work, done=done, failed=failed, progress=self.looked.emit, urgent=True)

    def load_pictures(self, faces: Sequence[UnnamedFace], show: Callable[[dict[str, UInt8Array]], None]) -> None:
        """Read squares around faces, ``(S, S, 3)`` uint8 by face id."""
        wanted = tuple(faces)
        self._tasks.start(
            lambda _: self._services.library().gallery_browser().thumbnails(wanted),
            done=show,
            failed=self.failed.emit,
            urgent=True,
        )

    def load_picture(self, face: UnnamedFace, show: Callable[[UInt8Array], None]) -> None:
        """Read the whole picture that is kept of a face, ``(H, W, 3)`` uint8."""
        self._tasks.start(
            lambda _: self._services.library().unknown_faces().picture(face),
            done=show,
            failed=self.failed.emit,
            urgent=True,
        )

    def add_pictures(self, paths: Sequence[Path]) -> None:
        """Search pictures and folders for faces of nobody known; what the user does meanwhile gets in between."""
        wanted = tuple(paths)

        def work(task: Task) -> CollectionReport:
            collection = self._services.library().unknown_collection()
            return collection.add_pictures(wanted, progress=task.report, cancelled=task.is_cancelled)

        def done(report: CollectionReport) -> None:
            self._adding = None
            self.added.emit(report)
            self.read()

        def failed(message: str) -> None:
            self._adding = None
            self.failed.emit(message)
            self.read()

        self._adding = self._tasks.start(work, done=done, failed=failed, progress=self.progressed.emit)

    def stop_adding(self) -> None:
        """End the search for faces; what was found is kept."""
        if self._adding is not None:
            self._adding.cancel()

    def name(self, face_ids: Sequence[str], name: str) -> None:
        """Enrol faces as a person's."""
        self._change(lambda service: service.name(face_ids, name))

    def move(self, face_ids: Sequence[str], group_id: str | None) -> None:
        """Put faces into a group, None for one of their own."""
        self._change(lambda service: service.move(face_ids, group_id))

    def set_apart(self, face_ids: Sequence[str]) -> None:
        """Put each face by itself."""
        self._change(lambda service: service.set_apart(face_ids))

    def ignore(self, face_ids: Sequence[str]) -> None:
        """Never ask about faces again."""
        self._change(lambda service: service.ignore(face_ids))

    def ask_again(self, face_ids: Sequence[str]) -> None:
        """Ask about faces after all."""
        self._change(lambda service: service.ask_again(face_ids))

    def remove(self, face_ids: Sequence[str]) -> None:
        """Remove faces; undo brings them back."""
        self._change(lambda service: service.remove(face_ids))

    def group_again(self) -> None:
        """Find groups anew."""

        def work(_: Task) -> None:
            self._services.library().unknown_faces().group_again()

        self._tasks.start(work, done=lambda _: self.read(), failed=self.failed.emit, urgent=True)

    def undo(self) -> None:
        """Take the last change back."""
        self._step(UnknownFacesService.undo, self.tr("Taken back: {0}."))

    def redo(self) -> None:
        """Do again what was taken back last."""
        self._step(UnknownFacesService.redo, self.tr("Done again: {0}."))

    def _note_read(self) -> None:
        again, self._is_reading, self._reads_again = self._reads_again, False, False
        if again:
            self.read()

    def _change(self, change: Callable[[UnknownFacesService], object]) -> None:
        words = self.tr("Done: {0}.")

        def work(_: Task) -> str:
            service = self._services.library().unknown_faces()
            change(service)
            text = service.history.undo_text
            return words.format(text) if text is not None else ""

        self._start(work)

    def _step(self, step: Callable[[UnknownFacesService], str | None], words: str) -> None:
        def work(_: Task) -> str:
            text = step(self._services.library().unknown_faces())
            return words.format(text) if text is not None else ""

        self._start(work)

    def _start(self, work: Callable[[Task], str]) -> None:
        def done(words: str) -> None:
            self.done.emit(words)
            self.read()

        def failed(message: str) -> None:
            self.failed.emit(message)
            self.read()

        self._tasks.start(work, done=done, failed=failed, urgent=True)
