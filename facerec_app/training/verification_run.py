"""Scores a pair list and all pairs of its people, and states the figures with their errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from facerec_app.core.protocols import SimilarityScorer
from facerec_app.core.types import BoolArray, Float32Array, Int64Array
from facerec_app.decision.identity_calibration import IdentityCalibration
from facerec_app.similarity.cosine_scorer import CosineScorer
from facerec_app.similarity.log_odds import log_odds_of
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.lfw_pairs import PairList
from facerec_app.training.pair_sampling import PairScoring, score_rows
from facerec_app.training.picture_features import PictureFeatures
from facerec_app.training.verification_metrics import (
    MIN_IMPOSTORS_BEYOND,
    Float64Array,
    PersonBootstrap,
    ScoredPairs,
    correct_at,
    tar_at_far,
)

FALSE_ACCEPT_RATES = {"1e-1": 1e-1, "1e-2": 1e-2, "1e-3": 1e-3, "1e-4": 1e-4}
MAX_PICTURES_ALL_PAIRS = 2500
_NO_FACE = np.float32(-1e9)


@dataclass(frozen=True, slots=True)
class VerificationFigures:
    """What is measured of one scorer.

    Attributes:
        accuracy_mean: share of the list's pairs judged rightly (mean over its folds), missing faces being wrong.
        accuracy_stderr: its standard error by resampling people.
        accuracy_fold_stderr: standard error over the folds, None with one fold.
        threshold: fixed beforehand on other people.
        tar_at_far: true accept rate at false accept rates, over all pairs of pictures of the list's people.
        tar_at_far_stderr: their standard errors by resampling people.
        wrong_pairs: ``left right score`` of the pairs judged wrongly.
    """

    accuracy_mean: float
    accuracy_stderr: float
    accuracy_fold_stderr: float | None
    threshold: float
    tar_at_far: Mapping[str, float]
    tar_at_far_stderr: Mapping[str, float]
    wrong_pairs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VerificationComparison:
    """The similarity network and plain cosine on the same pairs.

    Attributes:
        network: figures of the similarity network.
        cosine: figures of plain cosine.
        accuracy_difference: network minus cosine.
        difference_interval: 2.5 and 97.5 % points of it over resampled people (the same draws for both).
        all_pairs: number of pairs behind ``tar_at_far``.
        all_pairs_pictures: pictures they are made of.
        unsupported_rates: false accept rates left out because too few impostor pairs lie beyond them.
    """

    network: VerificationFigures
    cosine: VerificationFigures
    accuracy_difference: float
    difference_interval: tuple[float, float]
    all_pairs: int
    all_pairs_pictures: int
    unsupported_rates: tuple[str, ...]


def compare_with_cosine(
    pairs: PairList, features: PictureFeatures, scorer: SimilarityScorer, calibration: IdentityCalibration
) -> VerificationComparison:
    """Return the figures of the similarity network beside those of cosine.

    ``features`` holds every picture of the list, and whichever further pictures of the same people shall count towards
    ``tar_at_far``. Both thresholds come with the calibration and were chosen on other people.
    """
    run = _Run(pairs, features)
    network = run.measured(lambda a, b: log_odds_of(scorer.score_pairs(a, b)), calibration.pair_threshold)
    cosine = run.measured(CosineScorer(middle=0.0, slope=1.0).log_odds, calibration.cosine_threshold)
    low, high = np.percentile(network.accuracy_draws - cosine.accuracy_draws, [2.5, 97.5])
    return VerificationComparison(
        network.figures,
        cosine.figures,
        network.figures.accuracy_mean - cosine.figures.accuracy_mean,
        (float(low), float(high)),
        network.all_pairs,
        len(run.chosen),
        tuple(key for key in FALSE_ACCEPT_RATES if key not in network.figures.tar_at_far),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    figures: VerificationFigures
    accuracy_draws: Float64Array
    all_pairs: int


class _Run:
    """One pair list over one set of features, ready for several scorers."""

    def __init__(self, pairs: PairList, features: PictureFeatures) -> None:
        self.pairs = pairs
        self.found = features.found
        self.everyone = _everything_labelled(features)
        rows = {name: row for row, name in enumerate(features.pictures)}
        self.listed = np.array([[rows[pair.left], rows[pair.right]] for pair in pairs.pairs], np.int64)
        self.same = np.array([pair.same for pair in pairs.pairs], bool)
        self.folds = np.array([pair.fold for pair in pairs.pairs], np.int64)
        self.chosen = _drawn_pictures(self.everyone)
        self.bootstrap = PersonBootstrap()

    def measured(self, score: PairScoring, threshold: float) -> _Measured:
        """Return the figures of one scorer at a threshold fixed beforehand."""
        raw = score_rows(self.everyone, self.listed, score)
        scores = np.where(self.found[self.listed].all(axis=1), raw, np.float32(np.nan)).astype(np.float32)
        on_list = ScoredPairs(scores, self.same, self.everyone.person_index[self.listed])
        correct = correct_at(on_list, threshold)
        draws = self.bootstrap.accuracies(on_list, correct)
        by_fold = np.array([correct[self.folds == fold].mean() for fold in range(self.pairs.folds)])
        everything = _all_pairs(self.everyone, self.found, self.chosen, score)
        tars = tar_at_far(everything, tuple(FALSE_ACCEPT_RATES.values()))
        errors = self.bootstrap.tars(everything, tuple(tars)).std(axis=0, ddof=1)
        keys = [key for key, rate in FALSE_ACCEPT_RATES.items() if rate in tars]
        several = self.pairs.folds > 1
        figures = VerificationFigures(
            accuracy_mean=float(by_fold.mean()),
            accuracy_stderr=float(draws.std(ddof=1)),
            accuracy_fold_stderr=float(by_fold.std(ddof=1) / np.sqrt(self.pairs.folds)) if several else None,
            threshold=threshold,
            tar_at_far=dict(zip(keys, tars.values(), strict=True)),
            tar_at_far_stderr=dict(zip(keys, errors.tolist(), strict=True)),
            wrong_pairs=_wrong_pairs(self.pairs, scores, ~correct),
        )
        return _Measured(figures, draws, len(everything))


def support_note(unsupported: tuple[str, ...]) -> str:
    """Return why some rates are left out, empty if none is."""
    if not unsupported:
        return ""
    return f"not stated at FAR {', '.join(unsupported)}: fewer than {MIN_IMPOSTORS_BEYOND} impostor pairs lie beyond"


def _everything_labelled(features: PictureFeatures) -> LabelledFeatures:
    """Return all pictures, also those without a face (zero vectors), in their order."""
    return LabelledFeatures.of(
        features.vectors, [name.split("/")[0] for name in features.pictures], features.extractor_version
    )


def _drawn_pictures(everyone: LabelledFeatures) -> Int64Array:
    """Return the rows whose pairs are all scored: every picture, or whole people drawn until there are enough."""
    if len(everyone) <= MAX_PICTURES_ALL_PAIRS:
        return np.arange(len(everyone), dtype=np.int64)
    order = np.random.default_rng(7).permutation(len(everyone.people))
    rows = everyone.rows_by_person()
    counts = np.cumsum([len(rows[person]) for person in order.tolist()])
    kept = order[: max(int(np.searchsorted(counts, MAX_PICTURES_ALL_PAIRS, side="right")), 1)]
    return np.sort(np.concatenate([rows[person] for person in kept.tolist()]))


def _all_pairs(
    everyone: LabelledFeatures,
    found: BoolArray,
    rows: Int64Array,
    score: PairScoring,
) -> ScoredPairs:
    """Return every pair of the given pictures; one without a face is never accepted."""
    first, second = np.triu_indices(len(rows), k=1)
    pairs = np.column_stack([rows[first], rows[second]])
    scores: Float32Array = np.where(found[pairs].all(axis=1), score_rows(everyone, pairs, score), _NO_FACE)
    people = everyone.person_index[pairs]
    # Numbered anew, so that a resampling draws only from the people who are here.
    _, renumbered = np.unique(people, return_inverse=True)
    return ScoredPairs(scores.astype(np.float32), people[:, 0] == people[:, 1], renumbered.reshape(people.shape))


def _wrong_pairs(pairs: PairList, scores: Float32Array, wrong: BoolArray) -> tuple[str, ...]:
    lines = []
    for row in np.nonzero(wrong)[0].tolist():
        pair = pairs.pairs[row]
        kind = "same person" if pair.same else "two people"
        score = "no face found" if np.isnan(scores[row]) else f"{scores[row]:.3f}"
        lines.append(f"{pair.left} {pair.right} ({kind}): {score}")
    return tuple(lines)
