"""The rising step function nearest to noisy outcomes: calibration without a formula."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facerec_app.training.logistic_regression import Float64Array


@dataclass(frozen=True, slots=True, eq=False)
class IsotonicFit:
    """A probability that never falls with the score; straight between blocks, level beyond the data.

    Attributes:
        scores: ``(K,)`` rising.
        probabilities: ``(K,)`` never falling, strictly between 0 and 1.
    """

    scores: Float64Array
    probabilities: Float64Array

    def at(self, scores: Float64Array) -> Float64Array:
        """Return the probabilities of scores of any shape."""
        return np.asarray(np.interp(scores, self.scores, self.probabilities), np.float64)


def fit_isotonic(
    scores: Float64Array, targets: npt.NDArray[np.bool_], weights: Float64Array, *, bound: float = 1e-4
) -> IsotonicFit:
    """Return the isotonic regression of the outcomes.

    Args:
        scores: ``(N,)``.
        targets: ``(N,)``, true for the event.
        weights: ``(N,)``, positive.
        bound: no probability comes nearer to 0 or 1: a block without a counterexample proves nothing beyond it.
    """
    order = np.argsort(scores, kind="stable")
    x, w = scores[order], weights[order]
    firsts = np.nonzero(np.append(True, np.diff(x) > 0))[0]
    mass = np.add.reduceat(w, firsts)
    true_mass = np.add.reduceat(w * targets[order], firsts)
    blocks = pooled_blocks(true_mass, mass)
    ends = np.append(firsts[1:], len(x)) - 1
    edges = np.concatenate([[0], np.cumsum(blocks.sizes)])
    first, last = x[firsts[edges[:-1]]], x[ends[edges[1:] - 1]]
    levels = np.clip(blocks.means, bound, 1.0 - bound)
    return IsotonicFit(np.column_stack([first, last]).ravel(), np.repeat(levels, 2))


@dataclass(frozen=True, slots=True, eq=False)
class PooledBlocks:
    """Blocks of neighbours whose means rise: ``means (B,)`` float64 and ``sizes (B,)`` int64, entries in each."""

    means: Float64Array
    sizes: npt.NDArray[np.int64]


def pooled_blocks(sums: Float64Array, weights: Float64Array) -> PooledBlocks:
    """Pool adjacent violators (Ayer et al., Annals of Mathematical Statistics 26(4), 1955).

    Args:
        sums: ``(N,)`` weighted outcomes.
        weights: ``(N,)`` positive.
    """
    totals: list[float] = []
    masses: list[float] = []
    sizes: list[int] = []
    for total, mass in zip(sums.tolist(), weights.tolist(), strict=True):
        totals.append(total)
        masses.append(mass)
        sizes.append(1)
        while len(totals) > 1 and totals[-2] * masses[-1] >= totals[-1] * masses[-2]:
            for pool in (totals, masses):
                last = pool.pop()
                pool[-1] += last
            sizes[-2:] = [sizes[-2] + sizes[-1]]
    return PooledBlocks(np.array(totals) / np.array(masses), np.array(sizes, np.int64))
