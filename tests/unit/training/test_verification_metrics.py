"""Accuracy, true accept rates and their errors."""

from __future__ import annotations

import numpy as np
import pytest

from facerec_app.similarity.cosine_scorer import CosineScorer
from facerec_app.training.logistic_regression import fit_logistic
from facerec_app.training.verification_metrics import (
    PersonBootstrap,
    ScoredPairs,
    all_pairs,
    bagged_threshold,
    best_threshold,
    cllr,
    correct_at,
    interval,
    spread,
    tar_at_far,
)
from tests.unit.training.training_material import made_features


def pairs(genuine: list[float], impostor: list[float]) -> ScoredPairs:
    scores = np.array(genuine + impostor, np.float32)
    same = np.arange(len(scores)) < len(genuine)
    people = np.column_stack([np.arange(len(scores)), np.where(same, np.arange(len(scores)), 0)]).astype(np.int64)
    return ScoredPairs(scores, same, people)


def test_the_best_threshold_parts_what_can_be_parted() -> None:
    threshold = best_threshold(pairs([0.7, 0.8, 0.9], [0.1, 0.2, 0.5]))
    assert threshold == pytest.approx(0.6)


def test_the_best_threshold_weighs_both_kinds_equally() -> None:
    overlapping = pairs([0.4, 0.6], [0.0] * 97 + [0.5] * 3)
    assert best_threshold(overlapping) == pytest.approx(0.2)


def test_equal_scores_are_never_parted() -> None:
    threshold = best_threshold(pairs([0.5, 0.5, 0.9], [0.5, 0.1, 0.1]))
    assert threshold == pytest.approx(0.3)


def test_a_missing_face_is_an_error_whichever_kind_the_pair_is() -> None:
    missing = pairs([np.nan, 0.9], [np.nan, 0.1])
    assert correct_at(missing, 0.5).tolist() == [False, True, False, True]


def test_true_accept_rate_at_a_false_accept_rate() -> None:
    impostor = np.linspace(0.0, 1.0, 1001)[:-1].tolist()
    genuine = [0.85, 0.95, 0.95, 0.995]
    rates = tar_at_far(pairs(genuine, impostor), (0.1, 0.02))
    assert rates == {0.1: 0.75, 0.02: 0.25}


def test_rates_that_too_few_impostors_support_are_left_out() -> None:
    impostor = np.linspace(0.0, 1.0, 1000).tolist()
    assert set(tar_at_far(pairs([0.9], impostor), (0.1, 0.02, 0.01, 1e-4))) == {0.1, 0.02}


def test_all_pairs_are_all_pairs() -> None:
    features = made_features(5, 3)
    everything = all_pairs(features, CosineScorer().log_odds)
    assert len(everything) == 15 * 14 // 2
    assert int(everything.same.sum()) == 5 * 3


def test_resampling_people_shows_more_error_than_resampling_pairs_would() -> None:
    features = made_features(30, 6, spread=1.3)
    everything = all_pairs(features, CosineScorer().log_odds)
    correct = correct_at(everything, best_threshold(everything))
    by_person = PersonBootstrap(300).accuracies(everything, correct).std()
    genuine, impostor = correct[everything.same], correct[~everything.same]
    by_pair = 0.5 * np.hypot(genuine.std() / np.sqrt(len(genuine)), impostor.std() / np.sqrt(len(impostor)))
    assert by_person > 1.2 * by_pair


def test_the_bootstrap_of_true_accept_rates_centres_on_the_figure() -> None:
    features = made_features(40, 5, spread=1.2)
    everything = all_pairs(features, CosineScorer().log_odds)
    figure = tar_at_far(everything, (0.01,))[0.01]
    draws = PersonBootstrap(300).tars(everything, (0.01,))
    assert abs(draws.mean() - figure) < 2 * draws.std()
    assert draws.std() > 0


def test_the_bagged_threshold_is_steadier_than_the_best() -> None:
    best, bagged = [], []
    for seed in range(12):
        everything = all_pairs(made_features(25, 4, spread=1.1, seed=seed), CosineScorer().log_odds)
        best.append(best_threshold(everything))
        bagged.append(bagged_threshold(everything, PersonBootstrap(50)))
    assert np.std(bagged) < np.std(best)


def test_cllr_is_one_for_scores_that_say_nothing_and_small_for_good_ones() -> None:
    assert cllr(pairs([0.0] * 5, [0.0] * 5)) == pytest.approx(1.0)
    assert cllr(pairs([8.0] * 5, [-8.0] * 5)) < 0.01
    assert cllr(pairs([-8.0] * 5, [8.0] * 5)) > 5


def test_logistic_regression_finds_the_coefficients_it_was_made_with() -> None:
    generator = np.random.default_rng(0)
    features = generator.normal(size=(60_000, 2))
    log_odds = -0.5 + features @ np.array([2.0, -1.0])
    happened = generator.random(60_000) < 1 / (1 + np.exp(-log_odds))
    np.testing.assert_allclose(fit_logistic(features, happened), [-0.5, 2.0, -1.0], atol=0.06)


def test_logistic_regression_stays_finite_on_separable_data() -> None:
    values = np.linspace(-1, 1, 100)[:, None]
    assert np.isfinite(fit_logistic(values, values[:, 0] > 0)).all()


def test_resamples_of_two_people_without_one_kind_of_pair_have_no_value_and_leave_the_rest_its_error() -> None:
    everything = all_pairs(made_features(2, 6, spread=1.2), CosineScorer().log_odds)
    correct = correct_at(everything, best_threshold(everything))
    for draws in (PersonBootstrap(200).accuracies(everything, correct), PersonBootstrap(200).tars(everything, (0.1,))):
        assert 60 < np.isnan(draws).sum() < 140, "in half of the resamples one person is drawn twice"
        assert np.isfinite(spread(draws))
        assert np.isfinite(interval(draws)).all()


def test_without_any_value_there_is_no_error() -> None:
    assert np.isnan(spread(np.full(5, np.nan)))
    assert np.isnan(interval(np.full(5, np.nan))).all()
