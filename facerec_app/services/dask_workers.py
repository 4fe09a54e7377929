"""Workers on the computers of a Dask cluster."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import Any, Generic, TypeVar

from facerec_app.core.errors import ConfigError, FacerecError, WorkersError
from facerec_app.services.cluster_access import ClusterAccess, is_loopback
from facerec_app.services.worker_pool import Job

_A = TypeVar("_A")
_R = TypeVar("_R")
_CONNECT_S = 10
_CLOSE_S = 1
_RETRIES = 2
_DATA_ONLY = ["dask", "msgpack", "error"]
"""Kinds of answers that are read: no pickles, which could run anything on this computer."""


class DaskWorkers:
    """A cluster as a pool of workers; pictures are sent to it as bytes.

    What a cluster returns is read as numbers, text and bytes only. The jobs sent to it are pickles, as Dask's always
    are: who can reach a scheduler with a certificate of its authority can run programs on it (docs/cluster.md).
    """

    def __init__(self, access: ClusterAccess, *, connect_s: float = _CONNECT_S) -> None:
        """Connect.

        Raises:
            ConfigError: Dask is not installed.
            WorkersError: the cluster cannot be reached, has no workers, or is open to others.
        """
        self._access = access
        distributed = _library()
        try:
            self._client: Any = _connected(distributed, access, connect_s)
        except (OSError, ValueError, TypeError, RuntimeError) as exc:
            raise WorkersError(
                f"The cluster at {access.address} cannot be reached ({_first_line(exc)}); is its scheduler running, "
                "and are the certificates of one authority?"
            ) from exc
        try:
            self._workers = self._count_workers(connect_s)
        except BaseException:
            self._client.close(timeout=_CLOSE_S)
            raise

    @property
    def workers(self) -> int:
        return self._workers

    @property
    def sees_files(self) -> bool:
        return False

    def submit(self, function: Callable[[_A], _R], argument: _A) -> Job[_R]:
        try:
            return _ClusterJob(self._client, self._client.submit(function, argument, pure=False, retries=_RETRIES))
        except (OSError, RuntimeError, ValueError, TypeError) as exc:
            raise self.fault_of(exc) from exc

    def fault_of(self, error: BaseException) -> FacerecError:
        if isinstance(error, FacerecError):
            return error
        kept = "what was enrolled is kept, and the same command goes on from here"
        if isinstance(error, ImportError):
            return WorkersError(f"The workers at {self._access.address} have no FaceRec ({error}); install it there.")
        if type(error).__name__ == "KilledWorker":
            return WorkersError(f"Workers at {self._access.address} died again and again over one job; {kept}.")
        if "Cancelled" in type(error).__name__:  # what Dask calls it when the scheduler is gone
            return WorkersError(f"The connection to the scheduler at {self._access.address} was lost; {kept}.")
        return WorkersError(
            f"The work at {self._access.address} was lost ({type(error).__name__}: {_first_line(error)}); {kept}."
        )

    def close(self, *, at_once: bool) -> None:
        self._client.close(timeout=_CLOSE_S)

    def _count_workers(self, wait_s: float) -> int:
        """Return how many jobs the cluster does at the same time, after a look at who is in it."""
        try:
            self._client.wait_for_workers(1, timeout=wait_s)
            info = self._client.scheduler_info(n_workers=-1)
        except (OSError, TimeoutError) as exc:
            raise WorkersError(
                f"The cluster at {self._access.address} has no workers; start some with 'dask worker'."
            ) from exc
        addresses = [str(info["address"]), *map(str, info["workers"])]
        for address in addresses:
            safe = address.startswith("tls://") if self._access.is_encrypted else is_loopback(address)
            if not safe:
                raise WorkersError(
                    f"The cluster at {self._access.address} also listens at {address}, where others can reach it and "
                    "run programs; use TLS, or start scheduler and workers with --host 127.0.0.1."
                )
        return sum(int(worker["nthreads"]) for worker in info["workers"].values())


class _ClusterJob(Generic[_R]):
    """A call on a computer of the cluster."""

    def __init__(self, client: Any, future: Any) -> None:
        self._client = client
        self._future = future

    def is_done(self, wait_s: float) -> bool:
        from distributed import wait

        try:
            with self._client.as_current():
                wait(self._future, timeout=wait_s)
        except TimeoutError:
            return False
        except CancelledError:  # the scheduler is gone; asking for the result says so
            return True
        return True

    def result(self) -> _R:
        value: _R = self._future.result()
        return value

    def cancel(self) -> None:
        self._future.cancel()


def _connected(distributed: Any, access: ClusterAccess, connect_s: float) -> Any:
    security = None
    if access.is_encrypted:
        security = distributed.Security(
            require_encryption=True,
            tls_ca_file=str(access.ca_file),
            tls_client_cert=str(access.cert_file),
            tls_client_key=str(access.key_file),
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other versions of Dask at the far end: what matters is checked in the answers
        return distributed.Client(
            access.address,
            security=security,
            timeout=connect_s,
            set_as_default=False,
            deserializers=_DATA_ONLY,
        )


def _library() -> Any:
    try:
        import distributed
    except ImportError as exc:
        raise ConfigError("Clusters need the library Dask; install it with: pip install distributed.") from exc
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":  # what goes wrong is said once, by this program
            logging.getLogger(name).setLevel(logging.CRITICAL)
    return distributed


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
