"""From a click on a face to its name in the gallery."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, QPoint, Signal

from facerec_app.core.errors import NoFaceError
from facerec_app.gui.live_view import LiveView
from facerec_app.gui.name_face_popover import NameFacePopover
from facerec_app.gui.session_worker import SessionWorker
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import Task, TaskRunner
from facerec_app.pipeline.track_album import cut_out
from facerec_app.services.enrolment import EnrolmentReport


class FaceNaming(QObject):
    """Asks who a face is and enrols it from the best pictures of its track.

    The gallery tells the running session of the change, so nothing has to be done here for the name to appear.
    """

    asked = Signal(int)  # track id
    finished = Signal(object)  # EnrolmentReport
    enrolled = Signal(int, list)  # track id, identifiers of the enrolled faces
    failed = Signal(str)  # for a face whose question was closed meanwhile

    def __init__(
        self,
        view: LiveView,
        popover: NameFacePopover,
        session: SessionWorker,
        services: SharedServices,
        tasks: TaskRunner,
    ) -> None:
        super().__init__(popover)
        self._view = view
        self._popover = popover
        self._session = session
        self._services = services
        self._tasks = tasks
        popover.named.connect(self._enrol)

    def ask(self, track_id: int) -> None:
        """Open the question beside a face in view."""
        result = self._view.result
        if result is None or track_id not in result.track_ids:
            return
        row = result.track_ids.tolist().index(track_id)
        decision = result.decisions[row]
        rect = self._view.face_rect(track_id)
        if rect is None:
            return
        offset = self._view.mapTo(self._popover.stage, QPoint(0, 0))
        # A track that ended since (a jump, a cut) has left its album; what is seen can still be enrolled.
        seen = cut_out(result.frame, result.detections.select(np.array([row])), quality=0.5)
        pictures = self._session.track_pictures(track_id) or [seen]
        self.asked.emit(track_id)
        self._popover.ask(track_id, decision, result.name_of(decision), pictures, rect.translated(offset))

    def _enrol(self, track_id: int, name: str) -> None:
        # The track may have found better pictures meanwhile, or have left the picture.
        pictures = self._session.track_pictures(track_id) or list(self._popover.pictures)

        def work(_: Task) -> EnrolmentReport:
            report = self._services.enrolment().enrol_track(name, pictures)
            if report.enrolled == 0:
                # One reason is enough: the pictures are of one face within seconds.
                raise next((row.error for row in report.refused if row.error), NoFaceError("The face has gone."))
            return report

        self._tasks.start(
            work,
            done=lambda report: self._finish(track_id, report),
            failed=lambda message: self._fail(track_id, message),
            urgent=True,
        )

    def _finish(self, track_id: int, report: EnrolmentReport) -> None:
        if self._popover.track_id == track_id:
            self._popover.hide()
        self.finished.emit(report)
        self.enrolled.emit(track_id, [row.face_id for row in report.rows if row.face_id is not None])

    def _fail(self, track_id: int, message: str) -> None:
        if self._popover.track_id == track_id:
            self._popover.show_error(message)
        else:
            self.failed.emit(message)
