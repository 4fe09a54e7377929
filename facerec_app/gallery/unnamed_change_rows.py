"""Rows of a change of unnamed faces: reading where faces stand and putting them back, inside a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from facerec_app.core.errors import GalleryChangedError
from facerec_app.gallery.face_pictures import FacePictures, read_picture_bytes
from facerec_app.gallery.gallery_change import PERSON_COLUMNS, PersonRow
from facerec_app.gallery.unnamed_change import NamedPlace, Place, UnnamedChange, UnnamedContent, UnnamedPlace
from facerec_app.gallery.unnamed_face_rows import move_from_person, move_to_person

_EMBEDDING_COLUMNS = "face_id, extractor_version, vector, checksum"
_NAME, _NAME_KEY = PERSON_COLUMNS.index("name"), PERSON_COLUMNS.index("name_key")


def select_places(connection: sqlite3.Connection, face_ids: Iterable[str]) -> Mapping[str, Place]:
    """Return where faces stand now."""
    return MappingProxyType({face_id: _place(connection, face_id) for face_id in face_ids})


def select_person_row(connection: sqlite3.Connection, person_id: str) -> PersonRow | None:
    """Return the row of a person, without the portrait, which may be a face of a change."""
    columns = ", ".join("NULL" if column == "portrait_face_id" else column for column in PERSON_COLUMNS)
    row = connection.execute(f"SELECT {columns} FROM people WHERE id = ?", (person_id,)).fetchone()  # noqa: S608
    return tuple(row) if row is not None else None


def select_content(connection: sqlite3.Connection, pictures: FacePictures, face_id: str) -> UnnamedContent:
    """Return everything that is kept of an unnamed face.

    Raises:
        GalleryReadError: the picture is missing or damaged.
    """
    cursor = connection.execute("SELECT * FROM unnamed_faces WHERE id = ?", (face_id,))
    row = dict(zip([column[0] for column in cursor.description], cursor.fetchone(), strict=True))
    query = f"SELECT {_EMBEDDING_COLUMNS} FROM unnamed_embeddings WHERE face_id = ?"  # noqa: S608 - no values in it
    embeddings = connection.execute(query, (face_id,))
    jpeg = read_picture_bytes(pictures.path(face_id), str(row["picture_sha256"]))
    return UnnamedContent(MappingProxyType(row), jpeg, tuple(embeddings))


def restore_places(
    connection: sqlite3.Connection,
    pictures: FacePictures,
    change: UnnamedChange,
    present: Mapping[str, Place],
    wanted: Mapping[str, Place],
) -> None:
    """Bring the faces of a change from one state to another.

    Raises:
        GalleryChangedError: they are not as ``present`` says, or the name is taken meanwhile.
    """
    for face_id, expected in present.items():
        if _place(connection, face_id) != expected:
            raise _changed("a face was named, moved or removed")
    if change.made_person is not None and any(isinstance(place, NamedPlace) for place in wanted.values()):
        _insert_person(connection, change.made_person)
    for face_id, place in wanted.items():
        if place != present[face_id]:
            _restore(connection, pictures, change, face_id, present[face_id], place)
    if change.made_person is not None and not any(isinstance(place, NamedPlace) for place in wanted.values()):
        # Somebody who was given other pictures meanwhile stays.
        connection.execute(
            "DELETE FROM people WHERE id = ? AND NOT EXISTS (SELECT 1 FROM faces WHERE person_id = people.id)",
            (change.made_person[0],),
        )


def _restore(
    connection: sqlite3.Connection,
    pictures: FacePictures,
    change: UnnamedChange,
    face_id: str,
    present: Place,
    wanted: Place,
) -> None:
    if wanted is None:
        connection.execute("DELETE FROM unnamed_faces WHERE id = ?", (face_id,))
        pictures.remove_after_commit([face_id])
        return
    if isinstance(wanted, NamedPlace):
        move_to_person(connection, [face_id], wanted.person_id)
        return
    if isinstance(present, NamedPlace):
        move_from_person(connection, face_id, (wanted.sequence, wanted.origin, wanted.state, wanted.group_id))
        return
    if present is None:
        _insert_content(connection, pictures, face_id, change.contents[face_id])
    connection.execute(
        "UPDATE unnamed_faces SET state = ?, group_id = ? WHERE id = ?", (wanted.state, wanted.group_id, face_id)
    )


def _insert_content(
    connection: sqlite3.Connection, pictures: FacePictures, face_id: str, content: UnnamedContent
) -> None:
    pictures.write(face_id, content.jpeg)
    columns, marks = ", ".join(content.row), ", ".join("?" * len(content.row))
    connection.execute(f"INSERT INTO unnamed_faces ({columns}) VALUES ({marks})", tuple(content.row.values()))  # noqa: S608
    connection.executemany(
        f"INSERT INTO unnamed_embeddings ({_EMBEDDING_COLUMNS}) VALUES (?, ?, ?, ?)",  # noqa: S608
        content.embeddings,
    )


def _insert_person(connection: sqlite3.Connection, row: PersonRow) -> None:
    found = connection.execute(
        "SELECT id FROM people WHERE name_key = ? OR id = ?", (row[_NAME_KEY], row[0])
    ).fetchone()
    if found is not None and found[0] != row[0]:
        raise _changed(f"the name {row[_NAME]} was given to somebody else")
    if found is None:
        marks = ", ".join("?" * len(row))
        connection.execute(f"INSERT INTO people ({', '.join(PERSON_COLUMNS)}) VALUES ({marks})", row)  # noqa: S608


def _place(connection: sqlite3.Connection, face_id: str) -> Place:
    row = connection.execute(
        "SELECT sequence, origin, state, group_id FROM unnamed_faces WHERE id = ?", (face_id,)
    ).fetchone()
    if row is not None:
        return UnnamedPlace(int(row[0]), str(row[1]), str(row[2]), str(row[3]) if row[3] is not None else None)
    row = connection.execute("SELECT person_id FROM faces WHERE id = ?", (face_id,)).fetchone()
    return NamedPlace(str(row[0])) if row is not None else None


def _changed(what: str) -> GalleryChangedError:
    return GalleryChangedError(f"This cannot be taken back or repeated any more: {what} since. Nothing was changed.")
