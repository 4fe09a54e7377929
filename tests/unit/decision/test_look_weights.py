"""How much each of several looks counts."""

from __future__ import annotations

import numpy as np
import pytest

from facerec_app.core.types import Verdict
from facerec_app.decision.look_weights import look_weights
from facerec_app.decision.track_votes import TrackVotes
from tests.unit.decision.decision_material import calibration, look


def weights_of(qualities: list[float], norms: list[float]) -> np.ndarray:
    return look_weights(np.array(qualities, np.float32), np.array(norms, np.float32))


def test_looks_that_the_network_is_as_sure_of_count_as_their_quality() -> None:
    np.testing.assert_allclose(weights_of([0.2, 0.8, 0.5], [3.0, 3.0, 3.0]), [0.2, 0.8, 0.5], rtol=1e-6)


def test_a_look_that_the_network_is_less_sure_of_counts_less_than_its_quality_says() -> None:
    weights = weights_of([0.2, 0.2], [10.0, 8.0])
    assert weights[1] < 0.1 * weights[0]


def test_sureness_moves_weight_between_looks_and_adds_none() -> None:
    assert weights_of([0.3, 0.7, 0.1], [8.0, 9.0, 12.0]).sum() == pytest.approx(1.1, rel=1e-6)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_a_networks_own_scale_of_lengths_does_not_matter(scale: float) -> None:
    weights = weights_of([0.3, 0.7, 0.1], [8.0 * scale, 9.0 * scale, 12.0 * scale])
    np.testing.assert_allclose(weights, weights_of([0.3, 0.7, 0.1], [8.0, 9.0, 12.0]), rtol=1e-4)


def test_no_looks_have_no_weights_and_a_look_without_quality_has_a_little() -> None:
    assert weights_of([], []).shape == (0,)
    assert weights_of([0.0], [2.0])[0] == pytest.approx(0.01)


def test_a_name_comes_from_the_looks_that_the_network_is_sure_of() -> None:
    """Two looks at a covered face, whose size and view are as good as the others', do not keep the name away."""
    decisions = {}
    for sureness in (1.0, 0.6):
        votes = TrackVotes(calibration())
        for number, (scores, norm) in enumerate(
            ((look(ann=7.0), 1.0), (look(ann=-6.0), sureness), (look(ann=7.0), 1.0), (look(ann=-6.0), sureness))
        ):
            votes.add(1, scores, 0.8, 0.1 * number, norm=norm)
        decisions[sureness] = votes.decide(np.array([1]))[0].verdict
    assert decisions == {1.0: Verdict.UNKNOWN, 0.6: Verdict.KNOWN}
