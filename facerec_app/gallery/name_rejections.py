"""Faces of which a user has said "this is not X": kept with X, so that the name is not shown for them again."""

from __future__ import annotations

import sqlite3
import uuid
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from facerec_app.core.errors import GalleryReadError, GalleryWriteError
from facerec_app.core.types import Embeddings, Float32Array
from facerec_app.gallery import people_rows
from facerec_app.gallery.gallery_database import GalleryDatabase


@dataclass(frozen=True, slots=True)
class NameRejection:
    """One correction: the face in some pictures is not this person.

    Attributes:
        rejection_id: UUID.
        person_id: who it is not.
        faces: number of pictures of the face that are remembered, all extractor versions together.
        source: where the face was seen, for people to read.
        decided_by: who said so.
        decided_at: when, UTC.
    """

    rejection_id: str
    person_id: str
    faces: int
    source: str
    decided_by: str
    decided_at: datetime


class NameRejections:
    """The corrections of a gallery; every change is one transaction of it.

    Only features are kept, no picture: the face may be of somebody who is not enrolled. They belong to the person whose
    name was refused and go when that person is removed.
    """

    def __init__(self, database: GalleryDatabase) -> None:
        self._database = database

    def add(self, person_id: str, faces: Embeddings, *, source: str, decided_by: str) -> str:
        """Remember that these faces are not this person; return the identifier of the correction.

        Raises:
            PersonNotFoundError: there is no such person.
            GalleryWriteError: there is no face, or it is not finite.
        """
        if not len(faces) or not np.isfinite(faces.vectors).all():
            raise GalleryWriteError("There is no usable face in this correction; wait until the face is in view again.")
        rejection_id = str(uuid.uuid4())
        decided_at = datetime.now(UTC).isoformat(timespec="milliseconds")
        with self._database.write() as connection:
            people_rows.select_person(connection, person_id)
            for number, vector in enumerate(np.asarray(faces.vectors, "<f4")):
                blob = vector.tobytes()
                checksum = _checksum(blob, rejection_id, faces.extractor_version)
                connection.execute(
                    "INSERT INTO rejections VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        rejection_id,
                        number,
                        person_id,
                        faces.extractor_version,
                        blob,
                        checksum,
                        source,
                        decided_by,
                        decided_at,
                    ),
                )
        return rejection_id

    def remove(self, rejection_id: str) -> None:
        """Take a correction back.

        Raises:
            GalleryReadError: there is no such correction.
        """
        with self._database.write() as connection:
            removed = connection.execute("DELETE FROM rejections WHERE id = ?", (rejection_id,)).rowcount
            if not removed:
                raise GalleryReadError("This correction has been taken back already, or its person was removed.")

    def all(self) -> tuple[NameRejection, ...]:
        """Return every correction, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT id, person_id, COUNT(*), source, decided_by, decided_at FROM rejections GROUP BY id"
                " ORDER BY decided_at, id"
            ).fetchall()
        return tuple(
            NameRejection(str(i), str(person), int(faces), str(source), str(by), datetime.fromisoformat(at))
            for i, person, faces, source, by, at in rows
        )

    def vectors(self, extractor_version: str) -> tuple[Float32Array, npt.NDArray[np.str_], npt.NDArray[np.str_]]:
        """Return ``(R, D)`` float32 rejected faces, ``(R,)`` who each is not, ``(R,)`` of which correction."""
        with self._database.read() as connection:
            return select_vectors(connection, extractor_version)


def select_vectors(
    connection: sqlite3.Connection, extractor_version: str
) -> tuple[Float32Array, npt.NDArray[np.str_], npt.NDArray[np.str_]]:
    """Return the rejected faces of one extractor version as ``NameRejections.vectors`` does, without damaged ones."""
    rows = [
        row
        for row in connection.execute(
            "SELECT vector, person_id, id, checksum FROM rejections WHERE extractor_version = ?"
            " ORDER BY decided_at, id, number",
            (extractor_version,),
        )
        if isinstance(row[0], bytes) and row[3] == _checksum(row[0], str(row[2]), extractor_version)
    ]
    if not rows:
        return np.zeros((0, 0), np.float32), np.zeros(0, np.str_), np.zeros(0, np.str_)
    vectors = np.stack([np.frombuffer(row[0], "<f4") for row in rows]).astype(np.float32)
    return vectors, np.array([str(row[1]) for row in rows]), np.array([str(row[2]) for row in rows])


def _checksum(blob: bytes, rejection_id: str, extractor_version: str) -> int:
    """Return a checksum that also fails when the right bytes stand in the wrong row."""
    return zlib.crc32(blob, zlib.crc32(f"{rejection_id}\n{extractor_version}".encode()))
