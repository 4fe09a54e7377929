"""Everything that decides how the student is trained, in one frozen value."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of training at one picture size.

    Attributes:
        until_pictures: the stage ends when so many pictures have been seen in all.
        side_px: side of the pictures that the network sees.
    """

    until_pictures: int
    side_px: int


@dataclass(frozen=True, slots=True)
class Recipe:
    """The training plan. Counts are pictures seen, so that batch and machine do not matter.

    The learning rate rises, stays, and falls linearly to zero at the end ("warm-up, stable, decay"; Hu et al. 2024,
    arXiv:2404.06395, section 4): how long it stays can be decided while the training runs.

    With a weight for hints, pictures of 112 pixels are also judged by SFace as they are shown, changes included, and
    its inner maps are copied (``torch_hints``); at other sizes the maps do not fit. Some of them are then also turned
    to the side, darkened and badly placed (``torch_augmentation``), and real faces are drawn by their weights
    (``face_weights``).
    """

    stages: tuple[Stage, ...] = (Stage(563_808, 64), Stage(820_032, 80), Stage(1_830_048, 112))
    decay_from_pictures: int = 1_690_000
    warmup_pictures: int = 20_000
    batch: int = 96
    peak_rate: float = 1.2e-3
    weight_decay: float = 0.05
    gradient_limit: float = 5.0
    real_share: float = 0.35
    dlib_weight: float = 0.35
    relation_weight: float = 0.3
    hint_weight: float = 2.0
    average_decay: float = 0.999
    seed: int = 2026

    @property
    def total_pictures(self) -> int:
        """Pictures seen at the end of the last stage."""
        return self.stages[-1].until_pictures

    def side_px(self, seen: int) -> int:
        """Return the picture size after so many pictures."""
        for stage in self.stages:
            if seen < stage.until_pictures:
                return stage.side_px
        return self.stages[-1].side_px

    def learning_rate(self, seen: int, resumed_at: int = 0) -> float:
        """Return the rate after so many pictures; a run with a fresh optimiser warms up from where it resumed."""
        warm = min(1.0, (seen - resumed_at + self.batch) / max(self.warmup_pictures, 1))
        left = (self.total_pictures - seen) / max(self.total_pictures - self.decay_from_pictures, 1)
        return self.peak_rate * warm * min(1.0, max(left, 0.01))

    def steps_in_stage(self, seen: int) -> int:
        """Return how many steps lie between the beginning of the present stage and so many pictures seen."""
        begun = max((stage.until_pictures for stage in self.stages[:-1] if stage.until_pictures <= seen), default=0)
        return (seen - begun) // self.batch

    def averaging(self, steps: int) -> float:
        """Return how much of the running average stays after so many steps of a stage; it forgets faster at the start.

        Weights that were right for one picture size are of no use at another, so each stage averages anew.
        """
        return min(self.average_decay, (1 + steps) / (10 + steps))


def parse_stages(text: str) -> tuple[Stage, ...]:
    """Return the stages written as ``260000:64,340000:88``.

    Raises:
        ValueError: if the text is of another form or the counts do not rise.
    """
    stages = tuple(Stage(*(int(part) for part in item.split(":"))) for item in text.split(","))
    counts = [stage.until_pictures for stage in stages]
    if counts != sorted(set(counts)) or min(stage.side_px for stage in stages) < 32 or math.prod(counts) <= 0:
        msg = f"stages must rise and be at least 32 pixels wide, as in 260000:64,340000:112; not {text!r}"
        raise ValueError(msg)
    return stages
