"""The report on a detector: average precision with its interval, what it finds at the score it is used with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from facerec_app.core.types import FaceDetections
from facerec_app.evaluation.evaluation_report import (
    Curve,
    EvaluationReport,
    ReportPlot,
    ReportTable,
    percent,
    percent_range,
)
from facerec_app.training.box_dataset import AnnotatedPicture
from facerec_app.training.detection_metrics import (
    DetectionCurve,
    OperatingPoint,
    PictureMatch,
    false_alarm_rows,
    match_picture,
    missed_rows,
    operating_point,
)
from facerec_app.training.verification_metrics import interval

STRICT_IOU = 0.75
_SIZES_PX = ((0.0, 32.0), (32.0, 96.0), (96.0, float("inf")))
"""Bands of face sizes, square roots of the box's area: those of COCO's small, medium and large."""


@dataclass(frozen=True, slots=True, eq=False)
class DetectionTrial:
    """One detector on the pictures of a data set.

    Attributes:
        detector: its name.
        threshold: score that it is used with.
        smallest_face_px: that it looks for.
        pictures: of the data set, P.
        found: P results, with faces of every score.
        matches: P results held against the truth at an intersection over union of 0.5.
    """

    detector: str
    threshold: float
    smallest_face_px: int
    pictures: tuple[AnnotatedPicture, ...]
    found: tuple[FaceDetections, ...]
    matches: tuple[PictureMatch, ...]

    @staticmethod
    def of(
        detector: str,
        threshold: float,
        smallest_face_px: int,
        pictures: Sequence[AnnotatedPicture],
        found: Sequence[FaceDetections],
    ) -> DetectionTrial:
        """Hold what was found against what is there."""
        ordered = [faces.select(np.argsort(-faces.scores, kind="stable")) for faces in found]
        matches = [match_picture(faces, picture.faces) for picture, faces in zip(pictures, ordered, strict=True)]
        return DetectionTrial(detector, threshold, smallest_face_px, tuple(pictures), tuple(ordered), tuple(matches))


def detection_report(trial: DetectionTrial, hashes: Mapping[str, str], faults: Sequence[str]) -> EvaluationReport:
    """Return the report of one detector."""
    curve, point = DetectionCurve.of(trial.matches), operating_point(trial.matches, trial.threshold)
    both = zip(trial.pictures, trial.found, strict=True)
    strict_matches = [match_picture(faces, picture.faces, STRICT_IOU) for picture, faces in both]
    strict = DetectionCurve.of(strict_matches).average_precision()
    whole, bounds = curve.average_precision(), interval(curve.average_precision_draws())
    faces = int(curve.faces.sum())
    sentences = (
        f"{trial.detector} finds {point.found} of {faces} faces in {len(trial.pictures)} pictures and reports "
        f"{point.false_alarms} that are none (score from {trial.threshold:g}, faces from {trial.smallest_face_px} px).",
        f"Average precision at an overlap of 0.5: {percent(whole)} (95 % interval {percent_range(bounds)}, "
        "pictures drawn with replacement).",
    )
    rows = (
        ("average precision, overlap 0.5", percent(whole)),
        (f"average precision, overlap {STRICT_IOU:g}", percent(strict)),
        (f"recall at score {trial.threshold:g}", percent(point.recall)),
        (f"precision at score {trial.threshold:g}", percent(point.precision)),
        ("mean overlap of the faces found", percent(point.mean_overlap)),
    )
    figures = {
        "average_precision": whole,
        "average_precision_interval": list(bounds),
        "average_precision_0.75": strict,
        "faces": faces,
        "left_out": list(faults),
        **_counts(trial, point),
    }
    tables = (ReportTable(f"Detection by {trial.detector}", ("", "figure"), rows), *_size_table(trial))
    return EvaluationReport(
        "detection", "Detection: are the faces found?", sentences, (*tables, *_worst_table(trial)),
        _plots(trial, curve), (), figures, dict(hashes), tuple(faults),
    )  # fmt: skip


def _counts(trial: DetectionTrial, point: OperatingPoint) -> dict[str, Any]:
    return {
        "detector": trial.detector,
        "pictures": len(trial.pictures),
        "smallest_face_px": trial.smallest_face_px,
        "threshold": trial.threshold,
        "recall": point.recall,
        "precision": point.precision,
        "found": point.found,
        "missed": point.missed,
        "false_alarms": point.false_alarms,
        "mean_overlap": point.mean_overlap,
        "by_size": _by_size(trial),
        "worst": [{"picture": name, "missed": missed, "false_alarms": wrong} for name, missed, wrong in _worst(trial)],
    }


def _plots(trial: DetectionTrial, curve: DetectionCurve) -> tuple[ReportPlot, ...]:
    precision, recall = curve.precision_recall()
    if not len(recall):
        return ()
    note = "As more and more detections are let through, from the surest on."
    line = Curve(trial.detector, recall, precision)
    return (ReportPlot("Precision over recall", "recall", "precision", (line,), note=note),)


def _by_size(trial: DetectionTrial) -> list[dict[str, float | int | None]]:
    """Return recall at the operating point by size of the face."""
    sizes, seen = [], []
    for picture, match in zip(trial.pictures, trial.matches, strict=True):
        boxes = picture.faces.boxes_xyxy
        missed = set(missed_rows(match, trial.threshold).tolist())
        for row in np.flatnonzero(~picture.faces.difficult).tolist():
            sizes.append(float(np.sqrt((boxes[row, 2] - boxes[row, 0]) * (boxes[row, 3] - boxes[row, 1]))))
            seen.append(row not in missed)
    found: list[dict[str, float | int | None]] = []
    for low, high in _SIZES_PX:
        rows = [was for size, was in zip(sizes, seen, strict=True) if low <= size < high]
        if rows:
            upper = None if np.isinf(high) else high
            found.append({"from_px": low, "to_px": upper, "faces": len(rows), "recall": sum(rows) / len(rows)})
    return found


def _size_table(trial: DetectionTrial) -> tuple[ReportTable, ...]:
    rows = []
    for band in _by_size(trial):
        upper = f"to {band['to_px']:.0f} px" if band["to_px"] is not None else "px and more"
        rows.append((f"{band['from_px']:.0f} {upper}", str(band["faces"]), percent(band["recall"], 1)))
    return (ReportTable("By size of the face", ("size", "faces", "found"), tuple(rows)),) if rows else ()


def _worst(trial: DetectionTrial) -> list[tuple[str, int, int]]:
    """Return the pictures with a miss or a false alarm, the most misses first."""
    rows = []
    for picture, match in zip(trial.pictures, trial.matches, strict=True):
        missed = len(missed_rows(match, trial.threshold))
        wrong = len(false_alarm_rows(match, trial.threshold))
        if missed or wrong:
            rows.append((picture.file.name, missed, wrong))
    return sorted(rows, key=lambda row: (-row[1], -row[2], row[0]))


def _worst_table(trial: DetectionTrial) -> tuple[ReportTable, ...]:
    rows = tuple((name, str(missed), str(wrong)) for name, missed, wrong in _worst(trial))
    return (ReportTable("Pictures with mistakes", ("picture", "missed", "false alarms"), rows),) if rows else ()
