"""Measuring a detector on a data set of boxes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from facerec_app.capture.images import read_image
from facerec_app.core.errors import ConfigError, TrainingCancelledError, UnreadableImageError
from facerec_app.core.protocols import FaceDetector
from facerec_app.core.types import FaceDetections, UInt8Array
from facerec_app.evaluation.detection_report import DetectionTrial, detection_report
from facerec_app.evaluation.detection_sheet import detection_sheet
from facerec_app.evaluation.evaluation_report import EvaluationReport
from facerec_app.services.progress import CancelCheck, Progress, ProgressCallback, never_cancelled, no_progress
from facerec_app.training.box_dataset import AnnotatedPicture, BoxDataset

LEAST_SCORE = 0.02
"""Faces are asked for from this score on, so that the curve goes on where the detector in use would stop."""


@dataclass(frozen=True, slots=True)
class MeasuredDetector:
    """A detector that reports faces of every score.

    Attributes:
        detector: finds faces from ``LEAST_SCORE`` on.
        title: what to call it.
        threshold: score from which it is believed in use.
        hashes: of its model files.
    """

    detector: FaceDetector
    title: str
    threshold: float
    hashes: Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class DetectionResult:
    """The report, and what a sheet is drawn from."""

    report: EvaluationReport
    trial: DetectionTrial

    def sheet(self) -> UInt8Array:
        """Return the sheet of misses and false alarms, ``(H, W, 3)`` uint8."""
        return detection_sheet(self.trial)


class DetectionEvaluationService:
    """Holds what a detector finds against what people say is there.

    Args:
        make_detector: makes a detector of a name (None for the one in use) for faces from a size in px on.
    """

    def __init__(self, make_detector: Callable[[str | None, int], MeasuredDetector]) -> None:
        self._make_detector = make_detector

    def evaluate(
        self,
        dataset: BoxDataset,
        detector: str | None = None,
        *,
        min_face_px: int = 20,
        on_progress: ProgressCallback = no_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> DetectionResult:
        """Return how well a detector finds the faces of a data set.

        Raises:
            ConfigError: no picture can be read.
            InferenceError: the detector failed.
            TrainingCancelledError: ``cancelled`` said so.
        """
        measured = self._make_detector(detector, min_face_px)
        faults, pictures, found = list(dataset.faults), [], []
        digest = hashlib.sha256()
        for number, picture in enumerate(dataset.pictures):
            if cancelled():
                raise TrainingCancelledError("The evaluation was cancelled.")
            on_progress(Progress(number, len(dataset.pictures), picture.file.name))
            try:
                found.append(_detect(measured.detector, picture, digest.update))
            except (UnreadableImageError, ConfigError) as exc:
                faults.append(str(exc))
                continue
            pictures.append(picture)
        if not pictures:
            raise ConfigError(f"None of the pictures can be used: {faults[0]}")
        trial = DetectionTrial.of(measured.title, measured.threshold, min_face_px, pictures, found)
        hashes = {**measured.hashes, "data": digest.hexdigest()}
        return DetectionResult(detection_report(trial, hashes, faults), trial)


def _detect(detector: FaceDetector, picture: AnnotatedPicture, hash_data: Callable[[bytes], None]) -> FaceDetections:
    pixels = read_image(picture.file)
    height, width = pixels.shape[:2]
    if (width, height) != (picture.width_px, picture.height_px):
        raise ConfigError(
            f"{picture.file} has {width} x {height} px; the data set says {picture.width_px} x {picture.height_px}."
        )
    hash_data(hashlib.sha256(Path(picture.file).read_bytes()).digest())
    hash_data(picture.faces.boxes_xyxy.tobytes() + picture.faces.difficult.tobytes())
    return detector.detect(pixels)
