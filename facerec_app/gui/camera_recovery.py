"""A camera that is busy or unplugged is opened as soon as it can be."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from facerec_app.gui.session_worker import OpenSource, PlayState, SessionWorker
from facerec_app.gui.tasks import Task, TaskRunner

RETRY_MS = 3000


class CameraRecovery(QObject):
    """Tries again in the background while the window shows what is wrong; anything else the user opens ends that.

    Args:
        session: whose camera failed.
        open_source: opens it for a moment, to see whether it can be had.
    """

    def __init__(self, session: SessionWorker, open_source: OpenSource, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._open_source = open_source
        self._tasks = TaskRunner("camera-recovery", self)
        self._spec = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._try)
        session.opening.connect(self._note_opening)
        session.state_changed.connect(self._follow)

    @property
    def is_trying(self) -> bool:
        """Whether a camera is waited for."""
        return bool(self._spec) and self._session.state is PlayState.FAILED and self._session.is_source_lost

    def shut_down(self, timeout_s: float) -> bool:
        """End for good; return whether the thread has ended."""
        self._timer.stop()
        return self._tasks.stop(timeout_s)

    def _note_opening(self, spec: str) -> None:
        self._spec = spec if spec.isdigit() else ""

    def _follow(self, state: PlayState) -> None:
        if state is PlayState.FAILED and self._spec and self._session.is_source_lost:
            self._timer.start(RETRY_MS)
        else:
            self._timer.stop()

    def _try(self) -> None:
        spec = self._spec

        def work(_: Task) -> None:
            self._open_source(spec).close()

        def done(_: None) -> None:
            if self.is_trying and self._spec == spec:
                self._session.open(spec)

        def failed(_: str) -> None:
            if self.is_trying and self._spec == spec:
                self._timer.start(RETRY_MS)

        self._tasks.start(work, done=done, failed=failed)
