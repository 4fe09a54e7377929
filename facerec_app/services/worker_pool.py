"""Workers that share bulk work: processes of this computer, or computers of a cluster (``dask_workers.py``)."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import CancelledError, Future, wait
from typing import Any, Generic, Protocol, TypeVar

from facerec_app.core.errors import FacerecError, WorkersError
from facerec_app.services.progress import CancelCheck, never_cancelled

_A = TypeVar("_A")
_R = TypeVar("_R")
_Result_co = TypeVar("_Result_co", covariant=True)
_IDLE_S = 20
_LOOK_S = 0.2
"""How long a wait for a worker lasts before the user is asked again whether to go on."""
_PARENT_LOOK_S = 1.0
_JOBS_PER_WORKER = 4
"""Handed out ahead, so that no worker waits for its next job."""


class Job(Protocol[_Result_co]):
    """A call that was handed to a worker."""

    def is_done(self, wait_s: float) -> bool:
        """Wait so long for it to end, and return whether it has."""
        ...

    def result(self) -> _Result_co:
        """Return what a call that has ended returned, or raise why it failed."""
        ...

    def cancel(self) -> None:
        """Drop it, if it has not begun."""
        ...


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

    def submit(self, function: Callable[[_A], _R], argument: _A) -> Job[_R]:
        """Hand out a call.

        Raises:
            FacerecError: there is nobody to take it.
        """
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

    def submit(self, function: Callable[[_A], _R], argument: _A) -> Job[_R]:
        try:
            future: Future[_R] = self._executor.submit(function, argument)
        except RuntimeError as exc:  # loky's word for a pool one of whose processes was lost, too
            raise self.fault_of(exc) from exc
        return _ProcessJob(future)

    def fault_of(self, error: BaseException) -> FacerecError:
        if isinstance(error, FacerecError):
            return error
        return WorkersError(
            f"A worker process of this computer was lost ({type(error).__name__}; killed, or out of memory?); what was "
            "enrolled is kept. Give the same command again, with --threads 1 if it happens anew."
        )

    def close(self, *, at_once: bool) -> None:
        self._executor.shutdown(wait=True, kill_workers=at_once)


class _ProcessJob(Generic[_R]):
    """A call in a process of this computer."""

    def __init__(self, future: Future[_R]) -> None:
        self._future = future

    def is_done(self, wait_s: float) -> bool:
        return bool(wait([self._future], timeout=wait_s).done)

    def result(self) -> _R:
        return self._future.result()

    def cancel(self) -> None:
        self._future.cancel()


def run_in_order(
    pool: WorkerPool, function: Callable[[_A], _R], arguments: Iterable[_A], *, cancelled: CancelCheck = never_cancelled
) -> Generator[_R, None, None]:
    """Yield the results of calls in their order while the workers are busy with the next ones.

    Only a few calls a worker are handed out ahead, so memory is bounded however many there are, and a slow consumer
    slows the workers down. Ends early when cancelled, at the latest after a fifth of a second, whatever the workers do.

    Raises:
        FacerecError: a call failed; as the pool explains it.
    """
    handed_out: deque[Job[_R]] = deque()
    ahead = _JOBS_PER_WORKER * pool.workers
    try:
        for argument in arguments:
            if cancelled():
                return
            handed_out.append(pool.submit(function, argument))
            if len(handed_out) >= ahead:
                if not _done(handed_out[0], cancelled):
                    return
                yield _result(pool, handed_out.popleft())
        while handed_out:
            if not _done(handed_out[0], cancelled):
                return
            yield _result(pool, handed_out.popleft())
    finally:
        for job in handed_out:
            job.cancel()


def _done(job: Job[_R], cancelled: CancelCheck) -> bool:
    """Wait for a call and return True, or False as soon as the user wants the work to end."""
    while not cancelled():
        if job.is_done(_LOOK_S):
            return True
    return False


def _result(pool: WorkerPool, job: Job[_R]) -> _R:
    try:
        return job.result()
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
