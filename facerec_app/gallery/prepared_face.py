"""A new face as it will be stored: the slow part of enrolment, done before the database is held."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, replace

import numpy as np

from facerec_app.core.errors import GalleryWriteError
from facerec_app.core.types import Float32Array
from facerec_app.gallery.face_pictures import cut_face_picture, encode_face_picture
from facerec_app.gallery.records import NewFace


@dataclass(frozen=True, slots=True, eq=False)
class PreparedFace:
    """A face with its identifier and the picture that is kept of it.

    Attributes:
        face_id: new UUID.
        face: what was given.
        jpeg: the picture's file.
        sha256: of ``jpeg``, hexadecimal.
        box_xyxy: ``(4,)`` float32 px in that picture.
        landmarks_xy: ``(5, 2)`` float32 px in that picture.
    """

    face_id: str
    face: NewFace
    jpeg: bytes
    sha256: str
    box_xyxy: Float32Array
    landmarks_xy: Float32Array

    @staticmethod
    def of(face: NewFace) -> PreparedFace:
        """Cut and encode what is kept of a face.

        Raises:
            GalleryWriteError: the face has no box in its picture, or its embedding is not one finite vector.
        """
        if face.embedding is not None and (len(face.embedding) != 1 or not np.isfinite(face.embedding.vectors).all()):
            raise GalleryWriteError(f"The embedding of {face.source} is not one finite vector; compute it again.")
        pixels, box, landmarks = cut_face_picture(face.pixels_rgb, face.box_xyxy, face.landmarks_xy)
        jpeg = encode_face_picture(pixels)
        return PreparedFace(str(uuid.uuid4()), face, jpeg, hashlib.sha256(jpeg).hexdigest(), box, landmarks)

    def without_whole_picture(self) -> PreparedFace:
        """Return the same without the picture it was cut from, which the gallery does not keep and need not be sent."""
        return replace(self, face=replace(self.face, pixels_rgb=np.zeros((0, 0, 3), np.uint8)))
