"""Simulated galleries and the calibration fitted to them."""

from __future__ import annotations

import numpy as np
import pytest

from facerec_app.core.errors import NotEnoughDataError
from facerec_app.similarity.pair_features import FeatureNormalisation
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.training.distance_calibration import calibrated_distance
from facerec_app.training.gallery_simulation import simulate_galleries
from facerec_app.training.identity_calibration_fit import (
    fit_decision_logistic,
    fit_identity_calibration,
    report_calibration,
    smallest_safe_margin,
)
from facerec_app.training.labelled_features import LabelledFeatures
from tests.unit.training.training_material import made_features


def network_of(features: LabelledFeatures) -> SimilarityNetwork:
    return SimilarityNetwork(calibrated_distance(features, FeatureNormalisation.none(features.vectors.shape[1]), 1))


@pytest.fixture(scope="module")
def people() -> LabelledFeatures:
    return made_features(150, 4, dimension=24, spread=0.75, singles=150)


def test_strangers_are_never_right_and_weights_are_balanced(people: LabelledFeatures) -> None:
    trials = simulate_galleries(people, network_of(people), sizes=(1, 10, 100), probes_per_size=150, seed=3)
    assert not trials.right[~trials.enrolled].any()
    assert trials.right[trials.enrolled].mean() > 0.8
    for size in (1, 10, 100):
        part = trials.of_size(size)
        assert part.weights[part.enrolled].sum() == pytest.approx(0.5, abs=1e-3)
        assert part.weights[~part.enrolled].sum() == pytest.approx(0.5, abs=1e-3)


def test_the_best_stranger_score_grows_with_the_gallery(people: LabelledFeatures) -> None:
    trials = simulate_galleries(people, network_of(people), sizes=(1, 10, 100), probes_per_size=300, seed=3)
    means = [float(trials.best[(trials.people == size) & ~trials.enrolled].mean()) for size in (1, 10, 100)]
    assert means[0] < means[1] < means[2]


def test_the_same_seed_gives_the_same_trials(people: LabelledFeatures) -> None:
    first, second = (
        simulate_galleries(people, network_of(people), sizes=(5,), probes_per_size=50, seed=8) for _ in range(2)
    )
    np.testing.assert_array_equal(first.best, second.best)


def test_sizes_that_would_leave_no_strangers_are_left_out() -> None:
    few = made_features(6, 3)
    trials = simulate_galleries(few, network_of(few), sizes=(1, 3, 10), probes_per_size=20)
    assert set(trials.people.tolist()) == {1, 3}
    with pytest.raises(NotEnoughDataError, match="too few to simulate"):
        simulate_galleries(few, network_of(few), sizes=(10,), probes_per_size=20)


def test_probability_of_a_name_falls_with_gallery_size_and_rises_with_score(people: LabelledFeatures) -> None:
    fit = fit_decision_logistic(simulate_galleries(people, network_of(people), probes_per_size=300, seed=3))
    assert fit.score > 0
    assert fit.people > 0


def test_the_calibration_holds_on_other_people() -> None:
    everybody = made_features(400, 4, dimension=24, spread=0.6, singles=400)
    fitting, judging = everybody.split_people((0.5, 0.5), 1)
    network = network_of(fitting)
    calibration = fit_identity_calibration(fitting, network, seed=2)
    report = report_calibration(calibration, judging, network, seed=3)
    assert report.calibration_error < 0.03
    assert all(rate < 0.006 for rate in report.stranger_rate.values())
    assert report.wrong_rate["100"] < 0.02


def test_the_margin_is_never_below_one(people: LabelledFeatures) -> None:
    assert smallest_safe_margin(simulate_galleries(people, network_of(people), sizes=(5,), probes_per_size=50)) >= 1.0
