"""What a training of the similarity network can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from facerec_app.core.errors import ConfigError
from facerec_app.similarity.similarity_weights import HiddenActivation

SimilarityForm = Literal["dense", "distance", "distance+dense"]


@dataclass(frozen=True, slots=True)
class SimilarityOptions:
    """Options of one training run; the defaults need no changing.

    Attributes:
        form: ``dense`` (learnt from nothing), ``distance`` (calibrated squared distance alone) or ``distance+dense``
            (the distance plus a dense correction whose last layer starts at zero).
        hidden_sizes: outputs of the hidden dense layers.
        dropout: share dropped after each hidden layer, zero for none; same length as ``hidden_sizes``.
        hidden_activation: ``none`` as in the original (then the layers multiply out to one) or ``relu``.
        normalise: features by their mean and standard deviation on the training faces, back to unit length.
        epochs: at most.
        patience: epochs without a better validation loss after which training ends.
        batch: pairs in a step.
        learning_rate: of the optimiser.
        optimiser: ``adam`` or ``sgd`` (momentum 0.9).
        weight_decay: L2 penalty on the kernels.
        negative_ratio: impostor pairs for each genuine pair.
        hard_share: share of the impostor pairs that are the hardest under the present network.
        pairs_per_person: cap on genuine pairs of one person.
        seed: of everything random.
    """

    form: SimilarityForm = "distance+dense"
    hidden_sizes: tuple[int, ...] = (512, 256, 32)
    dropout: tuple[float, ...] = (0.5, 0.3, 0.0)
    hidden_activation: HiddenActivation = "relu"
    normalise: bool = True
    epochs: int = 30
    patience: int = 6
    batch: int = 256
    learning_rate: float = 3e-4
    optimiser: Literal["adam", "sgd"] = "adam"
    weight_decay: float = 1e-5
    negative_ratio: float = 1.5
    hard_share: float = 1 / 3
    pairs_per_person: int = 30
    seed: int = 20

    def __post_init__(self) -> None:
        """Refuse values that cannot be meant.

        Raises:
            ConfigError: names the option and what it may be.
        """
        if len(self.hidden_sizes) != len(self.dropout):
            raise ConfigError("Give one dropout share for each hidden layer.")
        if not all(1 <= size <= 4096 for size in self.hidden_sizes):
            raise ConfigError(f"Hidden sizes are {self.hidden_sizes}; choose each between 1 and 4096.")
        shares = {"dropout": self.dropout, "hard share": (self.hard_share,)}
        for name, values in shares.items():
            if not all(0.0 <= value < 1.0 for value in values):
                raise ConfigError(f"The {name} is {values}; choose between 0 and 1.")
        positive = {
            "epochs": self.epochs, "patience": self.patience, "batch": self.batch,
            "learning rate": self.learning_rate, "negative ratio": self.negative_ratio,
            "pairs per person": self.pairs_per_person,
        }  # fmt: skip
        for name, value in positive.items():
            if not value > 0:
                raise ConfigError(f"The {name} is {value}; choose a number above 0.")
