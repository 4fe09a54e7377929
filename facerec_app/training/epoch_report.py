"""How a training run stands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EpochReport:
    """How a training run stands after an epoch.

    Attributes:
        epoch: from 1.
        epochs: at most.
        loss: on the epoch's training examples.
        validation_loss: balanced cross-entropy on pairs of the validation people, nats; with confirmed pairs, theirs
            is mixed in with the share that they have in training.
        validation_accuracy: share of the validation pairs told rightly, mean over both kinds, at the best threshold.
        seconds_left: estimate if no epoch is left out.
    """

    epoch: int
    epochs: int
    loss: float
    validation_loss: float
    validation_accuracy: float
    seconds_left: float
