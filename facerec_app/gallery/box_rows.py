"""Rows of pictures whose boxes were corrected. Every function is given a connection that is inside a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from facerec_app.core.errors import GalleryReadError
from facerec_app.core.face_annotations import FaceAnnotations
from facerec_app.gallery.people_rows import name_key

_SELECT = (
    "SELECT sha256, face_id, location, file_bytes, width_px, height_px, enrolled_number, saved_at FROM box_pictures"
)


@dataclass(frozen=True, slots=True, eq=False)
class CorrectedPicture:
    """A picture that somebody looked at and what is in it.

    Attributes:
        sha256: of the file's bytes, hexadecimal; the picture is known by it wherever it lies.
        location: path of the file when it was saved last; empty for the picture of an enrolled face.
        file_bytes: length of the file.
        width_px, height_px: of the upright picture.
        faces: every face in it; none is a picture without faces.
        face_id: of the enrolled face whose picture this is; None for a file.
        enrolled_row: which of the faces is that one.
        saved_at: when it was saved last, UTC.
    """

    sha256: str
    location: str
    file_bytes: int
    width_px: int
    height_px: int
    faces: FaceAnnotations
    face_id: str | None
    enrolled_row: int | None
    saved_at: datetime


def replace_picture(connection: sqlite3.Connection, picture: CorrectedPicture) -> None:
    """Store a picture and its faces in place of what was said of it before; names of people become references."""
    connection.execute("DELETE FROM box_pictures WHERE sha256 = ?", (picture.sha256,))
    connection.execute(
        "INSERT INTO box_pictures (sha256, face_id, location, file_bytes, width_px, height_px, enrolled_number,"
        " saved_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            picture.sha256,
            picture.face_id,
            picture.location,
            picture.file_bytes,
            picture.width_px,
            picture.height_px,
            picture.enrolled_row,
            picture.saved_at.isoformat(timespec="milliseconds"),
        ),
    )
    faces = picture.faces
    for number, name in enumerate(faces.names):
        person = connection.execute("SELECT id FROM people WHERE name_key = ?", (name_key(name),)).fetchone()
        connection.execute(
            "INSERT INTO picture_boxes (picture_sha256, number, box_xyxy, landmarks_xy, person_id, name, difficult)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                picture.sha256,
                number,
                faces.boxes_xyxy[number].astype("<f4").tobytes(),
                faces.landmarks_xy[number].astype("<f4").tobytes(),
                person[0] if person is not None else None,
                # Who is enrolled is named by reference alone, so that renaming and deletion reach this picture too.
                "" if person is not None else name,
                int(faces.difficult[number]),
            ),
        )


def select_pictures(
    connection: sqlite3.Connection, where: str = "", parameters: tuple[object, ...] = ()
) -> tuple[CorrectedPicture, ...]:
    """Return the pictures that a condition selects, in the order in which they were saved.

    Raises:
        GalleryReadError: a row is damaged.
    """
    rows = connection.execute(f"{_SELECT} {where} ORDER BY saved_at, sha256", parameters).fetchall()
    return tuple(_picture(connection, row) for row in rows)


def delete_pictures(connection: sqlite3.Connection, sha256s: Sequence[str]) -> int:
    """Forget what was said of these pictures; return how many there were."""
    removed = 0
    for sha256 in sha256s:
        removed += connection.execute("DELETE FROM box_pictures WHERE sha256 = ?", (sha256,)).rowcount
    return removed


def forget_name(connection: sqlite3.Connection, name: str) -> None:
    """Erase the name of somebody who is removed from boxes that had it before they were enrolled."""
    unreferenced = connection.execute(
        "SELECT picture_sha256, number, name FROM picture_boxes WHERE person_id IS NULL AND name <> ''"
    ).fetchall()
    connection.executemany(
        "UPDATE picture_boxes SET name = '' WHERE picture_sha256 = ? AND number = ?",
        [(sha256, number) for sha256, number, said in unreferenced if name_key(said) == name_key(name)],
    )


def _picture(connection: sqlite3.Connection, row: tuple[object, ...]) -> CorrectedPicture:
    sha256, face_id, location, file_bytes, width_px, height_px, enrolled, saved_at = row
    try:
        return CorrectedPicture(
            str(sha256),
            str(location),
            int(str(file_bytes)),
            int(str(width_px)),
            int(str(height_px)),
            _faces(connection, str(sha256)),
            str(face_id) if face_id is not None else None,
            int(str(enrolled)) if enrolled is not None else None,
            datetime.fromisoformat(str(saved_at)).astimezone(UTC),
        )
    except (ValueError, TypeError) as exc:
        raise GalleryReadError(
            f"The boxes of the picture {location or sha256!s:.200} are damaged ({exc}); remove them with 'facerec "
            "boxes remove' or put a backup copy of the database in its place."
        ) from exc


def _faces(connection: sqlite3.Connection, sha256: str) -> FaceAnnotations:
    rows = connection.execute(
        "SELECT box_xyxy, landmarks_xy, COALESCE(people.name, picture_boxes.name), difficult FROM picture_boxes"
        " LEFT JOIN people ON people.id = person_id WHERE picture_sha256 = ? ORDER BY number",
        (sha256,),
    ).fetchall()
    boxes = np.frombuffer(b"".join(row[0] for row in rows), "<f4").reshape(len(rows), 4).astype(np.float32)
    landmarks = np.frombuffer(b"".join(row[1] for row in rows), "<f4").reshape(len(rows), 5, 2).astype(np.float32)
    names = [str(row[2]) for row in rows]
    return FaceAnnotations.of(boxes, landmarks, names, [bool(row[3]) for row in rows])
