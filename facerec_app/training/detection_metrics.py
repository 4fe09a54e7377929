"""How well a detector finds the faces of annotated pictures.

A detection is right if it overlaps a face that no better detection has taken by enough (intersection over union of 0.5
in PASCAL VOC: Everingham et al., "The PASCAL Visual Object Classes Challenge: A Retrospective", IJCV 2015, section
3.2; COCO's AP50). Average precision is the area under the curve of precision over recall, precision made monotone,
summed at every recall (VOC from 2010 on: the devkit's ``VOCap``; COCO samples the same curve at 101 recalls).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facerec_app.core.face_annotations import FaceAnnotations
from facerec_app.core.geometry import pairwise_iou
from facerec_app.core.types import BoolArray, FaceDetections, Float32Array, Int64Array

Float64Array = npt.NDArray[np.float64]
IOU = 0.5
DRAWS = 2000


@dataclass(frozen=True, slots=True, eq=False)
class PictureMatch:
    """What a detector found in one picture, held against the truth.

    Attributes:
        scores: ``(D,)`` float32 of the detections, best first.
        right: ``(D,)`` bool, each took a face of its own.
        counts: ``(D,)`` bool; a detection of a difficult face counts neither as right nor as a false alarm.
        overlaps: ``(D,)`` float32, intersection over union with the face it is nearest to.
        taken_by: ``(N,)`` int64, the detection that found each face; -1 is a miss.
        difficult: ``(N,)`` bool of the faces.
    """

    scores: Float32Array
    right: BoolArray
    counts: BoolArray
    overlaps: Float32Array
    taken_by: Int64Array
    difficult: BoolArray

    @property
    def faces(self) -> int:
        """Number of faces that have to be found."""
        return int((~self.difficult).sum())


def match_picture(found: FaceDetections, truth: FaceAnnotations, iou: float = IOU) -> PictureMatch:
    """Hold the detections of one picture against its faces, best score first.

    Each detection goes to the face it overlaps most (as in VOC's devkit); if that one is taken, it is a false alarm.
    """
    order = np.argsort(-found.scores, kind="stable")
    found = found.select(order)
    overlaps = pairwise_iou(found.boxes_xyxy, truth.boxes_xyxy)
    right, counts = np.zeros(len(found), np.bool_), np.ones(len(found), np.bool_)
    nearest = overlaps.max(axis=1) if len(truth) else np.zeros(len(found), np.float32)
    taken_by = np.full(len(truth), -1, np.int64)
    for row in range(len(found)):
        if not len(truth) or nearest[row] < iou:
            continue
        face = int(overlaps[row].argmax())
        if truth.difficult[face]:
            counts[row] = False
        elif taken_by[face] < 0:
            taken_by[face], right[row] = row, True
    return PictureMatch(found.scores, right, counts, nearest, taken_by, truth.difficult)


@dataclass(frozen=True, slots=True, eq=False)
class DetectionCurve:
    """All detections of all pictures, best first, with which any part of the pictures can be weighed.

    Attributes:
        scores: ``(D,)`` float64, falling.
        right: ``(D,)`` bool.
        picture: ``(D,)`` int64, which picture each lies in.
        faces: ``(P,)`` int64, faces to be found in each picture.
    """

    scores: Float64Array
    right: BoolArray
    picture: Int64Array
    faces: Int64Array

    @staticmethod
    def of(matches: Sequence[PictureMatch]) -> DetectionCurve:
        """Join the pictures; what does not count is left out."""
        scores = np.concatenate([np.zeros(0, np.float64), *(match.scores[match.counts] for match in matches)])
        right = np.concatenate([np.zeros(0, np.bool_), *(match.right[match.counts] for match in matches)])
        picture = np.repeat(np.arange(len(matches)), [int(match.counts.sum()) for match in matches])
        order = np.argsort(-scores, kind="stable")
        faces = np.array([match.faces for match in matches], np.int64)
        return DetectionCurve(scores[order].astype(np.float64), right[order], picture[order].astype(np.int64), faces)

    def precision_recall(self, weights: Float64Array | None = None) -> tuple[Float64Array, Float64Array]:
        """Return ``(D,)`` precision and recall as more and more detections are let through.

        Args:
            weights: ``(P,)``, how often each picture counts; once by default.
        """
        weight = np.ones(len(self.faces)) if weights is None else weights
        each = weight[self.picture]
        hits = np.cumsum(each * self.right)
        let_through = np.cumsum(each)
        faces = float((weight * self.faces).sum())
        return hits / np.maximum(let_through, 1e-12), hits / max(faces, 1e-12)

    def average_precision(self, weights: Float64Array | None = None) -> float:
        """Return the area under the monotone curve, 0 to 1; NaN without faces."""
        weight = np.ones(len(self.faces)) if weights is None else weights
        if (weight * self.faces).sum() <= 0:
            return float("nan")
        precision, recall = self.precision_recall(weight)
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        return float(np.sum(np.diff(recall, prepend=0.0) * envelope))

    def average_precision_draws(self, draws: int = DRAWS, seed: int = 9) -> Float64Array:
        """Return ``(draws,)`` average precisions of pictures drawn again and again with replacement.

        Two detectors on the same pictures get the same draws, so their differences are paired.
        """
        generator = np.random.default_rng(seed)
        count = len(self.faces)
        return np.array(
            [
                self.average_precision(
                    np.bincount(generator.integers(count, size=count), minlength=count).astype(np.float64)
                )
                for _ in range(draws)
            ]
        )


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What a detector says at the score that it is used with.

    Attributes:
        threshold: detections below it are not reported.
        found, missed, false_alarms: numbers.
        mean_overlap: mean intersection over union of the faces found; NaN without any.
    """

    threshold: float
    found: int
    missed: int
    false_alarms: int
    mean_overlap: float

    @property
    def recall(self) -> float:
        return self.found / (self.found + self.missed) if self.found + self.missed else float("nan")

    @property
    def precision(self) -> float:
        reported = self.found + self.false_alarms
        return self.found / reported if reported else float("nan")


def operating_point(matches: Sequence[PictureMatch], threshold: float) -> OperatingPoint:
    """Count what detections from a score on find, miss and invent."""
    found = false_alarms = faces = 0
    overlaps: list[Float32Array] = []
    for match in matches:
        reported = match.scores >= threshold
        found += int((match.right & reported).sum())
        false_alarms += int((~match.right & match.counts & reported).sum())
        faces += match.faces
        overlaps.append(match.overlaps[match.right & reported])
    joined = np.concatenate([np.zeros(0, np.float32), *overlaps])
    mean = float(joined.mean()) if len(joined) else float("nan")
    return OperatingPoint(threshold, found, faces - found, false_alarms, mean)


def missed_rows(match: PictureMatch, threshold: float) -> Int64Array:
    """Return which faces of a picture no detection of at least that score found; difficult ones are no misses."""
    seen = np.array([row >= 0 and match.scores[row] >= threshold for row in match.taken_by.tolist()], np.bool_)
    return np.flatnonzero(~seen & ~match.difficult).astype(np.int64)


def false_alarm_rows(match: PictureMatch, threshold: float) -> Int64Array:
    """Return which detections (best first) of at least that score are no face."""
    return np.flatnonzero(~match.right & match.counts & (match.scores >= threshold)).astype(np.int64)
