"""Thresholds and probabilities at different gallery sizes."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facerec_app.core.errors import WeightsRejectedError
from facerec_app.decision.identity_calibration import (
    IdentityCalibration,
    identity_calibration_from_bytes,
    identity_calibration_to_bytes,
)
from facerec_app.models.model_store import ModelStore


@pytest.fixture(scope="module")
def shipped() -> IdentityCalibration:
    return identity_calibration_from_bytes(ModelStore().read("similarity-sface-calibration"), "calibration")


def test_more_people_need_a_higher_score(shipped: IdentityCalibration) -> None:
    thresholds = [shipped.threshold(people, 1e-3) for people in (1, 2, 10, 100, 1000, 10_000)]
    assert thresholds == sorted(thresholds)
    assert thresholds[0] < thresholds[3] < thresholds[5]


def test_a_stricter_stranger_rate_needs_a_higher_score(shipped: IdentityCalibration) -> None:
    thresholds = [shipped.threshold(50, rate) for rate in (0.1, 0.01, 1e-3, 1e-4, 1e-5)]
    assert thresholds == sorted(thresholds)
    assert len(set(thresholds)) == 5


def test_rates_beyond_the_measured_ones_are_extrapolated_upwards(shipped: IdentityCalibration) -> None:
    measured = shipped.tail.log10_rates[-1]
    assert shipped.tail.score_at(measured - 1) > shipped.tail.score_at(measured)


def test_probability_rises_with_score_and_lead_and_falls_with_people(shipped: IdentityCalibration) -> None:
    def probability(best: float, runner_up: float, people: int) -> float:
        return float(shipped.probabilities(np.float32(best), np.float32(runner_up), people))

    assert probability(6, 0, 100) > probability(4, 0, 100)
    assert probability(4, 0, 100) > probability(4, 3.5, 100)
    assert probability(4, 0, 5) > probability(4, 0, 500)


def test_the_probability_of_a_pair_rises_everywhere_and_stays_a_probability(shipped: IdentityCalibration) -> None:
    log_odds = np.linspace(-60.0, 60.0, 500, dtype=np.float32)
    probabilities = shipped.pairs.probabilities(log_odds)
    assert (np.diff(probabilities) >= 0).all()
    assert 0.0 < probabilities[0] < 1e-5
    assert 1.0 - 1e-5 < probabilities[-1] <= 1.0
    np.testing.assert_allclose(shipped.pairs.log_odds(np.zeros(1, np.float32)), 0.0)


def test_an_empty_gallery_gives_probability_zero(shipped: IdentityCalibration) -> None:
    assert shipped.probabilities(np.float32(-np.inf), np.float32(-np.inf), 0) == 0.0


@settings(max_examples=200, deadline=None)
@given(st.floats(-40, 40), st.floats(0, 60), st.integers(1, 100_000))
def test_probabilities_are_probabilities(best: float, lead: float, people: int) -> None:
    shipped = identity_calibration_from_bytes(ModelStore().read("similarity-sface-calibration"), "calibration")
    value = float(shipped.probabilities(np.float32(best), np.float32(best - lead), people))
    assert 0.0 <= value <= 1.0


def test_what_is_written_is_read_back(shipped: IdentityCalibration) -> None:
    assert identity_calibration_from_bytes(identity_calibration_to_bytes(shipped), "file") == shipped


@pytest.mark.parametrize(
    "damage",
    [
        lambda values: values.pop("tail"),
        lambda values: values.update(format="other"),
        lambda values: values.update(min_margin="nan"),
        lambda values: values["tail"].update(log_odds=[3.0, 2.0, 1.0]),
        lambda values: values["logistic"].update(score=None),
        lambda values: values["pairs"].update(slope=-1.0),
        lambda values: values.pop("pairs"),
    ],
)
def test_a_damaged_file_is_refused_by_name(shipped: IdentityCalibration, damage: object) -> None:
    values = json.loads(identity_calibration_to_bytes(shipped))
    assert callable(damage)
    damage(values)
    with pytest.raises(WeightsRejectedError, match=r"calib\.json"):
        identity_calibration_from_bytes(json.dumps(values).encode(), "calib.json")


def test_a_file_that_is_no_json_is_refused() -> None:
    with pytest.raises(WeightsRejectedError, match=r"calib\.json"):
        identity_calibration_from_bytes(b"\xff\xfe", "calib.json")
