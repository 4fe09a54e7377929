"""A network trained on a user's gallery gets the scale and the stranger rate of the reference."""

from __future__ import annotations

import numpy as np
import pytest

from facerec_app.decision.identity_calibration import IdentityCalibration
from facerec_app.similarity.pair_features import FeatureNormalisation
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.similarity.similarity_weights import SimilarityWeights
from facerec_app.training import network_calibration
from facerec_app.training.distance_calibration import calibrated_distance, stretched
from facerec_app.training.feature_statistics import FeatureStatistics
from facerec_app.training.identity_calibration_fit import CalibrationReport, fit_identity_calibration
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.network_calibration import calibrate_network
from tests.unit.training.training_material import made_features


@pytest.fixture(scope="module")
def people() -> LabelledFeatures:
    return made_features(260, 3, dimension=24, spread=0.5)


@pytest.fixture(scope="module")
def reference(people: LabelledFeatures) -> tuple[SimilarityWeights, IdentityCalibration]:
    weights = calibrated_distance(people, FeatureNormalisation.none(24), 1)
    return weights, fit_identity_calibration(people, SimilarityNetwork(weights), seed=2)


def calibrated(
    weights: SimilarityWeights, reference: tuple[SimilarityWeights, IdentityCalibration], people: LabelledFeatures
) -> tuple[SimilarityWeights, IdentityCalibration, CalibrationReport]:
    own = people.of_people(people.people[:20])
    statistics = FeatureStatistics.measured_on(people)
    return calibrate_network(weights, reference=reference, features=own, statistics=statistics, seed=6)


@pytest.fixture(autouse=True)
def small_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"_SAMPLED_PEOPLE": 300, "_LARGE_GALLERIES": 2, "_REPORTED_PROBES": 200}.items():
        monkeypatch.setattr(network_calibration, name, value)


def test_a_network_that_only_speaks_in_other_units_is_the_reference_again(
    people: LabelledFeatures, reference: tuple[SimilarityWeights, IdentityCalibration]
) -> None:
    weights, measured = reference
    matched, calibration, report = calibrated(stretched(weights, 0.25, 3.0), reference, people)
    assert report.stretch == pytest.approx(4.0, rel=1e-3)
    assert matched.distance_scale == pytest.approx(weights.distance_scale, rel=1e-3)
    np.testing.assert_allclose(calibration.tail.log_odds, measured.tail.log_odds, atol=1e-2)
    assert calibration.scorer_version == SimilarityNetwork(matched).version


def test_a_network_that_sees_less_gets_higher_bars(
    people: LabelledFeatures, reference: tuple[SimilarityWeights, IdentityCalibration]
) -> None:
    weights, measured = reference
    std = weights.normalisation.std.copy()
    std[8:] = 50.0  # blind to two thirds of the features
    blind = calibrated_distance(people, FeatureNormalisation(weights.normalisation.mean, std), 1)
    _, calibration, report = calibrated(blind, reference, people)
    assert calibration.threshold(100, 1e-3) > measured.threshold(100, 1e-3)
    assert report.stranger_rate["10"] < 0.02


def test_the_same_seed_gives_the_same_calibration(
    people: LabelledFeatures, reference: tuple[SimilarityWeights, IdentityCalibration]
) -> None:
    first, second = (calibrated(stretched(reference[0], 0.5, 1.0), reference, people)[1] for _ in range(2))
    assert first == second


def test_further_strangers_decide_how_rare_a_likeness_is_and_nothing_else(
    people: LabelledFeatures, reference: tuple[SimilarityWeights, IdentityCalibration]
) -> None:
    weights, measured = reference
    alike = made_features(260, 3, dimension=6, spread=0.5)  # in fewer dimensions strangers come closer
    vectors = np.zeros((len(alike), 24), np.float32)
    vectors[:, :6] = alike.vectors
    further = LabelledFeatures(vectors, alike.person_index, alike.people, people.extractor_version)
    calibration = fit_identity_calibration(people, SimilarityNetwork(weights), seed=2, strangers=further)
    assert calibration.threshold(100, 1e-3) > measured.threshold(100, 1e-3)
    assert calibration.logistic == measured.logistic
    assert calibration.min_margin == measured.min_margin
