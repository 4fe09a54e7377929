"""Corrections "this is not X": kept with X, taken back, moved and removed with the person."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from facerec_app.core.errors import GalleryReadError, GalleryWriteError
from facerec_app.core.types import Embeddings
from facerec_app.gallery import schema
from tests.unit.gallery.gallery_material import VERSION, new_face, open_store, unit_vectors


def test_rejected_faces_are_in_the_snapshot_until_the_correction_is_taken_back(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        person = store.add_person("Ada Lovelace")
        store.add_face(person.person_id, new_face(1))
        before = store.snapshot(VERSION)
        faces = unit_vectors(7, 3)
        rejection_id = store.rejections.add(person.person_id, faces, source="camera 0", decided_by="user")
        snapshot = store.snapshot(VERSION)
        assert snapshot.revision > before.revision
        np.testing.assert_array_equal(snapshot.rejected_vectors, faces.vectors)
        assert set(snapshot.rejected_person_ids.tolist()) == {person.person_id}
        assert len(store.snapshot("another-extractor").rejected_person_ids) == 0
        (correction,) = store.rejections.all()
        assert (correction.faces, correction.source, correction.decided_by) == (3, "camera 0", "user")
        store.rejections.remove(rejection_id)
        assert len(store.snapshot(VERSION).rejected_person_ids) == 0
        with pytest.raises(GalleryReadError, match="taken back already"):
            store.rejections.remove(rejection_id)


def test_corrections_survive_closing_and_a_merge_and_go_with_the_person(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        ada = store.add_person("Ada Lovelace")
        countess = store.add_person("Countess of Lovelace")
        store.rejections.add(countess.person_id, unit_vectors(7), source="camera 0", decided_by="user")
    with open_store(tmp_path) as store:
        store.merge_people(countess.person_id, ada.person_id)
        assert store.snapshot(VERSION).rejected_person_ids.tolist() == [ada.person_id]
        store.remove_person(ada.person_id)
        assert store.rejections.all() == ()
    vector = unit_vectors(7).vectors.tobytes()
    assert vector not in (tmp_path / "gallery.sqlite3").read_bytes(), "overwritten, not only unlinked"


def test_export_says_which_corrections_are_kept_with_a_person(tmp_path: Path) -> None:
    with open_store(tmp_path / "gallery") as store:
        person = store.add_person("Ada Lovelace")
        store.add_face(person.person_id, new_face(1))
        store.rejections.add(person.person_id, unit_vectors(7, 2), source="camera 0", decided_by="user")
        store.export_person(person.person_id, tmp_path / "out")
    record = json.loads((tmp_path / "out" / "person.json").read_text())
    (refused,) = record["name_refused_for"]
    assert (refused["source"], refused["faces"], refused["decided_by"]) == ("camera 0", 2, "user")


def test_faces_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        person = store.add_person("Ada Lovelace")
        for vectors in (np.full((1, 128), np.nan, np.float32), np.zeros((0, 128), np.float32)):
            with pytest.raises(GalleryWriteError, match="no usable face"):
                store.rejections.add(person.person_id, Embeddings(vectors, VERSION), source="x", decided_by="user")
        assert store.rejections.all() == ()


def test_a_gallery_of_the_first_version_gets_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    person_id = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
    connection = sqlite3.connect(tmp_path / "gallery.sqlite3", isolation_level=None)
    with monkeypatch.context() as first:
        first.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
        schema.migrate(connection)
    connection.execute(
        "INSERT INTO people (id, name, name_key, created_at) VALUES (?, 'Ada', 'ada', '2026-01-02T03:04:05+00:00')",
        (person_id,),
    )
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    connection.close()
    with open_store(tmp_path) as store:
        store.rejections.add(person_id, unit_vectors(7), source="camera 0", decided_by="user")
        assert len(store.rejections.all()) == 1
