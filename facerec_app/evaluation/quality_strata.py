"""The same figures by what the pictures are like, since cameras at a desk are not those of the press."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from facerec_app.core.types import BoolArray, Float32Array, Int64Array
from facerec_app.evaluation.error_rates import person_mean_draws, rate_interval
from facerec_app.evaluation.picture_faces import FaceRows
from facerec_app.training.verification_metrics import Float64Array, PersonBootstrap, ScoredPairs

_ALL = (-np.inf, np.inf)


@dataclass(frozen=True, slots=True)
class QualityMeasure:
    """A measure of one picture and how two pictures' values make a pair's.

    Attributes:
        name: for people.
        unit: after a value, with its space.
        field: of ``FaceRows``.
        edges: between the bins.
        worse: ``low`` if the lower value is the worse one, ``high`` if the higher.
    """

    name: str
    unit: str
    field: str
    edges: tuple[float, ...]
    worse: str


MEASURES = (
    QualityMeasure("face width", " px", "size_px", (40, 60, 80, 100, 120), "low"),
    QualityMeasure("sharpness", "", "sharpness", (0.2, 0.4, 0.6, 0.8), "low"),
    QualityMeasure("turned by", " degrees", "yaw_deg", (10, 20, 30, 45), "high"),
    QualityMeasure("brightness", "", "brightness", (0.2, 0.3, 0.4, 0.5, 0.6), "low"),
    QualityMeasure("JPEG quality", "", "jpeg_quality", (30, 50, 70, 85, 95), "low"),
)


@dataclass(frozen=True, slots=True)
class Stratum:
    """Pairs whose worse picture lies in one bin of a measure.

    Attributes:
        measure: its name.
        bin: as people read it.
        genuine, impostors: pairs of either kind.
        people: people behind the genuine pairs.
        fnmr: share of genuine pairs rejected at the threshold, None without any.
        fnmr_interval: 95 %, by person.
        fmr: share of impostor pairs accepted.
    """

    measure: str
    bin: str
    genuine: int
    impostors: int
    people: int
    fnmr: float | None
    fnmr_interval: tuple[float, float] | None
    fmr: float | None


def pair_values(rows: FaceRows, pairs: Int64Array, measure: QualityMeasure) -> Float32Array:
    """Return ``(P,)`` the worse of both pictures' values; the turn of the head counts without its direction."""
    values = getattr(rows, measure.field)
    if measure.field == "yaw_deg":
        values = np.abs(values)
    both = values[pairs]
    return np.asarray(both.min(axis=1) if measure.worse == "low" else both.max(axis=1), np.float32)


def stratified(
    rows: FaceRows, pairs: Int64Array, scored: ScoredPairs, threshold: float, bootstrap: PersonBootstrap
) -> tuple[Stratum, ...]:
    """Return the error rates in each bin of each measure that holds genuine pairs; pairs without a face left out.

    Args:
        rows: of the pictures.
        pairs: ``(P, 2)`` rows of pictures.
        scored: the same pairs.
        threshold: fixed beforehand.
        bootstrap: for the intervals.
    """
    usable = rows.found[pairs].all(axis=1)
    result = []
    for measure in MEASURES:
        values = pair_values(rows, pairs, measure)
        edges = (_ALL[0], *measure.edges, _ALL[1])
        for low, high in pairwise(edges):
            chosen = usable & (values >= low) & (values < high)
            if (chosen & scored.same).any():
                result.append(_stratum(measure, low, high, scored, chosen, threshold, bootstrap))
    return tuple(result)


def _stratum(
    measure: QualityMeasure, low: float, high: float, scored: ScoredPairs, chosen: BoolArray, threshold: float,
    bootstrap: PersonBootstrap,
) -> Stratum:  # fmt: skip
    genuine, impostor = chosen & scored.same, chosen & ~scored.same
    rejected = (scored.scores[genuine] < threshold).astype(np.float64)
    people = scored.people[genuine, 0]
    accepted = scored.scores[impostor] >= threshold
    draws: Float64Array = person_mean_draws(rejected, people, bootstrap)
    return Stratum(
        measure.name, bin_name(low, high, measure.unit), int(genuine.sum()), int(impostor.sum()),
        len(np.unique(people)), float(rejected.mean()), rate_interval(rejected, people, draws),
        float(accepted.mean()) if len(accepted) else None,
    )  # fmt: skip


def bin_name(low: float, high: float, unit: str = "") -> str:
    """Return a bin as people read it."""
    if not np.isfinite(low):
        return f"below {high:g}{unit}"
    return f"{low:g}{unit} and more" if not np.isfinite(high) else f"{low:g} to {high:g}{unit}"
