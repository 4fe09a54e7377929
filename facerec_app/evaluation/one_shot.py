"""N-way one-shot trials: which of N people, known by one picture each, does a probe show?

Koch, Zemel and Salakhutdinov, "Siamese Neural Networks for One-shot Image Recognition", 2015, section 4.3, report them
for 20 characters of an alphabet; here the classes are people.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from facerec_app.core.errors import NotEnoughDataError, TrainingCancelledError
from facerec_app.core.types import BoolArray, Float32Array, Int64Array
from facerec_app.evaluation.error_rates import person_mean_draws, rate_interval
from facerec_app.evaluation.picture_faces import PictureFaces
from facerec_app.training.pair_sampling import PairScoring
from facerec_app.training.verification_metrics import PersonBootstrap


class CandidateScorer(Protocol):
    """Scores one probe face against N candidate faces, all given by their row among the pictures.

    ``FeatureCandidateScorer`` does it by features, ``training.siamese_conv_network.DescribedFaces`` by pixels.
    """

    def score_candidates(self, probe: int, candidates: Int64Array) -> Float32Array:
        """Return ``(N,)`` float32, higher is more alike."""
        ...


class FeatureCandidateScorer:
    """Scores by features, as the program does.

    Args:
        faces: the pictures.
        score: judges pairs of features.
    """

    def __init__(self, faces: PictureFaces, score: PairScoring) -> None:
        self._vectors = faces.rows.vectors
        self._score = score

    def score_candidates(self, probe: int, candidates: Int64Array) -> Float32Array:
        """Return ``(N,)`` float32 scores."""
        left = np.repeat(self._vectors[probe][None], len(candidates), axis=0)
        return self._score(left, self._vectors[candidates])


@dataclass(frozen=True, slots=True, eq=False)
class OneShotTrials:
    """Rows of pictures: ``probes (T,)`` and ``candidates (T, N)``; the first candidate is the probe's person."""

    probes: Int64Array
    candidates: Int64Array


@dataclass(frozen=True, slots=True, eq=False)
class OneShotFigures:
    """What is measured of one scorer.

    Attributes:
        accuracy: share of trials whose best candidate is the right one; a tie or a missing face is wrong.
        accuracy_interval: 95 % by the probe's person.
        right: ``(T,)`` bool.
    """

    accuracy: float
    accuracy_interval: tuple[float, float]
    right: BoolArray


def draw_one_shot_trials(faces: PictureFaces, ways: int, trials: int, seed: int) -> OneShotTrials:
    """Return trials; a probe's person is drawn from those with two pictures, each as likely, the others from all.

    Raises:
        NotEnoughDataError: if there are fewer than ``ways`` people or nobody has two pictures.
    """
    rows_of = faces.labelled.rows_by_person()
    several = np.array([person for person, rows in enumerate(rows_of) if len(rows) > 1], np.int64)
    if len(rows_of) < ways or not len(several):
        raise NotEnoughDataError(
            f"{ways}-way trials need {ways} people, one of them with two pictures; there are {len(rows_of)} people, "
            f"{len(several)} of them with two. Ask for fewer ways (--ways) or add people."
        )
    generator = np.random.default_rng([seed, ways])
    probes, candidates = np.empty(trials, np.int64), np.empty((trials, ways), np.int64)
    everybody = np.arange(len(rows_of))
    for trial in range(trials):
        person = int(generator.choice(several))
        probe, own = generator.choice(rows_of[person], 2, replace=False)
        others = generator.choice(np.delete(everybody, person), ways - 1, replace=False)
        probes[trial] = probe
        candidates[trial] = [own, *(int(generator.choice(rows_of[other])) for other in others.tolist())]
    return OneShotTrials(probes, candidates)


def run_one_shot(
    faces: PictureFaces,
    trials: OneShotTrials,
    scorer: CandidateScorer,
    *,
    on_trial: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> OneShotFigures:
    """Return how often the scorer finds the right one.

    Raises:
        TrainingCancelledError: if ``cancelled`` said so.
    """
    right = np.zeros(len(trials.probes), np.bool_)
    found = faces.rows.found
    for trial, probe in enumerate(trials.probes.tolist()):
        if cancelled():
            raise TrainingCancelledError("Stopped during the one-shot trials; nothing was written.")
        candidates = trials.candidates[trial]
        scores = np.where(found[candidates], scorer.score_candidates(probe, candidates), -np.inf)
        right[trial] = found[probe] and scores[0] > scores[1:].max()
        on_trial(trial + 1, len(trials.probes))
    _, person = np.unique(faces.labelled.person_index[trials.probes], return_inverse=True)
    found_right = right.astype(np.float64)
    draws = person_mean_draws(found_right, person, PersonBootstrap())
    return OneShotFigures(float(right.mean()), rate_interval(found_right, person, draws), right)
