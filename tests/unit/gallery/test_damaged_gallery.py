"""Databases that are damaged, lost, foreign or from another version."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from pathlib import Path

import numpy as np
import pytest

from facerec_app.core.errors import GalleryError, GalleryReadError
from facerec_app.gallery import schema
from tests.unit.gallery.gallery_material import VERSION, new_face, open_store, picture_files


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    """A gallery of six people with five faces each."""
    folder = tmp_path / "gallery"
    with open_store(folder) as store, store.batch():
        for number in range(6):
            person = store.add_person(f"Person {number}")
            store.add_faces(person.person_id, [new_face(10 * number + step) for step in range(5)])
    return folder


def use(folder: Path) -> tuple[int, int, int]:
    """Open a gallery and read everything; return numbers of people, faces and vectors."""
    with open_store(folder) as store:
        people = store.people()
        faces = [face for person in people for face in store.faces_of(person.person_id)]
        vectors = len(store.snapshot(VERSION))
        store.missing_embeddings(VERSION)
        store.judgements()
        return len(people), len(faces), vectors


@pytest.mark.parametrize("place", [0.0, 0.02, 0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 0.97])
def test_random_bytes_in_the_database_are_reported_or_found_and_never_lose_pictures(
    gallery: Path, place: float
) -> None:
    database = gallery / "gallery.sqlite3"
    data = bytearray(database.read_bytes())
    start = min(int(len(data) * place), len(data) - 1024)
    data[start : start + 1024] = np.random.default_rng(int(100 * place)).bytes(1024)
    database.write_bytes(data)
    try:
        people, faces, vectors = use(gallery)
    except GalleryReadError as error:
        assert str(database) in str(error) or "damaged" in str(error)
        assert "\n" not in str(error)
        assert database.read_bytes() == bytes(data)
    else:
        with open_store(gallery) as store:
            assert (people, faces) == (6, 30) or store.check(pictures=False)
        assert vectors <= 30
    assert len(picture_files(gallery)) == 30


@pytest.mark.parametrize("kept", [0, 10, 100, 4096, 20_000])
def test_a_database_that_was_cut_off_is_refused_and_left_as_it_is(gallery: Path, kept: int) -> None:
    database = gallery / "gallery.sqlite3"
    data = database.read_bytes()[:kept]
    database.write_bytes(data)
    with pytest.raises(GalleryReadError, match=r"gallery\.sqlite3"):
        use(gallery)
    assert database.read_bytes() == data
    assert len(picture_files(gallery)) == 30


def test_a_lost_database_is_refused_and_its_pictures_stay_until_it_is_put_back(gallery: Path) -> None:
    database = gallery / "gallery.sqlite3"
    backup = gallery.parent / "backup.sqlite3"
    shutil.copy(database, backup)
    database.unlink()
    with pytest.raises(GalleryReadError, match="missing or empty"):
        open_store(gallery)
    assert not database.exists()
    assert len(picture_files(gallery)) == 30
    shutil.copy(backup, database)
    assert use(gallery) == (6, 30, 30)


def test_a_file_that_is_no_gallery_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    for name, make in {"text": _text_file, "database": _foreign_database}.items():
        folder = tmp_path / name
        folder.mkdir()
        make(folder / "gallery.sqlite3")
        before = (folder / "gallery.sqlite3").read_bytes()
        with pytest.raises(GalleryReadError, match=r"gallery\.sqlite3"):
            open_store(folder)
        assert (folder / "gallery.sqlite3").read_bytes() == before


def _text_file(path: Path) -> None:
    path.write_text("these are my notes, not a database " * 100)


def _foreign_database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    connection.close()


def test_a_gallery_from_a_newer_program_is_refused(gallery: Path) -> None:
    with sqlite3.connect(gallery / "gallery.sqlite3") as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(GalleryReadError, match="newer version"):
        open_store(gallery)


def test_an_older_gallery_is_brought_up_to_date_whole_or_not_at_all(
    gallery: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = "CREATE TABLE extra (x INTEGER); CREATE TABLE people (x INTEGER);"
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, broken))
    monkeypatch.setattr("facerec_app.gallery.gallery_database.MIGRATIONS", schema.MIGRATIONS)
    with pytest.raises(GalleryError):
        open_store(gallery)
    good = "CREATE TABLE extra (x INTEGER); INSERT INTO extra VALUES (5);"
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS[:-1], good))
    monkeypatch.setattr("facerec_app.gallery.gallery_database.MIGRATIONS", schema.MIGRATIONS)
    assert use(gallery) == (6, 30, 30)
    with sqlite3.connect(gallery / "gallery.sqlite3") as connection:
        assert connection.execute("SELECT x FROM extra").fetchall() == [(5,)]
        assert connection.execute("PRAGMA user_version").fetchone() == (len(schema.MIGRATIONS),)
    connection.close()


def test_a_forged_identifier_does_not_become_a_path(gallery: Path) -> None:
    with sqlite3.connect(gallery / "gallery.sqlite3") as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("UPDATE faces SET id = '../../../../etc/passwd' WHERE sequence = 1")
    connection.close()
    with pytest.raises(GalleryReadError, match="damaged"):
        use(gallery)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX permissions")
def test_only_the_owner_may_read_the_pictures(gallery: Path) -> None:
    for folder in (gallery, gallery / "pictures", picture_files(gallery)[0].parent):
        assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(sys.platform == "win32" or os.name == "nt", reason="needs POSIX paths")
def test_a_place_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("x")
    with pytest.raises(GalleryError, match="file"):
        open_store(blocked / "gallery")
