"""What every pool of workers does: order, faults in words, an end within two seconds."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from facerec_app.core.errors import WorkersError
from facerec_app.services.cluster_access import ClusterAccess
from facerec_app.services.worker_pool import WorkerPool, run_in_order
from tests.contract.worker_pools import certificates, connected, local_cluster, start_lasting_threads, two_processes

pytestmark = pytest.mark.filterwarnings("ignore")  # Dask's own
STOP_S = 2.0


@pytest.fixture(scope="module")
def tls_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterAccess]:
    """Start a cluster that talks TLS only, with certificates made for this test."""
    start_lasting_threads()
    from distributed import Security

    files = certificates(tmp_path_factory.mktemp("certificates"))
    roles: dict[str, Any] = {
        f"tls_{role}_{part}": str(files[part]) for role in ("client", "scheduler", "worker") for part in ("cert", "key")
    }
    security = Security(require_encryption=True, tls_ca_file=str(files["ca"]), **roles)
    with local_cluster(protocol="tls://", security=security) as cluster:
        yield ClusterAccess(cluster.scheduler_address, files["ca"], files["cert"], files["key"])


@pytest.fixture(scope="module", params=["processes", "cluster", "cluster with TLS"])
def pool(request: pytest.FixtureRequest) -> Iterator[WorkerPool]:
    with ExitStack() as stack:
        if request.param == "processes":
            yield stack.enter_context(two_processes())
        elif request.param == "cluster":
            start_lasting_threads()
            cluster = stack.enter_context(local_cluster())
            yield stack.enter_context(connected(ClusterAccess(cluster.scheduler_address)))
        else:
            yield stack.enter_context(connected(request.getfixturevalue("tls_cluster")))


def test_results_come_in_the_order_of_the_jobs(pool: WorkerPool) -> None:
    assert pool.workers == 2
    assert list(run_in_order(pool, math.isqrt, range(40))) == [math.isqrt(n) for n in range(40)]


def test_jobs_are_taken_only_a_few_ahead(pool: WorkerPool) -> None:
    taken: list[int] = []

    def jobs() -> Iterator[int]:
        for number in range(10_000):
            taken.append(number)
            yield number

    results = run_in_order(pool, math.isqrt, jobs())
    assert next(results) == 0
    results.close()
    assert len(taken) <= 16


def test_a_job_that_fails_is_explained(pool: WorkerPool) -> None:
    with pytest.raises(WorkersError, match="what was enrolled is kept"):
        list(run_in_order(pool, math.isqrt, [4, -1]))


def test_work_that_is_cancelled_ends_in_time_whatever_the_workers_do(pool: WorkerPool) -> None:
    began_s = time.monotonic()
    asked = iter([False, False, False])
    assert list(run_in_order(pool, time.sleep, [3.0, 3.0, 3.0], cancelled=lambda: next(asked, True))) == []
    assert time.monotonic() - began_s < STOP_S


def test_a_cluster_of_another_authority_is_refused(tls_cluster: ClusterAccess, tmp_path: Path) -> None:
    files = certificates(tmp_path / "strangers")
    command = [sys.executable, "-m", "facerec_app", "--database", tmp_path / "gallery", "import", tmp_path]
    command += ["--dask", tls_cluster.address]
    command += [word for role, file in files.items() for word in (f"--dask-{role}", file)]
    ran = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 10
    assert len(ran.stderr.splitlines()) == 1
    assert "are the certificates of one authority?" in ran.stderr


def test_answers_of_a_cluster_that_are_objects_are_not_read(tls_cluster: ClusterAccess) -> None:
    with connected(tls_cluster) as cluster, pytest.raises(WorkersError):
        list(run_in_order(cluster, Fraction, ["1/3"]))  # a pickle, which would be run to be read
