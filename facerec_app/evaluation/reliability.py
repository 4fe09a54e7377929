"""Whether probabilities mean what they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facerec_app.core.types import BoolArray
from facerec_app.training.verification_metrics import Float64Array, ScoredPairs, cllr


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


def even_weights(same: BoolArray) -> Float64Array:
    """Return weights under which genuine and impostor pairs weigh one half each."""
    genuine = max(int(same.sum()), 1)
    return np.where(same, 0.5 / genuine, 0.5 / max(len(same) - genuine, 1))


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


def minimal_cllr(pairs: ScoredPairs) -> float:
    """Return the cost that the best monotone recalibration of the scores would leave, in bits.

    The pool-adjacent-violators algorithm at even weights, as Brümmer and du Preez (2006), section 6; what ``cllr``
    exceeds it by is the fault of the calibration, the rest that of the scores' order.
    """
    order = np.argsort(pairs.scores, kind="stable")
    same = pairs.same[order]
    scores = pairs.scores[order]
    weights = even_weights(same)
    starts = np.nonzero(np.append(True, np.diff(scores) > 0))[0]  # equal scores cannot be told apart
    blocks_weight = np.add.reduceat(weights, starts)
    blocks_true = np.add.reduceat(weights * same, starts)
    share = _pooled(blocks_true, blocks_weight)
    probability = np.repeat(share, np.diff(np.append(starts, len(scores))))
    genuine, impostor = probability[same], probability[~same]
    return float(0.5 * (-np.log2(genuine).mean() - np.log2(1.0 - impostor).mean()))


def _pooled(true: Float64Array, weight: Float64Array) -> Float64Array:
    """Return the non-falling shares nearest to ``true / weight``, one a block."""
    sums: list[tuple[float, float, int]] = []
    for block in zip(true.tolist(), weight.tolist(), [1] * len(true), strict=True):
        merged = block
        while sums and sums[-1][0] * merged[1] >= merged[0] * sums[-1][1]:
            last = sums.pop()
            merged = (merged[0] + last[0], merged[1] + last[1], merged[2] + last[2])
        sums.append(merged)
    return np.repeat([t / w for t, w, _ in sums], [count for _, _, count in sums])


def calibration_cost(pairs: ScoredPairs) -> tuple[float, float]:
    """Return the cost of the log odds (``cllr``) and the part of it that calibration could remove, in bits."""
    cost = cllr(pairs)
    return cost, max(cost - minimal_cllr(pairs), 0.0)
