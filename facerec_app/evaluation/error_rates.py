"""False match and false non-match rates over all thresholds, and how far the data supports them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from facerec_app.core.types import BoolArray, Int64Array
from facerec_app.training.verification_metrics import Float64Array, PersonBootstrap, ScoredPairs, interval

RULE_OF_30 = 30
"""Errors that must be seen for the true rate to lie within 30 % of the measured one with 90 % confidence, if they are
independent (Doddington et al., "The NIST speaker recognition evaluation", Speech Communication 31, 2000)."""


@dataclass(frozen=True, slots=True, eq=False)
class ErrorCurves:
    """Both error rates at each threshold, ``(T,)`` float64 each; a pair is accepted from the threshold on.

    Attributes:
        thresholds: rising.
        fmr: share of impostor pairs accepted (false match rate).
        fnmr: share of genuine pairs rejected (false non-match rate).
    """

    thresholds: Float64Array
    fmr: Float64Array
    fnmr: Float64Array

    @property
    def equal_error_rate(self) -> float:
        """The rate at which both are nearest, their mean there."""
        row = int(np.argmin(np.abs(self.fmr - self.fnmr)))
        return float(0.5 * (self.fmr[row] + self.fnmr[row]))


def error_curves(pairs: ScoredPairs, points: int = 400) -> ErrorCurves:
    """Return both rates at thresholds that follow the curves closely where they matter.

    Thresholds are genuine scores at even ranks and impostor scores at ranks that grow geometrically from the highest
    down, so that each decade of the false match rate gets as many points. Missing faces (minus infinity or -1e9) only
    count in the rates.
    """
    genuine, impostor = np.sort(pairs.scores[pairs.same]), np.sort(pairs.scores[~pairs.same])
    ranks = np.unique(np.geomspace(1, max(len(impostor), 1), points).astype(int)) - 1
    chosen = [impostor[::-1][ranks[ranks < len(impostor)]]]
    chosen.append(genuine[np.unique(np.linspace(0, max(len(genuine) - 1, 0), points).astype(int))[: len(genuine)]])
    thresholds = np.unique(np.concatenate(chosen).astype(np.float64))
    thresholds = thresholds[thresholds > -1e8]
    if len(thresholds):
        thresholds = np.append(thresholds, np.nextafter(thresholds[-1], np.inf))
    fmr = 1.0 - np.searchsorted(impostor, thresholds, side="left") / max(len(impostor), 1)
    fnmr = np.searchsorted(genuine, thresholds, side="left") / max(len(genuine), 1)
    return ErrorCurves(thresholds, fmr, fnmr)


def rates_at(pairs: ScoredPairs, threshold: float) -> tuple[float, float]:
    """Return false match rate and false non-match rate at one threshold; NaN where there are no such pairs."""
    accepted = pairs.scores >= threshold
    impostor, genuine = accepted[~pairs.same], accepted[pairs.same]
    fmr = float(impostor.mean()) if len(impostor) else float("nan")
    return fmr, 1.0 - float(genuine.mean()) if len(genuine) else float("nan")


def fnmr_by_person(pairs: ScoredPairs, threshold: float) -> float:
    """Return the mean over people of the share of their genuine pairs rejected; NaN without any.

    Pairs grow with the square of a person's pictures, so a plain mean is that of the few people with most of them.
    """
    rejected = (pairs.scores < threshold)[pairs.same].astype(np.float64)
    if not len(rejected):
        return float("nan")
    _, person = np.unique(pairs.people[pairs.same, 0], return_inverse=True)
    return float((np.bincount(person, weights=rejected) / np.bincount(person)).mean())


@dataclass(frozen=True, slots=True)
class RateSupport:
    """How many independent impostors a false accept rate rests on.

    Attributes:
        pairs: impostor pairs of pictures beyond the threshold.
        people_pairs: pairs of people among them; pairs of pictures of the same two people say the same thing again.
        enough: whether ``people_pairs`` reaches the rule of 30.
    """

    pairs: int
    people_pairs: int
    enough: bool


def rate_support(pairs: ScoredPairs, rates: Mapping[str, float]) -> dict[str, RateSupport]:
    """Return for each named false accept rate what lies beyond its threshold."""
    rows = np.nonzero(~pairs.same)[0]
    ordered = rows[np.argsort(-pairs.scores[rows], kind="stable")]
    people = np.sort(pairs.people[ordered], axis=1)
    keys = people[:, 0] * (int(people.max()) + 1 if len(people) else 1) + people[:, 1]
    result = {}
    for name, rate in rates.items():
        beyond = int(rate * len(rows))
        distinct = len(np.unique(keys[:beyond]))
        result[name] = RateSupport(beyond, distinct, distinct >= RULE_OF_30)
    return result


def balanced_accuracy(pairs: ScoredPairs, correct: BoolArray) -> float:
    """Return the mean of the shares of genuine and of impostor pairs that were judged rightly."""
    return 0.5 * float(correct[pairs.same].mean() + correct[~pairs.same].mean())


def balanced_accuracy_draws(pairs: ScoredPairs, correct: BoolArray, bootstrap: PersonBootstrap) -> Float64Array:
    """Return ``(draws,)`` the balanced accuracy of each resample of the people.

    As ``PersonBootstrap.accuracies``, but the weights are summed over pairs of people first, so that a million pairs
    of pictures cost no more than the square of the number of people.
    """
    people = int(pairs.people.max()) + 1
    impostor = _counted(pairs.people[~pairs.same], people)
    impostor_wrong = _counted(pairs.people[~pairs.same & ~correct], people)
    genuine = np.bincount(pairs.people[pairs.same, 0], minlength=people).astype(np.float64)
    genuine_wrong = np.bincount(pairs.people[pairs.same & ~correct, 0], minlength=people).astype(np.float64)
    counts = bootstrap.counts(people).astype(np.float64)
    wrong = _quotient(np.einsum("di,di->d", counts @ impostor_wrong, counts),
                      np.einsum("di,di->d", counts @ impostor, counts))  # fmt: skip
    return 1.0 - 0.5 * (wrong + _quotient(counts @ genuine_wrong, counts @ genuine))


def person_mean_draws(
    values: Float64Array, person: Int64Array, bootstrap: PersonBootstrap, people: int | None = None
) -> Float64Array:
    """Return ``(draws,)`` the mean of a value of many trials, when the trials' people are resampled.

    Args:
        values: ``(M,)`` of the trials.
        person: ``(M,)`` whose trial each is.
        bootstrap: draws the people.
        people: number of people that are drawn from; by default the highest index plus one.
    """
    count = people if people is not None else int(person.max()) + 1
    counts = bootstrap.counts(count).astype(np.float64)
    sums = np.bincount(person, weights=values, minlength=count)
    trials = np.bincount(person, minlength=count).astype(np.float64)
    return _quotient(counts @ sums, counts @ trials)


def rate_interval(happened: Float64Array, person: Int64Array, draws: Float64Array) -> tuple[float, float]:
    """Return the 95 % interval of a rate; where nothing happened, or always, up to what that still allows.

    Args:
        happened: ``(M,)`` 0 or 1 for each trial.
        person: ``(M,)`` whose trial each is.
        draws: the bootstrap of the rate.
    """
    return bounded_interval(float(happened.mean()) if len(happened) else 0.0, len(np.unique(person)), draws)


def bounded_interval(share: float, people: int, draws: Float64Array) -> tuple[float, float]:
    """Return the 95 % interval of a share by its bootstrap; at 0 and 1, up to what that still allows.

    A bootstrap of zeros knows only zero. With none in n independent trials the true rate is below
    ``1 - 0.05^(1/n)`` with 95 % confidence (the "rule of three", Hanley and Lippman-Hand, JAMA 249, 1983); n is the
    number of people.

    Args:
        share: as measured.
        people: whose trials these are.
        draws: the bootstrap of the share.
    """
    limit = 1.0 - 0.05 ** (1.0 / max(people, 1))
    if share <= 0.0:
        return 0.0, limit
    return (1.0 - limit, 1.0) if share >= 1.0 else interval(draws)


def _counted(people: Int64Array, size: int) -> Float64Array:
    flat = np.bincount(people[:, 0] * size + people[:, 1], minlength=size * size)
    return flat.reshape(size, size).astype(np.float64)


def _quotient(above: Float64Array, below: Float64Array) -> Float64Array:
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)


def false_accept_rates(rates: Sequence[float]) -> dict[str, float]:
    """Return rates by the names under which reports state them, such as ``1e-3``."""
    return {f"1e{round(np.log10(rate))}": rate for rate in rates}
