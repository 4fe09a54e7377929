"""What was acknowledged survives kills, full disks and other programs; what was not leaves no trace."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from facerec_app.config.paths import DatabasePaths
from facerec_app.core.errors import GalleryWriteError
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.records import EnrolledFace
from tests.unit.gallery.gallery_material import VERSION, new_face, open_store, picture_files

REPOSITORY = Path(__file__).parents[3]
KILLS = int(os.environ.get("FACEREC_TEST_KILLS", "15"))

needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals and limits")


def start(name: str, folder: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.unit.gallery.gallery_programs", name, str(folder), *more],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def faces_after_reopening(folder: Path) -> dict[str, EnrolledFace]:
    """Open the gallery as after a crash, check all of it and return the faces."""
    with open_store(folder) as store:
        assert store.check() == ()
        faces = store.faces_of(store.people()[0].person_id)
        assert len(store.snapshot(VERSION)) == len(faces)
    assert sorted(path.stem for path in picture_files(folder)) == sorted(face.face_id for face in faces)
    return {face.face_id: face for face in faces}


@needs_signals
def test_every_acknowledged_face_survives_kills_at_random_moments(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.add_person("One")
    chance = random.Random(20)
    acknowledged: set[str] = set()
    for _ in range(KILLS):
        with start("add_faces_for_ever", tmp_path) as program:
            assert program.stdout is not None
            first = program.stdout.readline().strip()
            Event().wait(chance.uniform(0.0, 0.12))
            program.send_signal(signal.SIGKILL)
            lines = [first, *program.stdout.read().split("\n")[:-1]]
        assert first
        acknowledged.update(lines)
        kept = faces_after_reopening(tmp_path)
        assert acknowledged <= kept.keys()
        assert len(kept) <= len(acknowledged) + 4 * KILLS
    assert len(acknowledged) >= KILLS


def state_of(folder: Path) -> dict[str, set[str]]:
    """Open a gallery as after a crash, check all of it, and return the faces of everybody by name."""
    with open_store(folder) as store:
        assert store.check() == ()
        faces = {p.name: {face.face_id for face in store.faces_of(p.person_id)} for p in store.people()}
        kept = {face_id for of_person in faces.values() for face_id in of_person}
        assert set(store.snapshot(VERSION).face_ids.tolist()) == kept
    assert {path.stem for path in picture_files(folder)} == kept
    return faces


@needs_signals
@pytest.mark.parametrize(
    ("change", "faces_after"),
    [
        ("add_two_faces", [2, 4]),
        ("add_a_person_in_a_batch", [1, 2, 2]),
        ("remove_a_person", [2]),
        ("merge_two_people", [4]),
        ("remove_a_face_take_it_back_and_repeat", [1, 2]),
        ("split_a_person", [1, 1, 2]),
    ],
)
def test_a_kill_before_any_step_of_a_change_leaves_all_or_nothing_of_it(
    tmp_path: Path, change: str, faces_after: list[int]
) -> None:
    template = tmp_path / "template"
    with open_store(template) as store:
        for name in ("One", "Two"):
            store.add_faces(store.add_person(name).person_id, [new_face(1), new_face(2)])
    before = state_of(template)
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.gallery.gallery_crashes", change, str(template), str(tmp_path)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    outcomes = dict(line.split() for line in done.stdout.splitlines())
    assert list(outcomes.values())[-1] == "done"
    assert len(outcomes) > 6
    changed = 0
    for step, outcome in outcomes.items():
        state = state_of(tmp_path / step)
        if outcome == "killed" and state == before:
            continue
        changed += 1
        assert sorted(map(len, state.values())) == faces_after
    assert 1 <= changed < len(outcomes)


@needs_signals
def test_two_programs_add_faces_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        person = store.add_person("One")
        programs = [start("add_forty_faces", tmp_path) for _ in range(2)]
        for program in programs:
            assert program.stdout is not None
            assert program.stdout.readline() == "ready\n"
        for program in programs:
            assert program.stdin is not None
            program.stdin.write("\n")
            program.stdin.flush()
        mine = [store.add_face(person.person_id, new_face(seed)) for seed in range(10)]
        theirs = [line for program in programs for line in program.communicate(timeout=60)[0].split()]
        assert [program.returncode for program in programs] == [0, 0]
        assert store.revision == 1 + 10 + 2 * 40
    assert faces_after_reopening(tmp_path).keys() == {*mine, *theirs}
    assert len(theirs) == 80


def test_a_program_that_opens_while_another_imports_does_not_remove_its_pictures(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        person = store.add_person("One")
        with store.batch():
            face_ids = [store.add_face(person.person_id, new_face(seed)) for seed in range(3)]
            assert len(picture_files(tmp_path)) == 3
            with open_store(tmp_path) as other:  # its rows have not committed yet
                assert other.faces_of(person.person_id) == ()
            assert len(picture_files(tmp_path)) == 3
    assert faces_after_reopening(tmp_path).keys() == set(face_ids)


def test_pictures_that_a_kill_left_are_removed_and_nothing_else(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        person = store.add_person("One")
        kept = store.add_face(person.person_id, new_face(1))
    (own,) = picture_files(tmp_path)
    left_over = own.with_name(own.name[:2] + "000000-0000-4000-8000-000000000000.jpg")
    foreign = [own.with_name("holiday.jpg"), own.parent.parent / "note.txt", tmp_path / "note.txt"]
    for path in (left_over, *foreign):
        path.write_bytes(b"x")
    open_store(tmp_path).close()
    assert not left_over.exists()
    assert own.stem == kept
    assert all(path.exists() for path in (own, *foreign))


def test_a_second_program_waits_for_the_first_and_then_says_who_is_in_the_way(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.add_person("One")
        in_the_way = sqlite3.connect(tmp_path / "gallery.sqlite3", isolation_level=None, check_same_thread=False)
        in_the_way.execute("BEGIN IMMEDIATE")
        waiting = Event()
        releaser = Thread(target=lambda: (waiting.wait(10.0), in_the_way.execute("ROLLBACK")))
        releaser.start()
        waiting.set()
        store.add_person("Two")
        releaser.join()
        in_the_way.execute("BEGIN IMMEDIATE")
        impatient = type(store)(store.paths, busy_timeout_s=0.05)
        with pytest.raises(GalleryWriteError, match="Another program"):
            impatient.add_person("Three")
        impatient.close()
        in_the_way.execute("ROLLBACK")
        in_the_way.close()
        assert [person.name for person in store.people()] == ["One", "Two"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a small file system needs root on Linux")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"no small file system can be mounted: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_reported_and_loses_nothing(small_disk: Path) -> None:
    with open_store(small_disk) as store:
        person = store.add_person("One")
        acknowledged = []
        with pytest.raises(GalleryWriteError) as error:
            for seed in range(1000):
                acknowledged.append(store.add_face(person.person_id, new_face(seed)))
        assert "\n" not in str(error.value)
        assert len(acknowledged) >= 3
        assert len(store.faces_of(person.person_id)) == len(acknowledged)
        with pytest.raises(GalleryWriteError), store.batch():
            for seed in range(1000):
                store.add_face(person.person_id, new_face(seed))
        assert len(store.faces_of(person.person_id)) >= len(acknowledged)
    assert set(acknowledged) <= faces_after_reopening(small_disk).keys()
    with open_store(small_disk) as store:  # removing makes room again
        for face_id in acknowledged[:3]:
            store.remove_face(face_id)
        store.add_face(person.person_id, new_face(1))
    faces_after_reopening(small_disk)


@needs_signals
@pytest.mark.parametrize("limit", [60_000, 150_000])
def test_files_that_cannot_grow_are_reported_and_lose_nothing(tmp_path: Path, limit: int) -> None:
    with open_store(tmp_path) as store:
        person = store.add_person("One")
        first = store.add_face(person.person_id, new_face(1))
        before = store.revision
    done = start("fill_the_disk", tmp_path, str(limit))
    *acknowledged, error = done.communicate(timeout=60)[0].splitlines()
    assert error.startswith("GalleryWriteError: ")
    kept = faces_after_reopening(tmp_path)
    assert kept.keys() == {first, *acknowledged}
    with open_store(tmp_path) as store:
        assert store.revision == before + len(acknowledged)


class Interrupted:
    """The connection of a store, during one statement of which the user presses Ctrl-C.

    Python raises the interruption when the statement has returned, or before it begins.
    """

    def __init__(self, connection: sqlite3.Connection, statement: str, *, returned: bool) -> None:
        self._connection = connection
        self._statement = statement
        self._returned = returned

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        if sql != self._statement:
            return self._connection.execute(sql, *parameters)
        self._statement = "once only"
        if self._returned:
            self._connection.execute(sql, *parameters)
        raise KeyboardInterrupt

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)


def interrupt(
    store: GalleryStore, monkeypatch: pytest.MonkeyPatch, statement: str = "COMMIT", *, returned: bool = True
) -> None:
    wrapped = Interrupted(store.database._connection, statement, returned=returned)
    monkeypatch.setattr(store.database, "_connection", wrapped)


@pytest.mark.parametrize("in_a_batch", [False, True])
def test_an_interruption_when_faces_have_committed_keeps_their_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_a_batch: bool
) -> None:
    with open_store(tmp_path) as store:
        person = store.add_person("One")
        first = store.add_face(person.person_id, new_face(1))
        with monkeypatch.context() as patch:
            interrupt(store, patch)
            with pytest.raises(KeyboardInterrupt), store.batch() if in_a_batch else nullcontext():
                store.add_faces(person.person_id, [new_face(2), new_face(3)])
        fourth = store.add_face(person.person_id, new_face(4))
    kept = faces_after_reopening(tmp_path)
    assert {first, fourth} < kept.keys()
    assert len(kept) == 4


def test_an_interruption_when_a_removal_has_committed_removes_the_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(tmp_path) as store:
        person = store.add_person("One")
        gone, kept = store.add_faces(person.person_id, [new_face(1), new_face(2)])
        with monkeypatch.context() as patch:
            interrupt(store, patch)
            with pytest.raises(KeyboardInterrupt):
                store.remove_face(gone)
        assert [path.stem for path in picture_files(tmp_path)] == [kept]
    assert list(faces_after_reopening(tmp_path)) == [kept]


@pytest.mark.parametrize(
    ("statement", "returned"), [("COMMIT", False), ("RELEASE change", False), ("RELEASE change", True)]
)
def test_an_interruption_before_faces_have_committed_leaves_neither_row_nor_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str, returned: bool
) -> None:
    with open_store(tmp_path) as store:
        person = store.add_person("One")
        first = store.add_face(person.person_id, new_face(1))
        with monkeypatch.context() as patch:
            interrupt(store, patch, statement, returned=returned)
            with pytest.raises(KeyboardInterrupt):
                store.add_faces(person.person_id, [new_face(2), new_face(3)])
        assert [path.stem for path in picture_files(tmp_path)] == [first]
        last = store.add_face(person.person_id, new_face(4))
    assert sorted(faces_after_reopening(tmp_path)) == sorted([first, last])


def test_a_leftover_that_cannot_be_removed_does_not_keep_the_gallery_closed(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        kept = store.add_face(store.add_person("One").person_id, new_face(1))
    (own,) = picture_files(tmp_path)
    stuck, stuck_too, loose = (own.with_name(f"{own.name[:2]}000000-0000-4000-8000-00000000000{n}.jpg") for n in "012")
    thumbnails = DatabasePaths(tmp_path).thumbnails_dir / own.name[:2]
    for folder in (stuck, stuck_too, thumbnails / f"{stuck.stem}.thumb"):  # as good as open in another program
        folder.mkdir(parents=True)
        (folder / "in use").touch()
    loose.write_bytes(b"x")
    for _ in range(2):
        with open_store(tmp_path) as store:
            assert store.check() == ()
            assert [face.face_id for face in store.faces_of(store.people()[0].person_id)] == [kept]
        assert not loose.exists(), "what is in use keeps nothing else"


def test_a_gallery_that_another_program_makes_meanwhile_is_no_foreign_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect
    waiting = ["another program"]

    class Slow(sqlite3.Connection):
        """Reads the list of tables only when another program has tried to make them."""

        def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
            if sql.startswith("SELECT name FROM sqlite_master") and waiting:
                waiting.clear()
                with suppress(GalleryWriteError):  # it may have to wait for this one
                    GalleryStore(DatabasePaths(tmp_path), busy_timeout_s=0.05).close()
            return super().execute(sql, *parameters)

    monkeypatch.setattr(sqlite3, "connect", lambda *args, **options: connect(*args, factory=Slow, **options))
    with open_store(tmp_path) as store:
        assert not waiting
        store.add_person("One")
    with open_store(tmp_path) as store:
        assert [person.name for person in store.people()] == ["One"]


def test_several_threads_share_a_store(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        person = store.add_person("One")
        finished: list[int] = []

        def work(seed: int) -> None:
            for step in range(5):
                store.add_face(person.person_id, new_face(seed * 10 + step))
                store.snapshot(VERSION)
                store.people()
            finished.append(seed)

        threads = [Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(finished) == [0, 1, 2, 3]
        assert len(store.snapshot(VERSION)) == 20
    assert len(faces_after_reopening(tmp_path)) == 20
