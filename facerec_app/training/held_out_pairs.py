"""Pairs that two networks are compared on: faces that neither was trained on, and people who do not exist."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facerec_app.core.protocols import SimilarityScorer
from facerec_app.core.types import Int64Array
from facerec_app.decision.identity_calibration import IdentityCalibration
from facerec_app.similarity.log_odds import log_odds_of
from facerec_app.training.calibration_quality import binned_error
from facerec_app.training.gallery_split import GallerySplit
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.pair_sampling import genuine_pairs, random_impostor_pairs, score_rows

_PAIRS_PER_PERSON = 30
_STRANGERS_PER_FACE = 400
_MOST_OWN_IMPOSTORS = 100_000
_MOST_AT_ONCE = 1_000_000
"""Pairs of rows that are listed at once; a gallery of 100,000 faces has 400 million to judge by."""
_BINS = 15
FALSE_ACCEPT_RATE = 1e-3


@dataclass(frozen=True, slots=True)
class PairFigures:
    """How a network does on pairs.

    Attributes:
        accuracy: mean over both kinds of pairs, at the calibration's threshold.
        tar_at_far_1e3: share of genuine pairs above what one impostor pair in 1,000 reaches.
        calibration_error: expected calibration error of the pair probabilities, both kinds of pairs weighing the same.
        genuine: number of pairs of one person.
        impostor: number of pairs of two people.
    """

    accuracy: float
    tar_at_far_1e3: float
    calibration_error: float
    genuine: int
    impostor: int


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutPairs:
    """Genuine and impostor pairs, rows of ``features``: ``(G, 2)`` and ``(I, 2)`` int64."""

    features: LabelledFeatures
    genuine: Int64Array
    impostor: Int64Array

    def figures(self, scorer: SimilarityScorer, calibration: IdentityCalibration) -> PairFigures | None:
        """Return how a network does; None where there are no genuine pairs."""
        if not len(self.genuine):
            return None
        pairs = np.concatenate([self.genuine, self.impostor])
        same = np.arange(len(pairs)) < len(self.genuine)
        log_odds = score_rows(self.features, pairs, lambda left, right: log_odds_of(scorer.score_pairs(left, right)))
        accepted = log_odds > calibration.pair_threshold
        own, others = log_odds[same], log_odds[~same]
        weights = np.where(same, 0.5 / same.sum(), 0.5 / (~same).sum())
        probabilities = calibration.pairs.probabilities(log_odds).astype(np.float64)
        error = binned_error(probabilities, same.astype(np.float64), weights, _BINS)
        limit = float(np.quantile(others, 1.0 - FALSE_ACCEPT_RATE, method="higher"))
        return PairFigures(
            0.5 * float(accepted[same].mean() + (~accepted[~same]).mean()),
            float((own > limit).mean()),
            error,
            len(own),
            len(others),
        )


def own_pairs(
    features: LabelledFeatures, split: GallerySplit, strangers: LabelledFeatures, generator: np.random.Generator
) -> HeldOutPairs:
    """Return pairs with the faces that judge: with each other when split by person, with all faces when by face.

    Args:
        features: of the gallery.
        split: of its rows.
        strangers: sampled faces of people who do not exist; each judging face also meets some of them.
        generator: draws them.
    """
    both = features.joined(strangers)
    person = both.person_index
    others = split.test if split.by == "person" else np.arange(len(features))
    if len(split.test) * len(others) <= _MOST_AT_ONCE:
        genuine, impostor = _listed(split.test, split.test, others, person)
        if len(impostor) > _MOST_OWN_IMPOSTORS:
            impostor = impostor[generator.choice(len(impostor), _MOST_OWN_IMPOSTORS, replace=False)]
    else:
        step = max(_MOST_AT_ONCE // len(others), 1)
        blocks = (split.test[start : start + step] for start in range(0, len(split.test), step))
        genuine = np.concatenate([_listed(block, split.test, others, person)[0] for block in blocks])
        impostor = _drawn_impostors(split.test, others, person, generator)
    met = generator.integers(len(features), len(both), (len(split.test), _STRANGERS_PER_FACE))
    with_strangers = np.column_stack([np.repeat(split.test, _STRANGERS_PER_FACE), met.ravel()])
    return HeldOutPairs(both, genuine.astype(np.int64), np.concatenate([impostor, with_strangers]).astype(np.int64))


def _listed(
    block: Int64Array, test: Int64Array, others: Int64Array, person: Int64Array
) -> tuple[Int64Array, Int64Array]:
    """Return the genuine and the impostor pairs of some judging faces with the others, each pair once."""
    left, right = (grid.ravel() for grid in np.meshgrid(block, others, indexing="ij"))
    once = (left != right) & (~np.isin(right, test) | (left < right))
    left, right = left[once], right[once]
    same = person[left] == person[right]
    return np.column_stack([left[same], right[same]]), np.column_stack([left[~same], right[~same]])


def _drawn_impostors(
    test: Int64Array, others: Int64Array, person: Int64Array, generator: np.random.Generator
) -> Int64Array:
    """Return pairs of two people out of far more than are wanted."""
    count = 2 * _MOST_OWN_IMPOSTORS
    pairs = np.column_stack([generator.choice(test, count), generator.choice(others, count)])
    return np.asarray(pairs[person[pairs[:, 0]] != person[pairs[:, 1]]][:_MOST_OWN_IMPOSTORS], np.int64)


def sampled_pairs(sampled: LabelledFeatures, impostors: int, generator: np.random.Generator) -> HeldOutPairs:
    """Return pairs of people who do not exist: what a network must not lose on everybody else."""
    genuine = genuine_pairs(sampled, _PAIRS_PER_PERSON, generator)
    return HeldOutPairs(sampled, genuine, random_impostor_pairs(sampled, impostors, generator))
