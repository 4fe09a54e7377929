"""Rows of unnamed faces and their embeddings. Every function is given a connection that is inside a transaction.

An unnamed face has the identifier that it keeps when it is enrolled, so its picture stays where it lies and its
embeddings, whose checksums hold the identifier, move as they are.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from facerec_app.core.errors import GalleryReadError
from facerec_app.core.types import Float32Array
from facerec_app.gallery.face_pictures import is_identifier
from facerec_app.gallery.prepared_face import PreparedFace
from facerec_app.gallery.unnamed_face import FaceOrigin, UnnamedFace, UnnamedState

SHARED_COLUMNS = (
    "id, picture_sha256, box_xyxy, landmarks_xy, score, source, size_px, sharpness, yaw_deg, brightness, created_at"
)
"""What a face has with a name and without."""
_EMBEDDING_COLUMNS = "face_id, extractor_version, vector, checksum"


def insert_unnamed(connection: sqlite3.Connection, prepared: PreparedFace, origin: FaceOrigin) -> bool:
    """Add a face unless one with the same picture is there, with a name or without; return whether it was added."""
    known = connection.execute(
        "SELECT 1 FROM unnamed_faces WHERE picture_sha256 = ? UNION ALL"
        " SELECT 1 FROM faces WHERE picture_sha256 = ? LIMIT 1",
        (prepared.sha256, prepared.sha256),
    )
    if known.fetchone() is not None:
        return False
    face = prepared.face
    connection.execute(
        f"INSERT INTO unnamed_faces ({SHARED_COLUMNS}, origin) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        (
            prepared.face_id,
            prepared.sha256,
            prepared.box_xyxy.astype("<f4").tobytes(),
            prepared.landmarks_xy.astype("<f4").tobytes(),
            float(face.score),
            face.source,
            float(face.size_px),
            float(face.sharpness),
            float(face.yaw_deg),
            float(face.brightness),
            datetime.now(UTC).isoformat(timespec="milliseconds"),
            origin.value,
        ),
    )
    if face.embedding is not None:
        upsert_vectors(connection, [prepared.face_id], face.embedding.vectors, face.embedding.extractor_version)
    return True


def select_unnamed(
    connection: sqlite3.Connection,
    picture_path: Callable[[str], Path],
    where: str = "",
    parameters: tuple[object, ...] = (),
) -> tuple[UnnamedFace, ...]:
    """Return the faces that a condition selects, oldest first.

    Raises:
        GalleryReadError: a row is damaged.
    """
    rows = connection.execute(
        f"SELECT {SHARED_COLUMNS}, origin, state, group_id FROM unnamed_faces {where} ORDER BY sequence",  # noqa: S608
        parameters,
    )
    return tuple(_face(row, picture_path) for row in rows)


def upsert_vectors(
    connection: sqlite3.Connection, face_ids: Sequence[str], vectors: Float32Array, extractor_version: str
) -> None:
    """Store one vector a face; faces that were removed or named meanwhile are passed over."""
    rows = []
    for face_id, vector in zip(face_ids, np.asarray(vectors, "<f4"), strict=True):
        blob = vector.tobytes()
        rows.append((extractor_version, blob, _checksum(blob, face_id, extractor_version), face_id))
    connection.executemany(
        "INSERT INTO unnamed_embeddings (extractor_version, vector, checksum, face_id)"
        " SELECT ?, ?, ?, id FROM unnamed_faces WHERE id = ?"
        " ON CONFLICT DO UPDATE SET vector = excluded.vector, checksum = excluded.checksum",
        rows,
    )


def select_vectors(connection: sqlite3.Connection, extractor_version: str) -> dict[str, Float32Array]:
    """Return the sound vectors of one extractor version, ``(D,)`` float32 by face id; damaged ones are left out."""
    rows = connection.execute(
        "SELECT face_id, vector, checksum FROM unnamed_embeddings WHERE extractor_version = ?", (extractor_version,)
    )
    return {
        str(face_id): np.frombuffer(blob, "<f4").astype(np.float32)
        for face_id, blob, checksum in rows
        if isinstance(blob, bytes) and checksum == _checksum(blob, str(face_id), extractor_version)
    }


def move_to_person(connection: sqlite3.Connection, face_ids: Iterable[str], person_id: str) -> None:
    """Make unnamed faces enrolled faces of a person."""
    for face_id in face_ids:
        connection.execute(
            f"INSERT INTO faces ({SHARED_COLUMNS}, person_id)"  # noqa: S608
            f" SELECT {SHARED_COLUMNS}, ? FROM unnamed_faces WHERE id = ?",
            (person_id, face_id),
        )
        connection.execute(
            f"INSERT INTO embeddings ({_EMBEDDING_COLUMNS})"  # noqa: S608
            f" SELECT {_EMBEDDING_COLUMNS} FROM unnamed_embeddings WHERE face_id = ?",
            (face_id,),
        )
        connection.execute("DELETE FROM unnamed_faces WHERE id = ?", (face_id,))


def move_from_person(connection: sqlite3.Connection, face_id: str, values: Sequence[object]) -> None:
    """Make an enrolled face an unnamed one; ``values`` are its sequence, origin, state and group."""
    connection.execute(
        f"INSERT INTO unnamed_faces ({SHARED_COLUMNS}, sequence, origin, state, group_id)"  # noqa: S608
        f" SELECT {SHARED_COLUMNS}, ?, ?, ?, ? FROM faces WHERE id = ?",
        (*values, face_id),
    )
    connection.execute(
        f"INSERT INTO unnamed_embeddings ({_EMBEDDING_COLUMNS})"  # noqa: S608
        f" SELECT {_EMBEDDING_COLUMNS} FROM embeddings WHERE face_id = ?",
        (face_id,),
    )
    connection.execute("DELETE FROM faces WHERE id = ?", (face_id,))


def _face(row: tuple[object, ...], picture_path: Callable[[str], Path]) -> UnnamedFace:
    face_id, sha256, box, landmarks, score, source, size_px, sharpness, yaw, brightness, created_at, *rest = row
    origin, state, group_id = rest
    try:
        # The identifier becomes a path: a damaged or forged one must not lead out of the folder.
        if not is_identifier(face_id) or not isinstance(box, bytes) or not isinstance(landmarks, bytes):
            raise ValueError("identifier or coordinates")  # noqa: TRY301
        return UnnamedFace(
            str(face_id),
            picture_path(str(face_id)),
            str(sha256),
            np.frombuffer(box, "<f4").reshape(4).astype(np.float32),
            np.frombuffer(landmarks, "<f4").reshape(5, 2).astype(np.float32),
            float(str(score)),
            str(source),
            float(str(size_px)),
            float(str(sharpness)),
            float(str(yaw)),
            float(str(brightness)),
            datetime.fromisoformat(str(created_at)),
            FaceOrigin(origin),
            UnnamedState(state),
            str(group_id) if group_id is not None else None,
        )
    except ValueError as exc:
        raise GalleryReadError(
            f"The entry of unnamed face {face_id!s:.40} is damaged ({exc}); put a backup copy of the database in its "
            "place."
        ) from exc


def _checksum(blob: bytes, face_id: str, extractor_version: str) -> int:
    """Return a checksum that also fails when the right bytes stand in the wrong row, as that of enrolled faces."""
    return zlib.crc32(blob, zlib.crc32(f"{face_id}\n{extractor_version}".encode()))
