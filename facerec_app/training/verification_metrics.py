"""How well pairs are told apart, with errors estimated by person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facerec_app.core.types import BoolArray, Float32Array, Int64Array
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.pair_sampling import PairScoring, score_rows

Float64Array = npt.NDArray[np.float64]
MIN_IMPOSTORS_BEYOND = 20
"""A false accept rate needs at least this many impostor pairs beyond its threshold to be worth stating."""
_ALL_IMPOSTORS = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class ScoredPairs:
    """Pairs of faces with a verdict's raw material.

    Attributes:
        scores: ``(P,)`` float32, higher is more alike.
        same: ``(P,)`` bool, whether both faces are one person's.
        people: ``(P, 2)`` int64, whose faces they are.
    """

    scores: Float32Array
    same: BoolArray
    people: Int64Array

    def __len__(self) -> int:
        return int(self.scores.shape[0])


def all_pairs(features: LabelledFeatures, score: PairScoring) -> ScoredPairs:
    """Return every pair of faces of these people, scored."""
    first, second = np.triu_indices(len(features), k=1)
    pairs = np.column_stack([first, second]).astype(np.int64)
    people = features.person_index[pairs]
    return ScoredPairs(score_rows(features, pairs, score), people[:, 0] == people[:, 1], people)


def best_threshold(pairs: ScoredPairs, weights: Float64Array | None = None) -> float:
    """Return the score that tells most pairs apart when genuine and impostor pairs weigh the same in total.

    A pair counts as one person from the threshold on. It lies half-way between the two scores around it.

    Args:
        pairs: some of both kinds.
        weights: ``(P,)``, not negative; by default all pairs of a kind weigh the same.
    """
    order = np.argsort(pairs.scores, kind="stable")
    same, scores = pairs.same[order], pairs.scores[order]
    sorted_weights = np.ones(len(pairs)) if weights is None else weights[order]
    genuine, impostor = float(sorted_weights[same].sum()), float(sorted_weights[~same].sum())
    shares = np.where(same, -sorted_weights / max(genuine, 1e-12), sorted_weights / max(impostor, 1e-12))
    # What a threshold just above the i-th lowest score gains: impostors up to it less the genuine pairs up to it.
    gained = np.cumsum(shares)
    ends_run = np.append(np.diff(scores) > 0, True)
    best = int(np.argmax(np.where(ends_run, gained, -np.inf)))
    if gained[best] <= 0:
        return float(scores[0])
    above = scores[best + 1] if best + 1 < len(scores) else scores[best] + 1.0
    return float(0.5 * (scores[best] + above))


def bagged_threshold(pairs: ScoredPairs, bootstrap: PersonBootstrap) -> float:
    """Return the mean of the best thresholds of many resamples of the people.

    Accuracy is flat around its top, and where exactly the top lies is chance: one mislabelled picture moves it. The
    mean over resamples (bagging, Breiman 1996) lies in the middle of the flat part.
    """
    people = int(pairs.people.max()) + 1
    return float(np.mean([best_threshold(pairs, pair_weights(pairs, counts)) for counts in bootstrap.counts(people)]))


def correct_at(pairs: ScoredPairs, threshold: float) -> BoolArray:
    """Return ``(P,)`` bool: whether the verdict at the threshold is right; a score of NaN (no face) is wrong."""
    return np.asarray(((pairs.scores >= threshold) == pairs.same) & ~np.isnan(pairs.scores), np.bool_)


def tar_at_far(pairs: ScoredPairs, rates: Sequence[float]) -> dict[float, float]:
    """Return the true accept rate at each false accept rate that the number of impostor pairs supports."""
    impostors = np.sort(pairs.scores[~pairs.same])[::-1]
    genuine = pairs.scores[pairs.same]
    result = {}
    for rate in rates:
        beyond = int(rate * len(impostors))
        if beyond >= MIN_IMPOSTORS_BEYOND and len(genuine):
            result[rate] = float((genuine > impostors[beyond]).mean())
    return result


class PersonBootstrap:
    """Draws people with replacement; a pair weighs as often as its people were drawn.

    Pairs that share a person are not independent, so resampling pairs would understate the error. An impostor pair
    weighs the product of its two people's counts, a genuine pair its person's count (Bolle, Ratha and Pankanti,
    "Error analysis of pattern recognition systems: the subsets bootstrap", CVIU 93(1), 2004, resample by subject).

    Args:
        draws: number of resamples.
        seed: of the draws; the same seed and number of people give the same draws, which makes comparisons paired.
    """

    def __init__(self, draws: int = 500, seed: int = 7) -> None:
        self.draws = draws
        self.seed = seed

    def counts(self, people: int) -> Int64Array:
        """Return ``(draws, people)`` how often each person was drawn."""
        generator = np.random.default_rng(self.seed)
        drawn = generator.integers(people, size=(self.draws, people))
        return np.stack([np.bincount(row, minlength=people) for row in drawn]).astype(np.int64)

    def accuracies(self, pairs: ScoredPairs, correct: BoolArray) -> Float64Array:
        """Return ``(draws,)`` the balanced accuracy (mean of genuine and impostor pairs) of each resample."""
        return self.means(pairs, correct.astype(np.float64))

    def means(self, pairs: ScoredPairs, values: Float64Array) -> Float64Array:
        """Return ``(draws,)`` of each resample the mean of a value of the pairs, both kinds weighing the same.

        NaN where a resample has no pair of one kind, as happens with few people.
        """
        people = int(pairs.people.max()) + 1
        means: list[float] = []
        for counts in self.counts(people):
            weights = pair_weights(pairs, counts)
            kinds = (pairs.same, ~pairs.same)
            if all(weights[kind].sum() > 0 for kind in kinds):
                means.append(float(np.mean([np.average(values[kind], weights=weights[kind]) for kind in kinds])))
            else:
                means.append(np.nan)
        return np.array(means, np.float64)

    def tars(self, pairs: ScoredPairs, rates: Sequence[float]) -> Float64Array:
        """Return ``(draws, rates)`` true accept rates, the threshold set anew in each resample.

        NaN where a resample has no pair of one kind.
        """
        people = int(pairs.people.max()) + 1
        genuine, impostor = np.nonzero(pairs.same)[0], np.nonzero(~pairs.same)[0]
        # Only the top of the impostors can be near a threshold; rates are at most 0.1 and weights vary mildly.
        kept = len(impostor) if len(impostor) <= _ALL_IMPOSTORS else int(len(impostor) * 0.25) + 1
        top = impostor[np.argsort(-pairs.scores[impostor], kind="stable")][:kept]
        impostor_people = pairs.people[impostor]
        result = np.empty((self.draws, len(rates)))
        for draw, counts in enumerate(self.counts(people)):
            total = float((counts[impostor_people[:, 0]] * counts[impostor_people[:, 1]]).sum())
            reached = np.cumsum(counts[pairs.people[top, 0]] * counts[pairs.people[top, 1]])
            weights = counts[pairs.people[genuine, 0]]
            for column, rate in enumerate(rates):
                limit = min(int(np.searchsorted(reached, rate * total, side="right")), len(top) - 1)
                accepted = pairs.scores[genuine] > pairs.scores[top[limit]]
                exists = total > 0 and weights.sum() > 0
                result[draw, column] = np.average(accepted, weights=weights) if exists else np.nan
        return result


def interval(draws: Float64Array) -> tuple[float, float]:
    """Return the 2.5 and 97.5 % points of a bootstrap, resamples without a value left out."""
    usable = draws[np.isfinite(draws)]
    if not len(usable):
        return float("nan"), float("nan")
    low, high = np.percentile(usable, [2.5, 97.5])
    return float(low), float(high)


def spread(draws: Float64Array) -> float:
    """Return the standard deviation of a bootstrap, resamples without a value left out; NaN below two."""
    usable = draws[np.isfinite(draws)]
    return float(usable.std(ddof=1)) if len(usable) > 1 else float("nan")


def pair_weights(pairs: ScoredPairs, counts: Int64Array) -> Float64Array:
    """Return ``(P,)`` weights of the pairs when each person was drawn ``counts`` times."""
    left, right = counts[pairs.people[:, 0]], counts[pairs.people[:, 1]]
    return np.where(pairs.same, left, left * right).astype(np.float64)


def cllr(pairs: ScoredPairs) -> float:
    """Return the cost of the log-likelihood ratios in bits, 0 for perfect and 1 for none.

    Brümmer and du Preez, "Application-independent evaluation of speaker detection", Computer Speech and Language
    20(2-3), 2006, equation 11; scores are read as natural log-likelihood ratios (log odds at a prior of one half).
    """
    scores = pairs.scores.astype(np.float64)
    genuine = np.logaddexp(0.0, -scores[pairs.same]).mean()
    impostor = np.logaddexp(0.0, scores[~pairs.same]).mean()
    return float(0.5 * (genuine + impostor) / np.log(2.0))
