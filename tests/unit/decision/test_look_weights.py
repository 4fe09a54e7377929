"""How much each of several looks counts."""

from __future__ import annotations

import numpy as np
import pytest

from facerec_app.core.types import Verdict
from facerec_app.decision.look_weights import effective_looks, look_weights, sureness
from facerec_app.decision.track_votes import TrackVotes
from tests.unit.decision.decision_material import calibration, look


def weights_of(qualities: list[float], norms: list[float]) -> np.ndarray:
    return look_weights(np.array(qualities, np.float32), np.array(norms, np.float32))


def test_looks_that_the_network_is_as_sure_of_count_as_their_quality() -> None:
    np.testing.assert_allclose(weights_of([0.2, 0.8, 0.5], [3.0, 3.0, 3.0]), [0.2, 0.8, 0.5], rtol=1e-6)


def test_a_look_that_the_network_is_less_sure_of_counts_less_than_its_quality_says() -> None:
    weights = weights_of([0.2, 0.2], [10.0, 8.0])
    assert weights[1] < 0.1 * weights[0]


def test_sureness_moves_weight_between_looks_of_one_quality() -> None:
    assert weights_of([0.4, 0.4, 0.4], [8.0, 9.0, 12.0]).sum() == pytest.approx(1.2, rel=1e-6)


def test_poor_looks_do_not_gain_by_good_ones_that_the_network_is_unsure_of() -> None:
    weights = weights_of([0.05, 0.05, 0.9], [10.0, 10.0, 6.0])
    assert weights.sum() < 0.2


def test_one_good_look_that_the_network_is_surest_of_counts_no_more_than_all_their_qualities() -> None:
    weights = weights_of([0.9, 0.1, 0.1], [10.0, 6.0, 6.0])
    assert 0.9 < weights.sum() == pytest.approx(1.1, rel=1e-6)


def test_looks_count_as_many_if_they_weigh_alike_and_as_one_if_one_weighs_all() -> None:
    assert effective_looks(np.full(5, 0.3, np.float32)) == pytest.approx(5)
    assert effective_looks(np.array([1.0, 0.01, 0.01], np.float32)) == pytest.approx(1.04, abs=0.01)
    assert effective_looks(np.zeros(0, np.float32)) == 0
    assert (sureness(np.array([1e-3, 1e4], np.float32)) > 0).all(), "no look is lost altogether"


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
    for sure in (1.0, 0.6):
        votes = TrackVotes(calibration())
        for number, (scores, norm) in enumerate(
            ((look(ann=7.0), 1.0), (look(ann=-6.0), sure), (look(ann=7.0), 1.0), (look(ann=-6.0), sure))
        ):
            votes.add(1, scores, 0.8, 0.1 * number, norm=norm)
        decisions[sure] = votes.decide(np.array([1]))[0].verdict
    assert decisions == {1.0: Verdict.UNKNOWN, 0.6: Verdict.KNOWN}


def named(*looks_and_more: tuple[float, float, float]) -> Verdict:
    """Return the verdict on one track after looks of these log odds for Ann, qualities and norms, ten a second."""
    votes = TrackVotes(calibration())
    for number, (log_odds, quality, norm) in enumerate(looks_and_more):
        votes.add(1, look(ann=log_odds, bob=-4.0), quality, 0.1 * number, norm=norm)
    return votes.decide(np.array([1]))[0].verdict


def test_a_look_that_speaks_against_a_name_does_not_bring_it_about() -> None:
    poor = ((7.0, 0.05, 1.0), (6.0, 0.05, 1.0))
    assert named(*poor) is not Verdict.KNOWN
    assert named(*poor, (-6.0, 0.9, 0.7)) is not Verdict.KNOWN


def test_one_look_that_the_network_is_sure_of_and_one_that_it_is_not_do_not_make_a_name() -> None:
    assert named((4.9, 0.8, 1.0), (1.8, 0.8, 0.7)) is not Verdict.KNOWN
    assert named((4.9, 0.8, 1.0), (4.9, 0.8, 1.0)) is Verdict.KNOWN
