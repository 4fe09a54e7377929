"""Do stated probabilities come true? Calibration error in adaptive bins, its interval by person, and Cllr's minimum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facerec_app.core.types import BoolArray, Int64Array
from facerec_app.training.isotonic_regression import pooled_blocks
from facerec_app.training.logistic_regression import Float64Array

MIDDLE = (0.05, 0.95)
_MOST_BINS = 15
_PROBES_PER_BIN = 20
_DRAWS = 200


@dataclass(frozen=True, slots=True)
class MiddleError:
    """Calibration error where the program is in doubt, between 0.05 and 0.95.

    Attributes:
        error: mean distance between stated and observed, over bins of equal weight.
        interval: 2.5 and 97.5 % points over resampled people.
        by_chance: the error that perfect probabilities would show on so few probes, on average.
        probes: in this range.
        people: whose probes they are.
        bins: that the probes suffice for.
        share: of all probes' weight.
    """

    error: float
    interval: tuple[float, float]
    by_chance: float
    probes: int
    people: int
    bins: int
    share: float


def middle_error(
    probabilities: Float64Array, came_true: BoolArray, weights: Float64Array, people: Int64Array, *, seed: int = 5
) -> MiddleError:
    """Return the calibration error within 0.05 to 0.95.

    Bins hold equal weight; there are as many (2 to 15) as give each 20 independent probes, by Kish's effective number
    of the people's weights: a few heavy probes cannot fill a bin.

    Args:
        probabilities: ``(N,)`` stated.
        came_true: ``(N,)`` bool.
        weights: ``(N,)``.
        people: ``(N,)`` int64, whose probe each is; probes of one person are resampled together.
        seed: of the resampling.
    """
    inside = (probabilities > MIDDLE[0]) & (probabilities < MIDDLE[1])
    p, y, w = probabilities[inside], came_true[inside].astype(np.float64), weights[inside]
    share = float(w.sum() / weights.sum())
    if not len(p):
        return MiddleError(0.0, (0.0, 0.0), 0.0, 0, 0, 0, share)
    members, index = np.unique(people[inside], return_inverse=True)
    effective = float(w.sum() ** 2 / (np.bincount(index, weights=w) ** 2).sum())
    bins = int(np.clip(effective // _PROBES_PER_BIN, 2, _MOST_BINS))
    generator = np.random.default_rng(seed)
    resampled, chance = [], []
    for _ in range(_DRAWS):
        counts = np.bincount(generator.integers(len(members), size=len(members)), minlength=len(members))[index]
        if (counts * w).sum() > 0:
            resampled.append(binned_error(p, y, w * counts, bins))
        # One draw for each person keeps a person's probes together, as they are in truth.
        luck = generator.random(len(members))[index]
        chance.append(binned_error(p, (luck < p).astype(np.float64), w, bins))
    low, high = np.percentile(resampled, [2.5, 97.5])
    error = binned_error(p, y, w, bins)
    return MiddleError(error, (float(low), float(high)), float(np.mean(chance)), len(p), len(members), bins, share)


def binned_error(probabilities: Float64Array, outcomes: Float64Array, weights: Float64Array, bins: int) -> float:
    """Return the weighted mean of \\|stated - observed\\| over bins of equal weight (expected calibration error)."""
    total = float(weights.sum())
    if not total > 0:
        return 0.0
    order = np.argsort(probabilities, kind="stable")
    numbers = np.minimum((np.cumsum(weights[order]) / total * bins).astype(int), bins - 1)
    gaps = np.bincount(numbers, weights=(weights * (probabilities - outcomes))[order], minlength=bins)
    return float(np.abs(gaps).sum() / total)


def cllr_of(log_odds: Float64Array, same: BoolArray) -> float:
    """Return the cost of log-likelihood ratios in bits (Brümmer and du Preez 2006, equation 11)."""
    genuine = np.logaddexp(0.0, -log_odds[same]).mean()
    impostor = np.logaddexp(0.0, log_odds[~same]).mean()
    return float(0.5 * (genuine + impostor) / np.log(2.0))


def least_cllr(log_odds: Float64Array, same: BoolArray) -> float:
    """Return the cost that the best rising recalibration of these very scores would leave (the same, section 6)."""
    order = np.argsort(log_odds, kind="stable")
    weights = np.where(same, 0.5 / max(int(same.sum()), 1), 0.5 / max(int((~same).sum()), 1))[order]
    firsts = np.nonzero(np.append(True, np.diff(log_odds[order]) > 0))[0]
    mass, true_mass = np.add.reduceat(weights, firsts), np.add.reduceat(weights * same[order], firsts)
    blocks = pooled_blocks(true_mass, mass)
    edges = np.concatenate([[0], np.cumsum(blocks.sizes)])[:-1]
    block_mass, block_true = np.add.reduceat(mass, edges), np.add.reduceat(true_mass, edges)
    return float(_bits(block_true, block_mass) + _bits(block_mass - block_true, block_mass))


def _bits(part: Float64Array, whole: Float64Array) -> float:
    some: npt.NDArray[np.bool_] = part > 1e-15
    return float(-(part[some] * np.log2(part[some] / whole[some])).sum())
