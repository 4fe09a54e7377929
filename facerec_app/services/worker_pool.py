"""Workers that share bulk work: processes of this computer, or computers of a cluster (``dask_workers.py``)."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import CancelledError, Future, wait
from typing import Any, Protocol, TypeVar

from facerec_app.core.errors import FacerecError, WorkersError
from facerec_app.services.progress import CancelCheck, never_cancelled

_J = TypeVar("_J")
_R = TypeVar("_R")
_IDLE_S = 20
_LOOK_S = 0.2
"""How long a wait for a worker lasts before the user is asked again whether to go on."""
_PARENT_LOOK_S = 1.0
_JOBS_PER_WORKER = 4
"""Handed out ahead, so that no worker waits for its next job."""


class WorkerPool(Protocol):
    """Runs functions of the program elsewhere."""

    @property
    def workers(self) -> int:
        """How many jobs run at the same time."""
        ...

    @property
    def sees_files(self) -> bool:
        """Whether workers read this computer's disk; if not, pictures are sent to them."""
        ...

    def submit(self, function: Callable[[_J], _R], job: _J) -> Future[_R]:
        """Hand out a job."""
        ...

    def fault_of(self, error: BaseException) -> FacerecError:
        """Return what the end of a job by an error means to the user."""
        ...

    def close(self, *, at_once: bool) -> None:
        """Let the workers go; ``at_once`` drops what they are doing."""
        ...


class ProcessWorkers:
    """Processes of this computer by joblib's executor (loky); each loads the networks once.

    They are new programs, never forks, end when they are idle, when the pool is closed and when this process is killed,
    and use one processor thread each.
    """

    def __init__(self, workers: int) -> None:
        """Start the pool; the processes start with their first jobs.

        Raises:
            WorkersError: the system gives no processes.
        """
        from joblib.externals.loky.process_executor import ProcessPoolExecutor

        single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        try:
            self._executor: Any = ProcessPoolExecutor(
                workers, timeout=_IDLE_S, initializer=_end_with_parent, initargs=(os.getpid(),), env=single
            )
        except (OSError, NotImplementedError) as exc:
            raise WorkersError(f"No worker processes can be started ({exc}); give --threads 1.") from exc
        self._workers = workers

    @property
    def workers(self) -> int:
        return self._workers

    @property
    def sees_files(self) -> bool:
        return True

    def submit(self, function: Callable[[_J], _R], job: _J) -> Future[_R]:
        try:
            future: Future[_R] = self._executor.submit(function, job)
        except RuntimeError as exc:  # loky's word for a pool one of whose processes was lost, too
            raise self.fault_of(exc) from exc
        return future

    def fault_of(self, error: BaseException) -> FacerecError:
        if isinstance(error, FacerecError):
            return error
        return WorkersError(
            f"A worker process of this computer was lost ({type(error).__name__}; killed, or out of memory?); what was "
            "enrolled is kept. Give the same command again, with --threads 1 if it happens anew."
        )

    def close(self, *, at_once: bool) -> None:
        self._executor.shutdown(wait=True, kill_workers=at_once)


def run_in_order(
    pool: WorkerPool, function: Callable[[_J], _R], jobs: Iterable[_J], *, cancelled: CancelCheck = never_cancelled
) -> Generator[_R, None, None]:
    """Yield the results of jobs in their order while the workers are busy with the next ones.

    Only a few jobs a worker are handed out ahead, so memory is bounded however many there are, and a slow consumer
    slows the workers down. Ends early when cancelled, at the latest after a fifth of a second, whatever the workers do.

    Raises:
        FacerecError: a job failed; as the pool explains it.
    """
    handed_out: deque[Future[_R]] = deque()
    ahead = _JOBS_PER_WORKER * pool.workers
    try:
        for job in jobs:
            if cancelled():
                return
            handed_out.append(pool.submit(function, job))
            if len(handed_out) >= ahead:
                if not _done(handed_out[0], cancelled):
                    return
                yield _result(pool, handed_out.popleft())
        while handed_out:
            if not _done(handed_out[0], cancelled):
                return
            yield _result(pool, handed_out.popleft())
    finally:
        for future in handed_out:
            future.cancel()


def _done(future: Future[Any], cancelled: CancelCheck) -> bool:
    """Wait for a job and return True, or False as soon as the user wants the work to end."""
    while not cancelled():
        if wait([future], timeout=_LOOK_S).done:
            return True
    return False


def _result(pool: WorkerPool, future: Future[_R]) -> _R:
    try:
        return future.result()
    except (Exception, CancelledError) as exc:
        raise pool.fault_of(exc) from exc


def _end_with_parent(parent_id: int) -> None:
    """Let a worker end soon after the process that started it was killed.

    On Windows a process's parent does not change; there the idle limit ends it.
    """

    def watch() -> None:
        while os.getppid() == parent_id:
            time.sleep(_PARENT_LOOK_S)
        os._exit(1)

    if hasattr(os, "fork"):
        threading.Thread(target=watch, name="end-with-parent", daemon=True).start()
