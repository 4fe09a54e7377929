"""What a training run leaves, whatever its objective."""

from __future__ import annotations

from dataclasses import dataclass

from facerec_app.similarity.similarity_weights import SimilarityWeights


@dataclass(frozen=True, slots=True, eq=False)
class TrainedSimilarity:
    """The weights of a run's best epoch and how the run went.

    Attributes:
        weights: ready to score with.
        best_epoch: 0 is the start itself, which no epoch improved on.
        validation_losses: after each epoch, the start's first; lower is better.
    """

    weights: SimilarityWeights
    best_epoch: int
    validation_losses: tuple[float, ...]
