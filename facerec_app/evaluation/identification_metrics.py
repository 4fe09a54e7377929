"""Misses of the enrolled at a stated rate of strangers named, and ranks, with errors by person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from facerec_app.evaluation.error_rates import RULE_OF_30, person_mean_draws, rate_interval
from facerec_app.evaluation.identification_protocol import RANKS_KEPT, OpenSetTrials
from facerec_app.training.verification_metrics import Float64Array, PersonBootstrap

FALSE_POSITIVE_RATES = {"10 %": 0.1, "1 %": 0.01, "0.1 %": 0.001}


@dataclass(frozen=True, slots=True)
class MissRate:
    """Misses at one false positive identification rate.

    Attributes:
        fpir: aimed at.
        threshold: score that a name needs for it.
        fnir: share of probes of enrolled people that are not named rightly at it.
        fnir_interval: 95 % by person, the threshold chosen anew in each resample.
        fnir_by_person: the same with every person weighing as much, however many pictures they have.
        strangers_beyond: different strangers among those named at it.
        enough: whether these reach the rule of 30.
    """

    fpir: float
    threshold: float
    fnir: float
    fnir_interval: tuple[float, float]
    fnir_by_person: float
    strangers_beyond: int
    enough: bool


@dataclass(frozen=True, slots=True)
class DecisionRates:
    """What the program itself would have said.

    Attributes:
        fpir: share of strangers named; with a 95 % interval by person.
        fnir: share of probes of enrolled people not named rightly; with a 95 % interval by person.
        wrong_name: share of probes of enrolled people given somebody else's name.
    """

    fpir: float
    fpir_interval: tuple[float, float]
    fnir: float
    fnir_interval: tuple[float, float]
    wrong_name: float


@dataclass(frozen=True, slots=True, eq=False)
class IdentificationFigures:
    """What is measured at one gallery size.

    Attributes:
        gallery_people: size.
        trials: asked by enrolled people and by strangers, all draws together.
        probe_people, stranger_people: different people among them.
        misses: by the name of the false positive rate.
        cmc: ``(20,)`` share of enrolled probes whose person is among the best k (closed set, no threshold).
        cmc_interval: of rank 1, 95 % by person.
        decision: of the program, None for scorers that it does not decide by.
        curve: FPIR and FNIR over thresholds, ``(T,)`` each.
    """

    gallery_people: int
    trials: tuple[int, int]
    probe_people: int
    stranger_people: int
    misses: Mapping[str, MissRate]
    cmc: Float64Array
    cmc_interval: tuple[float, float]
    decision: DecisionRates | None
    curve: tuple[Float64Array, Float64Array]


def identification_figures(
    trials: OpenSetTrials, gallery_people: int, *, decided: bool, bootstrap: PersonBootstrap | None = None
) -> IdentificationFigures:
    """Return the figures of all trials of one gallery size."""
    resampling = bootstrap if bootstrap is not None else PersonBootstrap()
    enrolled = trials.enrolled
    cmc = np.array([_within(trials, rank) for rank in range(1, RANKS_KEPT + 1)])
    # Numbered anew, so that a resampling draws only from the people who are here.
    _, person = np.unique(trials.person, return_inverse=True)
    right = trials.right[enrolled].astype(np.float64)
    first = person_mean_draws(right, person[enrolled], resampling)
    return IdentificationFigures(
        gallery_people,
        (int(enrolled.sum()), int((~enrolled).sum())),
        len(np.unique(trials.person[enrolled])),
        len(np.unique(trials.person[~enrolled])),
        _miss_rates(trials, resampling),
        cmc,
        rate_interval(right, person[enrolled], first),
        _decision_rates(trials, resampling) if decided else None,
        _curve(trials),
    )


def _within(trials: OpenSetTrials, rank: int) -> float:
    ranks = trials.mate_rank[trials.enrolled]
    return float(((ranks >= 1) & (ranks <= rank)).mean())


def stranger_threshold(scores: Float64Array, weights: Float64Array, rate: float) -> float:
    """Return the score above which at most that weighted share of strangers lie; a name needs more than it."""
    order = np.argsort(-scores, kind="stable")
    above = np.cumsum(weights[order])
    limit = min(int(np.searchsorted(above, rate * above[-1], side="right")), len(scores) - 1)
    return float(scores[order][limit])


def _miss_rates(trials: OpenSetTrials, bootstrap: PersonBootstrap) -> dict[str, MissRate]:
    people, person = np.unique(trials.person, return_inverse=True)
    enrolled = trials.enrolled
    best = trials.best.astype(np.float64)
    strangers, asking = best[~enrolled], best[enrolled]
    right = trials.right[enrolled]
    counts = bootstrap.counts(len(people)).astype(np.float64)
    order = np.argsort(-strangers, kind="stable")
    stranger_person, probe_person = person[~enrolled][order], person[enrolled]
    result = {}
    for name, rate in FALSE_POSITIVE_RATES.items():
        threshold = stranger_threshold(strangers, np.ones(len(strangers)), rate)
        missed = ~(right & (asking > threshold))
        draws = np.full(len(counts), np.nan)
        for draw, count in enumerate(counts):
            above = np.cumsum(count[stranger_person])
            weights = count[probe_person]
            if above[-1] > 0 and weights.sum() > 0:
                limit = min(int(np.searchsorted(above, rate * above[-1], side="right")), len(above) - 1)
                draws[draw] = np.average(~(right & (asking > strangers[order][limit])), weights=weights)
        by_person = np.bincount(probe_person, weights=missed) / np.maximum(np.bincount(probe_person), 1)
        beyond = len(np.unique(trials.person[~enrolled][strangers > threshold]))
        result[name] = MissRate(
            rate, threshold, float(missed.mean()), rate_interval(missed.astype(np.float64), probe_person, draws),
            float(by_person[np.unique(probe_person)].mean()), beyond, beyond >= RULE_OF_30,
        )  # fmt: skip
    return result


def _decision_rates(trials: OpenSetTrials, bootstrap: PersonBootstrap) -> DecisionRates:
    enrolled, named = trials.enrolled, trials.named
    missed = (~(named & trials.right))[enrolled].astype(np.float64)
    strangers = named[~enrolled].astype(np.float64)
    _, person = np.unique(trials.person, return_inverse=True)
    stranger_draws = person_mean_draws(strangers, person[~enrolled], bootstrap)
    missed_draws = person_mean_draws(missed, person[enrolled], bootstrap)
    return DecisionRates(
        float(strangers.mean()), rate_interval(strangers, person[~enrolled], stranger_draws),
        float(missed.mean()), rate_interval(missed, person[enrolled], missed_draws),
        float((named & ~trials.right)[enrolled].mean()),
    )  # fmt: skip


def _curve(trials: OpenSetTrials, points: int = 200) -> tuple[Float64Array, Float64Array]:
    strangers = np.sort(trials.best[~trials.enrolled].astype(np.float64))
    thresholds = strangers[np.unique(np.geomspace(1, len(strangers), points).astype(int))[::-1] * -1]
    right = np.where(trials.right, trials.best, -np.inf)[trials.enrolled].astype(np.float64)
    fpir = 1.0 - np.searchsorted(strangers, thresholds, side="right") / len(strangers)
    fnir = np.searchsorted(np.sort(right), thresholds, side="right") / len(right)
    return fpir, fnir


def repeated_misses(trials: OpenSetTrials, threshold: float) -> Sequence[tuple[int, int, float, int]]:
    """Return the probes missed at a threshold: picture row, share of draws missed, trial to show; worst first.

    Each entry is (picture row, times missed, share of its trials missed, row of the trial with the lowest score).
    """
    missed = trials.enrolled & ~(trials.right & (trials.best > threshold))
    result = []
    for picture in np.unique(trials.picture[missed]).tolist():
        rows = np.nonzero(missed & (trials.picture == picture))[0]
        asked = int((trials.enrolled & (trials.picture == picture)).sum())
        worst = int(rows[np.argmin(trials.best[rows])])
        result.append((int(picture), len(rows), len(rows) / asked, worst))
    return sorted(result, key=lambda entry: (-entry[2], -entry[1], entry[0]))


def named_strangers(trials: OpenSetTrials, threshold: float) -> Sequence[tuple[int, int, int]]:
    """Return the strangers who score above a threshold: picture row, times, row of the trial that scores highest.

    The highest scores come first. One that scores like a genuine probe is often the same person under another name.
    """
    named = ~trials.enrolled & (trials.best > threshold)
    result = []
    for picture in np.unique(trials.picture[named]).tolist():
        rows = np.nonzero(named & (trials.picture == picture))[0]
        result.append((int(picture), len(rows), int(rows[np.argmax(trials.best[rows])])))
    return sorted(result, key=lambda entry: (-float(trials.best[entry[2]]), entry[0]))
