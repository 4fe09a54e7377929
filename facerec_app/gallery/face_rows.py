"""Rows of faces. Every function is given a connection that is inside a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from facerec_app.core.errors import GalleryReadError
from facerec_app.core.types import Float32Array
from facerec_app.gallery.face_pictures import is_identifier
from facerec_app.gallery.records import EnrolledFace, FaceState, NewFace

_COLUMNS = """
    faces.id, faces.person_id, picture_sha256, box_xyxy, landmarks_xy, score, source, size_px, sharpness, yaw_deg,
    brightness, faces.created_at, state
"""


def insert_face(
    connection: sqlite3.Connection,
    face_id: str,
    person_id: str,
    face: NewFace,
    *,
    picture_sha256: str,
    box_xyxy: Float32Array,
    landmarks_xy: Float32Array,
) -> None:
    """Add a face; box and landmarks are those in its own picture."""
    connection.execute(
        "INSERT INTO faces (id, person_id, picture_sha256, box_xyxy, landmarks_xy, score, source, size_px, sharpness,"
        " yaw_deg, brightness, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            face_id,
            person_id,
            picture_sha256,
            box_xyxy.astype("<f4").tobytes(),
            landmarks_xy.astype("<f4").tobytes(),
            float(face.score),
            face.source,
            float(face.size_px),
            float(face.sharpness),
            float(face.yaw_deg),
            float(face.brightness),
            datetime.now(UTC).isoformat(timespec="milliseconds"),
        ),
    )


def select_faces(
    connection: sqlite3.Connection, picture_path: Callable[[str], Path], where: str, parameters: tuple[object, ...]
) -> tuple[EnrolledFace, ...]:
    """Return the faces that a condition selects, in the order in which they were added.

    Raises:
        GalleryReadError: a row is damaged.
    """
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM faces {where} ORDER BY faces.sequence",  # noqa: S608 - conditions are ours
        parameters,
    )
    return tuple(_face(row, picture_path) for row in rows)


def select_face(connection: sqlite3.Connection, picture_path: Callable[[str], Path], face_id: str) -> EnrolledFace:
    """Return one face.

    Raises:
        GalleryReadError: there is no such face, or its row is damaged.
    """
    found = select_faces(connection, picture_path, "WHERE faces.id = ?", (face_id,))
    if not found:
        raise GalleryReadError(f"There is no face {face_id} in the gallery; it may have been removed meanwhile.")
    return found[0]


def _face(row: tuple[object, ...], picture_path: Callable[[str], Path]) -> EnrolledFace:
    face_id, person_id, sha256, box, landmarks, *rest = row
    score, source, size_px, sharpness, yaw_deg, brightness, created_at, state = rest
    try:
        # The identifier becomes a path: a damaged or forged one must not lead out of the folder.
        if not is_identifier(face_id) or not isinstance(box, bytes) or not isinstance(landmarks, bytes):
            raise ValueError("identifier or coordinates")  # noqa: TRY301
        return EnrolledFace(
            str(face_id),
            str(person_id),
            picture_path(str(face_id)),
            str(sha256),
            np.frombuffer(box, "<f4").reshape(4).astype(np.float32),
            np.frombuffer(landmarks, "<f4").reshape(5, 2).astype(np.float32),
            float(str(score)),
            str(source),
            float(str(size_px)),
            float(str(sharpness)),
            float(str(yaw_deg)),
            float(str(brightness)),
            datetime.fromisoformat(str(created_at)),
            FaceState(state),
        )
    except ValueError as exc:
        raise GalleryReadError(
            f"The entry of face {face_id!s:.40} is damaged ({exc}); put a backup copy of the database in its place."
        ) from exc
