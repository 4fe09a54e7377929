"""Small squares around faces, kept on disk so that a page of them is there at once.

A thumbnail is a cache: a file a face, named by its identifier, beside the pictures. It begins with a checksum of the
picture's own checksum, the face's box and the bytes that follow, so one that is damaged, half written or older than the
box is made anew. It goes with the face (``FacePictures``).
"""

from __future__ import annotations

import hashlib
import logging

import cv2
import numpy as np

from facerec_app.alignment.face_square import cut_face_square
from facerec_app.core.types import UInt8Array
from facerec_app.gallery.face_pictures import FacePictures, decode_face_picture, read_picture_bytes
from facerec_app.gallery.gallery_database import GalleryDatabase
from facerec_app.gallery.records import EnrolledFace
from facerec_app.gallery.unnamed_face import UnnamedFace

THUMBNAIL_PX = 160
"""Side; enough for 80 logical pixels on a screen at 200 %."""
_JPEG_QUALITY = 90
_DIGEST_BYTES = 16
_IS_KEPT = "SELECT 1 FROM faces WHERE id = ? UNION ALL SELECT 1 FROM unnamed_faces WHERE id = ?"
_LOGGER = logging.getLogger(__name__)


class FaceThumbnails:
    """Reads thumbnails and makes those that are missing."""

    def __init__(self, database: GalleryDatabase) -> None:
        self._database = database

    def read(self, face: EnrolledFace | UnnamedFace) -> UInt8Array:
        """Return the square around a face, enrolled or not, ``(160, 160, 3)`` uint8 RGB.

        Raises:
            GalleryReadError: there is no thumbnail yet and the picture is missing or damaged.
        """
        kept = self._kept(face)
        return kept if kept is not None else self._make(face)

    def _kept(self, face: EnrolledFace | UnnamedFace) -> UInt8Array | None:
        try:
            data = self._pictures.thumbnail_path(face.face_id).read_bytes()
        except OSError:
            return None  # not made yet
        digest, jpeg = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
        if digest != _digest(face, jpeg):
            return None
        return np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR_RGB), np.uint8)

    def _make(self, face: EnrolledFace | UnnamedFace) -> UInt8Array:
        data = read_picture_bytes(face.picture_file, face.picture_sha256)
        square = cut_face_square(decode_face_picture(data, face.picture_file), face.box_xyxy)
        method = cv2.INTER_AREA if square.shape[0] > THUMBNAIL_PX else cv2.INTER_LINEAR
        pixels = np.asarray(cv2.resize(square, (THUMBNAIL_PX, THUMBNAIL_PX), interpolation=method), np.uint8)
        bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
        jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1].tobytes()
        self._keep(face.face_id, _digest(face, jpeg) + jpeg)
        return pixels

    def _keep(self, face_id: str, data: bytes) -> None:
        """Write a thumbnail unless its face has gone.

        No program can commit a removal while this one reads, so whoever removes the face finds the file afterwards.
        """
        try:
            with self._database.read() as connection:
                if connection.execute(_IS_KEPT, (face_id, face_id)).fetchone() is not None:
                    self._pictures.write_thumbnail(face_id, data)
        except OSError as exc:
            _LOGGER.warning("A thumbnail cannot be kept (%s); it is made again when it is wanted", exc)

    @property
    def _pictures(self) -> FacePictures:
        return self._database.pictures


def _digest(face: EnrolledFace | UnnamedFace, jpeg: bytes) -> bytes:
    made_from = face.picture_sha256.encode() + face.box_xyxy.astype("<f4").tobytes()
    return hashlib.sha256(made_from + jpeg).digest()[:_DIGEST_BYTES]
