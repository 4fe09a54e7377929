"""Whether a fine-tuned extractor is better for its own people and no worse for everybody else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facerec_app.core.types import BoolArray, Float32Array, Int64Array
from facerec_app.training.extractor.own_faces import FaceParts
from facerec_app.training.extractor.pair_measures import measure_pairs, pair_cosines, person_pairs

Float64Array = npt.NDArray[np.float64]
PairLogOdds = Callable[[Float32Array, Float32Array], Float32Array]
"""Log odds of ``(P, D)`` and ``(P, D)`` unit-length features, as the shipped similarity network gives them."""
OTHERS_MAY_LOSE = 0.005
LEAST_LIKENESS = 0.98
"""Mean cosine of a face's features before and after, below which the shipped thresholds are not trusted any more."""
_OWN_FAR = 1e-2
_DRAWS = 1000


@dataclass(frozen=True, slots=True)
class ShippedThreshold:
    """A threshold of the shipped calibration.

    Attributes:
        rate: of strangers that it was chosen for.
        log_odds: from which a pair is accepted.
    """

    rate: float
    log_odds: float


@dataclass(frozen=True, slots=True)
class ExtractorFigures:
    """What one extractor makes of the faces.

    Attributes:
        own_rank1: share of judging faces whose nearest training face is of the same person.
        own_tar: share of judging-training pairs of one person that are accepted where one in 100 of two people's is.
        others_tar: the same of pairs of people who were left out; None if there are none.
        impostor_rates: share of pairs with a stranger, or of two own people where there are none, accepted at each
            threshold.
    """

    own_rank1: float
    own_tar: float
    others_tar: float | None
    impostor_rates: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ExtractorComparison:
    """The extractor before and after.

    Attributes:
        before, after: figures.
        thresholds: of the shipped calibration, as in ``impostor_rates``.
        impostor_bounds: largest impostor rate at each that is still noise.
        likeness: mean cosine of a judging or left-out face's features before and after.
        people, training, judging, others: people learnt from, and faces by what they were for.
    """

    before: ExtractorFigures
    after: ExtractorFigures
    thresholds: tuple[ShippedThreshold, ...]
    impostor_bounds: tuple[float, ...]
    likeness: float
    people: int
    training: int
    judging: int
    others: int

    @property
    def objections(self) -> tuple[str, ...]:
        """Why the result is not to be kept; empty if it is."""
        before, after = self.before, self.after
        found = []
        gains = (after.own_rank1 - before.own_rank1, after.own_tar - before.own_tar)
        if min(gains) < 0 or max(gains) <= 0:
            found.append("the people's other pictures are not recognised better")
        if before.others_tar is not None and after.others_tar is not None:
            lost = before.others_tar - after.others_tar
            if lost > OTHERS_MAY_LOSE:
                found.append(f"people who were left out lose {100 * lost:.1f} points")
        for threshold, rate, bound in zip(self.thresholds, after.impostor_rates, self.impostor_bounds, strict=True):
            if rate > bound:
                found.append(
                    f"at the threshold for one stranger in {1 / threshold.rate:,.0f}, {100 * rate:.2f} % of the "
                    f"strangers' pairs are accepted (up to {100 * bound:.2f} % would be chance)"
                )
        if self.likeness < LEAST_LIKENESS:
            found.append(f"features moved too far (mean cosine {self.likeness:.3f}, {LEAST_LIKENESS} at least)")
        return tuple(found)


def compare_extractors(
    before: Float32Array,
    after: Float32Array,
    people: Int64Array,
    parts: FaceParts,
    log_odds: PairLogOdds,
    thresholds: Sequence[ShippedThreshold],
) -> ExtractorComparison:
    """Judge the features of all faces before and after.

    An impostor rate counts as risen if it lies above the 97.5 % bound of the rate before (bootstrap by person) and
    above the rate that the threshold promises.

    Args:
        before, after: ``(N, D)`` float32, unit length.
        people: ``(N,)`` int64.
        parts: rows of the faces.
        log_odds: of pairs.
        thresholds: of the shipped calibration.
    """
    strangers = _stranger_pairs(people, parts)
    scores = [_scores(vectors, strangers, log_odds) for vectors in (before, after)]
    rates = [tuple(float(np.mean(values >= one.log_odds)) for one in thresholds) for values in scores]
    bounds = tuple(max(_upper_bound(scores[0] >= one.log_odds, people[strangers]), one.rate) for one in thresholds)
    seen = np.concatenate([parts.judging, parts.others])
    return ExtractorComparison(
        _figures(before, people, parts, rates[0]),
        _figures(after, people, parts, rates[1]),
        tuple(thresholds),
        bounds,
        float(np.mean(np.sum(before[seen] * after[seen], axis=1))),
        len(np.unique(people[parts.training])),
        len(parts.training),
        len(parts.judging),
        len(parts.others),
    )


def _figures(
    vectors: Float32Array, people: Int64Array, parts: FaceParts, impostor_rates: tuple[float, ...]
) -> ExtractorFigures:
    cosines = vectors[parts.judging] @ vectors[parts.training].T
    same = people[parts.judging][:, None] == people[parts.training][None, :]
    nearest = people[parts.training][cosines.argmax(axis=1)]
    own_tar = np.mean(cosines[same] > np.quantile(cosines[~same], 1 - _OWN_FAR))
    return ExtractorFigures(
        float(np.mean(nearest == people[parts.judging])),
        float(own_tar),
        _others_tar(vectors[parts.others], people[parts.others]),
        impostor_rates,
    )


def _others_tar(vectors: Float32Array, people: Int64Array) -> float | None:
    pairs, genuine = person_pairs(people)
    if not genuine.any() or genuine.all():
        return None
    return measure_pairs(pair_cosines(vectors, pairs), genuine).tar_at_far_1e2


def _stranger_pairs(people: Int64Array, parts: FaceParts) -> Int64Array:
    """Return ``(P, 2)`` rows of pairs of two people: a stranger and anybody, or judging and training faces."""
    if len(parts.others):
        everybody = np.arange(len(people))
        is_other = np.isin(everybody, parts.others)
        left, right = np.meshgrid(parts.others, everybody, indexing="ij")
        kept = (people[left] != people[right]) & (~is_other[right] | (left < right))
    else:
        left, right = np.meshgrid(parts.judging, parts.training, indexing="ij")
        kept = people[left] != people[right]
    return np.stack([left[kept], right[kept]], axis=1).astype(np.int64)


def _scores(vectors: Float32Array, pairs: Int64Array, log_odds: PairLogOdds) -> Float32Array:
    pieces = np.array_split(pairs, max(1, len(pairs) // 8192))
    return np.concatenate([log_odds(vectors[piece[:, 0]], vectors[piece[:, 1]]) for piece in pieces])


def _upper_bound(accepted: BoolArray, owners: Int64Array) -> float:
    """Return the 97.5 % bound of the accepted share, whole people being drawn with replacement."""
    numbers = np.unique(owners, return_inverse=True)[1].reshape(owners.shape)
    size = int(numbers.max()) + 1
    pairs, hits = np.zeros((size, size)), np.zeros((size, size))
    np.add.at(pairs, (numbers[:, 0], numbers[:, 1]), 1.0)
    np.add.at(hits, (numbers[:, 0], numbers[:, 1]), accepted.astype(np.float64))
    times = np.random.default_rng(5).multinomial(size, np.full(size, 1 / size), _DRAWS).astype(np.float64)
    drawn: Float64Array = np.einsum("dp,dp->d", times @ pairs, times)
    rates = np.einsum("dp,dp->d", times @ hits, times)[drawn > 0] / drawn[drawn > 0]
    return float(np.quantile(rates, 0.975)) if rates.size else 0.0
