"""Tuning the detector's last stage on corrected boxes: split, learn, judge on pictures that were kept apart."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from facerec_app.core.errors import NotEnoughDataError, TrainingCancelledError
from facerec_app.core.types import FaceDetections, Float32Array, UInt8Array
from facerec_app.training.box_dataset import AnnotatedPicture
from facerec_app.training.detection_metrics import (
    DetectionCurve,
    OperatingPoint,
    PictureMatch,
    match_picture,
    operating_point,
)
from facerec_app.training.detector_tuning_options import DetectorTuningOptions
from facerec_app.training.onet_crops import OnetCrops, sample_onet_crops

LEAST_PICTURES = 20
_VALIDATION = 0.15
STRICT_IOU = 0.75
Weights = Mapping[str, Float32Array]
ReadPicture = Callable[[Path], UInt8Array]
OnStage = Callable[[str, int, int], None]
"""Told the stage, units done and units in all."""


class TunableDetector(Protocol):
    """A cascade whose last stage can be tuned."""

    def detect(self, pixels_rgb: UInt8Array) -> FaceDetections: ...

    def candidate_windows(self, pixels_rgb: UInt8Array) -> Float32Array: ...


class OnetTrainer(Protocol):
    """Trains the weights of the last stage (``KerasOnetTrainer``)."""

    def train(
        self,
        start: Weights,
        training: OnetCrops,
        validation: OnetCrops,
        *,
        on_epoch: Callable[[int, float, float], None],
        cancelled: Callable[[], bool],
    ) -> dict[str, Float32Array]: ...


MakeDetector = Callable[[Weights | None], TunableDetector]
"""Makes a detector with other weights of its last stage, None for those in use, that reports faces of every score."""


@dataclass(frozen=True, slots=True)
class DetectorFigures:
    """How well one detector finds the faces of the pictures that judge.

    Attributes:
        average_precision: at an intersection over union of 0.5.
        strict_average_precision: at 0.75.
        point: at the score the detector is used with.
    """

    average_precision: float
    strict_average_precision: float
    point: OperatingPoint


@dataclass(frozen=True, slots=True)
class DetectorComparison:
    """Two detectors on the same pictures.

    Attributes:
        pictures, faces: that judged.
        present, tuned: their figures.
        gain_interval: 95 % of the tuned one's average precision at 0.5 minus the present one's, pictures drawn with
            replacement and the same for both.
    """

    pictures: int
    faces: int
    present: DetectorFigures
    tuned: DetectorFigures
    gain_interval: tuple[float, float]

    @property
    def gain(self) -> float:
        return self.tuned.average_precision - self.present.average_precision

    @property
    def is_better(self) -> bool:
        """Whether the tuned detector is better beyond chance."""
        return self.gain_interval[0] > 0


@dataclass(frozen=True, slots=True, eq=False)
class TunedDetector:
    """What a tuning gave.

    Attributes:
        weights: of the last stage, by their names in the ONNX file.
        comparison: on the held-out pictures.
        training_pictures, windows: that taught.
        best_validation_loss, start_validation_loss: of the chosen epoch and of epoch 0.
    """

    weights: Weights
    comparison: DetectorComparison
    training_pictures: int
    windows: int
    start_validation_loss: float
    best_validation_loss: float


def split_pictures(
    pictures: Sequence[AnnotatedPicture], share: float, seed: int
) -> tuple[list[AnnotatedPicture], list[AnnotatedPicture]]:
    """Return pictures to learn from and pictures that judge.

    Pictures that show somebody of the same name, or are the same file, stay together: a face that was learnt proves
    nothing about others.

    Raises:
        NotEnoughDataError: if there are too few pictures, or they cannot be told apart.
    """
    groups = _groups(pictures)
    order = np.random.default_rng(seed).permutation(len(groups))
    wanted = share * len(pictures)
    held_out: list[AnnotatedPicture] = []
    learnt: list[AnnotatedPicture] = []
    for index in order.tolist():
        (held_out if len(held_out) < wanted else learnt).extend(pictures[row] for row in groups[index])
    faces = [sum(len(picture.faces) for picture in part) for part in (learnt, held_out)]
    if len(pictures) < LEAST_PICTURES or len(learnt) < LEAST_PICTURES // 3 or min(faces) < LEAST_PICTURES // 4:
        raise NotEnoughDataError(
            f"{len(pictures)} corrected pictures with {sum(faces)} faces are too few to learn from and to judge by; "
            f"correct the boxes of at least {LEAST_PICTURES} pictures of several people first."
        )
    return learnt, held_out


def _groups(pictures: Sequence[AnnotatedPicture]) -> list[list[int]]:
    """Return rows of pictures that have a name or their content in common, each group in the order of the pictures."""
    group = list(range(len(pictures)))
    first_with: dict[str, int] = {}

    def root(row: int) -> int:
        while group[row] != row:
            row = group[row]
        return row

    for row, picture in enumerate(pictures):
        marks = [f"name {name}" for name in picture.faces.names if name]
        for mark in [*marks, hashlib.sha256(picture.file.read_bytes()).hexdigest()]:
            group[root(row)] = root(first_with.setdefault(mark, row))
    found: dict[int, list[int]] = {}
    for row in range(len(pictures)):
        found.setdefault(root(row), []).append(row)
    return list(found.values())


def tune_detector(
    pictures: Sequence[AnnotatedPicture],
    start: Weights,
    make_detector: MakeDetector,
    make_trainer: Callable[[], OnetTrainer],
    options: DetectorTuningOptions,
    threshold: float,
    read: ReadPicture,
    *,
    on_stage: OnStage = lambda stage, done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> TunedDetector:
    """Tune the last stage and compare the result with what is in use.

    Args:
        pictures: with every face annotated: what is not annotated is learnt as background.
        start: weights in use.
        make_detector: see there.
        make_trainer: makes the trainer, which takes seconds, when the windows are cut.
        options: of the method.
        threshold: score that the detector is used with.
        read: returns a file's ``(H, W, 3)`` uint8 pixels.
        on_stage: progress.
        cancelled: asked between units.

    Raises:
        NotEnoughDataError: if there are too few pictures.
        TrainingCancelledError: if ``cancelled`` said so.
        UnreadableImageError, InferenceError, TrainingError: as the message says.
    """
    learnt, held_out = split_pictures(pictures, options.held_out, options.seed)
    generator = np.random.default_rng(options.seed)
    order = generator.permutation(len(learnt))
    validating = max(1, round(_VALIDATION * len(learnt)))
    parts: list[OnetCrops] = []
    present = make_detector(None)
    for number, row in enumerate(order.tolist()):
        _stop_if(cancelled)
        on_stage("cutting", number, len(order))
        pixels = read(learnt[row].file)
        parts.append(sample_onet_crops(pixels, learnt[row].faces, present.candidate_windows(pixels), generator))
    validation, training = OnetCrops.joined(parts[:validating]), OnetCrops.joined(parts[validating:])
    losses: list[float] = []

    def on_epoch(epoch: int, _: float, validation_loss: float) -> None:
        losses.append(validation_loss)
        on_stage("learning", epoch, options.epochs)

    weights = make_trainer().train(start, training, validation, on_epoch=on_epoch, cancelled=cancelled)
    comparison = compare_detectors(
        held_out, present, make_detector(weights), threshold, read, on_stage=on_stage, cancelled=cancelled
    )
    first, best = (losses[0], min(losses)) if losses else (float("nan"), float("nan"))
    return TunedDetector(weights, comparison, len(learnt), len(training), first, best)


def compare_detectors(
    pictures: Sequence[AnnotatedPicture],
    present: TunableDetector,
    tuned: TunableDetector,
    threshold: float,
    read: ReadPicture,
    *,
    on_stage: OnStage = lambda stage, done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> DetectorComparison:
    """Let two detectors look at the same pictures; the paired bootstrap draws pictures, the same for both.

    Raises:
        TrainingCancelledError: if ``cancelled`` said so.
        UnreadableImageError, InferenceError: as the message says.
    """
    found: list[list[FaceDetections]] = [[], []]
    for number, picture in enumerate(pictures):
        _stop_if(cancelled)
        on_stage("comparing", number, len(pictures))
        pixels = read(picture.file)
        for side, detector in enumerate((present, tuned)):
            found[side].append(detector.detect(pixels))
    figures, curves = zip(*(_figures(pictures, side, threshold) for side in found), strict=True)
    draws = curves[1].average_precision_draws() - curves[0].average_precision_draws()
    usable = draws[np.isfinite(draws)]
    low, high = np.percentile(usable, [2.5, 97.5]) if len(usable) else (np.nan, np.nan)
    faces = int(curves[0].faces.sum())
    return DetectorComparison(len(pictures), faces, figures[0], figures[1], (float(low), float(high)))


def _figures(
    pictures: Sequence[AnnotatedPicture], found: Sequence[FaceDetections], threshold: float
) -> tuple[DetectorFigures, DetectionCurve]:
    def matches(iou: float) -> list[PictureMatch]:
        return [match_picture(faces, picture.faces, iou) for picture, faces in zip(pictures, found, strict=True)]

    usual = matches(0.5)
    curve = DetectionCurve.of(usual)
    strict = DetectionCurve.of(matches(STRICT_IOU)).average_precision()
    return DetectorFigures(curve.average_precision(), strict, operating_point(usual, threshold)), curve


def _stop_if(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise TrainingCancelledError("The training was cancelled; the present detector stays in use.")
