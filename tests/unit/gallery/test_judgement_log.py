"""What users said of faces: in force, taken back, gone and back with a face."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from facerec_app.core.errors import GalleryReadError, GalleryWriteError
from facerec_app.gallery import judgement_rows, schema
from facerec_app.gallery.gallery_edits import GalleryEdits
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.judgement_entry import Answer
from facerec_app.gallery.person_contents import contents_of
from tests.unit.gallery.gallery_material import VERSION, new_face, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[GalleryStore]:
    with open_store(tmp_path) as opened:
        yield opened


@pytest.fixture
def faces(store: GalleryStore) -> tuple[str, ...]:
    ada, bo = (store.add_person(name).person_id for name in ("Ada", "Bo"))
    return (*store.add_faces(ada, [new_face(1), new_face(2)]), *store.add_faces(bo, [new_face(3), new_face(4)]))


def in_force(store: GalleryStore) -> list[tuple[str, str, bool]]:
    return [(j.left_face_id, j.right_face_id, j.same_person) for j in store.judgements()]


def test_newer_answer_counts_and_undo_brings_the_older_one_back(store: GalleryStore, faces: tuple[str, ...]) -> None:
    a, b = sorted(faces[:2])
    log = store.judgement_log
    log.add([Answer("same", b, a)], decided_by="Ann")
    log.add([Answer("different", a, b)], decided_by="Ben")
    assert in_force(store) == [(a, b, False)]
    undone = log.undo(decided_by="Ann")
    assert undone is not None
    assert (undone.said.kind, undone.decided_by) == ("different", "Ben")
    assert in_force(store) == [(a, b, True)]
    assert store.judgements()[0].decided_by == "Ann"
    log.undo(decided_by="Ann")
    assert in_force(store) == []
    assert log.undo(decided_by="Ann") is None


def test_log_keeps_every_line_with_who_and_when_and_what_was_taken_back(
    store: GalleryStore, faces: tuple[str, ...], tmp_path: Path
) -> None:
    log = store.judgement_log
    (number,) = log.add([Answer("more_alike", faces[0], faces[1], faces[2])], decided_by="Ann")
    log.take_back(number, decided_by="Ben")
    with pytest.raises(GalleryReadError, match="could be taken back"):
        log.take_back(number, decided_by="Ben")
    store.close()
    with open_store(tmp_path) as again:
        newest, oldest = again.judgement_log.entries()
    assert (newest.takes_back, newest.decided_by, newest.is_taken_back) == (oldest.number, "Ben", False)
    assert (oldest.takes_back, oldest.decided_by, oldest.is_taken_back) == (None, "Ann", True)
    assert newest.decided_at >= oldest.decided_at


def test_of_two_answers_about_the_likeness_of_the_same_faces_the_newer_counts(
    store: GalleryStore, faces: tuple[str, ...]
) -> None:
    a, b, c, _ = faces
    log = store.judgement_log
    log.add([Answer("more_alike", a, b, c), Answer("more_alike", a, c, b)], decided_by="Ann")
    (said,) = log.more_alike()
    assert (said.face_id, said.nearer_face_id, said.farther_face_id) == (a, c, b)
    assert log.withdraw(Answer("more_alike", a, b, c), decided_by="Ann") == 2
    assert log.more_alike() == ()
    with pytest.raises(GalleryReadError, match="already"):
        log.withdraw(Answer("more_alike", a, b, c), decided_by="Ann")


def test_answers_are_all_kept_or_none_and_change_nothing_that_recognition_sees(
    store: GalleryStore, faces: tuple[str, ...]
) -> None:
    snapshot = store.snapshot(VERSION)
    with pytest.raises(GalleryReadError, match="no face"):
        store.judgement_log.add([Answer("same", *faces[:2]), Answer("same", faces[0], "gone")], decided_by="Ann")
    assert store.judgement_log.entries() == ()
    store.judgement_log.add([Answer("same", *faces[:2])], decided_by="Ann")
    assert store.snapshot(VERSION) is snapshot


@pytest.mark.parametrize("said", [("same", "a", "a"), ("more_alike", "a", "b", "a"), ("more_alike", "a", "b"),
                                  ("different", "a", "b", "c")])  # fmt: skip
def test_answers_that_cannot_be_meant_are_refused(said: tuple[str, ...]) -> None:
    with pytest.raises(GalleryWriteError):
        Answer(*said)  # type: ignore[arg-type]


def test_lines_of_a_removed_face_go_with_it_and_come_back_with_it(store: GalleryStore, faces: tuple[str, ...]) -> None:
    log, (a, b, c, _) = store.judgement_log, faces
    log.add([Answer("same", a, b), Answer("different", b, c), Answer("more_alike", c, a, b)], decided_by="Ann")
    log.undo(decided_by="Ben")
    log.add([Answer("more_alike", c, b, a)], decided_by="Ann")
    before = log.entries()
    assert contents_of(store, store.get_face(a).person_id).judgements == 3
    edits = GalleryEdits(store)
    change = edits.remove_faces([b])
    assert log.entries() == ()
    edits.take_back(change)
    assert log.entries() == before
    assert len(store.judgements()) == 2
    assert len(log.more_alike()) == 1


def test_answers_of_an_older_gallery_are_in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    number = next(i for i, script in enumerate(schema.MIGRATIONS) if "judgement_log" in script)
    connection = sqlite3.connect(":memory:", isolation_level=None)
    with monkeypatch.context() as older:
        older.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:number])
        schema.migrate(connection)
    connection.execute("INSERT INTO people (id, name, name_key, created_at) VALUES ('p', 'Ada', 'ada', '')")
    for face in ("a", "b"):
        connection.execute(
            "INSERT INTO faces (id, person_id, picture_sha256, box_xyxy, landmarks_xy, score, source, size_px,"
            " sharpness, yaw_deg, brightness, created_at) VALUES (?, 'p', '', '', '', 1, '', 1, 1, 1, 1, '')",
            (face,),
        )
    connection.execute("INSERT INTO judgements VALUES ('a', 'b', 1, 'Ann', '2026-01-02T03:04:05.000+00:00')")
    schema.migrate(connection)
    (entry,) = judgement_rows.select_entries(connection, "1", ())
    assert (entry.said, entry.decided_by, entry.decided_at.year) == (Answer("same", "a", "b"), "Ann", 2026)
    judgement_rows.append(connection, entry.said, "Ben", entry.number)
    assert judgement_rows.select_judgements(connection) == ()
    connection.close()
