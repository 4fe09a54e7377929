"""Does a fresh run learn as the recorded one did? The loss of its first steps against a committed curve."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from facerec_app.core.errors import NotEnoughDataError, TrainingError
from facerec_app.training.extractor.curve_drawing import read_series

REFERENCE_CURVE = Path(__file__).with_name("reference_curve.csv")
CHECK_STEPS = 500
CHECK_SHARDS = 1
"""Shards of made faces that the recorded run had, besides the real ones."""
NOISE = 0.02
"""Largest mean difference of the loss, relative to the recorded one: other processors round bf16 sums otherwise."""


@dataclass(frozen=True, slots=True)
class CurveComparison:
    """How a run's loss went beside the recorded one.

    Attributes:
        points: log lines compared; each is the mean loss of 25 steps.
        mean_difference: mean of |loss - recorded loss| / recorded loss.
        largest_difference: the largest of them.
    """

    points: int
    mean_difference: float
    largest_difference: float

    @property
    def agrees(self) -> bool:
        """Whether the run is the recorded one within noise."""
        return self.mean_difference <= NOISE


def compare_curves(log: Path, reference: Path = REFERENCE_CURVE) -> CurveComparison:
    """Compare the losses of a log with the recorded ones at the same pictures seen.

    Raises:
        NotEnoughDataError: if they have no line in common.
    """
    recorded = dict(read_series(reference, ["loss"])["loss"])
    mine = dict(read_series(log, ["loss"])["loss"])
    shared = sorted(recorded.keys() & mine.keys())
    if not shared:
        raise NotEnoughDataError(f"{log} has no line at the pictures seen of {reference.name}; train from nothing.")
    differences = [abs(mine[seen] - recorded[seen]) / recorded[seen] for seen in shared]
    return CurveComparison(len(shared), sum(differences) / len(differences), max(differences))


def write_reference(log: Path, reference: Path = REFERENCE_CURVE) -> None:
    """Record pictures seen and loss of a log as the curve to compare with.

    Raises:
        TrainingError: if the log is not that of a run from nothing.
    """
    points = read_series(log, ["loss"])["loss"]
    if not points or points[0][0] > 10_000:
        raise TrainingError(f"{log} does not begin with a run from nothing; it cannot be the recorded curve.")
    with reference.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["seen", "loss"])
        writer.writerows([int(seen), loss] for seen, loss in points)
