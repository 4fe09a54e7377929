"""Scores a pair list, or all pairs of some people, and states the figures with their errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from facerec_app.core.errors import NotEnoughDataError
from facerec_app.core.types import BoolArray, Float32Array, Int64Array
from facerec_app.evaluation.error_rates import balanced_accuracy, balanced_accuracy_draws, bounded_interval
from facerec_app.evaluation.picture_faces import PictureFaces
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.lfw_pairs import PairList
from facerec_app.training.pair_sampling import PairScoring, score_rows
from facerec_app.training.verification_metrics import (
    MIN_IMPOSTORS_BEYOND,
    Float64Array,
    PersonBootstrap,
    ScoredPairs,
    correct_at,
    spread,
    tar_at_far,
)

FALSE_ACCEPT_RATES = {"1e-1": 1e-1, "1e-2": 1e-2, "1e-3": 1e-3, "1e-4": 1e-4}
MAX_PICTURES_ALL_PAIRS = 2500
NO_FACE_SCORE = np.float32(-1e9)


@dataclass(frozen=True, slots=True)
class VerificationFigures:
    """What is measured of one scorer.

    Attributes:
        accuracy_mean: share of the list's pairs judged rightly (mean over its folds), or without a list the mean of
            the shares of genuine and of impostor pairs; missing faces are wrong.
        accuracy_stderr: its standard error by resampling people.
        accuracy_fold_stderr: standard error over the folds, None with one fold.
        threshold: fixed beforehand on other people.
        tar_at_far: true accept rate at false accept rates, over all pairs of pictures of the people.
        tar_at_far_stderr: their standard errors by resampling people.
        tar_at_far_interval: their 95 % intervals by resampling people.
        wrong_pairs: ``left right score`` of the list's pairs judged wrongly.
    """

    accuracy_mean: float
    accuracy_stderr: float
    accuracy_fold_stderr: float | None
    threshold: float
    tar_at_far: Mapping[str, float]
    tar_at_far_stderr: Mapping[str, float]
    tar_at_far_interval: Mapping[str, tuple[float, float]]
    wrong_pairs: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredScorer:
    """Figures of one scorer and what they were made from.

    Attributes:
        figures: see there.
        accuracy_draws: ``(draws,)`` accuracy in each resample of the people.
        on_list: the list's pairs in its order, None without a list.
        everything: every pair of the chosen pictures, in the order of ``VerificationRun.all_rows``.
    """

    figures: VerificationFigures
    accuracy_draws: Float64Array
    on_list: ScoredPairs | None
    everything: ScoredPairs


class VerificationRun:
    """Pictures and their pairs, ready for several scorers.

    Args:
        faces: every picture of the people.
        pairs: the list that gives the accuracy; None takes every pair of pictures.
        bootstrap: resamples the people.

    Raises:
        NotEnoughDataError: if there is no pair of one person's pictures or of two people's.
    """

    def __init__(
        self, faces: PictureFaces, pairs: PairList | None = None, bootstrap: PersonBootstrap | None = None
    ) -> None:
        self.faces = faces
        self.pairs = pairs
        self.found = faces.rows.found
        self.everyone = faces.labelled
        self.bootstrap = bootstrap if bootstrap is not None else PersonBootstrap()
        self.chosen = _drawn_pictures(self.everyone)
        first, second = np.triu_indices(len(self.chosen), k=1)
        self.all_rows: Int64Array = np.column_stack([self.chosen[first], self.chosen[second]])
        people = self.everyone.person_index[self.all_rows]
        self.all_same: BoolArray = people[:, 0] == people[:, 1]
        if self.all_same.all() or (pairs is None and not self.all_same.any()):
            raise NotEnoughDataError(
                f"{len(faces)} pictures of {len(self.everyone.people)} people make no pairs of both kinds; give at "
                "least two people, one of them with two pictures."
            )
        seen = self.all_same[self.found[self.all_rows].all(axis=1)]
        if seen.all() or (pairs is None and not seen.any()):
            raise NotEnoughDataError(
                f"Faces were found in {int(self.found.sum())} of {len(faces)} pictures, which make no pairs of both "
                "kinds; give clearer pictures or more of them."
            )
        # Numbered anew, so that a resampling draws only from the people who are here.
        _, renumbered = np.unique(people, return_inverse=True)
        self._all_people: Int64Array = renumbered.reshape(people.shape).astype(np.int64)

    def score_all(self, score: PairScoring) -> ScoredPairs:
        """Return every pair of the chosen pictures; one without a face is never accepted."""
        raw = score_rows(self.everyone, self.all_rows, score)
        scores: Float32Array = np.where(self.found[self.all_rows].all(axis=1), raw, NO_FACE_SCORE).astype(np.float32)
        return ScoredPairs(scores, self.all_same, self._all_people)

    def measured(self, score: PairScoring, threshold: float) -> MeasuredScorer:
        """Return the figures of one scorer at a threshold fixed beforehand.

        Raises:
            InferenceError: if a feature is not finite.
        """
        everything = self.score_all(score)
        tars = tar_at_far(everything, tuple(FALSE_ACCEPT_RATES.values()))
        draws = self.bootstrap.tars(everything, tuple(tars)) if tars else np.zeros((self.bootstrap.draws, 0))
        genuine_people = len(np.unique(everything.people[everything.same, 0]))
        keys = [key for key, rate in FALSE_ACCEPT_RATES.items() if rate in tars]
        accuracy = self._on_list(score, threshold) if self.pairs is not None else self._on_all(everything, threshold)
        figures = VerificationFigures(
            accuracy.mean, spread(accuracy.draws), accuracy.fold_stderr, threshold,
            dict(zip(keys, tars.values(), strict=True)),
            {key: spread(draws[:, column]) for column, key in enumerate(keys)},
            {
                key: bounded_interval(tars[rate], genuine_people, draws[:, column])
                for column, (key, rate) in enumerate(zip(keys, tars, strict=True))
            },
            accuracy.wrong_pairs,
        )  # fmt: skip
        return MeasuredScorer(figures, accuracy.draws, accuracy.scored, everything)

    def list_rows(self) -> Int64Array:
        """Return ``(P, 2)`` rows of the list's pictures; zero pairs without a list."""
        if self.pairs is None:
            return np.zeros((0, 2), np.int64)
        rows = {name: row for row, name in enumerate(self.faces.pictures)}
        return np.array([[rows[pair.left], rows[pair.right]] for pair in self.pairs.pairs], np.int64)

    def _on_list(self, score: PairScoring, threshold: float) -> _Accuracy:
        assert self.pairs is not None  # noqa: S101 - only called with a list
        rows = self.list_rows()
        raw = score_rows(self.everyone, rows, score)
        scores = np.where(self.found[rows].all(axis=1), raw, np.float32(np.nan)).astype(np.float32)
        same = np.array([pair.same for pair in self.pairs.pairs], bool)
        scored = ScoredPairs(scores, same, self.everyone.person_index[rows])
        correct = correct_at(scored, threshold)
        folds = np.array([pair.fold for pair in self.pairs.pairs], np.int64)
        by_fold = np.array([correct[folds == fold].mean() for fold in range(self.pairs.folds)])
        several = self.pairs.folds > 1
        return _Accuracy(
            float(by_fold.mean()),
            self.bootstrap.accuracies(scored, correct),
            float(by_fold.std(ddof=1) / np.sqrt(self.pairs.folds)) if several else None,
            _wrong_pairs(self.pairs, scores, ~correct),
            scored,
        )

    def _on_all(self, everything: ScoredPairs, threshold: float) -> _Accuracy:
        # A missing face is wrong in either kind of pair, although such a pair is never accepted.
        correct = correct_at(everything, threshold) & (everything.scores > NO_FACE_SCORE)
        draws = balanced_accuracy_draws(everything, correct, self.bootstrap)
        return _Accuracy(balanced_accuracy(everything, correct), draws, None, (), None)


@dataclass(frozen=True, slots=True, eq=False)
class _Accuracy:
    mean: float
    draws: Float64Array
    fold_stderr: float | None
    wrong_pairs: tuple[str, ...]
    scored: ScoredPairs | None


def unsupported_rates(figures: VerificationFigures) -> tuple[str, ...]:
    """Return the false accept rates left out because too few impostor pairs lie beyond them."""
    return tuple(key for key in FALSE_ACCEPT_RATES if key not in figures.tar_at_far)


def support_note(unsupported: tuple[str, ...]) -> str:
    """Return why some rates are left out, empty if none is."""
    if not unsupported:
        return ""
    return f"not stated at FAR {', '.join(unsupported)}: fewer than {MIN_IMPOSTORS_BEYOND} impostor pairs lie beyond"


def _drawn_pictures(everyone: LabelledFeatures) -> Int64Array:
    """Return the rows whose pairs are all scored: every picture, or whole people drawn until there are enough."""
    if len(everyone) <= MAX_PICTURES_ALL_PAIRS:
        return np.arange(len(everyone), dtype=np.int64)
    order = np.random.default_rng(7).permutation(len(everyone.people))
    rows = everyone.rows_by_person()
    counts = np.cumsum([len(rows[person]) for person in order.tolist()])
    kept = order[: max(int(np.searchsorted(counts, MAX_PICTURES_ALL_PAIRS, side="right")), 1)]
    return np.sort(np.concatenate([rows[person] for person in kept.tolist()]))


def _wrong_pairs(pairs: PairList, scores: Float32Array, wrong: BoolArray) -> tuple[str, ...]:
    lines = []
    for row in np.nonzero(wrong)[0].tolist():
        pair = pairs.pairs[row]
        kind = "same person" if pair.same else "two people"
        score = "no face found" if np.isnan(scores[row]) else f"{scores[row]:.3f}"
        lines.append(f"{pair.left} {pair.right} ({kind}): {score}")
    return tuple(lines)
