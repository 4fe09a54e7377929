"""What people said about where the faces of a picture are; every change is one transaction of the gallery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facerec_app.core.errors import GalleryChangedError, GalleryReadError, GalleryWriteError
from facerec_app.core.types import Embeddings, FaceCrops, Float32Array
from facerec_app.gallery import box_rows, embedding_rows
from facerec_app.gallery.box_rows import CorrectedPicture
from facerec_app.gallery.gallery_database import GalleryDatabase


@dataclass(frozen=True, slots=True, eq=False)
class FaceCorrection:
    """Where an enrolled face really is in its picture, and its features from there.

    Attributes:
        face_id: of the enrolled face.
        box_xyxy: ``(4,)`` float32 px of its picture.
        landmarks_xy: ``(5, 2)`` float32 px of its picture.
        crop: one row, aligned by these landmarks.
        embedding: one row, of that crop.
    """

    face_id: str
    box_xyxy: Float32Array
    landmarks_xy: Float32Array
    crop: FaceCrops
    embedding: Embeddings


class BoxCorrections:
    """The table of pictures that were looked at.

    A file's boxes stay when the file moves, for they are kept by its SHA-256; the boxes of an enrolled face's picture
    go with that face. Names of enrolled people are references: they follow a new name and go with the person.
    """

    def __init__(self, database: GalleryDatabase) -> None:
        self._database = database

    def save(self, picture: CorrectedPicture, correction: FaceCorrection | None = None) -> None:
        """Store what is in a picture; with a correction, the enrolled face's box, landmarks and features change too.

        Features of other extractor versions are forgotten then: they were computed from the old landmarks.

        Raises:
            GalleryWriteError: it could not be stored, or the features are not one finite vector; nothing was kept.
            GalleryChangedError: the enrolled face was removed meanwhile.
        """
        if correction is not None and (
            len(correction.embedding) != 1 or not np.isfinite(correction.embedding.vectors).all()
        ):
            raise GalleryWriteError("The features of the corrected face are not one finite vector; nothing was kept.")
        with self._database.write(counts=correction is not None) as connection:
            if picture.face_id is not None:
                known = connection.execute("SELECT 1 FROM faces WHERE id = ?", (picture.face_id,)).fetchone()
                if known is None:
                    raise GalleryChangedError("This face was removed meanwhile; its boxes were not kept.")
            box_rows.replace_picture(connection, picture)
            if correction is None:
                return
            crop = correction.crop
            connection.execute(
                "UPDATE faces SET box_xyxy = ?, landmarks_xy = ?, size_px = ?, sharpness = ?, yaw_deg = ?,"
                " brightness = ? WHERE id = ?",
                (
                    correction.box_xyxy.astype("<f4").tobytes(),
                    correction.landmarks_xy.astype("<f4").tobytes(),
                    *(float(v[0]) for v in (crop.size_px, crop.sharpness, crop.yaw_deg, crop.brightness)),
                    correction.face_id,
                ),
            )
            connection.execute("DELETE FROM embeddings WHERE face_id = ?", (correction.face_id,))
            embedding = correction.embedding
            embedding_rows.upsert_embeddings(
                connection, [correction.face_id], embedding.vectors, embedding.extractor_version
            )

    def get(self, sha256: str) -> CorrectedPicture | None:
        """Return what was said of a picture, None if nobody looked at it."""
        with self._database.read() as connection:
            found = box_rows.select_pictures(connection, "WHERE sha256 = ?", (sha256,))
        return found[0] if found else None

    def all(self) -> tuple[CorrectedPicture, ...]:
        """Return every picture that was looked at, the oldest first.

        Raises:
            GalleryReadError: a row is damaged.
        """
        with self._database.read() as connection:
            return box_rows.select_pictures(connection)

    def looked_at(self) -> dict[str, int]:
        """Return the SHA-256 of every picture that was looked at, and the length of its file."""
        with self._database.read() as connection:
            return {str(s): int(n) for s, n in connection.execute("SELECT sha256, file_bytes FROM box_pictures")}

    def remove(self, sha256s: Sequence[str]) -> None:
        """Forget what was said of pictures; enrolled faces stay where they were put.

        Raises:
            GalleryReadError: nothing was said of one of them; all stay as they were.
        """
        wanted = list(dict.fromkeys(sha256s))
        with self._database.write(counts=False) as connection:
            if box_rows.delete_pictures(connection, wanted) != len(wanted):
                raise GalleryReadError("Nobody looked at this picture in the box editor; see 'facerec boxes list'.")
