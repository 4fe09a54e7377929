"""What may be said about pairs of faces, and how much it counts."""

from __future__ import annotations

import numpy as np
import pytest

from facerec_app.core.errors import TrainingError
from facerec_app.training.confirmed_pairs import ConfirmedPairs


@pytest.mark.parametrize(
    ("rows", "same", "weight"),
    [
        ([[1, 1]], [True], 5.0),
        ([[-1, 1]], [True], 5.0),
        ([[0, 1]], [True, False], 5.0),
        ([[0, 1]], [True], 0.0),
        ([[0, 1]], [True], float("nan")),
    ],
)
def test_pairs_that_cannot_be_meant_are_refused(rows: list[list[int]], same: list[bool], weight: float) -> None:
    with pytest.raises(TrainingError):
        ConfirmedPairs(np.array(rows), np.array(same), weight)


def test_a_heavy_pair_is_repeated_and_keeps_its_weight() -> None:
    pairs = ConfirmedPairs(np.array([[0, 1], [2, 3]]), np.array([True, False]), weight=2.5)
    assert pairs.repeats == 3
    assert pairs.repeats * pairs.weight_each_time == pytest.approx(2.5)
    assert pairs.share_among(5) == pytest.approx(0.5)


def test_a_face_that_is_not_there_is_named() -> None:
    pairs = ConfirmedPairs(np.array([[0, 7]]), np.array([True]))
    pairs.require_rows_below(8)
    with pytest.raises(TrainingError, match="face 7 of 7"):
        pairs.require_rows_below(7)
