"""How O-Net is tuned."""

from __future__ import annotations

from dataclasses import dataclass

from facerec_app.core.errors import ConfigError


@dataclass(frozen=True, slots=True)
class DetectorTuningOptions:
    """Settings of one tuning.

    Attributes:
        epochs: at most so many.
        batch: windows in a step.
        learning_rate: of Adam.
        start_pull: weight of the squared distance to the weights it starts from (Li et al., "Explicit Inductive Bias
            for Transfer Learning with Convolutional Networks", ICML 2018): a few corrections must not undo what a
            large data set taught.
        patience: epochs without a better validation loss after which it ends.
        held_out: share of the pictures that judges and is never learnt from.
        seed: of everything random.
    """

    epochs: int = 12
    batch: int = 256
    learning_rate: float = 3e-4
    start_pull: float = 0.01
    patience: int = 3
    held_out: float = 0.3
    seed: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.epochs <= 1000 or not 8 <= self.batch <= 8192:
            raise ConfigError("Choose 1 to 1000 epochs and 8 to 8192 windows in a step.")
        if not 0 < self.learning_rate <= 0.1 or not 0 <= self.start_pull <= 10:
            raise ConfigError("Choose a learning rate above 0 and up to 0.1, and a pull to the start of 0 to 10.")
        if not 0.1 <= self.held_out <= 0.9:
            raise ConfigError(f"The held-out share is {self.held_out:g}; choose between 0.1 and 0.9.")
