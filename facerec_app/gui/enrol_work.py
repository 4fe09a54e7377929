"""The background work of the panel for enrolment: pictures first, then one video after the other."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from facerec_app.gallery.records import Consent
from facerec_app.gui.enrol_model import EnrolModel, EnrolRow, RowState
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import Task, TaskRunner
from facerec_app.gui.video_people_page import face_thumbnail
from facerec_app.services.enrolment import EnrolmentReport, EnrolmentRow
from facerec_app.services.progress import Progress
from facerec_app.services.video_people import VideoPeople, VideoPerson, clock


class EnrolWork(QObject):
    """Enrols the rows of a model and tells it what became of each as soon as that is known.

    Args:
        services: the gallery's.
        tasks: where they are called.
        model: the rows.
    """

    changed = Signal()  # busy or not
    progressed = Signal(object, str)  # Progress, in words with time left
    finished = Signal(object)  # EnrolmentReport
    failed = Signal(str)
    people_found = Signal(object)  # VideoPeople: who is meant?

    def __init__(
        self, services: SharedServices, tasks: TaskRunner, model: EnrolModel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._services = services
        self._tasks = tasks
        self._model = model
        self._task: Task | None = None
        self._started_s = 0.0
        self._name = ""
        self._consent: Consent | None = None
        self._video: Path | None = None  # being searched, or its people being chosen from

    @property
    def is_busy(self) -> bool:
        """Whether something is under way."""
        return self._task is not None

    @property
    def name(self) -> str:
        """Who is being enrolled."""
        return self._name

    def start(self, name: str, consent: Consent | None, rows: Sequence[EnrolRow]) -> None:
        """Enrol rows as a person of that name."""
        self._name, self._consent = name, consent
        pictures = [row for row in rows if not row.is_video]
        if pictures:
            self._enrol_pictures(pictures)
        else:
            self._search_next_video()

    def cancel(self) -> None:
        """Stop after what is being looked at; what was added stays."""
        if self._task is not None:
            self._task.cancel()

    def choose(self, person: VideoPerson) -> None:
        """Enrol one of the people found in a video; the video's row gives way to those of the pictures."""
        number = self._video_row()
        if number is not None:
            self._model.remove([number])
        self._video = None
        faces = person.pictures
        thumbnails = {read.face.source: face_thumbnail(read) for read in faces}

        def work(task: Task) -> EnrolmentReport:
            def on_row(outcome: EnrolmentRow) -> None:
                task.tell(lambda: self._model.show_outcome(outcome, thumbnails.get(outcome.what)))

            service = self._services.enrolment()
            return service.enrol_faces(self._name, faces, consent=self._consent, on_row=on_row)

        def done(report: EnrolmentReport) -> None:
            self._finish(report)
            self._search_next_video()

        self._begin(self._tasks.start(work, done=done, failed=self._fail))

    def refuse_video(self, reason: str) -> None:
        """Leave the video out that was searched, and go on with the next."""
        number = self._video_row()
        if number is not None:
            self._model.set_state(number, RowState.REFUSED, reason)
        self._video = None
        self.changed.emit()
        self._search_next_video()

    def _enrol_pictures(self, rows: Sequence[EnrolRow]) -> None:
        asked = [row.to_enrol() for row in rows]

        def work(task: Task) -> EnrolmentReport:
            return self._services.enrolment().enrol_files(
                self._name,
                asked,
                consent=self._consent,
                progress=task.report,
                cancelled=task.is_cancelled,
                on_row=lambda outcome: task.tell(lambda: self._model.show_outcome(outcome)),
            )

        def progress(at: Progress) -> None:
            self._report(at, self.tr("{0} of {1}").format(at.done, at.total))
            number = self._model.number_of(rows[at.done].path) if at.done < len(rows) else None
            if number is not None and self._model.rows[number].state is RowState.WAITING:
                self._model.set_state(number, RowState.WORKING)

        def done(report: EnrolmentReport) -> None:
            stopped = self._task is not None and self._task.is_cancelled()
            self._finish(report)
            if not stopped:
                self._search_next_video()

        self._begin(self._tasks.start(work, done=done, failed=self._fail, progress=progress))

    def _search_next_video(self) -> None:
        row = next((one for one in self._model.waiting if one.is_video), None)
        number = self._model.number_of(row.path) if row is not None else None
        if row is None or number is None or self.is_busy:
            return
        path = self._video = row.path
        self._model.set_state(number, RowState.WORKING, self.tr("Being searched for faces"))

        def work(task: Task) -> VideoPeople:
            service = self._services.enrolment()
            return service.people_of_video(path, progress=task.report, cancelled=task.is_cancelled)

        def progress(at: Progress) -> None:
            words = self.tr("{0} of {1}").format(clock(at.done), clock(at.total)) if at.total else clock(at.done)
            self._report(at, words)

        def failed(message: str) -> None:
            self._task = None
            self.refuse_video(message.replace(str(path), self.tr("This file")))

        self._begin(self._tasks.start(work, done=self._take_people, failed=failed, progress=progress))

    def _take_people(self, found: VideoPeople) -> None:
        self._task = None
        if found.cancelled:
            self._wait_again()
        elif not found.people:
            self.refuse_video(self.tr("No frame shows a clear face; choose a video with the person from the front."))
        elif len(found.people) == 1:
            self.choose(found.people[0])
        else:
            self.people_found.emit(found)
        self.changed.emit()

    def _video_row(self) -> int | None:
        return self._model.number_of(self._video) if self._video is not None else None

    def _wait_again(self) -> None:
        """Let what was being looked at when the work ended wait again."""
        for number, row in enumerate(self._model.rows):
            if row.state is RowState.WORKING:
                self._model.set_state(number, RowState.WAITING)
        self._video = None

    def _begin(self, task: Task) -> None:
        self._task = task
        self._started_s = time.monotonic()
        self.changed.emit()

    def _report(self, progress: Progress, words: str) -> None:
        if progress.done and progress.total:
            left_s = (time.monotonic() - self._started_s) / progress.done * (progress.total - progress.done)
            words += self.tr(", {0:.0f} s left").format(left_s)
        self.progressed.emit(progress, words)

    def _finish(self, report: EnrolmentReport) -> None:
        self._task = None
        self._wait_again()
        self.changed.emit()
        self.finished.emit(report)

    def _fail(self, message: str) -> None:
        self._task = None
        self._wait_again()
        self.changed.emit()
        self.failed.emit(message)
