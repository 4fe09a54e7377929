"""How the extractor is fine-tuned on somebody's own people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from facerec_app.core.errors import ConfigError

TrainedLayers = Literal["block", "projection"]


@dataclass(frozen=True, slots=True)
class FinetuningOptions:
    """Settings of one fine-tuning; the defaults were chosen on people whom the network never saw.

    Attributes:
        epochs: passes over the anchor-positive pairs.
        batch: triplets in a step.
        learning_rate: of Adam.
        margin: by which a negative's squared distance has to be larger than the positive's.
        stay: weight of 1 - cosine to what the network said before.
        share: of the way from the old weights to the trained ones that is gone in the end (Wortsman et al., "Robust
            fine-tuning of zero-shot models", CVPR 2022, section 3, calls it alpha): what was known of others stays.
        pairs_per_person: most anchor-positive pairs of a person in an epoch, so that nobody decides everything.
        layers: ``block``, the last block and the projection, or ``projection`` alone.
        seed: of everything drawn.
    """

    epochs: int = 8
    batch: int = 32
    learning_rate: float = 1e-4
    margin: float = 0.2
    stay: float = 0.5
    share: float = 0.5
    pairs_per_person: int = 30
    layers: TrainedLayers = "block"
    seed: int = 20

    def __post_init__(self) -> None:
        if not 1 <= self.epochs <= 1000 or not 1 <= self.batch <= 1024:
            raise ConfigError("Choose 1 to 1000 epochs and 1 to 1024 triplets in a step.")
        if not 0 < self.learning_rate <= 0.1 or not 0 <= self.stay <= 1000:
            raise ConfigError("Choose a learning rate above 0 and up to 0.1, and a weight of staying of 0 to 1000.")
        if not 0 < self.margin <= 2 or not 0 < self.share <= 1:
            raise ConfigError("Choose a margin above 0 and up to 2, and a share above 0 and up to 1.")
        if self.pairs_per_person < 1 or self.seed < 0:
            raise ConfigError("Choose 1 or more pairs of a person, and a seed of 0 or more.")
