"""Rows of a change: reading a part of the gallery and putting it back. Every function is inside a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from facerec_app.core.errors import GalleryChangedError
from facerec_app.gallery import judgement_rows
from facerec_app.gallery.face_pictures import FacePictures, read_picture_bytes
from facerec_app.gallery.gallery_change import (
    PERSON_COLUMNS,
    PICTURE_BOX_COLUMNS,
    FaceContent,
    FacePlace,
    GalleryPart,
    PersonRow,
)

_PORTRAIT = PERSON_COLUMNS.index("portrait_face_id")
_NAME, _NAME_KEY = PERSON_COLUMNS.index("name"), PERSON_COLUMNS.index("name_key")
_EMBEDDING_COLUMNS = "face_id, extractor_version, vector, checksum"
_JUDGEMENT_COLUMNS = "left_face_id, right_face_id, same_person, decided_by, decided_at"
_BOX_PICTURE_COLUMNS = "sha256, face_id, location, file_bytes, width_px, height_px, enrolled_number, saved_at"
_PICTURE_BOX_COLUMNS = ", ".join(PICTURE_BOX_COLUMNS)


def select_part(connection: sqlite3.Connection, person_ids: Iterable[str], face_ids: Iterable[str]) -> GalleryPart:
    """Return these people and faces as they are now."""
    people = {person_id: _person_row(connection, person_id) for person_id in person_ids}
    faces = {face_id: _face_place(connection, face_id) for face_id in face_ids}
    rejections = {
        str(rejection): person_id
        for person_id in people
        for (rejection,) in connection.execute("SELECT DISTINCT id FROM rejections WHERE person_id = ?", (person_id,))
    }
    boxes: dict[tuple[str, str, int], str] = {}
    last_seen: dict[str, str] = {}
    for person_id in people:
        rows = connection.execute(
            "SELECT sha256, saved_at, number FROM picture_boxes JOIN box_pictures ON sha256 = picture_sha256"
            " WHERE person_id = ?",
            (person_id,),
        )
        boxes.update({(str(sha256), str(saved_at), int(number)): person_id for sha256, saved_at, number in rows})
        seen = connection.execute("SELECT seen_at FROM last_seen WHERE person_id = ?", (person_id,)).fetchone()
        if seen is not None:
            last_seen[person_id] = str(seen[0])
    return GalleryPart(
        MappingProxyType(people),
        MappingProxyType(faces),
        MappingProxyType(rejections),
        MappingProxyType(boxes),
        MappingProxyType(last_seen),
    )


def select_content(connection: sqlite3.Connection, pictures: FacePictures, face_id: str) -> FaceContent:
    """Return everything the gallery holds of a face.

    Raises:
        GalleryReadError: the picture is missing or damaged.
    """
    cursor = connection.execute("SELECT * FROM faces WHERE id = ?", (face_id,))
    columns = [column[0] for column in cursor.description]
    row = dict(zip(columns, cursor.fetchone(), strict=True))
    embeddings = connection.execute(f"SELECT {_EMBEDDING_COLUMNS} FROM embeddings WHERE face_id = ?", (face_id,))  # noqa: S608
    judgements = connection.execute(
        f"SELECT {_JUDGEMENT_COLUMNS} FROM judgements WHERE left_face_id = ? OR right_face_id = ?",  # noqa: S608
        (face_id, face_id),
    )
    jpeg = read_picture_bytes(pictures.path(face_id), str(row["picture_sha256"]))
    log = judgement_rows.select_log_of_face(connection, face_id)
    pictures_of = connection.execute(f"SELECT {_BOX_PICTURE_COLUMNS} FROM box_pictures WHERE face_id = ?", (face_id,))  # noqa: S608
    boxes = connection.execute(
        f"SELECT {_PICTURE_BOX_COLUMNS} FROM picture_boxes WHERE picture_sha256 IN"  # noqa: S608
        " (SELECT sha256 FROM box_pictures WHERE face_id = ?)",
        (face_id,),
    )
    return FaceContent(
        face_id,
        MappingProxyType(row),
        jpeg,
        tuple(embeddings),
        tuple(judgements),
        log,
        tuple(pictures_of),
        tuple(boxes),
    )


def restore_part(
    connection: sqlite3.Connection,
    pictures: FacePictures,
    present: GalleryPart,
    wanted: GalleryPart,
    contents: Mapping[str, FaceContent],
) -> None:
    """Bring people and faces from one state of theirs to another.

    What ``present`` and ``wanted`` have in common is not looked at, so that other changes made meanwhile stay.

    Raises:
        GalleryChangedError: they are not as ``present`` says, or a name is taken meanwhile.
    """
    _require(connection, present, wanted)
    for person_id, row in wanted.people.items():
        if row is not None and present.people[person_id] is None:
            _insert_person(connection, row)
    _restore_faces(connection, pictures, present, wanted, contents)
    for rejection, person_id in wanted.rejections.items():
        if present.rejections.get(rejection, person_id) != person_id:
            connection.execute("UPDATE rejections SET person_id = ? WHERE id = ?", (person_id, rejection))
    for (sha256, saved_at, number), person_id in wanted.boxes.items():
        if present.boxes.get((sha256, saved_at, number), person_id) != person_id:
            connection.execute(  # a picture that was saved anew meanwhile stays as it was saved
                "UPDATE picture_boxes SET person_id = ? WHERE picture_sha256 = ? AND number = ?"
                " AND EXISTS (SELECT 1 FROM box_pictures WHERE sha256 = picture_sha256 AND saved_at = ?)",
                (person_id, sha256, number, saved_at),
            )
    for person_id, seen_at in wanted.last_seen.items():
        if present.people.get(person_id) is None:
            connection.execute(  # not if times are no longer kept
                "INSERT OR IGNORE INTO last_seen SELECT ?, ? FROM meta WHERE key = 'keep_last_seen' AND value = 1",
                (person_id, seen_at),
            )
    for person_id, row in wanted.people.items():
        if row is not None:
            _update_person(connection, present.people[person_id], row)
    for person_id, row in wanted.people.items():
        if row is None and present.people[person_id] is not None:
            _delete_empty_person(connection, person_id)
    _restore_judgements(connection, wanted, contents)


def _require(connection: sqlite3.Connection, present: GalleryPart, wanted: GalleryPart) -> None:
    for person_id, expected in present.people.items():
        found, target = _person_row(connection, person_id), wanted.people[person_id]
        if (found is None) != (expected is None):
            raise _changed("a person was removed or added")
        if found is None or expected is None:
            continue
        touched = range(len(found)) if target is None else [i for i, v in enumerate(expected) if v != target[i]]
        # A person who is to go may have had the consent edited: that would be lost without a word.
        if any(found[i] != expected[i] for i in touched if target is not None or i != _PORTRAIT):
            raise _changed(f"{found[_NAME]} was changed")
    for face_id, place in present.faces.items():
        if place != wanted.faces[face_id] and _face_place(connection, face_id) != place:
            raise _changed("a picture was moved or removed")


def _restore_faces(
    connection: sqlite3.Connection,
    pictures: FacePictures,
    present: GalleryPart,
    wanted: GalleryPart,
    contents: Mapping[str, FaceContent],
) -> None:
    for face_id, place in wanted.faces.items():
        if place == present.faces[face_id]:
            continue
        if place is None:
            connection.execute("DELETE FROM faces WHERE id = ?", (face_id,))
            pictures.remove_after_commit([face_id])
            continue
        if present.faces[face_id] is None:
            _insert_face(connection, pictures, contents[face_id])
        connection.execute(
            "UPDATE faces SET person_id = ?, state = ? WHERE id = ?", (place.person_id, place.state, face_id)
        )


def _insert_face(connection: sqlite3.Connection, pictures: FacePictures, content: FaceContent) -> None:
    pictures.write(content.face_id, content.jpeg)
    if connection.execute("SELECT 1 FROM people WHERE id = ?", (content.row["person_id"],)).fetchone() is None:
        raise _changed("the person of a picture was removed")
    columns = ", ".join(content.row)
    marks = ", ".join("?" * len(content.row))
    connection.execute(f"INSERT INTO faces ({columns}) VALUES ({marks})", tuple(content.row.values()))  # noqa: S608
    connection.executemany(f"INSERT INTO embeddings ({_EMBEDDING_COLUMNS}) VALUES (?, ?, ?, ?)", content.embeddings)  # noqa: S608
    for row in content.box_pictures:
        added = connection.execute(
            f"INSERT OR IGNORE INTO box_pictures ({_BOX_PICTURE_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            row,
        ).rowcount
        connection.executemany(
            f"INSERT INTO picture_boxes ({_PICTURE_BOX_COLUMNS})"  # noqa: S608 - somebody who has gone stays unnamed
            " VALUES (?, ?, ?, ?, ?, ?, (SELECT id FROM people WHERE id = ?))",
            [box for box in content.picture_boxes if added and box[0] == row[0]],
        )


def _restore_judgements(
    connection: sqlite3.Connection, wanted: GalleryPart, contents: Mapping[str, FaceContent]
) -> None:
    """Put judgements of restored faces back, except those whose other face is gone."""
    for face_id, content in contents.items():
        if wanted.faces.get(face_id) is not None:
            connection.executemany(
                f"INSERT OR IGNORE INTO judgements ({_JUDGEMENT_COLUMNS})"  # noqa: S608
                " SELECT ?, ?, ?, ?, ? WHERE (SELECT COUNT(*) FROM faces WHERE id IN (?, ?)) = 2",
                [(*row, row[0], row[1]) for row in content.judgements],
            )
            judgement_rows.restore_log(connection, content.judgement_log)


def _insert_person(connection: sqlite3.Connection, row: PersonRow) -> None:
    _refuse_taken_name(connection, row)
    without_portrait = [None if i == _PORTRAIT else value for i, value in enumerate(row)]
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO people ({', '.join(PERSON_COLUMNS)}) VALUES ({marks})", without_portrait)  # noqa: S608


def _update_person(connection: sqlite3.Connection, old: PersonRow | None, new: PersonRow) -> None:
    if old is not None and old[_NAME_KEY] != new[_NAME_KEY]:
        _refuse_taken_name(connection, new)
    for i, column in enumerate(PERSON_COLUMNS):
        if old is None or old[i] != new[i]:
            connection.execute(f"UPDATE people SET {column} = ? WHERE id = ?", (new[i], new[0]))  # noqa: S608


def _refuse_taken_name(connection: sqlite3.Connection, row: PersonRow) -> None:
    taken = connection.execute("SELECT name FROM people WHERE name_key = ? AND id <> ?", (row[_NAME_KEY], row[0]))
    if taken.fetchone() is not None:
        raise _changed(f"the name {row[_NAME]} was given to somebody else")


def _delete_empty_person(connection: sqlite3.Connection, person_id: str) -> None:
    if connection.execute("SELECT 1 FROM faces WHERE person_id = ?", (person_id,)).fetchone() is not None:
        raise _changed("pictures were added to the person meanwhile")
    connection.execute("DELETE FROM people WHERE id = ?", (person_id,))


def _changed(what: str) -> GalleryChangedError:
    return GalleryChangedError(f"This cannot be taken back or repeated any more: {what} since. Nothing was changed.")


def _person_row(connection: sqlite3.Connection, person_id: str) -> PersonRow | None:
    row = connection.execute(f"SELECT {', '.join(PERSON_COLUMNS)} FROM people WHERE id = ?", (person_id,)).fetchone()  # noqa: S608
    return tuple(row) if row is not None else None


def _face_place(connection: sqlite3.Connection, face_id: str) -> FacePlace | None:
    row = connection.execute("SELECT person_id, state FROM faces WHERE id = ?", (face_id,)).fetchone()
    return FacePlace(str(row[0]), str(row[1])) if row is not None else None
