"""Whether probabilities mean what they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facerec_app.core.types import BoolArray
from facerec_app.training.calibration_quality import cllr_of, least_cllr
from facerec_app.training.verification_metrics import Float64Array, ScoredPairs


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Pairs whose stated probability lies in one tenth of the scale.

    Attributes:
        low, high: of the bin.
        stated: weighted mean of the probabilities, None in an empty bin.
        observed: weighted share of them that came true.
        share: of the total weight.
        count: pairs in the bin.
    """

    low: float
    high: float
    stated: float | None
    observed: float | None
    share: float
    count: int


def even_weights(pairs: ScoredPairs) -> Float64Array:
    """Return ``(P,)`` weights: one half to either kind, and within it the same to each person and pair of people.

    Pairs of pictures grow with the square of a person's pictures; unweighted, the genuine pairs are those of the one
    or two people with most of them.
    """
    people = np.sort(pairs.people, axis=1)
    _, group = np.unique(people[:, 0] * (int(people.max()) + 1) + people[:, 1], return_inverse=True)
    weights = 1.0 / np.bincount(group)[group]
    for kind in (pairs.same, ~pairs.same):
        if kind.any():
            weights[kind] *= 0.5 / weights[kind].sum()
    return np.asarray(weights, np.float64)


def reliability_bins(
    probabilities: Float64Array, came_true: BoolArray, weights: Float64Array, bins: int = 10
) -> tuple[ReliabilityBin, ...]:
    """Return bins of equal width over 0 to 1."""
    number = np.minimum((probabilities * bins).astype(int), bins - 1)
    total = float(weights.sum())
    result = []
    for index in range(bins):
        rows = number == index
        weight = float(weights[rows].sum())
        stated = float(np.average(probabilities[rows], weights=weights[rows])) if weight > 0 else None
        observed = float(np.average(came_true[rows], weights=weights[rows])) if weight > 0 else None
        result.append(
            ReliabilityBin(index / bins, (index + 1) / bins, stated, observed, weight / total, int(rows.sum()))
        )
    return tuple(result)


def expected_calibration_error(bins: tuple[ReliabilityBin, ...]) -> float:
    """Return the mean distance of stated and observed, weighted by the bins' shares."""
    filled = [(row.share, row.stated, row.observed) for row in bins if row.stated is not None]
    total = sum(share for share, _, _ in filled)
    distance = sum(share * abs(stated - (observed or 0.0)) for share, stated, observed in filled)
    return distance / total if total else 0.0


def calibration_cost(pairs: ScoredPairs) -> tuple[float, float]:
    """Return the cost of the log odds (Cllr) and the part of it that calibration could remove, in bits."""
    scores = pairs.scores.astype(np.float64)
    cost = cllr_of(scores, pairs.same)
    return cost, max(cost - least_cllr(scores, pairs.same), 0.0)
