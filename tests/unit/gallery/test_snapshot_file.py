"""A very large gallery's features lie in a mapped copy, which no change outlives and which is used only if right."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from facerec_app.core.types import GallerySnapshot
from facerec_app.gallery import embedding_rows
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


def test_a_change_by_a_program_that_knows_nothing_of_the_copy_removes_it(root: Path, rows: RowReading) -> None:
    with open_large(root) as reading, open_store(root) as changing:
        reading.snapshot(VERSION)
        changing.rename_person(changing.people()[0].person_id, "Augusta")
        assert not copy_of(root).exists()
        assert "Augusta" in reading.snapshot(VERSION).names.values()
    assert_same(snapshot_of(root), reading_by_rows(root))


def reading_by_rows(root: Path) -> GallerySnapshot:
    copy_of(root).unlink()
    return snapshot_of(root)


def test_a_change_that_is_undone_needs_no_new_copy(root: Path, rows: RowReading) -> None:
    with open_large(root) as store, pytest.raises(ValueError, match="stop"), store.transaction():
        store.add_person("Nobody")
        raise ValueError("stop")
    snapshot_of(root)
    assert rows.times == 0


@pytest.mark.parametrize("place", [10, 5000, -1], ids=["header", "features", "identifiers"])
def test_a_damaged_copy_is_passed_over(root: Path, rows: RowReading, place: int) -> None:
    content = bytearray(copy_of(root).read_bytes())
    content[place] ^= 0xFF
    copy_of(root).write_bytes(content)
    damaged = snapshot_of(root)
    assert rows.times == 1
    assert_same(damaged, reading_by_rows(root))


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff" * 5000], ids=["empty", "short", "noise"])
def test_what_is_no_copy_is_passed_over(root: Path, rows: RowReading, content: bytes) -> None:
    copy_of(root).write_bytes(content)
    assert len(snapshot_of(root)) == 6
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
    shutil.copy(copy_of(other), copy_of(root))  # as many changes, but not the same
    assert "Lovelace" in snapshot_of(root).names.values()
    assert rows.times == read + 1
    assert len(snapshot_of(root, "another-extractor")) == 0


def test_a_copy_half_written_by_a_killed_program_is_removed(root: Path) -> None:
    half = copy_of(root).with_suffix(".new")
    half.write_bytes(b"features")
    with open_store(root) as store:
        store.rename_person(store.people()[0].person_id, "Augusta")
    assert not half.exists()


def test_a_disk_that_takes_no_copy_is_a_line_in_the_log(
    root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(self: SnapshotFile, snapshot: GallerySnapshot, token: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(SnapshotFile, "write_new", full)
    with open_large(root) as store:
        store.rename_person(store.people()[0].person_id, "Augusta")
        store.snapshot(VERSION)
    assert "No space left on device" in caplog.text
    monkeypatch.undo()
    assert "Augusta" in snapshot_of(root).names.values()


def test_a_gallery_that_changes_while_it_is_copied_gets_no_copy(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = SnapshotFile.write_new

    def changed_meanwhile(self: SnapshotFile, snapshot: GallerySnapshot, token: int) -> None:
        write(self, snapshot, token)
        with open_store(root) as other:
            other.remove_person(other.people()[0].person_id)

    with open_large(root) as store:
        store.rename_person(store.people()[2].person_id, "Lamarr")
        store.snapshot(VERSION)
        monkeypatch.setattr(SnapshotFile, "write_new", changed_meanwhile)
    assert not copy_of(root).exists()
    assert not copy_of(root).with_suffix(".new").exists()
