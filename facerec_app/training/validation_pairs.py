"""The pairs of other people that choose the epoch of a training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facerec_app.core.types import Int64Array
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.similarity.similarity_weights import SimilarityWeights
from facerec_app.training.confirmed_pairs import ConfirmedPairs
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.logistic_regression import Float64Array, log_loss
from facerec_app.training.pair_sampling import PairScoring, genuine_pairs, random_impostor_pairs, score_rows
from facerec_app.training.triplet_sampling import Triplets

_IMPOSTORS = 60_000


@dataclass(frozen=True, slots=True, eq=False)
class ConfirmedAmongTraining:
    """Confirmed pairs with the faces they are rows of.

    Attributes:
        features: the training faces.
        pairs: what was said of them.
        share: 0..1, of the training loss that the pairs have; the same in the loss that chooses the epoch.
    """

    features: LabelledFeatures
    pairs: ConfirmedPairs
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class LikenessAmongTraining:
    """Triplets given by hand with the faces they are rows of.

    Attributes:
        features: the training faces.
        triplets: of which the first face is to be more like the second than like the third.
        share: 0..1, of the training loss that the triplets have; the same in the loss that chooses the epoch.
    """

    features: LabelledFeatures
    triplets: Triplets
    share: float

    def loss(self, score: PairScoring) -> float:
        """Return the mean of ``log(1 + exp(s(first, third) - s(first, second)))``, nats (RankNet: Burges et al.,
        "Learning to Rank using Gradient Descent", ICML 2005, section 3)."""
        rows = self.triplets.rows
        nearer = score_rows(self.features, rows[:, [0, 1]], score).astype(np.float64)
        farther = score_rows(self.features, rows[:, [0, 2]], score).astype(np.float64)
        return float(np.logaddexp(0.0, farther - nearer).mean())


@dataclass(frozen=True, slots=True, eq=False)
class ValidationPairs:
    """Genuine and impostor pairs of the validation people, the same for every epoch.

    Attributes:
        features: of the validation people.
        pairs: ``(P, 2)`` int64 rows of them, genuine ones first.
        genuine: number of genuine pairs.
        confirmed: mixed into the loss, if there are any.
        likeness: the same.
    """

    features: LabelledFeatures
    pairs: Int64Array
    genuine: int
    confirmed: ConfirmedAmongTraining | None = None
    likeness: LikenessAmongTraining | None = None

    @staticmethod
    def drawn(
        features: LabelledFeatures,
        pairs_per_person: int,
        generator: np.random.Generator,
        confirmed: ConfirmedAmongTraining | None = None,
        likeness: LikenessAmongTraining | None = None,
    ) -> ValidationPairs:
        """Return genuine pairs up to a cap per person and many random impostor pairs.

        Raises:
            NotEnoughDataError: if there is only one person.
        """
        genuine = genuine_pairs(features, pairs_per_person, generator)
        impostor = random_impostor_pairs(features, _IMPOSTORS, generator)
        return ValidationPairs(features, np.concatenate([genuine, impostor]), len(genuine), confirmed, likeness)

    def loss(self, weights: SimilarityWeights) -> float:
        """Return the cross-entropy in nats, both kinds of pairs weighing the same in total."""
        return self.judge(weights)[0]

    def judge(self, weights: SimilarityWeights) -> tuple[float, float]:
        """Return the loss, and the accuracy: mean over both kinds of pairs, at the threshold that is best for it."""
        score = SimilarityNetwork(weights).log_odds
        log_odds = score_rows(self.features, self.pairs, score).astype(np.float64)
        same = np.arange(len(self.pairs)) < self.genuine
        balance = np.where(same, 0.5 / max(self.genuine, 1), 0.5 / (len(self.pairs) - self.genuine))
        ordinary = log_loss(log_odds, same, balance)
        accuracy = _best_accuracy(log_odds[same], log_odds[~same])
        loss = ordinary
        if self.confirmed is not None:
            said = self.confirmed.pairs
            answered = score_rows(self.confirmed.features, said.rows, score).astype(np.float64)
            on_confirmed = log_loss(answered, said.same, np.ones(len(said)))
            loss = (1.0 - self.confirmed.share) * loss + self.confirmed.share * on_confirmed
        if self.likeness is not None:
            loss = (1.0 - self.likeness.share) * loss + self.likeness.share * self.likeness.loss(score)
        return loss, accuracy


def _best_accuracy(own: Float64Array, others: Float64Array) -> float:
    if not len(own):
        return 1.0
    below = np.sort(own)
    falsely_accepted = 1.0 - np.searchsorted(np.sort(others), below, side="left") / len(others)
    missed = np.arange(len(below)) / len(below)
    return float(1.0 - 0.5 * (falsely_accepted + missed).min())
