"""What people have said about pairs of enrolled faces: the same person, or not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facerec_app.core.errors import TrainingError
from facerec_app.core.types import BoolArray, Int64Array

MAX_WEIGHT = 1000.0
_MOST_SHARE = 1.0 / 3.0
"""Of the loss that all answers may have together: hundreds of heavy ones would drown what holds for everybody else
(docs/judging.md has the figures)."""


def answer_weight(wanted: float, answers: int, ordinary: float) -> float:
    """Return how many ordinary examples one answer counts for: what is wanted, less where there are very many.

    Args:
        wanted: for a few answers.
        answers: number of them.
        ordinary: number of ordinary examples beside them.
    """
    if not answers:
        return wanted
    return min(wanted, ordinary * _MOST_SHARE / (1.0 - _MOST_SHARE) / answers)


@dataclass(frozen=True, slots=True, eq=False)
class ConfirmedPairs:
    """Pairs of faces whose answer somebody has given by hand; every epoch of a training sees all of them.

    Attributes:
        rows: ``(P, 2)`` int64, rows of the training features.
        same: ``(P,)`` bool, whether both faces are one person's.
        weight: how many ordinary pairs one of these counts for.
    """

    rows: Int64Array
    same: BoolArray
    weight: float = 20.0

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            TrainingError: if the shapes do not fit, a face is paired with itself or the weight is out of range.
        """
        if self.rows.ndim != 2 or self.rows.shape[1] != 2 or self.same.shape != (len(self.rows),):
            raise TrainingError(
                f"Confirmed pairs are two rows and one answer each; given were rows of shape {self.rows.shape} and "
                f"answers of shape {self.same.shape}."
            )
        if (self.rows[:, 0] == self.rows[:, 1]).any() or (self.rows < 0).any():
            raise TrainingError("A confirmed pair names the same face twice or no face; take that correction back.")
        if not 0.0 < self.weight <= MAX_WEIGHT:
            raise TrainingError(f"The weight of confirmed pairs is {self.weight}; choose up to {MAX_WEIGHT:g}.")

    def __len__(self) -> int:
        return int(self.rows.shape[0])

    def require_rows_below(self, faces: int) -> None:
        """Raise ``TrainingError`` if a pair names a face that is not among the ``faces`` trained on."""
        if len(self) and int(self.rows.max()) >= faces:
            raise TrainingError(
                f"A confirmed pair names face {int(self.rows.max())} of {faces}: it is of another gallery."
            )

    @property
    def repeats(self) -> int:
        """How often a pair is put among an epoch's: a heavy pair is spread over the steps, not all in one."""
        return int(np.ceil(self.weight))

    @property
    def weight_each_time(self) -> float:
        """Weight of one of these repeats, at most 1."""
        return self.weight / self.repeats

    def share_among(self, ordinary_pairs: int) -> float:
        """Return the share, 0..1, of the training loss that these pairs have beside so many ordinary ones."""
        own = self.weight * len(self)
        return own / max(own + ordinary_pairs, 1e-12)
