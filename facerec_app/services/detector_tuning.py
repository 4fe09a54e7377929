"""Tuning the detector on corrected boxes: kept only if it measures better on pictures that it did not learn from."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from facerec_app.capture.images import read_image
from facerec_app.models.detector_versions import DetectorVersion, DetectorVersions
from facerec_app.services.progress import CancelCheck, never_cancelled
from facerec_app.training.box_dataset import BoxDataset
from facerec_app.training.detection_metrics import OperatingPoint
from facerec_app.training.detector_tuning import (
    DetectorComparison,
    DetectorFigures,
    MakeDetector,
    OnetTrainer,
    OnStage,
    Weights,
    tune_detector,
)
from facerec_app.training.detector_tuning_options import DetectorTuningOptions


@dataclass(frozen=True, slots=True)
class DetectorTuningResult:
    """What a tuning came to.

    Attributes:
        version_id: of the tuned detector that is in use now; None if the present one stays.
        comparison: on the held-out pictures.
        training_pictures, windows: that taught.
        faults: one line for each picture that was left out.
    """

    version_id: str | None
    comparison: DetectorComparison
    training_pictures: int
    windows: int
    faults: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The outcome in one sentence."""
        compared = self.comparison
        low, high = (100 * bound for bound in compared.gain_interval)
        change = (
            f"average precision {100 * compared.present.average_precision:.2f} % before, "
            f"{100 * compared.tuned.average_precision:.2f} % after on {compared.pictures} held-out pictures "
            f"(difference {100 * compared.gain:+.2f} points, 95 % interval {low:+.2f} to {high:+.2f})"
        )
        if self.version_id is not None:
            return f"Better: {change}. The tuned detector is in use from the next start on."
        return f"Not better beyond chance: {change}. The present detector stays in use."

    def to_json(self) -> dict[str, Any]:
        """Return the same as values that JSON knows."""
        compared = self.comparison
        return {
            "kept": self.version_id is not None,
            "version": self.version_id,
            "held_out_pictures": compared.pictures,
            "held_out_faces": compared.faces,
            "training_pictures": self.training_pictures,
            "windows": self.windows,
            "present": _figures(compared.present),
            "tuned": _figures(compared.tuned),
            "gain": compared.gain,
            "gain_interval": list(compared.gain_interval),
            "left_out": list(self.faults),
        }


class DetectorTuningService:
    """Tunes O-Net and keeps what is better.

    Args:
        versions: where tuned detectors are kept.
        shipped: reads the shipped weights of the last stage.
        make_detector: makes the cascade with other weights of its last stage.
        make_trainer: makes the trainer; importing it takes seconds.
        threshold: score that the detector is used with.
    """

    def __init__(
        self,
        versions: DetectorVersions,
        shipped: Callable[[], Weights],
        make_detector: MakeDetector,
        make_trainer: Callable[[DetectorTuningOptions], OnetTrainer],
        threshold: float,
    ) -> None:
        self.versions = versions
        self._shipped = shipped
        self._make_detector = make_detector
        self._make_trainer = make_trainer
        self._threshold = threshold

    def tune(
        self,
        dataset: BoxDataset,
        options: DetectorTuningOptions,
        *,
        on_stage: OnStage = lambda stage, done, total: None,
        cancelled: CancelCheck = never_cancelled,
    ) -> DetectorTuningResult:
        """Learn from a part of the pictures, judge by the others, and bring the result into use if it is better.

        Raises:
            NotEnoughDataError: there are too few pictures.
            TrainingCancelledError: ``cancelled`` said so; nothing was changed.
            TrainingError, InferenceError, UnreadableImageError, GalleryWriteError: nothing was changed.
        """
        present = self.versions.present()
        start = self.versions.weights(present) if present is not None else self._shipped()

        def make(weights: Weights | None) -> Any:
            return self._make_detector(start if weights is None else weights)

        tuned = tune_detector(
            dataset.pictures, start, make, lambda: self._make_trainer(options), options, self._threshold, read_image,
            on_stage=on_stage, cancelled=cancelled,
        )  # fmt: skip
        version_id = None
        if tuned.comparison.is_better:
            version_id = self._keep(tuned.weights, tuned.comparison, tuned.training_pictures, present, options)
        return DetectorTuningResult(
            version_id, tuned.comparison, tuned.training_pictures, tuned.windows, dataset.faults
        )

    def rollback(self) -> str | None:
        """Go back to the detector before the present one; return it, None for the shipped one.

        Raises:
            ConfigError: the shipped one is in use.
        """
        return self.versions.rollback()

    def _keep(
        self,
        weights: Weights,
        compared: DetectorComparison,
        pictures: int,
        start: DetectorVersion | None,
        options: DetectorTuningOptions,
    ) -> str:
        now = datetime.now(UTC)
        low, high = compared.gain_interval
        figures: Mapping[str, float | None] = {
            "average_precision_before": compared.present.average_precision,
            "average_precision": compared.tuned.average_precision,
            "gain_low": low,
            "gain_high": high,
        }
        version = DetectorVersion(
            f"{now:%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:6]}",
            now.isoformat(timespec="seconds"),
            start.version_id if start is not None else "",
            pictures,
            compared.pictures,
            figures,
            asdict(options),
        )
        return self.versions.add(version, weights, promote=True).version_id


def _figures(figures: DetectorFigures) -> dict[str, float | int | None]:
    point: OperatingPoint = figures.point
    values: dict[str, float | int] = {
        "average_precision": figures.average_precision,
        "average_precision_0.75": figures.strict_average_precision,
        "recall": point.recall,
        "precision": point.precision,
        "mean_overlap": point.mean_overlap,
        "false_alarms": point.false_alarms,
    }
    return {name: value if math.isfinite(value) else None for name, value in values.items()}
