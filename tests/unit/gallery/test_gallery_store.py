"""People and faces in the gallery: every operation and what it leaves behind."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from facerec_app.core.errors import (
    ConfigError,
    DuplicatePersonError,
    GalleryReadError,
    GalleryWriteError,
    OutputWriteError,
    PersonNotFoundError,
)
from facerec_app.core.types import Embeddings
from facerec_app.gallery.face_pictures import LARGEST_FACE_PX
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.records import Consent, FaceState
from tests.unit.gallery.gallery_material import VERSION, new_face, open_store, picture_files, portrait, unit_vectors


@pytest.fixture
def store(tmp_path: Path) -> Iterator[GalleryStore]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def test_a_person_keeps_name_consent_and_faces_over_a_restart(store: GalleryStore, tmp_path: Path) -> None:
    consent = Consent("finding her in the archive", "Grace Hopper", date(2030, 1, 31))
    person = store.add_person("  Grace \n Hopper ", consent=consent)
    face_ids = store.add_faces(person.person_id, [new_face(1), new_face(2)])
    store.set_portrait(person.person_id, face_ids[1])
    store.close()
    with open_store(tmp_path) as again:
        (kept,) = again.people()
        assert (kept.person_id, kept.name, kept.consent) == (person.person_id, "Grace Hopper", consent)
        assert kept.portrait_face_id == face_ids[1]
        assert kept.face_count == 2
        assert tuple(face.face_id for face in again.faces_of(kept.person_id)) == face_ids


def test_names_are_found_and_unique_without_regard_to_case_or_form(store: GalleryStore) -> None:
    person = store.add_person("Zoë Straße")
    for same in ("zoë STRASSE", "Zoe\u0308 Straße", "  ZOË   straße "):
        assert store.find_person(same) == person
        with pytest.raises(DuplicatePersonError, match="Zoë Straße is enrolled already"):
            store.add_person(same)
    assert store.find_person(person.person_id) == person
    assert store.find_person(person.person_id.upper()) == person


def test_a_name_that_is_not_there_brings_up_similar_ones(store: GalleryStore) -> None:
    store.add_person("Grace Hopper")
    with pytest.raises(PersonNotFoundError, match="did you mean Grace Hopper"):
        store.find_person("grace hoper")
    with pytest.raises(PersonNotFoundError, match="people list"):
        store.find_person("Q")


@pytest.mark.parametrize("name", ["", "  ", "x" * 300, "../x", "a/b", "a\\b", "..", "bell\a"])
def test_names_that_are_none_are_refused_and_change_nothing(store: GalleryStore, name: str) -> None:
    person = store.add_person("Somebody")
    revision = store.revision
    with pytest.raises(ConfigError):
        store.add_person(name)
    with pytest.raises(ConfigError):
        store.rename_person(person.person_id, name)
    assert store.revision == revision
    assert [known.name for known in store.people()] == ["Somebody"]


def test_renaming_keeps_the_identifier_and_may_change_case_only(store: GalleryStore) -> None:
    person = store.add_person("grace")
    store.add_person("Ada")
    assert store.rename_person(person.person_id, "Grace").name == "Grace"
    with pytest.raises(DuplicatePersonError, match="Ada"):
        store.rename_person(person.person_id, "ADA")
    with pytest.raises(PersonNotFoundError):
        store.rename_person("nobody", "Someone")
    assert store.get_person(person.person_id).name == "Grace"


def test_a_face_is_kept_with_a_margin_and_its_own_coordinates(store: GalleryStore) -> None:
    person = store.add_person("Grace")
    original = new_face(1)
    face = store.get_face(store.add_face(person.person_id, original))
    pixels = store.read_picture(face.face_id)
    left, top, right, bottom = (int(value) for value in face.box_xyxy)
    assert (right - left, bottom - top) == (160, 210)
    assert pixels.shape[0] <= 3 * 210 + 2
    cut = pixels[top:bottom, left:right].astype(int)
    assert np.abs(cut - portrait()[90:300, 180:340]).mean() < 3.0
    assert np.allclose(face.landmarks_xy - face.box_xyxy[:2], original.landmarks_xy - original.box_xyxy[:2])
    assert (face.source, face.state) == ("test 1", FaceState.ACTIVE)
    assert face.yaw_deg == pytest.approx(-3.0)
    detections = face.detections()
    assert detections.boxes_xyxy.shape == (1, 4)
    assert detections.landmarks_xy.shape == (1, 5, 2)


def test_a_very_large_face_is_scaled_down_with_its_coordinates(store: GalleryStore) -> None:
    person = store.add_person("Grace")
    big = np.ascontiguousarray(np.repeat(np.repeat(portrait(), 6, axis=0), 6, axis=1))
    small = new_face(1)
    face = new_face(1, pixels=big)
    face = type(face)(big, small.box_xyxy * 6, small.landmarks_xy * 6, 0.9, "big", 960.0, 0.5, 0.0, 0.5, face.embedding)
    kept = store.get_face(store.add_face(person.person_id, face))
    assert max(kept.box_xyxy[2:] - kept.box_xyxy[:2]) == pytest.approx(LARGEST_FACE_PX, abs=1.5)
    reference = store.get_face(store.add_face(person.person_id, small))
    ratio = LARGEST_FACE_PX / 210
    expected = (reference.landmarks_xy - reference.box_xyxy[:2]) * ratio
    assert np.allclose(kept.landmarks_xy - kept.box_xyxy[:2], expected, atol=1.0)


@pytest.mark.parametrize("box", [(0, 0, 0, 0), (900, 900, 990, 990), (np.nan, 0, 10, 10)])
def test_a_face_without_a_place_in_its_picture_is_refused(
    store: GalleryStore, box: tuple[float, ...], tmp_path: Path
) -> None:
    person = store.add_person("Grace")
    good = new_face(1)
    bad = type(good)(
        good.pixels_rgb, np.array(box, np.float32), good.landmarks_xy, 0.9, "bad", 1.0, 0.5, 0.0, 0.5, None
    )
    with pytest.raises(GalleryWriteError):
        store.add_faces(person.person_id, [good, bad])
    assert store.faces_of(person.person_id) == ()
    assert picture_files(tmp_path) == []


def test_removing_a_person_leaves_no_row_no_picture_and_no_byte_of_the_name(
    store: GalleryStore, tmp_path: Path
) -> None:
    person = store.add_person("Rumpelstilzchen")
    other = store.add_person("Other")
    a, b = store.add_faces(person.person_id, [new_face(1), new_face(2)])
    store.set_portrait(person.person_id, a)
    store.add_judgement(a, b, same_person=True, decided_by="me")
    kept = store.add_face(other.person_id, new_face(3))
    assert store.remove_person(person.person_id).name == "Rumpelstilzchen"
    store.close()
    assert [path.stem for path in picture_files(tmp_path)] == [kept]
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for trace in (b"Rumpelstilzchen", b"rumpelstilzchen", a.encode(), unit_vectors(1).vectors.tobytes()[:64]):
        assert trace not in everything
    assert unit_vectors(3).vectors.tobytes()[:64] in everything


def test_removing_moving_and_excluding_faces(store: GalleryStore, tmp_path: Path) -> None:
    one, two = store.add_person("One"), store.add_person("Two")
    a, b = store.add_faces(one.person_id, [new_face(1), new_face(2)])
    store.set_portrait(one.person_id, a)
    store.move_face(a, two.person_id)
    assert store.get_person(one.person_id).portrait_face_id is None
    assert [face.face_id for face in store.faces_of(two.person_id)] == [a]
    store.set_face_state(a, FaceState.EXCLUDED)
    assert store.snapshot(VERSION).face_ids.tolist() == [b]
    assert store.missing_embeddings("another") == () or [f.face_id for f in store.missing_embeddings("another")] == [b]
    store.set_face_state(a, FaceState.ACTIVE)
    assert sorted(store.snapshot(VERSION).face_ids.tolist()) == sorted([a, b])
    store.remove_face(b)
    assert [path.stem for path in picture_files(tmp_path)] == [a]
    for gone in (b, "no-such-face"):
        with pytest.raises(GalleryReadError):
            store.get_face(gone)
        with pytest.raises(GalleryReadError):
            store.remove_face(gone)


def test_merging_gives_all_faces_to_one_person(store: GalleryStore, tmp_path: Path) -> None:
    one, two = store.add_person("One"), store.add_person("Two")
    store.add_face(one.person_id, new_face(1))
    store.add_face(two.person_id, new_face(2))
    merged = store.merge_people(one.person_id, two.person_id)
    assert (merged.name, merged.face_count) == ("Two", 2)
    assert [person.name for person in store.people()] == ["Two"]
    assert len(picture_files(tmp_path)) == 2
    assert store.check() == ()
    with pytest.raises(GalleryWriteError):
        store.merge_people(two.person_id, two.person_id)
    with pytest.raises(PersonNotFoundError):
        store.merge_people(one.person_id, two.person_id)


def test_a_portrait_must_be_the_persons_own(store: GalleryStore) -> None:
    one, two = store.add_person("One"), store.add_person("Two")
    face = store.add_face(two.person_id, new_face(1))
    with pytest.raises(GalleryReadError, match="One"):
        store.set_portrait(one.person_id, face)
    assert store.set_portrait(two.person_id, face).portrait_face_id == face
    assert store.set_portrait(two.person_id, None).portrait_face_id is None


def test_judgements_are_kept_once_a_pair_and_go_with_their_faces(store: GalleryStore) -> None:
    person = store.add_person("One")
    a, b, c = store.add_faces(person.person_id, [new_face(seed) for seed in range(3)])
    store.add_judgement(a, b, same_person=True, decided_by="me")
    store.add_judgement(b, a, same_person=False, decided_by="you")
    store.add_judgement(b, c, same_person=True, decided_by="me")
    first = next(j for j in store.judgements() if {j.left_face_id, j.right_face_id} == {a, b})
    assert len(store.judgements()) == 2
    assert (first.same_person, first.decided_by) == (False, "you")
    store.remove_face(a)
    assert len(store.judgements()) == 1
    with pytest.raises(GalleryWriteError):
        store.add_judgement(b, b, same_person=True, decided_by="me")
    with pytest.raises(GalleryReadError):
        store.add_judgement(a, b, same_person=True, decided_by="me")


def test_the_revision_grows_with_every_change_and_only_then(store: GalleryStore) -> None:
    revisions = [store.revision]
    person = store.add_person("One")
    revisions.append(store.revision)
    face = store.add_face(person.person_id, new_face(1))
    revisions.append(store.revision)
    store.put_embeddings([face], unit_vectors(9))
    revisions.append(store.revision)
    store.set_consent(person.person_id, Consent("a", "b"))
    revisions.append(store.revision)
    assert revisions == sorted(set(revisions))
    store.people()
    store.snapshot(VERSION)
    with pytest.raises(DuplicatePersonError):
        store.add_person("ONE")
    assert store.revision == revisions[-1]


def test_a_snapshot_holds_vectors_people_and_names_of_one_moment(store: GalleryStore) -> None:
    assert len(store.snapshot(VERSION)) == 0
    one, two = store.add_person("One"), store.add_person("Two")
    a = store.add_face(one.person_id, new_face(1))
    b = store.add_face(two.person_id, new_face(2))
    store.add_face(two.person_id, new_face(3, embedded=False))
    snapshot = store.snapshot(VERSION)
    assert snapshot.face_ids.tolist() == [a, b]
    assert snapshot.person_ids.tolist() == [one.person_id, two.person_id]
    assert np.array_equal(snapshot.vectors, np.concatenate([unit_vectors(1).vectors, unit_vectors(2).vectors]))
    assert snapshot.vectors.dtype == np.float32
    assert dict(snapshot.names) == {one.person_id: "One", two.person_id: "Two"}
    assert snapshot.revision == store.revision
    assert not snapshot.vectors.flags.writeable
    assert store.snapshot(VERSION) is snapshot
    assert len(store.snapshot("another version")) == 0
    store.rename_person(one.person_id, "Uno")
    assert store.snapshot(VERSION).names[one.person_id] == "Uno"
    assert snapshot.names[one.person_id] == "One"


def test_embeddings_are_kept_for_each_extractor_version(store: GalleryStore) -> None:
    person = store.add_person("One")
    faces = store.add_faces(person.person_id, [new_face(seed, embedded=False) for seed in range(3)])
    assert [face.face_id for face in store.missing_embeddings("a")] == list(faces)
    store.put_embeddings(faces[:2], unit_vectors(1, 2, 64, "a"))
    store.put_embeddings([*faces, "removed-meanwhile"], unit_vectors(2, 4, 32, "b"))
    assert [face.face_id for face in store.missing_embeddings("a")] == [faces[2]]
    assert store.missing_embeddings("b") == ()
    assert store.snapshot("a").vectors.shape == (2, 64)
    assert store.snapshot("b").vectors.shape == (3, 32)
    store.put_embeddings(faces[:1], unit_vectors(5, 1, 64, "a"))
    assert np.array_equal(store.snapshot("a").vectors[:1], unit_vectors(5, 1, 64, "a").vectors)


def test_embeddings_that_do_not_fit_or_are_not_finite_are_refused(store: GalleryStore) -> None:
    person = store.add_person("One")
    (face,) = store.add_faces(person.person_id, [new_face(1, embedded=False)])
    with pytest.raises(GalleryWriteError):
        store.put_embeddings([face], unit_vectors(1, 2))
    with pytest.raises(GalleryWriteError):
        store.put_embeddings([face], Embeddings(np.full((1, 8), np.nan, np.float32), VERSION))
    assert len(store.missing_embeddings(VERSION)) == 1


def test_damaged_embeddings_are_forgotten_and_computed_again(
    store: GalleryStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    person = store.add_person("One")
    faces = store.add_faces(person.person_id, [new_face(seed) for seed in range(5)])
    store.close()
    with sqlite3.connect(tmp_path / "gallery.sqlite3") as connection:
        vector = bytearray(unit_vectors(1).vectors.tobytes())
        vector[100] ^= 4
        connection.execute("UPDATE embeddings SET vector = ? WHERE face_id = ?", (bytes(vector), faces[1]))
        connection.execute("UPDATE embeddings SET vector = X'00' WHERE face_id = ?", (faces[2],))
        swapped = unit_vectors(4).vectors.tobytes()
        connection.execute("UPDATE embeddings SET vector = ? WHERE face_id = ?", (swapped, faces[3]))
    connection.close()
    with open_store(tmp_path) as again:
        assert again.snapshot(VERSION).face_ids.tolist() == [faces[0], faces[4]]
        assert "3 stored embeddings are damaged" in caplog.text
        missing = [face.face_id for face in again.missing_embeddings(VERSION)]
        assert missing == [faces[1], faces[2], faces[3]]
        again.put_embeddings(missing, unit_vectors(7, 3))
        assert len(again.snapshot(VERSION)) == 5


def test_export_writes_pictures_and_data_into_an_empty_folder(store: GalleryStore, tmp_path: Path) -> None:
    person = store.add_person("Zoë", consent=Consent("test", "Zoë", date(2031, 5, 1)))
    faces = store.add_faces(person.person_id, [new_face(1), new_face(2)])
    target = tmp_path / "export" / "Zoë"
    written = store.export_person(person.person_id, target)
    assert sorted(path.name for path in written) == ["face-0001.jpg", "face-0002.jpg", "person.json"]
    data = json.loads((target / "person.json").read_text(encoding="utf-8"))
    assert data["name"] == "Zoë"
    assert data["consent"] == {"purpose": "test", "agreed_by": "Zoë", "until": "2031-05-01"}
    assert [face["face_id"] for face in data["faces"]] == list(faces)
    assert (target / "face-0001.jpg").read_bytes() == store.get_face(faces[0]).picture_file.read_bytes()
    with pytest.raises(OutputWriteError, match="not empty"):
        store.export_person(person.person_id, target)


def test_changes_in_a_batch_are_all_kept_even_when_it_ends_with_an_error(store: GalleryStore, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), store.batch():
        person = store.add_person("One")
        with pytest.raises(DuplicatePersonError):
            store.add_person("one")
        store.add_face(person.person_id, new_face(1))
        raise KeyboardInterrupt
    store.close()
    with open_store(tmp_path) as again:
        assert again.people()[0].face_count == 1
        assert again.check() == ()


def test_changes_in_a_transaction_are_kept_together_or_not_at_all(store: GalleryStore, tmp_path: Path) -> None:
    revision = store.revision
    with pytest.raises(KeyboardInterrupt), store.transaction():
        person = store.add_person("One")
        store.add_face(person.person_id, new_face(1))
        raise KeyboardInterrupt
    assert store.people() == ()
    assert picture_files(tmp_path) == []
    assert store.revision == revision
    with store.batch():
        with store.transaction():
            person = store.add_person("Two")
            with pytest.raises(DuplicatePersonError):
                store.add_person("TWO")
            kept = store.add_face(person.person_id, new_face(2))
        with pytest.raises(KeyboardInterrupt), store.transaction():
            store.add_face(person.person_id, new_face(3))
            raise KeyboardInterrupt
    assert [face.face_id for face in store.faces_of(person.person_id)] == [kept]
    assert [path.stem for path in picture_files(tmp_path)] == [kept]
    assert store.check() == ()


def test_a_batch_shares_its_commits_and_a_thousand_faces_are_no_burden(store: GalleryStore, tmp_path: Path) -> None:
    person = store.add_person("One")
    small = np.ascontiguousarray(portrait()[90:300, 180:340])
    whole = np.array([0, 0, 160, 210], np.float32)
    faces = [
        type(face)(small, whole, face.landmarks_xy - 90, 0.9, "s", 160.0, 0.5, 0.0, 0.5, face.embedding)
        for face in (new_face(seed) for seed in range(1040))
    ]
    at_first, began_s = commits_of(tmp_path), time.perf_counter()
    for face in faces[:40]:
        store.add_face(person.person_id, face)
    single_s = (time.perf_counter() - began_s) / 40
    after_single = commits_of(tmp_path)
    assert after_single - at_first == 40
    with store.batch():
        for face in faces[40:]:
            store.add_face(person.person_id, face)
    assert commits_of(tmp_path) - after_single < 100  # a handful, but one a second more on a slow disk
    began_s = time.perf_counter()
    snapshot = store.snapshot(VERSION)
    snapshot_s = time.perf_counter() - began_s
    assert len(snapshot) == 1040
    assert snapshot_s < 100 * single_s


def commits_of(folder: Path) -> int:
    """Return the change counter in the database's header (https://sqlite.org/fileformat.html, section 1.3.7)."""
    with (folder / "gallery.sqlite3").open("rb") as file:
        return int.from_bytes(file.read(28)[24:], "big")


def test_a_missing_or_changed_picture_is_named(store: GalleryStore) -> None:
    person = store.add_person("One")
    a, b = store.add_faces(person.person_id, [new_face(1), new_face(2)])
    store.get_face(a).picture_file.unlink()
    changed = store.get_face(b).picture_file
    changed.write_bytes(changed.read_bytes()[:-10])
    for face_id in (a, b):
        with pytest.raises(GalleryReadError, match=face_id):
            store.read_picture(face_id)
    assert len(store.check()) == 2
    assert store.check(pictures=False) == ()
