"""Versions of trained networks on disk: whole or not there, one in use, never a damaged one."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from facerec_app.core.errors import (
    ConfigError,
    GalleryWriteError,
    WeightsMissingError,
    WeightsRejectedError,
)
from facerec_app.core.file_lock import FileLock
from facerec_app.models.version_record import (
    VersionData,
    VersionRecord,
    version_record_from_bytes,
    version_record_to_bytes,
)
from facerec_app.models.version_store import (
    CALIBRATION_NAME,
    POINTER_NAME,
    RECORD_NAME,
    WEIGHTS_NAME,
    VersionStore,
)


def record(version_id: str, parent: str | None = None) -> VersionRecord:
    return VersionRecord(
        version_id=version_id,
        created_at=datetime(2026, 11, 1, 12, tzinfo=UTC),
        extractor_version="extractor",
        scorer_version="similarity-1",
        objective="similarity",
        parent=parent,
        options={"epochs": 3, "hidden_sizes": (8, 4)},
        seed=20,
        data=VersionData(
            {"ada": ("a1", "a2"), "bo": ("b1",)}, "face", {"training": ("a1", "b1"), "test": ("a2",)}, 1, 300
        ),
        metrics={"accuracy": 0.99},
    )


@pytest.fixture
def store(tmp_path: Path) -> VersionStore:
    store = VersionStore(tmp_path / "versions")
    for name in ("v1", "v2", "v3"):
        store.add(record(name), b"weights of " + name.encode(), b"{}")
    return store


def test_without_versions_the_shipped_network_is_in_use(tmp_path: Path) -> None:
    store = VersionStore(tmp_path / "versions")
    assert (store.present_id(), store.ids(), store.records(), store.state()) == (None, (), (), None)
    assert not store.folder.exists()
    with pytest.raises(ConfigError, match="shipped network is in use already"):
        store.rollback()


def test_a_stored_version_is_read_as_it_was_written_and_not_in_use(store: VersionStore) -> None:
    read = store.read("v2")
    assert (read.weights, read.calibration) == (b"weights of v2", b"{}")
    assert set(read.record.sha256) == {WEIGHTS_NAME, CALIBRATION_NAME}
    assert read.record.data == record("v2").data
    assert store.present_id() is None
    assert [found.version_id for found in store.records()] == ["v1", "v2", "v3"]


def test_promotions_are_taken_back_in_their_order(store: VersionStore) -> None:
    states = {store.state()}
    for name in ("v1", "v3", "v2"):
        store.promote(name)
        states.add(store.state())
        assert store.present_id() == name
    assert len(states) == 4
    assert [store.rollback() for _ in range(3)] == ["v3", "v1", None]
    assert store.present_id() is None


def test_rollback_passes_over_versions_that_cannot_be_used(store: VersionStore) -> None:
    for name in ("v1", "v2", "v3"):
        store.promote(name)
    (store.folder / "v2" / WEIGHTS_NAME).write_bytes(b"other")
    assert store.rollback() == "v1"


def test_the_version_in_use_cannot_be_removed_others_can(store: VersionStore) -> None:
    store.promote("v1")
    store.promote("v2")
    with pytest.raises(ConfigError, match="v2 is in use"):
        store.remove("v2")
    store.remove("v1")
    assert store.ids() == ("v2", "v3")
    assert store.rollback() is None
    with pytest.raises(WeightsMissingError, match="no version 'v1'"):
        store.remove("v1")


def test_removing_all_versions_of_somebody_brings_back_the_one_before(store: VersionStore) -> None:
    for name in ("v1", "v2", "v3"):
        store.promote(name)
    assert store.remove_all(["v2", "v3"])
    assert (store.present_id(), store.ids()) == ("v1", ("v1",))
    assert not store.remove_all([])
    assert store.remove_all(["v1"])
    assert store.present_id() is None


@pytest.mark.parametrize("file", [WEIGHTS_NAME, CALIBRATION_NAME, RECORD_NAME])
@pytest.mark.parametrize("damage", ["changed", "cut", "missing"])
def test_a_damaged_version_is_named_in_one_line_and_never_promoted(store: VersionStore, file: str, damage: str) -> None:
    store.promote("v1")
    path = store.folder / "v2" / file
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(content[:-3] if damage == "cut" else content.replace(b"2", b"7") + b" ")
        if damage == "changed" and file == RECORD_NAME:
            path.write_bytes(content.replace(b'"seed": 20', b'"seed": 21'))
    with pytest.raises(WeightsRejectedError, match=r"Version v2 .* is damaged") as caught:
        store.promote("v2")
    assert "\n" not in str(caught.value)
    assert store.present_id() == "v1"
    assert list(store.faults()) == ["v2"]


@pytest.mark.parametrize("content", [b"", b"[]", b'{"history": []}', b'{"history": ["../x"]}', b'{"history": [3]}'])
def test_a_damaged_pointer_is_said_and_replaced_by_the_next_promotion(store: VersionStore, content: bytes) -> None:
    store.promote("v1")
    (store.folder / POINTER_NAME).write_bytes(content)
    with pytest.raises(WeightsRejectedError, match="the shipped network serves"):
        store.present_id()
    store.promote("v2")
    assert store.present_id() == "v2"


def test_versions_are_found_by_the_beginning_of_their_names(store: VersionStore) -> None:
    assert store.find("v3") == "v3"
    for unknown, said in (("v", "3 versions begin with"), ("w", "There is no version"), ("", "There is no version")):
        with pytest.raises(ConfigError, match=said):
            store.find(unknown)


def test_somebody_is_taken_out_of_a_record(store: VersionStore) -> None:
    stored = store.record("v1")
    without = stored.data.without(["ada", "nobody"])
    assert (without.people, without.forgotten_people) == ({"bo": ("b1",)}, 1)
    assert without.parts == {"training": ("b1",), "test": ()}
    assert version_record_from_bytes(version_record_to_bytes(stored)) == stored


def no_space(*_: object) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("change", [lambda s: s.add(record("v4"), b"w", b"{}"), lambda s: s.promote("v2")])
def test_a_full_disk_changes_nothing(
    store: VersionStore, monkeypatch: pytest.MonkeyPatch, change: Callable[[VersionStore], None]
) -> None:
    store.promote("v1")
    before = sorted(path.relative_to(store.folder) for path in store.folder.rglob("*"))
    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(GalleryWriteError, match=r"No space left on device.*free some space"):
        change(store)
    monkeypatch.undo()
    assert store.present_id() == "v1"
    assert sorted(path.relative_to(store.folder) for path in store.folder.rglob("*")) == before
    assert not store.faults()


def test_what_a_killed_program_left_is_swept_up(store: VersionStore) -> None:
    (store.folder / ".new-123").mkdir()
    (store.folder / ".new-123" / WEIGHTS_NAME).write_bytes(b"half")
    (store.folder / ".456.tmp").write_bytes(b"half")
    assert store.ids() == ("v1", "v2", "v3")
    assert store.sweep() == 1
    assert sorted(path.name for path in store.folder.iterdir()) == [".lock", "v1", "v2", "v3"]


def test_a_lock_is_free_as_soon_as_its_holder_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    code = (
        "import pathlib, sys; from facerec_app.core.file_lock import FileLock\n"
        f"held = FileLock(pathlib.Path({str(file)!r})); print(held.acquire(), flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"True"
        mine = FileLock(file)
        assert not mine.acquire(0.05)
        holder.kill()
        holder.wait()
        assert mine.acquire(5.0)
        mine.release()
