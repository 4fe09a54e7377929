"""How fast folders of people are imported: this computer's processes, a cluster of two workers, one process.

``FACEREC_TEST_DATA=FOLDER pytest -s -m benchmark tests/benchmarks/test_bulk_import.py``; with
``FACEREC_BENCHMARK_PEOPLE=450`` only the first 450 people of ``lfw/`` (all 4,416 take some fifteen minutes in all);
``FACEREC_BENCHMARK_TURNS=1`` takes each of the two once; ``-k resnet50`` or ``-k sface`` one profile.
"""

from __future__ import annotations

import os
import resource
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from facerec_app.composition import ComposedApplication
from facerec_app.config.settings import Settings
from facerec_app.services.worker_pool import WorkerPool
from tests.contract.worker_pools import start_lasting_threads

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(sys.platform == "win32", reason="processor time of children is counted as POSIX has it"),
]
PEOPLE = int(os.environ.get("FACEREC_BENCHMARK_PEOPLE", "0"))
TURNS = int(os.environ.get("FACEREC_BENCHMARK_TURNS", "2"))
PROFILES = ["sface", "resnet50"]
LEAST_PER_S = 40.0
MOST_SLOWER = 1.10


@pytest.fixture(scope="module")
def people(test_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of links to people of ``lfw/``, all of them or the first few."""
    root = tmp_path_factory.mktemp("people")
    folders = sorted(folder for folder in (test_data_dir / "lfw").iterdir() if folder.is_dir())
    for folder in folders[: PEOPLE or None]:
        (root / folder.name).symlink_to(folder)
    return root


@pytest.fixture(scope="module", autouse=True)
def lasting_threads() -> None:
    start_lasting_threads()


@contextmanager
def two_workers() -> Iterator[WorkerPool]:
    from distributed import LocalCluster

    from facerec_app.services.cluster_access import ClusterAccess
    from facerec_app.services.dask_workers import DaskWorkers

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        pool = DaskWorkers(ClusterAccess(cluster.scheduler_address))
        yield pool
        pool.close(at_once=False)


def pictures_per_s(
    name: str, people: Path, gallery: Path, pool: WorkerPool | None, profile: str, threads: int = 0
) -> float:
    """Import everybody into a new gallery and print what it took."""
    app = ComposedApplication(Settings(database_dir=gallery, profile=profile, threads=threads))
    try:
        app.enrolment()
        began_s = time.perf_counter()
        report = app.enrolment().import_folder(people, pool=pool)
        took_s = time.perf_counter() - began_s
    finally:
        app.close()
    total = report.enrolled + len(report.refused)
    children, mine = (
        resource.getrusage(who).ru_maxrss / 1e3 for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF)
    )
    print(
        f"{profile}, {name}: {total} pictures, {report.enrolled} enrolled, {took_s:.1f} s, {total / took_s:.1f} a "
        f"second; largest process so far {children:.0f} MB, this one {mine:.0f} MB"
    )
    shutil.rmtree(gallery)
    return total / took_s


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("profile", PROFILES)
def test_import_of_everybody(profile: str, people: Path, tmp_path: Path) -> None:
    print()
    local: list[float] = []
    cluster: list[float] = []
    with two_workers() as pool:
        for turn in range(TURNS):  # in turns: a shared machine's load comes and goes
            local.append(pictures_per_s("two processes", people, tmp_path / f"local{turn}", None, profile))
            cluster.append(pictures_per_s("two Dask workers", people, tmp_path / f"dask{turn}", pool, profile))
    ratio = max(local) / max(cluster)
    print(f"two processes {max(local):.1f} a second, two Dask workers {max(cluster):.1f}: {ratio:.2f} times as long")
    assert max(local) >= LEAST_PER_S
    assert ratio <= MOST_SLOWER


@pytest.mark.parametrize("profile", PROFILES)
def test_one_process(profile: str, people: Path, tmp_path: Path) -> None:
    print()
    pictures_per_s("one process, one thread", people, tmp_path / "one", None, profile, threads=1)
