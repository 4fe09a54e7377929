"""Corrected boxes in the database: kept by picture, following names, gone with the face, one transaction with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from facerec_app.core.errors import GalleryChangedError, GalleryReadError, GalleryWriteError
from facerec_app.core.face_annotations import FaceAnnotations
from facerec_app.core.types import Embeddings, FaceCrops
from facerec_app.gallery.box_corrections import BoxCorrections, FaceCorrection
from facerec_app.gallery.box_rows import CorrectedPicture
from facerec_app.gallery.gallery_store import GalleryStore
from tests.unit.gallery.gallery_material import VERSION, new_face, open_store, unit_vectors

FACES = FaceAnnotations.of(
    np.array([[10, 12, 60, 80], [70, 5, 90, 30]], np.float32),
    np.concatenate([np.arange(10, dtype=np.float32).reshape(1, 5, 2) + 20, np.full((1, 5, 2), np.nan, np.float32)]),
    ["Ada Lovelace", "a guest"],
    [False, True],
)


def corrected(sha256: str = "ab" * 32, face_id: str | None = None, row: int | None = None) -> CorrectedPicture:
    return CorrectedPicture(sha256, "party.jpg", 1234, 100, 90, FACES, face_id, row, datetime.now(UTC))


def moved(face_id: str, embedding: Embeddings) -> FaceCorrection:
    ones = np.ones(1, np.float32)
    crop = FaceCrops(np.zeros((1, 8, 8, 3), np.uint8), np.zeros((1, 2, 3), np.float32), ones * 91, ones, ones, ones)
    return FaceCorrection(face_id, FACES.boxes_xyxy[0], FACES.landmarks_xy[0], crop, embedding)


def enrolled(store: GalleryStore) -> str:
    person = store.add_person("Ada Lovelace")
    face_id = store.add_face(person.person_id, new_face(1))
    store.put_embeddings([face_id], unit_vectors(1))
    store.put_embeddings([face_id], Embeddings(unit_vectors(2).vectors, "another-extractor"))
    return face_id


def test_boxes_come_back_as_they_were_saved(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        BoxCorrections(store.database).save(corrected())
    with open_store(tmp_path) as store:
        corrections = BoxCorrections(store.database)
        found = corrections.get("ab" * 32)
        assert found is not None
        assert found.faces.equals(FACES)
        assert (found.location, found.width_px, found.height_px) == ("party.jpg", 100, 90)
        assert corrections.looked_at() == {"ab" * 32: 1234}
        corrections.save(replace(corrected(), faces=FaceAnnotations.empty()))
        (again,) = corrections.all()
        assert len(again.faces) == 0


def test_names_of_enrolled_people_follow_them_and_go_with_them(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        ada = store.add_person("Ada Lovelace")
        corrections = BoxCorrections(store.database)
        corrections.save(corrected())
        store.rename_person(ada.person_id, "Ada Byron")
        assert corrections.all()[0].faces.names == ("Ada Byron", "a guest")
        other = store.add_person("Countess of Lovelace")
        store.merge_people(ada.person_id, other.person_id)
        assert corrections.all()[0].faces.names == ("Countess of Lovelace", "a guest")
        store.remove_person(other.person_id)
        assert corrections.all()[0].faces.names == ("", "a guest")
    content = (tmp_path / "gallery.sqlite3").read_bytes()
    assert b"Ada" not in content
    assert b"Countess" not in content


def test_enrolled_face_is_moved_and_embedded_in_the_same_transaction(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        face_id = enrolled(store)
        corrections = BoxCorrections(store.database)
        before = store.snapshot(VERSION)
        corrections.save(corrected(face_id=face_id, row=0), moved(face_id, unit_vectors(3)))
        face, after = store.get_face(face_id), store.snapshot(VERSION)
        assert face.box_xyxy == pytest.approx(FACES.boxes_xyxy[0])
        assert face.landmarks_xy == pytest.approx(FACES.landmarks_xy[0])
        assert face.size_px == 91
        assert after.revision > before.revision
        np.testing.assert_array_equal(after.vectors, unit_vectors(3).vectors)
        assert len(store.snapshot("another-extractor")) == 0  # computed from the old place
        assert [one.face_id for one in store.missing_embeddings("another-extractor")] == [face_id]


def test_features_that_are_no_vector_leave_everything_as_it_was(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        face_id = enrolled(store)
        corrections = BoxCorrections(store.database)
        before = store.get_face(face_id)
        broken = Embeddings(np.full((1, 8), np.nan, np.float32), VERSION)
        with pytest.raises(GalleryWriteError, match="nothing was kept"):
            corrections.save(corrected(face_id=face_id, row=0), moved(face_id, broken))
        assert corrections.all() == ()
        assert store.get_face(face_id).box_xyxy == pytest.approx(before.box_xyxy)
        np.testing.assert_array_equal(store.snapshot(VERSION).vectors, unit_vectors(1).vectors)


def test_boxes_of_an_enrolled_picture_go_with_the_face(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        face_id = enrolled(store)
        corrections = BoxCorrections(store.database)
        corrections.save(corrected(face_id=face_id, row=0))
        store.remove_face(face_id)
        assert corrections.all() == ()
        with pytest.raises(GalleryChangedError, match="removed meanwhile"):
            corrections.save(corrected(face_id=face_id, row=0))
        assert store.database.integrity_problems() == ()


def test_forgetting_is_all_or_nothing(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        corrections = BoxCorrections(store.database)
        corrections.save(corrected())
        with pytest.raises(GalleryReadError, match="boxes list"):
            corrections.remove(["ab" * 32, "cd" * 32])
        assert len(corrections.all()) == 1
        corrections.remove(["ab" * 32])
        assert corrections.all() == ()


def test_damaged_row_is_one_clear_line(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        corrections = BoxCorrections(store.database)
        corrections.save(corrected())
        with store.database.write() as connection:
            connection.execute("UPDATE picture_boxes SET box_xyxy = x'00' WHERE number = 0")
        with pytest.raises(GalleryReadError, match=r"party\.jpg are damaged"):
            corrections.all()


def test_a_name_said_before_its_person_was_enrolled_goes_with_the_person_too(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        corrections = BoxCorrections(store.database)
        corrections.save(corrected())
        person = store.add_person("ada lovelace")
        store.remove_person(person.person_id)
        (found,) = corrections.all()
        assert found.faces.names == ("", "a guest")
