"""Rows of embeddings: a cache, keyed by face and extractor version, that can always be computed again.

A vector is stored as little-endian float32 with the CRC-32 of its bytes and its key; one that does not fit its
checksum is no error but a gap in the cache.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Sequence

import numpy as np

from facerec_app.core.types import Float32Array


def upsert_embeddings(
    connection: sqlite3.Connection, face_ids: Sequence[str], vectors: Float32Array, extractor_version: str
) -> None:
    """Store one vector a face, replacing an older one of the same extractor version; unknown faces are passed over."""
    rows = []
    for face_id, vector in zip(face_ids, np.asarray(vectors, "<f4"), strict=True):
        blob = vector.tobytes()
        rows.append((extractor_version, blob, _checksum(blob, face_id, extractor_version), face_id))
    connection.executemany(
        "INSERT INTO embeddings (extractor_version, vector, checksum, face_id)"
        " SELECT ?, ?, ?, id FROM faces WHERE id = ?"
        " ON CONFLICT DO UPDATE SET vector = excluded.vector, checksum = excluded.checksum",
        rows,
    )


def select_active(
    connection: sqlite3.Connection, extractor_version: str, face_ids_only: Sequence[str] | None = None
) -> tuple[list[str], list[str], Float32Array, list[str]]:
    """Return the vectors of all active faces that have one, or of some of them.

    Returns:
        ``G`` face identifiers, their ``G`` person identifiers, ``(G, D)`` float32, and the identifiers of the faces
        whose stored vector is damaged.
    """
    only = "" if face_ids_only is None else f" AND faces.id IN ({','.join('?' * len(face_ids_only))})"
    rows = connection.execute(
        "SELECT faces.id, faces.person_id, vector, checksum FROM faces JOIN embeddings ON face_id = faces.id"  # noqa: S608 - marks only
        f" AND extractor_version = ? WHERE state = 'active'{only} ORDER BY faces.sequence",
        (extractor_version, *(face_ids_only or ())),
    ).fetchall()
    sizes = [len(row[2]) for row in rows if isinstance(row[2], bytes)]
    size = max(sizes, key=sizes.count) if len(set(sizes)) > 1 else (sizes[0] if sizes else 0)
    face_ids, person_ids, blobs, damaged = [], [], [], []
    for face_id, person_id, blob, checksum in rows:
        if isinstance(blob, bytes) and len(blob) == size and checksum == _checksum(blob, face_id, extractor_version):
            face_ids.append(str(face_id))
            person_ids.append(str(person_id))
            blobs.append(blob)
        else:
            damaged.append(str(face_id))
    vectors = np.frombuffer(b"".join(blobs), "<f4").reshape(len(blobs), size // 4).astype(np.float32)
    return face_ids, person_ids, vectors, damaged


def delete_embeddings(connection: sqlite3.Connection, face_ids: Iterable[str], extractor_version: str) -> None:
    """Forget the vectors of these faces."""
    connection.executemany(
        "DELETE FROM embeddings WHERE face_id = ? AND extractor_version = ?",
        [(face_id, extractor_version) for face_id in face_ids],
    )


def _checksum(blob: bytes, face_id: str, extractor_version: str) -> int:
    """Return a checksum that also fails when the right bytes stand in the wrong row."""
    return zlib.crc32(blob, zlib.crc32(f"{face_id}\n{extractor_version}".encode()))
