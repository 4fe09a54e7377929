"""What a training of the small convolutional twin network can be told."""

from __future__ import annotations

from dataclasses import dataclass

from facerec_app.core.errors import ConfigError

KERNELS_PX = (10, 7, 4, 4)
"""Sides of the four convolutions; a 2x2 maximum follows the first three (Koch et al. 2015, figure 4)."""
SMALLEST_INPUT_PX = 65
"""Below this the last convolution has nothing left to look at."""


@dataclass(frozen=True, slots=True)
class SiameseConvOptions:
    """Options of one training run; the defaults are the paper's network at a size that two cores can train.

    The paper's own sizes are ``input_px=105``, ``filters=(64, 128, 128, 256)`` and ``dense=4096``.

    Attributes:
        input_px: side of the grey pictures.
        filters: of the four convolutions.
        dense: values that describe a picture.
        l2: penalty on the squared weights, by layer: four convolutions, dense, output.
        pairs: in an epoch, half of them of one person.
        epochs: at most.
        patience: epochs without a better validation loss after which training ends.
        batch: pairs in a step.
        learning_rate: of Adam.
        shift_px: pictures are moved by up to this and mirrored at random.
        seed: of everything random.
    """

    input_px: int = 73
    filters: tuple[int, int, int, int] = (32, 64, 64, 128)
    dense: int = 1024
    l2: tuple[float, float, float, float, float, float] = (2e-4, 2e-4, 2e-4, 2e-4, 1e-4, 1e-4)
    pairs: int = 4096
    epochs: int = 20
    patience: int = 5
    batch: int = 64
    learning_rate: float = 3e-4
    shift_px: int = 2
    seed: int = 20

    def __post_init__(self) -> None:
        """Refuse values that cannot be meant.

        Raises:
            ConfigError: names the option and what it may be.
        """
        if not SMALLEST_INPUT_PX <= self.input_px <= 256:
            raise ConfigError(f"The twin network takes {SMALLEST_INPUT_PX} to 256 px, not {self.input_px}.")
        if min(self.l2) < 0 or self.shift_px < 0:
            raise ConfigError("L2 weights and the shift are 0 or more.")
        positive = {
            "dense size": self.dense, "filters": min(self.filters), "pairs": self.pairs, "epochs": self.epochs,
            "patience": self.patience, "batch": self.batch, "learning rate": self.learning_rate,
        }  # fmt: skip
        for name, value in positive.items():
            if not value > 0:
                raise ConfigError(f"The {name} is {value}; choose a number above 0.")
