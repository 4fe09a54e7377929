"""Thumbnails: made once, made anew when they no longer fit, gone with the face."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from facerec_app.core.errors import GalleryReadError
from facerec_app.gallery.face_thumbnails import THUMBNAIL_PX, FaceThumbnails
from facerec_app.gallery.gallery_edits import GalleryEdits
from facerec_app.gallery.gallery_store import GalleryStore
from tests.unit.gallery.gallery_material import new_face, open_store, portrait


@pytest.fixture
def store(tmp_path: Path) -> Iterator[GalleryStore]:
    """Return a gallery of one person with two faces."""
    with open_store(tmp_path) as opened:
        person = opened.add_person("Grace Hopper")
        opened.add_faces(person.person_id, [new_face(0), new_face(1, pixels=portrait()[:, ::-1])])
        yield opened


def files(store: GalleryStore) -> list[Path]:
    return sorted(path for path in store.paths.thumbnails_dir.rglob("*") if path.is_file())


def test_thumbnail_comes_from_the_file_the_second_time(store: GalleryStore) -> None:
    face = store.faces_of(store.people()[0].person_id)[0]
    thumbnails = FaceThumbnails(store.database)
    first = thumbnails.read(face)
    assert first.shape == (THUMBNAIL_PX, THUMBNAIL_PX, 3)
    assert [file.stem for file in files(store)] == [face.face_id]
    face.picture_file.unlink()
    kept = thumbnails.read(face)
    assert np.abs(kept.astype(int) - first).mean() < 4, "the same but for JPEG"


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other face's"])
def test_damaged_thumbnail_is_made_anew(store: GalleryStore, damage: str) -> None:
    face, other = store.faces_of(store.people()[0].person_id)
    thumbnails = FaceThumbnails(store.database)
    first = thumbnails.read(face)
    (file,) = files(store)
    data = file.read_bytes()
    thumbnails.read(other)
    others = (file.parent.parent / other.face_id[:2] / f"{other.face_id}.thumb").read_bytes()
    damaged = {
        "cut": data[:-7],
        "flipped": data[:99] + bytes([data[99] ^ 1]) + data[100:],
        "empty": b"",
        "other face's": others,
    }[damage]
    file.write_bytes(damaged)
    assert np.array_equal(thumbnails.read(face), first)
    assert file.read_bytes() == data


def test_thumbnail_follows_a_box_that_was_corrected(store: GalleryStore) -> None:
    face = store.faces_of(store.people()[0].person_id)[0]
    thumbnails = FaceThumbnails(store.database)
    first = thumbnails.read(face)
    with store.database.write() as connection:
        moved = (face.box_xyxy + 60).astype("<f4").tobytes()
        connection.execute("UPDATE faces SET box_xyxy = ? WHERE id = ?", (moved, face.face_id))
    again = thumbnails.read(store.get_face(face.face_id))
    assert np.abs(again.astype(int) - first).mean() > 10
    assert len(files(store)) == 1


def test_thumbnail_goes_with_its_face_its_person_and_comes_back_with_undo(store: GalleryStore) -> None:
    person = store.people()[0]
    thumbnails = FaceThumbnails(store.database)
    faces = store.faces_of(person.person_id)
    for face in faces:
        thumbnails.read(face)
    edits = GalleryEdits(store)
    change = edits.remove_faces([faces[0].face_id])
    assert [file.stem for file in files(store)] == [faces[1].face_id]
    edits.take_back(change)
    thumbnails.read(store.get_face(faces[0].face_id))
    assert len(files(store)) == 2
    store.remove_person(person.person_id)
    assert files(store) == []


def test_no_thumbnail_is_written_of_a_face_that_went_while_it_was_made(store: GalleryStore) -> None:
    face = store.faces_of(store.people()[0].person_id)[0]
    picture = face.picture_file.read_bytes()
    store.remove_face(face.face_id)
    face.picture_file.write_bytes(picture)  # as if it had been read before the removal
    FaceThumbnails(store.database).read(face)
    assert files(store) == []


def test_what_a_kill_left_behind_is_removed_at_the_next_start(store: GalleryStore) -> None:
    thumbnails = FaceThumbnails(store.database)
    faces = store.faces_of(store.people()[0].person_id)
    for face in faces:
        thumbnails.read(face)
    kept, orphan = files(store)
    half = kept.with_name(f"{kept.stem}.0123.tmp")
    half.write_bytes(b"half")
    with store.database.write() as connection:
        connection.execute("DELETE FROM faces WHERE id = ?", (orphan.stem,))
    with open_store(store.paths.root) as again:
        assert files(again) == [kept]


def test_lost_picture_without_a_thumbnail_is_said(store: GalleryStore) -> None:
    face = store.faces_of(store.people()[0].person_id)[0]
    face.picture_file.unlink()
    with pytest.raises(GalleryReadError, match="cannot be read"):
        FaceThumbnails(store.database).read(face)
