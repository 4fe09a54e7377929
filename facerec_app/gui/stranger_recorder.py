"""Faces in front of a camera that nobody could name are kept when they have left, if the user asked for that."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from facerec_app.gui.session_worker import SessionWorker
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.source_info import SourceInfo
from facerec_app.gui.tasks import Task, TaskRunner
from facerec_app.pipeline.finished_tracks import FinishedTracks


class StrangerRecorder(QObject):
    """Looks after every result of a live source whether a stranger has left; nothing of a file is kept.

    Args:
        session: gives sources and results.
        services: the library's.
        tasks: where they are called.
        kept: called when faces were kept.
        failed: takes one line if that could not be done.
    """

    def __init__(
        self,
        session: SessionWorker,
        services: SharedServices,
        tasks: TaskRunner,
        kept: Callable[[], None],
        failed: Callable[[str], None],
    ) -> None:
        super().__init__(session)
        self._session = session
        self._services = services
        self._tasks = tasks
        self._kept = kept
        self._failed = failed
        self._finished: FinishedTracks | None = None
        self._is_storing = False
        session.opened.connect(self._begin)
        session.result_changed.connect(self._look)

    def refresh(self) -> None:
        """The user has changed whether faces are kept."""
        if self._session.info is not None:
            self._begin(self._session.info)

    def _begin(self, info: SourceInfo) -> None:
        self._finished = None

        def done(finished: FinishedTracks) -> None:
            self._finished = finished

        def work(_: Task) -> FinishedTracks:
            return self._services.library().unknown_collection().begin_source(is_live=info.is_live)

        self._tasks.start(work, done=done, failed=self._failed, urgent=True)

    def _look(self) -> None:
        if self._finished is None or self._is_storing or not self._finished.has_waiting:
            return
        self._is_storing = True

        def done(added: int) -> None:
            self._is_storing = False
            if added:
                self._kept()

        def failed(message: str) -> None:
            self._is_storing = False
            self._failed(message)

        def work(_: Task) -> int:
            return self._services.library().unknown_collection().add_finished()

        self._tasks.start(work, done=done, failed=failed, urgent=True)
