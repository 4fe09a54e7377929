"""Merge, split, move, remove, rename: each is taken back and repeated whole, or refused without a trace."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from facerec_app.core.errors import DuplicatePersonError, GalleryChangedError, GalleryReadError, GalleryWriteError
from facerec_app.core.face_annotations import FaceAnnotations
from facerec_app.gallery.box_corrections import BoxCorrections
from facerec_app.gallery.box_rows import CorrectedPicture
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.last_seen_table import LastSeenTable
from facerec_app.gallery.records import Consent, FaceState
from facerec_app.services.last_seen import LastSeen
from facerec_app.services.people import PeopleService
from tests.unit.gallery.gallery_material import VERSION, new_face, open_store, picture_files

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
Change = Callable[[PeopleService, list[str], list[str]], object]


def correct_boxes(
    store: GalleryStore, sha256: str, names: tuple[str, ...], face_id: str | None = None, minute: int = 0
) -> None:
    """Say who is in a picture, an enrolled face's or a file."""
    faces = FaceAnnotations.of(np.full((len(names), 4), [5, 6, 30, 40], np.float32), None, names)
    saved_at, row = NOON.replace(minute=minute), None if face_id is None else 0
    picture = CorrectedPicture(sha256 * 32, "party.jpg", 1234, 100, 90, faces, face_id, row, saved_at)
    BoxCorrections(store.database).save(picture)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[GalleryStore]:
    """Return a gallery of Ann (3 faces, consent, portrait) and Bo (2 faces), who are in two pictures and were seen."""
    store = open_store(tmp_path / "gallery")
    ann = store.add_person("Ann", consent=Consent("door", "Ann", date(2030, 1, 31)))
    bo = store.add_person("Bo")
    faces = store.add_faces(ann.person_id, [new_face(seed) for seed in (1, 2, 3)])
    others = store.add_faces(bo.person_id, [new_face(seed) for seed in (4, 5)])
    store.set_portrait(ann.person_id, faces[1])
    store.add_judgement(faces[1], others[0], same_person=False, decided_by="Ann")
    correct_boxes(store, "ab", ("Ann", "a guest", "Bo"), faces[1])
    correct_boxes(store, "cd", ("Bo", "Ann"))
    seen = LastSeen(store)
    seen.keep(True)
    for person, hour in ((ann, 9), (bo, 11)):
        seen.note([person.person_id], NOON.replace(hour=hour))
    seen.store()
    yield store
    store.close()


@pytest.fixture
def people(store: GalleryStore) -> PeopleService:
    return PeopleService(store)


def state_of(store: GalleryStore) -> object:
    """Return everything that the gallery holds, pictures as digests."""
    everybody = store.people()
    faces = [
        (f.face_id, f.person_id, f.source, f.state, f.created_at, tuple(map(float, f.box_xyxy)))
        for person in everybody
        for f in store.faces_of(person.person_id)
    ]
    files = {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in picture_files(store.paths.root)}
    vectors = store.snapshot(VERSION)
    rows = [(str(i), v.tobytes()) for i, v in zip(vectors.face_ids, vectors.vectors, strict=True)]
    times = LastSeenTable(store.database).times()
    return everybody, faces, files, rows, store.judgements(), vectors.names, boxes_of(store), times


def boxes_of(store: GalleryStore) -> list[object]:
    """Return what is said of pictures, of the oldest first."""
    return [
        (one.sha256, one.face_id, one.enrolled_row, one.saved_at, one.faces.names, one.faces.boxes_xyxy.tobytes())
        for one in BoxCorrections(store.database).all()
    ]


def names_in(store: GalleryStore) -> list[tuple[str, ...]]:
    """Return who is in the pictures, the oldest first."""
    return [one.faces.names for one in BoxCorrections(store.database).all()]


CHANGES: dict[str, Change] = {
    "rename": lambda people, ann, bo: people.rename("Ann", "Anna"),
    "consent": lambda people, ann, bo: people.set_consent("Ann", None),
    "merge": lambda people, ann, bo: people.merge("Ann", "Bo"),
    "split": lambda people, ann, bo: people.split(ann[:2], "Somebody"),
    "move": lambda people, ann, bo: people.move_faces([ann[1], ann[2]], "Bo"),
    "remove faces": lambda people, ann, bo: people.remove_faces([ann[1], bo[0]]),
    "portrait": lambda people, ann, bo: people.set_portrait(ann[2]),
    "exclude": lambda people, ann, bo: people.set_face_state(ann[:2], FaceState.EXCLUDED),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_taken_back_and_repeated_to_the_byte(name: str, store: GalleryStore, people: PeopleService) -> None:
    ann = [face.face_id for face in people.faces("Ann")]
    bo = [face.face_id for face in people.faces("Bo")]
    before = state_of(store)
    CHANGES[name](people, ann, bo)
    after = state_of(store)
    assert after != before
    description = people.history.undo_text
    assert description
    assert people.undo() == description
    assert state_of(store) == before
    assert people.history.redo_text == description
    assert people.redo() == description
    assert state_of(store) == after
    assert people.undo() is not None
    assert state_of(store) == before
    assert store.check() == ()


def test_boxes_come_back_with_their_face_and_name_who_is_still_there(
    store: GalleryStore, people: PeopleService
) -> None:
    before = boxes_of(store)
    face_id = people.faces("Ann")[1].face_id
    people.remove_faces([face_id])
    assert names_in(store) == [("Bo", "Ann")]
    people.undo()
    assert boxes_of(store) == before
    people.redo()
    store.remove_person(store.find_person("Bo").person_id)
    people.undo()
    assert names_in(store) == [("Ann", "a guest", ""), ("", "Ann")]
    assert store.check() == ()


def test_a_name_in_boxes_of_a_removed_picture_goes_with_whoever_had_it(
    store: GalleryStore, people: PeopleService
) -> None:
    people.remove_faces([people.faces("Ann")[1].face_id])
    store.add_person("A  Guest")
    people.remove("A Guest")
    assert people.history.undo_text is None, "what would come back says the name of somebody who was deleted"


def test_two_people_who_were_one_have_their_boxes_and_times_again(store: GalleryStore, people: PeopleService) -> None:
    before, times = boxes_of(store), LastSeenTable(store.database).times()
    people.merge("Ann", "Bo")
    assert names_in(store) == [("Bo", "a guest", "Bo"), ("Bo", "Bo")]
    people.undo()
    assert boxes_of(store) == before
    assert LastSeenTable(store.database).times() == times
    people.redo()
    assert names_in(store) == [("Bo", "a guest", "Bo"), ("Bo", "Bo")]


def test_boxes_that_were_saved_anew_meanwhile_stay_as_they_were_saved(
    store: GalleryStore, people: PeopleService
) -> None:
    people.merge("Ann", "Bo")
    correct_boxes(store, "cd", ("a guest", "Bo"), minute=5)  # it was Bo after all
    people.undo()
    assert names_in(store) == [("Ann", "a guest", "Bo"), ("a guest", "Bo")]
    face_id = people.faces("Ann")[1].face_id
    people.remove_faces([face_id])
    correct_boxes(store, "ab", ("Bo",), minute=6)
    people.undo()
    assert names_in(store) == [("a guest", "Bo"), ("Bo",)]


def test_times_that_are_no_longer_kept_do_not_come_back(store: GalleryStore, people: PeopleService) -> None:
    people.merge("Ann", "Bo")
    LastSeen(store).keep(False)
    people.undo()
    assert LastSeenTable(store.database).times() == {}


def test_changes_are_taken_back_in_turn(store: GalleryStore, people: PeopleService) -> None:
    before = state_of(store)
    ann = [face.face_id for face in people.faces("Ann")]
    people.split(ann[:1], "Somebody")
    people.rename("Somebody", "Cy")
    people.merge("Cy", "Bo")
    people.remove_faces(ann[:1])
    while people.undo() is not None:
        assert store.check() == ()
    assert state_of(store) == before
    while people.redo() is not None:
        assert store.check() == ()
    assert [(p.name, p.face_count) for p in people.everybody()] == [("Ann", 2), ("Bo", 2)]


def test_a_new_change_ends_what_could_be_repeated(people: PeopleService) -> None:
    people.rename("Ann", "Anna")
    people.undo()
    people.rename("Bo", "Bob")
    assert people.history.redo_text is None
    assert people.redo() is None


def test_a_removed_picture_leaves_the_disk_at_once_and_comes_back_only_in_this_session(
    store: GalleryStore, people: PeopleService, tmp_path: Path
) -> None:
    face = people.faces("Ann")[0]
    kept = face.picture_file.read_bytes()
    people.remove_faces([face.face_id])
    assert not face.picture_file.exists()
    root = tmp_path / "gallery"
    identifier = face.face_id.encode()
    assert not any(identifier in file.read_bytes() for file in root.rglob("*") if file.is_file())
    assert PeopleService(store).undo() is None
    people.undo()
    assert face.picture_file.read_bytes() == kept


def test_deleting_a_person_cannot_be_taken_back_and_forgets_what_touched_them(people: PeopleService) -> None:
    face = people.faces("Ann")[0]
    people.rename("Bo", "Bob")
    people.remove_faces([face.face_id])
    people.move_faces([people.faces("Ann")[0].face_id], "Bob")
    people.remove("Ann")
    assert people.history.undo_text == "rename Bo to Bob"
    people.undo()
    assert [p.name for p in people.everybody()] == ["Bo"]
    assert people.undo() is None


MEANWHILE: dict[str, Callable[[GalleryStore, str, str], object]] = {
    "target removed": lambda store, target, face: store.remove_person(target),
    "picture removed": lambda store, target, face: store.remove_face(face),
    "name taken": lambda store, target, face: store.add_person("Ann"),
}


@pytest.mark.parametrize("meanwhile", MEANWHILE)
def test_a_merge_that_cannot_be_taken_back_any_more_is_refused_and_changes_nothing(
    meanwhile: str, store: GalleryStore, people: PeopleService
) -> None:
    face_of_ann = people.faces("Ann")[0].face_id
    target = people.merge("Ann", "Bo")
    MEANWHILE[meanwhile](store, target.person_id, face_of_ann)
    left = state_of(store)
    with pytest.raises(GalleryChangedError, match="Nothing was changed"):
        people.undo()
    assert state_of(store) == left
    assert people.history.undo_text is None, "it is not offered again"


def test_what_others_changed_meanwhile_stays(store: GalleryStore, people: PeopleService) -> None:
    target = people.merge("Ann", "Bo")
    added = store.add_face(target.person_id, new_face(9))
    store.rename_person(target.person_id, "Bob")
    people.undo()
    assert {p.name: p.face_count for p in people.everybody()} == {"Ann": 3, "Bob": 3}
    assert added in {face.face_id for face in people.faces("Bob")}


def test_a_split_person_who_was_given_pictures_is_not_taken_back(store: GalleryStore, people: PeopleService) -> None:
    made = people.split([people.faces("Ann")[0].face_id], "Cy")
    store.add_face(made.person_id, new_face(8))
    with pytest.raises(GalleryChangedError, match="pictures were added"):
        people.undo()
    assert {p.name: p.face_count for p in people.everybody()} == {"Ann": 2, "Bo": 2, "Cy": 2}


def test_nobody_is_left_without_pictures(people: PeopleService) -> None:
    ann = [face.face_id for face in people.faces("Ann")]
    with pytest.raises(GalleryWriteError, match="delete the person instead"):
        people.remove_faces(ann)
    with pytest.raises(GalleryWriteError, match="merge the person instead"):
        people.move_faces(ann, "Bo")
    with pytest.raises(GalleryWriteError, match="rename the person instead"):
        people.split(ann, "Cy")
    with pytest.raises(GalleryWriteError, match="choose one person's"):
        people.split([ann[0], people.faces("Bo")[0].face_id], "Cy")
    with pytest.raises(DuplicatePersonError):
        people.split(ann[:1], "bo")
    with pytest.raises(GalleryWriteError, match="at least one"):
        people.remove_faces([])
    assert people.history.undo_text is None
    assert {p.name: p.face_count for p in people.everybody()} == {"Ann": 3, "Bo": 2}


def test_faces_are_found_by_the_beginning_of_their_identifier(people: PeopleService) -> None:
    face = people.faces("Ann")[0]
    assert people.find_face(face.face_id[:8]).face_id == face.face_id
    for wrong in ("", "zzzzzz", face.face_id[:2]):
        with pytest.raises(GalleryReadError, match="facerec people show"):
            people.find_face(wrong)


def test_what_a_deletion_would_remove_is_counted(people: PeopleService) -> None:
    contents = people.contents("Ann")
    assert (contents.pictures, contents.features, contents.judgements) == (3, 3, 1)
    assert contents.picture_bytes == sum(face.picture_file.stat().st_size for face in people.faces("Ann"))


def test_memory_for_removed_pictures_is_bounded(store: GalleryStore, people: PeopleService) -> None:
    people.history._most_bytes = 1
    first, second, _ = (face.face_id for face in people.faces("Ann"))
    people.remove_faces([first])
    people.remove_faces([second])
    assert people.undo() is not None, "the newest can always be taken back"
    assert people.undo() is None
