"""An import gives the same gallery and the same report whoever reads the pictures, and goes on after any end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facerec_app.alignment.five_point_aligner import FivePointAligner
from facerec_app.alignment.templates import TEMPLATES
from facerec_app.composition import ComposedApplication
from facerec_app.config.paths import DatabasePaths
from facerec_app.config.settings import Settings
from facerec_app.core.errors import WorkersError
from facerec_app.core.types import Float32Array
from facerec_app.extraction.profile_extractor import make_extractor
from facerec_app.extraction.sface_extractor import SfaceExtractor
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.models.model_store import ModelStore
from facerec_app.services.cluster_access import ClusterAccess
from facerec_app.services.enrolment_report import ImportReport
from facerec_app.services.gallery_session import GallerySession
from facerec_app.services.progress import Progress
from facerec_app.services.worker_pool import WorkerPool
from facerec_app.worker_composition import bulk_parts
from tests.contract.process_table import arguments_of, children_of, is_running
from tests.contract.worker_pools import connected, local_cluster, start_lasting_threads, two_processes

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # Dask's own
    pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc"),
]
LIMIT_S = 30.0


@pytest.fixture(scope="module")
def people(test_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of people of the training split with good and bad pictures."""
    root = tmp_path_factory.mktemp("people")
    listed = (test_data_dir / "splits" / "train_people.txt").read_text(encoding="utf-8").splitlines()
    chosen = [line.split()[0] for line in listed if len(list((test_data_dir / "lfw" / line.split()[0]).iterdir())) > 1]
    for name in chosen[:6]:
        shutil.copytree(test_data_dir / "lfw" / name, root / name)
    first, second, third, *_ = sorted(root.iterdir())
    (first / "broken.jpg").write_bytes(next(first.glob("*_0001.jpg")).read_bytes()[:3000])
    (first / "text.png").write_text("no picture", encoding="utf-8")
    (second / "empty.jpg").touch()
    shutil.copy(next(third.glob("*_0001.jpg")), third / "copy.jpg")
    return root


def application(folder: Path) -> ComposedApplication:
    return ComposedApplication(Settings(database_dir=folder, detector="yunet", threads=1))


def imported(folder: Path, people: Path, pool: WorkerPool | None) -> ImportReport:
    app = application(folder)
    try:
        return app.enrolment().import_folder(people, pool=pool)
    finally:
        app.close()


def rows_of(report: ImportReport) -> list[tuple[str, str, bool, str]]:
    return [
        (person.name, row.what, row.face_id is not None, str(row.error))
        for person in report.people
        for row in person.rows
    ]


def faces_of(folder: Path) -> list[tuple[str, str, str, tuple[float, ...]]]:
    """Return name, source, picture's checksum and figures of every face, in the order of enrolment."""
    with GalleryStore(DatabasePaths(folder)) as store:
        assert store.check() == ()
        return [
            (person.name, face.source, face.picture_sha256, (face.score, face.sharpness, *map(float, face.box_xyxy)))
            for person in store.people()
            for face in store.faces_of(person.person_id)
        ]


def vectors_of(folder: Path, extractor_version: str) -> Float32Array:
    with GalleryStore(DatabasePaths(folder)) as store:
        return store.snapshot(extractor_version).vectors


@pytest.fixture(scope="module")
def alone(people: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ImportReport]:
    """Return the gallery that one process makes, and its report."""
    folder = tmp_path_factory.mktemp("alone")
    return folder, imported(folder, people, None)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    start_lasting_threads()
    with local_cluster() as made:
        yield made


@pytest.fixture(scope="module", params=["processes", "cluster"])
def pool(request: pytest.FixtureRequest) -> Iterator[WorkerPool]:
    if request.param == "processes":
        with two_processes() as made:
            yield made
    else:
        address = request.getfixturevalue("cluster").scheduler_address
        with connected(ClusterAccess(address)) as made:
            yield made


def after(asks: int, act: Callable[[], bool]) -> Callable[[], bool]:
    """Return a check for cancellation that acts when it is asked the n-th time."""
    asked = 0

    def check() -> bool:
        nonlocal asked
        asked += 1
        return asked >= asks and act()

    return check


def test_every_reader_gives_the_same_gallery_and_the_same_report(
    people: Path, alone: tuple[Path, ImportReport], tmp_path: Path, pool: WorkerPool
) -> None:
    folder, report = alone
    assert report.enrolled > 10
    assert {type(row.error).__name__ for row in report.refused} >= {"UnreadableImageError", "NearDuplicateError"}
    assert rows_of(imported(tmp_path, people, pool)) == rows_of(report)
    assert faces_of(tmp_path) == faces_of(folder)
    store = ModelStore()
    version = make_extractor(store, store.profile()).version
    np.testing.assert_allclose(vectors_of(tmp_path, version), vectors_of(folder, version), atol=1e-6)
    assert len(vectors_of(folder, version)) == report.enrolled
    again = imported(tmp_path, people, pool)
    assert (again.enrolled, again.skipped) == (0, report.enrolled)


def test_an_import_that_is_cancelled_keeps_what_it_reports_and_goes_on(
    people: Path, alone: tuple[Path, ImportReport], tmp_path: Path, pool: WorkerPool
) -> None:
    app = application(tmp_path)
    report = app.enrolment().import_folder(people, cancelled=after(10, lambda: True), pool=pool)
    app.close()
    assert report.cancelled
    assert len(faces_of(tmp_path)) == report.enrolled < alone[1].enrolled
    again = imported(tmp_path, people, pool)
    assert report.enrolled + again.enrolled == alone[1].enrolled
    assert faces_of(tmp_path) == faces_of(alone[0])


def test_a_worker_process_that_is_lost_is_said_and_costs_nothing_that_was_enrolled(
    people: Path, alone: tuple[Path, ImportReport], tmp_path: Path
) -> None:
    app = application(tmp_path)
    with two_processes() as pool:
        workers = [child for child in children_of(os.getpid()) if "LokyProcess" in arguments_of(child)]
        assert len(workers) == pool.workers

        def kill() -> bool:  # once: a worker that was killed and waited for is not there the next time it is asked
            while workers:
                os.kill(workers.pop(), signal.SIGKILL)
            return False

        with pytest.raises(WorkersError, match="worker process of this computer was lost"):
            app.enrolment().import_folder(people, cancelled=after(2, kill), pool=pool)
    app.close()
    imported(tmp_path, people, None)
    assert faces_of(tmp_path) == faces_of(alone[0])


def test_an_import_goes_on_when_a_worker_of_the_cluster_dies(
    people: Path, alone: tuple[Path, ImportReport], tmp_path: Path
) -> None:
    start_lasting_threads()
    with local_cluster() as cluster:
        killed: list[int] = []

        def kill() -> bool:
            if not killed:
                killed.append(next(iter(cluster.workers.values())).pid)
                os.kill(killed[0], signal.SIGKILL)
            return False

        app = application(tmp_path)
        with connected(ClusterAccess(cluster.scheduler_address)) as pool:
            report = app.enrolment().import_folder(people, cancelled=after(8, kill), pool=pool)
        app.close()
    assert killed
    assert rows_of(report) == rows_of(alone[1])
    assert faces_of(tmp_path) == faces_of(alone[0])


IMPORT_UNTIL_KILLED = """
import sys
from pathlib import Path
from facerec_app.alignment.five_point_aligner import FivePointAligner
from facerec_app.alignment.templates import TEMPLATES
from facerec_app.composition import ComposedApplication
from facerec_app.config.settings import Settings
from facerec_app.services import import_writer
from facerec_app.services.worker_pool import ProcessWorkers

def count(progress):
    print(progress.done, flush=True)
    if progress.done:
        sys.stdin.read()  # wait to be killed

import_writer._GROUP_FACES = 5
app = ComposedApplication(Settings(database_dir=Path(sys.argv[1]), detector="yunet", threads=1))
app.enrolment().import_folder(Path(sys.argv[2]), progress=count, pool=ProcessWorkers(2))
"""


def test_what_an_import_counted_survives_a_kill_and_its_workers_do_not(
    people: Path, alone: tuple[Path, ImportReport], tmp_path: Path
) -> None:
    command = [sys.executable, "-c", IMPORT_UNTIL_KILLED, str(tmp_path), str(people)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        counted = next(int(line) for line in process.stdout if int(line) > 0)
        workers = [child for child in children_of(process.pid) if "loky" in arguments_of(child)]
        process.kill()
    assert workers
    kept = faces_of(tmp_path)
    assert 0 < len(kept) < alone[1].enrolled
    assert len(kept) >= counted - len(alone[1].refused)
    imported(tmp_path, people, None)
    assert faces_of(tmp_path) == faces_of(alone[0])
    deadline_s = time.monotonic() + LIMIT_S
    while any(is_running(worker) for worker in workers):
        assert time.monotonic() < deadline_s, "workers outlive the process that started them"
        threading.Event().wait(0.1)


def test_a_new_extractor_sees_the_faces_by_worker_processes_as_in_one(
    alone: tuple[Path, ImportReport], tmp_path: Path
) -> None:
    shutil.copytree(alone[0], tmp_path, dirs_exist_ok=True)
    extractor, aligner = SfaceExtractor(ModelStore(), threads=1), FivePointAligner(TEMPLATES["arcface_112"], 112)
    shared = replace(bulk_parts("sface", Settings(database_dir=tmp_path, threads=2)), fewest_pictures=1)
    vectors: list[Float32Array] = []
    with GalleryStore(DatabasePaths(tmp_path)) as store:
        store.faces_of(store.people()[0].person_id)[0].picture_file.unlink()
        for bulk in (None, shared):
            with store.database.write() as connection:
                connection.execute("DELETE FROM embeddings")
            counted: list[Progress] = []
            session = GallerySession(store, extractor, aligner, bulk)
            assert session.embed_missing(progress=counted.append) == alone[1].enrolled - 1
            assert [heard.done for heard in counted] == sorted(heard.done for heard in counted)
            vectors.append(session.index().snapshot.vectors)
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-6)
