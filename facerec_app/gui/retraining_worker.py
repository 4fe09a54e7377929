"""The only place where a retraining's thread meets Qt."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Qt, Signal

from facerec_app.core.errors import FacerecError
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import Task, TaskRunner
from facerec_app.services.retraining import RetrainingRun
from facerec_app.services.training_result import TrainingProgress, TrainingResult


class _Listener:
    """Hands on what a run says; a run that was let go of says nothing any more."""

    def __init__(self, emit: Callable[[object], None]) -> None:
        self._emit = emit
        self._lock = threading.Lock()
        self._silent = False

    def on_progress(self, progress: TrainingProgress) -> None:
        self._tell(progress)

    def on_end(self, outcome: TrainingResult | FacerecError) -> None:
        self._tell(outcome)

    def silence(self) -> None:
        """Say nothing more; the window may be gone."""
        with self._lock:
            self._silent = True

    def _tell(self, what: object) -> None:
        with self._lock:  # held while emitting: after ``silence`` the worker may be gone
            if not self._silent:
                self._emit(what)


class RetrainingWorker(QObject):
    """Starts, cancels and ends one retraining at a time; every signal is emitted in the thread that made the worker."""

    started = Signal()
    progressed = Signal(object)  # TrainingProgress
    ended = Signal(object)  # TrainingResult, or the FacerecError that says why there is none
    _said = Signal(object)

    def __init__(self, services: SharedServices, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self.tasks = TaskRunner("retraining-control", self)
        self._listener: _Listener | None = None
        self._run: RetrainingRun | None = None
        self._is_running = False
        self._is_to_end = threading.Event()
        self._said.connect(self._hear, Qt.ConnectionType.QueuedConnection)

    @property
    def is_running(self) -> bool:
        """Whether a retraining was started that has not ended."""
        return self._is_running

    def start(self, options: Sequence[str]) -> None:
        """Start a run; ``started`` follows, and ``ended`` in every case."""
        if self._is_running:
            return
        self._is_running = True
        listener = self._listener = _Listener(self._said.emit)
        is_to_end = self._is_to_end = threading.Event()

        def work(_: Task) -> None:
            run = self._services.retraining().start(listener, tuple(options))
            self._run = run
            if is_to_end.is_set():  # told so while the process was being started
                run.cancel()

        def done(_: None) -> None:
            self.started.emit()

        def failed(message: str) -> None:
            self._end(FacerecError(message))

        self.tasks.start(work, done=done, failed=failed)

    def cancel(self) -> None:
        """Ask the run to end; ``ended`` follows within 2 s."""
        self._is_to_end.set()
        run = self._run
        if run is None:
            return

        def work(_: Task) -> bool:
            return run.cancel()

        self.tasks.start(work, done=lambda _: None, failed=lambda message: self._end(FacerecError(message)))

    def shut_down(self, timeout_s: float) -> bool:
        """End everything for good; return whether process and threads have ended."""
        deadline_s = time.monotonic() + timeout_s
        if self._listener is not None:
            self._listener.silence()
        self._is_to_end.set()
        run, ended = self._run, True
        if run is not None and run.is_running:
            run.cancel()
            ended = not run.is_running
        return self.tasks.stop(max(0.0, deadline_s - time.monotonic())) and ended

    def _hear(self, what: object) -> None:
        if isinstance(what, TrainingProgress):
            self.progressed.emit(what)
        else:
            self._end(what)

    def _end(self, outcome: object) -> None:
        if self._is_running:
            self._is_running = False
            self._run = None
            self.ended.emit(outcome)
