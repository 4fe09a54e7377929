"""Measures of calibration, and the fits that are compared by them."""

from __future__ import annotations

import numpy as np
import pytest

from facerec_app.training.bounded_logistic import fit_bounded_logistic
from facerec_app.training.calibration_quality import binned_error, cllr_of, least_cllr, middle_error
from facerec_app.training.isotonic_regression import fit_isotonic
from facerec_app.training.logistic_regression import fit_logistic, fit_temperature

Scores = np.ndarray[tuple[int], np.dtype[np.float64]]


def outcomes(slope: float = 1.0, *, count: int = 20_000, seed: int = 4) -> tuple[Scores, np.ndarray]:
    """Return log odds and what came of them; they are honest if multiplied with ``slope``."""
    generator = np.random.default_rng(seed)
    scores = generator.normal(0.0, 3.0, count)
    return scores, generator.random(count) < 1.0 / (1.0 + np.exp(-slope * scores))


def test_honest_probabilities_have_no_calibration_error_and_boasting_ones_do() -> None:
    scores, came_true = outcomes()
    ones = np.ones(len(scores))
    honest = 1.0 / (1.0 + np.exp(-scores))
    assert binned_error(honest, came_true.astype(np.float64), ones, 15) < 0.01
    boasting = np.clip(honest * 1.5, 0.0, 1.0)
    assert binned_error(boasting, came_true.astype(np.float64), ones, 15) > 0.1


def test_the_middle_error_of_honest_probabilities_is_what_chance_gives() -> None:
    scores, came_true = outcomes(count=3000)
    honest = 1.0 / (1.0 + np.exp(-scores))
    found = middle_error(honest, came_true, np.ones(3000), np.arange(3000))
    assert found.error == pytest.approx(found.by_chance, abs=0.02)
    assert found.interval[0] < found.by_chance + 0.02
    assert found.probes == ((honest > 0.05) & (honest < 0.95)).sum()


def test_few_probes_get_few_bins_and_probes_of_one_person_count_once() -> None:
    scores, came_true = outcomes(count=400)
    honest = 1.0 / (1.0 + np.exp(-scores))
    many = middle_error(honest, came_true, np.ones(400), np.arange(400))
    few = middle_error(honest, came_true, np.ones(400), np.arange(400) // 8)
    assert many.bins > few.bins >= 2
    assert few.people <= 50


def test_no_probe_in_the_middle_is_no_error() -> None:
    found = middle_error(np.array([0.01, 0.99]), np.array([False, True]), np.ones(2), np.arange(2))
    assert (found.error, found.probes, found.share) == (0.0, 0, 0.0)


def test_the_least_cllr_is_that_of_the_best_rising_recalibration() -> None:
    scores, came_true = outcomes(0.5)
    least = least_cllr(scores, came_true)
    assert least == pytest.approx(least_cllr(3.0 * scores + 1.0, came_true), abs=1e-9)
    assert least < cllr_of(0.5 * scores, came_true) + 1e-9 < cllr_of(scores, came_true)
    assert cllr_of(0.5 * scores, came_true) - least < 0.005


def test_scores_that_separate_have_no_least_cllr_and_useless_ones_have_one_bit() -> None:
    same = np.array([False, False, True, True])
    assert least_cllr(np.array([-2.0, -1.0, 1.0, 2.0]), same) == pytest.approx(0.0)
    assert least_cllr(np.zeros(4), same) == pytest.approx(1.0)


def test_isotonic_regression_rises_and_stays_inside_beyond_the_data() -> None:
    scores, came_true = outcomes(count=2000)
    fit = fit_isotonic(scores, came_true, np.ones(2000))
    line = fit.at(np.linspace(-50.0, 50.0, 2001))
    assert (np.diff(line) >= 0.0).all()
    assert 0.0 < line[0] < line[-1] < 1.0
    honest = 1.0 / (1.0 + np.exp(-scores))
    assert float(np.abs(fit.at(scores) - honest).mean()) < 0.04


def test_the_temperature_is_found() -> None:
    scores, came_true = outcomes(0.4)
    assert fit_temperature(scores, came_true, np.ones(len(scores))) == pytest.approx(0.4, abs=0.02)


def test_wrong_labels_bend_the_plain_logistic_but_not_the_bounded_one() -> None:
    scores, came_true = outcomes(1.0)
    scores *= 2.0
    wrong = np.random.default_rng(5).random(len(scores)) < 0.03
    labels = came_true ^ wrong
    plain = fit_logistic(scores[:, None], labels)
    bounded = fit_bounded_logistic(scores[:, None], labels)
    assert plain[1] < 0.42  # the honest slope is 0.5
    assert bounded.coefficients[1] == pytest.approx(0.5, abs=0.03)
    assert bounded.lowest == pytest.approx(0.03, abs=0.01)
    assert bounded.probabilities(np.array([[1e6], [-1e6]]))[0] < 1.0
