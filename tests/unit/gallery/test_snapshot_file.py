"""A very large gallery's features lie in a mapped copy, which no change outlives and which is used only if right."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from facerec_app.core.types import GallerySnapshot
from facerec_app.gallery import embedding_rows, snapshot_file
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.snapshot_file import SnapshotFile
from tests.unit.gallery.gallery_material import new_face, open_store, unit_vectors

VERSION = "test-extractor"


class RowReading:
    """Counts how often all features were read row by row."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        read = embedding_rows.select_active

        def counted(connection, version, face_ids_only=None):  # type: ignore[no-untyped-def]
            self.times += face_ids_only is None
            return read(connection, version, face_ids_only)

        monkeypatch.setattr(embedding_rows, "select_active", counted)


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> RowReading:
    return RowReading(monkeypatch)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return the folder of a gallery of three people with two faces each, closed after it was read."""
    folder = tmp_path / "gallery"
    with open_large(folder) as store:
        for name in ("Ada", "Grace", "Hedy"):
            person = store.add_person(name)
            for _ in range(2):
                add_face(store, person.person_id)
        store.snapshot(VERSION)
    assert copy_of(folder).is_file()
    return folder


def open_large(root: Path) -> GalleryStore:
    """Open a gallery that thinks itself very large."""
    store = open_store(root)
    store._snapshots.copied_from = 1
    return store


def add_face(store: GalleryStore, person_id: str) -> None:
    seed = store.revision
    face_id = store.add_face(person_id, new_face(seed))
    store.put_embeddings([face_id], unit_vectors(seed, 1, 16, VERSION))


def copy_of(root: Path) -> Path:
    return root / "snapshot.cache"


def copies_in(root: Path) -> list[Path]:
    return sorted(root.glob("snapshot.*"))


def snapshot_of(root: Path, version: str = VERSION) -> GallerySnapshot:
    with open_large(root) as store:
        return store.snapshot(version)


def assert_same(left: GallerySnapshot, right: GallerySnapshot) -> None:
    np.testing.assert_array_equal(left.vectors, right.vectors)
    assert left.person_ids.tolist() == right.person_ids.tolist()
    assert left.face_ids.tolist() == right.face_ids.tolist()
    assert (left.revision, dict(left.names)) == (right.revision, dict(right.names))


def test_the_next_start_maps_the_copy_and_finds_what_the_rows_say(root: Path, rows: RowReading) -> None:
    mapped = snapshot_of(root)
    assert rows.times == 0
    assert not mapped.vectors.flags.writeable
    copy_of(root).unlink()
    assert_same(mapped, snapshot_of(root))
    assert rows.times == 1


def test_a_start_without_changes_leaves_the_copy_as_it_is(root: Path) -> None:
    before = copy_of(root).stat()
    snapshot_of(root)
    assert copy_of(root).stat().st_mtime_ns == before.st_mtime_ns


def test_a_small_gallery_has_no_copy(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        add_face(store, store.add_person("Ada").person_id)
        store.snapshot(VERSION)
    assert not copy_of(tmp_path).exists()


def test_features_of_a_removed_person_are_gone_before_the_removal_is_acknowledged(root: Path) -> None:
    with open_large(root) as store:
        gone = store.snapshot(VERSION)
        store.remove_person(store.people()[0].person_id)
        assert not copy_of(root).exists()
        kept = store.snapshot(VERSION)
        assert len(kept) == len(gone) - 2
    content = copy_of(root).read_bytes()  # written anew by closing
    assert gone.vectors[-1].tobytes() in content
    assert gone.vectors[0].tobytes() not in content


def test_a_change_by_another_program_removes_the_copy(root: Path) -> None:
    with open_large(root) as reading, open_store(root) as changing:
        reading.snapshot(VERSION)
        changing.rename_person(changing.people()[0].person_id, "Augusta")
        assert not copy_of(root).exists()
        assert "Augusta" in reading.snapshot(VERSION).names.values()
    assert_same(snapshot_of(root), reading_by_rows(root))


def reading_by_rows(root: Path) -> GallerySnapshot:
    copy_of(root).unlink()
    return snapshot_of(root)


def test_what_a_program_without_copies_left_is_removed_at_the_next_start(root: Path) -> None:
    with sqlite3.connect(root / "gallery.sqlite3") as old_program:
        old_program.execute("DELETE FROM embeddings")
        old_program.execute("UPDATE meta SET value = value + 1 WHERE key = 'revision'")
    old_program.close()
    assert copy_of(root).exists()
    open_store(root).close()
    assert not copy_of(root).exists()


def test_a_change_that_is_undone_needs_no_new_copy(root: Path, rows: RowReading) -> None:
    before = copy_of(root).stat().st_mtime_ns
    with open_large(root) as store:
        with pytest.raises(ValueError, match="stop"), store.transaction():
            store.add_person("Nobody")
            raise ValueError("stop")
        with store.database.write(counts=False) as connection:  # of no concern to recognition
            connection.execute("UPDATE people SET created_at = created_at")
        store.snapshot(VERSION)
    assert copy_of(root).stat().st_mtime_ns == before
    assert rows.times == 0


@pytest.mark.parametrize("place", [10, 5000, -1], ids=["header", "features", "identifiers"])
def test_a_damaged_copy_is_passed_over(root: Path, rows: RowReading, place: int) -> None:
    content = bytearray(copy_of(root).read_bytes())
    content[place] ^= 0xFF
    with open_large(root) as store:
        copy_of(root).write_bytes(content)
        damaged = store.snapshot(VERSION)
    assert rows.times == 1
    assert_same(damaged, reading_by_rows(root))


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff" * 5000], ids=["empty", "short", "noise"])
def test_what_is_no_copy_is_passed_over(root: Path, rows: RowReading, content: bytes) -> None:
    with open_large(root) as store:
        copy_of(root).write_bytes(content)
        assert len(store.snapshot(VERSION)) == 6
    assert rows.times == 1


def test_a_copy_of_another_gallery_or_extractor_is_passed_over(root: Path, tmp_path: Path, rows: RowReading) -> None:
    other = tmp_path / "other"
    shutil.copytree(root, other)
    with open_large(other) as store:
        store.rename_person(store.people()[0].person_id, "Augusta")
        store.snapshot(VERSION)
    with open_large(root) as store:
        store.rename_person(store.people()[0].person_id, "Lovelace")
        store.snapshot(VERSION)
    read = rows.times
    with open_large(root) as store:
        shutil.copy(copy_of(other), copy_of(root))  # as many changes, but not the same
        assert "Lovelace" in store.snapshot(VERSION).names.values()
    assert rows.times == read + 1
    assert len(snapshot_of(root, "another-extractor")) == 0


def test_a_copy_half_written_by_a_killed_program_is_removed_by_a_change_and_at_the_start(root: Path) -> None:
    half = copy_of(root).with_suffix(".new")
    with open_store(root) as store:
        half.write_bytes(b"features")
        store.rename_person(store.people()[0].person_id, "Augusta")
        assert not half.exists()
    half.write_bytes(b"features")
    open_store(root).close()
    assert not half.exists()


def test_a_disk_without_room_is_left_as_it_is(
    root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    usage = shutil.disk_usage(root)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1 << 20))
    with caplog.at_level("INFO"), open_large(root) as store:
        store.rename_person(store.people()[0].person_id, "Augusta")
        store.snapshot(VERSION)
    assert "too little room" in caplog.text
    assert copies_in(root) == []


@pytest.mark.skipif(sys.platform == "win32", reason="limits as POSIX has them")
def test_a_copy_that_cannot_be_finished_leaves_no_half_one(root: Path) -> None:
    """In a process of its own, whose files may not grow beyond what the header takes."""
    program = (
        "import resource, signal, sys; from pathlib import Path;"
        "from tests.unit.gallery.test_snapshot_file import VERSION, open_large;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); store = open_large(Path(sys.argv[1]));"
        "store.rename_person(store.people()[0].person_id, 'Augusta'); store.snapshot(VERSION);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4200, resource.RLIM_INFINITY)); store.close()"
    )
    subprocess.run([sys.executable, "-c", program, str(root)], check=True, cwd=Path(__file__).parents[3])
    assert copies_in(root) == []
    assert "Augusta" in snapshot_of(root).names.values()


def test_a_gallery_that_changes_while_it_is_copied_gets_no_copy(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = SnapshotFile._write

    def changed_meanwhile(self: SnapshotFile, stream: BinaryIO, snapshot: GallerySnapshot, token: int) -> None:
        write(self, stream, snapshot, token)
        with open_store(root) as other:
            other.remove_person(other.people()[0].person_id)

    with open_large(root) as store:
        store.rename_person(store.people()[2].person_id, "Lamarr")
        store.snapshot(VERSION)
        monkeypatch.setattr(SnapshotFile, "_write", changed_meanwhile)
    assert copies_in(root) == []


def test_closing_does_not_wait_for_another_program(root: Path) -> None:
    with open_store(root) as other:
        store = open_large(root)
        store.rename_person(store.people()[0].person_id, "Augusta")
        store.snapshot(VERSION)
        with other.transaction():
            began_s = time.perf_counter()
            store.close()
            assert time.perf_counter() - began_s < 5  # another program is waited for up to 30 s elsewhere
    assert copies_in(root) == []


def test_a_copy_replaced_while_it_is_checked_is_not_mixed_with_the_new_one(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = snapshot_of(root)
    other = tmp_path / "other.cache"
    other.write_bytes(bytes(copy_of(root).stat().st_size))
    check = snapshot_file._is_whole

    def replaced(stream: BinaryIO) -> bool:
        whole = check(stream)
        other.replace(copy_of(root))
        return whole

    monkeypatch.setattr(snapshot_file, "_is_whole", replaced)
    if sys.platform != "win32":  # an open file cannot be replaced there
        assert_same(expected, snapshot_of(root))


def test_where_files_cannot_be_removed_while_mapped_the_copy_is_read(
    root: Path, rows: RowReading, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapped = snapshot_of(root)
    monkeypatch.setattr(sys, "platform", "win32")
    assert_same(mapped, snapshot_of(root))
    assert rows.times == 0


@pytest.mark.parametrize(
    "header", [b"[" * 4092, b'{"faces": Infinity}', b'{"format": 1}', b"null", b'{"format": 1, "token": -1}']
)
def test_a_header_that_is_none_is_passed_over(root: Path, rows: RowReading, header: bytes) -> None:
    content = copy_of(root).read_bytes()
    with open_large(root) as store:
        copy_of(root).write_bytes(content[:4] + header.ljust(4092) + content[4096:])
        assert len(store.snapshot(VERSION)) == 6
    assert rows.times == 1
