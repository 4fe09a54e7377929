"""From a picture to a face that can be enrolled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facerec_app.core.protocols import FaceAligner, FaceDetector, FeatureExtractor
from facerec_app.core.types import Embeddings, FaceDetections, UInt8Array
from facerec_app.gallery.records import NewFace
from facerec_app.pipeline.embedding_schedule import crop_quality
from facerec_app.services.quality_gate import QualityLimits, check_quality, choose_subject


@dataclass(frozen=True, slots=True, eq=False)
class ReadFace:
    """The one face of a picture that is worth enrolling.

    Attributes:
        face: ready for the gallery, with its embedding.
        embedding: the same, one row.
        quality: 0..1, see ``crop_quality``.
    """

    face: NewFace
    embedding: Embeddings
    quality: float


class FaceReader:
    """Finds, judges, aligns and embeds the subject of a picture, as live recognition would."""

    def __init__(
        self,
        detector: FaceDetector,
        aligner: FaceAligner,
        extractor: FeatureExtractor,
        limits: QualityLimits | None = None,
    ) -> None:
        self.detector = detector
        self.aligner = aligner
        self.extractor = extractor
        self.limits = limits if limits is not None else QualityLimits()

    def read(self, pixels_rgb: UInt8Array, what: str) -> ReadFace:
        """Return the subject of a picture.

        Args:
            pixels_rgb: ``(H, W, 3)`` uint8.
            what: the picture as the user knows it; kept as the face's source.

        Raises:
            NoFaceError, MultipleFacesError, LowQualityFaceError: if there is no one good face in it.
            InferenceError: if a network fails.
        """
        detections = self.detector.detect(pixels_rgb)
        height_px, width_px = pixels_rgb.shape[:2]
        row = choose_subject(detections, (width_px, height_px), self.limits, what)
        return self.read_detection(pixels_rgb, detections.select(np.array([row])), what)

    def read_detection(self, pixels_rgb: UInt8Array, detection: FaceDetections, what: str) -> ReadFace:
        """Return the face of a picture that was found before (one row).

        Raises:
            LowQualityFaceError: if it is not good enough.
            InferenceError: if the network fails.
        """
        crops = self.aligner.align(pixels_rgb, detection)
        check_quality(crops, 0, self.limits, what)
        embedding = self.extractor.embed(crops)
        face = NewFace.from_row(pixels_rgb, detection, crops, 0, source=what, embeddings=embedding)
        return ReadFace(face, embedding, float(crop_quality(crops)[0]))
