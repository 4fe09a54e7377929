"""One stored face that a new extractor has to see: what a worker is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facerec_app.core.errors import GalleryReadError, WorkersError
from facerec_app.core.protocols import FaceAligner, FeatureExtractor
from facerec_app.core.types import FaceDetections, Float32Array
from facerec_app.gallery.face_pictures import decode_face_picture, read_picture_bytes
from facerec_app.gallery.records import EnrolledFace

EmbeddedRecord = tuple[str, bytes, str]
"""Extractor version, vector as little-endian float32, and an empty text; or two empty ones and why there is none."""


@dataclass(frozen=True, slots=True)
class StoredFace:
    """A face of the gallery as a worker needs it; plain values.

    Attributes:
        face_id: UUID.
        picture_file: the stored JPEG.
        picture_sha256: of it.
        box_xyxy: px in it.
        landmarks_xy: five points, px in it.
        score: of the detector.
    """

    face_id: str
    picture_file: Path
    picture_sha256: str
    box_xyxy: tuple[float, ...]
    landmarks_xy: tuple[tuple[float, float], ...]
    score: float

    @staticmethod
    def of(face: EnrolledFace) -> StoredFace:
        """Return what is needed of a face."""
        landmarks = tuple((float(x), float(y)) for x, y in face.landmarks_xy)
        box = tuple(float(value) for value in face.box_xyxy)
        return StoredFace(face.face_id, face.picture_file, face.picture_sha256, box, landmarks, face.score)

    def detections(self) -> FaceDetections:
        """Return the face as the one detection of its picture."""
        return FaceDetections(
            np.array([self.box_xyxy], np.float32),
            np.array([self.landmarks_xy], np.float32),
            np.array([self.score], np.float32),
        )


def embed_stored_faces(
    aligner: FaceAligner, extractor: FeatureExtractor, faces: Sequence[StoredFace]
) -> list[EmbeddedRecord]:
    """Return the features of each face, in order; a picture that is lost or damaged gives the reason.

    Raises:
        InferenceError: the network fails.
    """
    records: list[EmbeddedRecord] = []
    for face in faces:
        try:
            content = read_picture_bytes(face.picture_file, face.picture_sha256)
            pixels_rgb = decode_face_picture(content, face.picture_file)
        except GalleryReadError as exc:
            records.append(("", b"", str(exc)))
            continue
        embedding = extractor.embed(aligner.align(pixels_rgb, face.detections()))
        records.append((embedding.extractor_version, embedding.vectors[0].astype("<f4").tobytes(), ""))
    return records


def vector_of(record: EmbeddedRecord, extractor_version: str) -> Float32Array:
    """Return the features in a worker's answer, ``(D,)`` float32.

    Raises:
        GalleryReadError: the face's picture is lost or damaged.
        WorkersError: the worker runs another version.
    """
    version, content, fault = record
    if fault:
        raise GalleryReadError(fault)
    if version != extractor_version:
        raise WorkersError(
            f"A worker embeds faces with {version} and this program with {extractor_version}; start it anew."
        )
    return np.frombuffer(content, "<f4").astype(np.float32)
