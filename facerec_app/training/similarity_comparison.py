"""Which form of the similarity network is good enough to be used: measured beside plain cosine on other people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from facerec_app.similarity.cosine_scorer import CosineScorer
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.similarity.similarity_weights import SimilarityWeights
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.pair_sampling import (
    PairScoring,
    genuine_pairs,
    random_impostor_pairs,
    score_rows,
)
from facerec_app.training.verification_metrics import (
    PersonBootstrap,
    ScoredPairs,
    all_pairs,
    bagged_threshold,
    cllr,
    correct_at,
    interval,
    tar_at_far,
)

FALSE_ACCEPT_RATES = (1e-1, 1e-2, 1e-3, 1e-4)
_IMPOSTORS_PER_GENUINE = 20
_PAIRS_PER_PERSON = 5


@dataclass(frozen=True, slots=True)
class FormReport:
    """One scorer on people it has not seen.

    Attributes:
        accuracy: balanced, on drawn pairs (a cap per person), threshold chosen on other people.
        accuracy_minus_cosine: the same minus cosine's.
        difference_interval: 2.5 and 97.5 % points of that difference over resampled people.
        tar: true accept rate by false accept rate over all pairs of the people.
        cllr: cost of its log odds as log-likelihood ratios, bits; None for cosine, which has none.
        threshold: log odds (or cosine) chosen on the other people.
    """

    accuracy: float
    accuracy_minus_cosine: float
    difference_interval: tuple[float, float]
    tar: Mapping[str, float]
    cllr: float | None
    threshold: float


def drawn_pairs(features: LabelledFeatures, score: PairScoring, seed: int) -> ScoredPairs:
    """Return scored genuine pairs, capped per person, and 20 times as many random impostor pairs."""
    generator = np.random.default_rng(seed)
    genuine = genuine_pairs(features, _PAIRS_PER_PERSON, generator)
    impostor = random_impostor_pairs(features, max(_IMPOSTORS_PER_GENUINE * len(genuine), 1), generator)
    pairs = np.concatenate([genuine, impostor])
    same = np.arange(len(pairs)) < len(genuine)
    return ScoredPairs(score_rows(features, pairs, score), same, features.person_index[pairs])


def compare_forms(
    networks: Mapping[str, SimilarityWeights],
    threshold_people: LabelledFeatures,
    judging_people: LabelledFeatures,
    *,
    seed: int = 3,
) -> dict[str, FormReport]:
    """Return a report for cosine and each network: thresholds from one group of people, figures from the other."""
    scorings: dict[str, PairScoring] = {"cosine": CosineScorer(middle=0.0, slope=1.0).log_odds}
    scorings |= {name: SimilarityNetwork(weights).log_odds for name, weights in networks.items()}
    bootstrap = PersonBootstrap()
    reports: dict[str, FormReport] = {}
    cosine_draws = np.zeros(bootstrap.draws)
    cosine_accuracy = 0.0
    for name, score in scorings.items():
        threshold = bagged_threshold(drawn_pairs(threshold_people, score, seed), PersonBootstrap(100))
        pairs = drawn_pairs(judging_people, score, seed)
        correct = correct_at(pairs, threshold)
        accuracy = 0.5 * float(correct[pairs.same].mean() + correct[~pairs.same].mean())
        draws = bootstrap.accuracies(pairs, correct)
        if name == "cosine":
            cosine_draws, cosine_accuracy = draws, accuracy
        difference = interval(draws - cosine_draws)
        everything = all_pairs(judging_people, score)
        rates = {f"{rate:g}": value for rate, value in tar_at_far(everything, FALSE_ACCEPT_RATES).items()}
        cost = None if name == "cosine" else cllr(pairs)
        reports[name] = FormReport(accuracy, accuracy - cosine_accuracy, difference, rates, cost, threshold)
    return reports


def loss_difference(
    first: SimilarityWeights, second: SimilarityWeights, people: LabelledFeatures, seed: int
) -> tuple[float, float]:
    """Return the 2.5 and 97.5 % points of the balanced cross-entropy of ``first`` minus ``second``, by person."""
    scored = [drawn_pairs(people, SimilarityNetwork(weights).log_odds, seed) for weights in (first, second)]
    losses = [np.logaddexp(0.0, np.where(pairs.same, -pairs.scores, pairs.scores)) for pairs in scored]
    return interval(PersonBootstrap().means(scored[0], losses[0] - losses[1]))
