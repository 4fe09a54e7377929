"""The pools of workers that bulk work may use, as tests start them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from facerec_app.services.cluster_access import ClusterAccess
from facerec_app.services.dask_workers import DaskWorkers
from facerec_app.services.worker_pool import ProcessWorkers, WorkerPool


@contextmanager
def two_processes() -> Iterator[WorkerPool]:
    pool = ProcessWorkers(2)
    try:
        pool.submit(abs, 0).is_done(30.0)  # its threads start with the first job; no test is to be blamed for them
        yield pool
    finally:
        pool.close(at_once=True)


def start_lasting_threads() -> None:
    """Start the thread that Dask keeps for the length of the process, so that no test is blamed for it."""
    distributed_utils = pytest.importorskip("distributed.utils")
    distributed_utils._offload_executor.submit(int).result()


@contextmanager
def local_cluster(**options: Any) -> Iterator[Any]:
    """Start a scheduler and two workers, each a process of this computer."""
    from distributed import LocalCluster

    host = {"host": "127.0.0.1", "dashboard_address": None, "silence_logs": logging.CRITICAL, **options}
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, **host) as cluster:
        yield cluster


@contextmanager
def connected(access: ClusterAccess) -> Iterator[WorkerPool]:
    pool = DaskWorkers(access)
    try:
        yield pool
    finally:
        pool.close(at_once=True)


def certificates(folder: Path) -> dict[str, Path]:
    """Make an authority and a certificate of it; return the files by role."""
    import trustme

    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    files = {"ca": folder / "ca.pem", "cert": folder / "cert.pem", "key": folder / "key.pem"}
    folder.mkdir(parents=True, exist_ok=True)
    authority.cert_pem.write_to_path(str(files["ca"]))
    issued.private_key_pem.write_to_path(str(files["key"]))
    for number, part in enumerate(issued.cert_chain_pems):
        part.write_to_path(str(files["cert"]), append=number > 0)
    return files
