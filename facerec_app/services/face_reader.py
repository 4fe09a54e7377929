"""From a picture to a face that can be enrolled."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from facerec_app.core.errors import NoFaceError
from facerec_app.core.geometry import pairwise_iou
from facerec_app.core.protocols import FaceAligner, FaceDetector, FeatureExtractor
from facerec_app.core.types import Embeddings, FaceDetections, Float32Array, UInt8Array
from facerec_app.gallery.records import NewFace
from facerec_app.pipeline.embedding_schedule import crop_quality
from facerec_app.services.quality_gate import QualityLimits, check_quality, choose_subject, quality_fault

_LEAST_OVERLAP = 0.3
"""Of a box drawn by hand with the detector's: people draw around the whole head, detectors around the face."""
_BOX_MARGIN = 0.5
_BOX_SIDE_PX = 480


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

    def faces(self, pixels_rgb: UInt8Array) -> FaceDetections:
        """Return every face of a picture, good or not, best score first."""
        return self.detector.detect(pixels_rgb)

    def good_rows(self, pixels_rgb: UInt8Array, detections: FaceDetections) -> list[int]:
        """Return which of the faces of a picture are good enough to be enrolled."""
        if not len(detections):
            return []
        crops = self.aligner.align(pixels_rgb, detections)
        return [row for row in range(len(detections)) if quality_fault(crops, row, self.limits) is None]

    def read_box(self, pixels_rgb: UInt8Array, box_xyxy: Float32Array, what: str) -> ReadFace:
        """Return the face that a user pointed at; its landmarks are looked for in and around the box.

        Args:
            pixels_rgb: ``(H, W, 3)`` uint8.
            box_xyxy: ``(4,)`` px, drawn by hand or one that was found.
            what: the picture as the user knows it.

        Raises:
            NoFaceError: if no eyes, nose and mouth are found where the box is.
            LowQualityFaceError: if the face is not good enough.
            InferenceError: if a network fails.
        """
        found = face_in_box(self.detector, pixels_rgb, box_xyxy)
        if found is None:
            raise NoFaceError(
                f"No face was found in the box drawn in {what}; draw it around the whole face, from forehead to chin."
            )
        return self.read_detection(pixels_rgb, found, what)

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


def face_in_box(detector: FaceDetector, pixels_rgb: UInt8Array, box_xyxy: Float32Array) -> FaceDetections | None:
    """Return the detection that overlaps a box most, looked for in the whole picture and in the box's enlarged
    surroundings, where a face too small, too dark or too near the edge for the whole picture may still be found."""
    whole = _best_overlap(detector.detect(pixels_rgb), box_xyxy)
    if whole is not None:
        return whole
    height_px, width_px = pixels_rgb.shape[:2]
    margin = _BOX_MARGIN * float(max(box_xyxy[2] - box_xyxy[0], box_xyxy[3] - box_xyxy[1]))
    left, top = (int(max(0.0, float(v) - margin)) for v in box_xyxy[:2])
    right, bottom = int(min(width_px, box_xyxy[2] + margin)), int(min(height_px, box_xyxy[3] + margin))
    if right - left < 2 or bottom - top < 2:
        return None
    part = pixels_rgb[top:bottom, left:right]
    scale = max(1.0, _BOX_SIDE_PX / max(part.shape[:2]))
    size = (round((right - left) * scale), round((bottom - top) * scale))
    enlarged = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    found = detector.detect(enlarged)
    shift = np.array([left, top], np.float32)
    moved = FaceDetections(
        (found.boxes_xyxy / np.float32(scale) + np.tile(shift, 2)).astype(np.float32),
        (found.landmarks_xy / np.float32(scale) + shift).astype(np.float32),
        found.scores,
    )
    return _best_overlap(moved, box_xyxy)


def _best_overlap(detections: FaceDetections, box_xyxy: Float32Array) -> FaceDetections | None:
    """Return the face that overlaps a box most, if by enough."""
    if not len(detections):
        return None
    overlaps = pairwise_iou(np.asarray(box_xyxy, np.float32)[None], detections.boxes_xyxy)[0]
    best = int(np.argmax(overlaps))
    return detections.select(np.array([best])) if overlaps[best] >= _LEAST_OVERLAP else None
