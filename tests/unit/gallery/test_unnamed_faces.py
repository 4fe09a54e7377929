"""Faces without a name are kept by the rules of enrolled ones, and every change of them can be taken back."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from facerec_app.core.errors import ConfigError, GalleryChangedError, GalleryReadError, GalleryWriteError
from facerec_app.core.types import UInt8Array
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.prepared_face import PreparedFace
from facerec_app.gallery.unnamed_face import FaceOrigin, UnnamedState
from facerec_app.gallery.unnamed_faces import UnnamedFaces
from tests.unit.gallery.gallery_material import VERSION, new_face, open_store, picture_files, portrait


def shade(number: int) -> UInt8Array:
    """Return the portrait, a little brighter each time, so that each has a picture of its own."""
    return np.minimum(portrait().astype(np.int16) + 3 * number, 255).astype(np.uint8)


def keep(faces: UnnamedFaces, count: int, origin: FaceOrigin = FaceOrigin.PICTURE, start: int = 0) -> tuple[str, ...]:
    prepared = [PreparedFace.of(new_face(seed, pixels=shade(seed))) for seed in range(start, start + count)]
    return faces.add(prepared, origin)


@pytest.fixture
def store(tmp_path: Path) -> GalleryStore:
    return open_store(tmp_path)


@pytest.fixture
def faces(store: GalleryStore) -> UnnamedFaces:
    return UnnamedFaces(store.database)


def test_kept_faces_are_there_after_reopening_with_pictures_and_features(
    faces: UnnamedFaces, store: GalleryStore, tmp_path: Path
) -> None:
    kept = keep(faces, 3)
    store.close()
    with open_store(tmp_path) as again:
        unnamed = UnnamedFaces(again.database)
        assert tuple(face.face_id for face in unnamed.all()) == kept
        assert set(unnamed.vectors(VERSION)) == set(kept)
        assert unnamed.read_picture(unnamed.all()[0]).shape[2] == 3
        assert len(picture_files(tmp_path)) == 3
        assert again.check() == ()
        assert again.people() == ()


def test_same_picture_is_kept_once_also_after_it_was_named(faces: UnnamedFaces, tmp_path: Path) -> None:
    (first,) = keep(faces, 1)
    assert keep(faces, 1) == ()
    faces.name([first], "Ada")
    assert keep(faces, 1) == ()
    assert len(picture_files(tmp_path)) == 1


def test_naming_enrols_all_faces_at_once_where_their_pictures_lie(
    faces: UnnamedFaces, store: GalleryStore, tmp_path: Path
) -> None:
    kept, revision = keep(faces, 3), store.revision
    before = picture_files(tmp_path)
    faces.name(kept[:2], "Ada")
    person = store.find_person("ada")
    assert {face.face_id for face in store.faces_of(person.person_id)} == set(kept[:2])
    assert set(store.snapshot(VERSION).face_ids.tolist()) == set(kept[:2])
    assert [face.face_id for face in faces.all()] == [kept[2]]
    assert picture_files(tmp_path) == before
    assert store.revision > revision
    faces.name(kept[2:], "ADA")
    assert store.get_person(person.person_id).face_count == 3
    assert store.check() == ()


def test_naming_is_taken_back_with_the_person_it_made_and_done_again(faces: UnnamedFaces, store: GalleryStore) -> None:
    kept = keep(faces, 2)
    change = faces.name(kept, "Ada")
    person_id = store.find_person("Ada").person_id
    faces.take_back(change)
    assert store.people() == ()
    assert [face.face_id for face in faces.all()] == list(kept)
    assert set(faces.vectors(VERSION)) == set(kept)
    faces.repeat(change)
    assert store.find_person("Ada").person_id == person_id
    assert len(store.snapshot(VERSION)) == 2
    assert store.check() == ()


def test_person_who_was_given_more_pictures_stays_when_the_naming_is_taken_back(
    faces: UnnamedFaces, store: GalleryStore
) -> None:
    change = faces.name(keep(faces, 1), "Ada")
    store.add_face(store.find_person("Ada").person_id, new_face(9))
    faces.take_back(change)
    assert store.find_person("Ada").face_count == 1
    assert len(faces.all()) == 1


def test_naming_cannot_be_taken_back_when_a_face_was_moved_since(faces: UnnamedFaces, store: GalleryStore) -> None:
    kept = keep(faces, 2)
    change = faces.name(kept, "Ada")
    store.move_face(kept[0], store.add_person("Bo").person_id)
    with pytest.raises(GalleryChangedError, match="named, moved or removed since"):
        faces.take_back(change)
    assert faces.all() == ()


def test_removed_face_leaves_the_disk_and_comes_back_whole(faces: UnnamedFaces, tmp_path: Path) -> None:
    kept = keep(faces, 2)
    pixels = faces.read_picture(faces.get(kept[0]))
    change = faces.remove([kept[0]])
    assert len(picture_files(tmp_path)) == 1
    assert set(faces.vectors(VERSION)) == {kept[1]}
    faces.take_back(change)
    assert [face.face_id for face in faces.all()] == list(kept)
    assert np.array_equal(faces.read_picture(faces.get(kept[0])), pixels)
    assert set(faces.vectors(VERSION)) == set(kept)


LATE: dict[str, Callable[[UnnamedFaces, str], object]] = {
    "name": lambda faces, gone: faces.name([gone], "Ada"),
    "remove": lambda faces, gone: faces.remove([gone]),
    "group": lambda faces, gone: faces.put_into_groups([([gone], "one")], "move it"),
    "ignore": lambda faces, gone: faces.set_state([gone], UnnamedState.IGNORED),
}


@pytest.mark.parametrize("change", LATE)
def test_faces_that_another_program_removes_at_that_moment_are_missed_and_nothing_is_done(
    faces: UnnamedFaces, store: GalleryStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, change: str
) -> None:
    gone, left = keep(faces, 2)
    write = store.database.write

    def wait_for_the_other(*, counts: bool = True) -> AbstractContextManager[sqlite3.Connection]:
        monkeypatch.setattr(store.database, "write", write)
        with open_store(tmp_path) as other:
            UnnamedFaces(other.database).remove([gone])
        return write(counts=counts)

    monkeypatch.setattr(store.database, "write", wait_for_the_other)
    with pytest.raises(GalleryReadError, match=gone):
        LATE[change](faces, gone)
    assert store.people() == ()
    assert [face.face_id for face in faces.all()] == [left]
    assert store.check() == ()


def test_groups_and_states_are_kept_and_taken_back(faces: UnnamedFaces) -> None:
    first, second = keep(faces, 2)
    moved = faces.put_into_groups([([first], "one"), ([second], "two")], "move them")
    ignored = faces.set_state([first], UnnamedState.IGNORED)
    assert [(face.group_id, face.state) for face in faces.all()] == [
        ("one", UnnamedState.IGNORED),
        ("two", UnnamedState.OPEN),
    ]
    faces.take_back(ignored)
    faces.take_back(moved)
    assert [(face.group_id, face.state) for face in faces.all()] == [(None, UnnamedState.OPEN)] * 2


def test_bad_requests_are_refused_whole(faces: UnnamedFaces, store: GalleryStore) -> None:
    kept = keep(faces, 1)
    with pytest.raises(GalleryReadError, match="no unnamed face"):
        faces.name([*kept, "00000000-0000-0000-0000-000000000000"], "Ada")
    with pytest.raises(ConfigError):
        faces.name(kept, "a/b")
    with pytest.raises(GalleryWriteError, match="No faces were chosen"):
        faces.remove([])
    assert store.people() == ()
    assert len(faces.all()) == 1


def test_oldest_live_faces_go_first_and_those_the_user_touched_never(faces: UnnamedFaces, tmp_path: Path) -> None:
    pictures = keep(faces, 1)
    live = keep(faces, 5, FaceOrigin.LIVE, start=1)
    faces.put_into_groups([([live[0]], "mine")], "move it")
    faces.set_state([live[1]], UnnamedState.IGNORED)
    assert faces.remove_oldest_live(2) == 1
    assert {face.face_id for face in faces.all()} == {*pictures, *live} - {live[2]}
    assert len(picture_files(tmp_path)) == 5


def test_lost_picture_is_reported_and_picture_of_nobody_removed_at_the_next_start(
    faces: UnnamedFaces, store: GalleryStore, tmp_path: Path
) -> None:
    keep(faces, 2)
    lost, copied = picture_files(tmp_path)
    stray = copied.with_name(f"{copied.name[:2]}000000-0000-4000-8000-000000000000.jpg")
    shutil.copy(copied, stray)
    lost.unlink()
    assert any(lost.name in problem for problem in store.check())
    store.close()
    with open_store(tmp_path) as again:
        assert not stray.exists()
        assert copied.exists()
        assert len(UnnamedFaces(again.database).all()) == 2


def test_searched_pictures_and_the_wish_to_keep_strangers_are_remembered(faces: UnnamedFaces) -> None:
    assert not faces.was_searched("ab")
    faces.add_of_picture("ab", [])
    assert faces.was_searched("ab")
    kept = [faces.keeps_live]
    for wanted in (True, False):
        faces.keep_live(wanted)
        kept.append(faces.keeps_live)
    assert kept == [False, True, False]
