"""Background work of the window: one thread, one job after another, answers in the window's own thread.

Services take one call at a time, so one thread serves them all. A job that a person waits for (naming a face) is
urgent: it goes before what is queued, and between two units of a long job that is under way (an import).
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from facerec_app.core.errors import FacerecError
from facerec_app.core.thread_priority import lower_thread_priority
from facerec_app.services.progress import Progress

_LOGGER = logging.getLogger(__name__)
_GIVES_WAY_STEPS = 6  # to the interface and to recognition
T = TypeVar("T")


class Task:
    """One piece of work that was asked for; the work itself sees ``report`` and ``is_cancelled``."""

    def __init__(
        self,
        deliver_progress: Callable[[Task], None],
        between_units: Callable[[], None],
        deliver: Callable[[Callable[[], None]], None],
    ) -> None:
        self._deliver_progress = deliver_progress
        self._between_units = between_units
        self._deliver = deliver
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._newest: Progress | None = None

    def cancel(self) -> None:
        """Ask the work to end; it does so between two units."""
        self._cancelled.set()

    def is_cancelled(self) -> bool:
        """Return whether the user wants the work to end."""
        return self._cancelled.is_set()

    def report(self, progress: Progress) -> None:
        """Say how far the work has come; only the newest word is kept, so nothing can pile up.

        Called in the working thread between two units; urgent jobs are done before it returns.
        """
        with self._lock:
            waiting, self._newest = self._newest is not None, progress
        if not waiting:
            self._deliver_progress(self)
        self._between_units()

    def tell(self, callback: Callable[[], None]) -> None:
        """Have something called in the window's thread, in order and before the work's answer; nothing is left out."""
        self._deliver(callback)

    def take_progress(self) -> Progress | None:
        """Return the newest word since the last call."""
        with self._lock:
            newest, self._newest = self._newest, None
        return newest


class TaskRunner(QObject):
    """Runs jobs in one thread, which starts with the first of them.

    Callbacks run in the thread that made the runner. After ``stop`` none of them is called any more.
    """

    _answered = Signal(object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._urgent: deque[Callable[[], None]] = deque()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._lock = threading.Lock()
        self._stopped = False
        self._tasks: set[Task] = set()
        self._answered.connect(self._call, Qt.ConnectionType.QueuedConnection)

    @property
    def is_busy(self) -> bool:
        """Whether anything was asked for that has not been answered."""
        return bool(self._tasks)

    def start(
        self,
        work: Callable[[Task], T],
        *,
        done: Callable[[T], None],
        failed: Callable[[str], None],
        progress: Callable[[Progress], None] | None = None,
        urgent: bool = False,
    ) -> Task:
        """Queue a job.

        Args:
            work: runs in the background.
            done: takes what it returned.
            failed: takes one line for the user when it raised.
            progress: takes the newest progress.
            urgent: do it before what is queued, and between the units of what is under way.
        """

        def tell(task: Task) -> None:
            newest = task.take_progress()
            if newest is not None and progress is not None:
                progress(newest)

        def finish(task: Task, callback: Callable[[Any], None], value: Any) -> None:
            self._tasks.discard(task)
            callback(value)

        def job() -> None:
            try:
                value = work(task)
            except FacerecError as exc:
                message = str(exc)
            except Exception as exc:
                _LOGGER.exception("Background work failed")
                message = f"This did not work: {exc}. The log file has the details."
            else:
                self._answer(lambda: finish(task, done, value))
                return
            self._answer(lambda: finish(task, failed, message))

        task = Task(lambda reporting: self._answer(lambda: tell(reporting)), self._do_urgent, self._answer)
        self._tasks.add(task)
        if urgent:
            self._urgent.append(job)
            self._jobs.put(self._do_urgent)
        else:
            self._jobs.put(job)
        if self._thread.ident is None:
            self._thread.start()
        return task

    def stop(self, timeout_s: float = 2.0) -> bool:
        """Cancel everything and wait for the thread; return whether it has ended."""
        with self._lock:
            self._stopped = True
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()
        self._jobs.put(None)
        if self._thread.ident is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        lower_thread_priority(_GIVES_WAY_STEPS)
        while (job := self._jobs.get()) is not None and not self._stopped:
            self._do_urgent()
            job()
            del job  # what it holds, such as a session with its networks, must not stay until the next one

    def _do_urgent(self) -> None:
        while self._urgent and not self._stopped:
            self._urgent.popleft()()

    def _answer(self, callback: Callable[[], None]) -> None:
        with self._lock:  # held while emitting: after stop this object may be gone
            if not self._stopped:
                self._answered.emit(callback)

    def _call(self, callback: Callable[[], None]) -> None:
        if not self._stopped:
            callback()
