"""Error rates, their support and intervals, against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from facerec_app.evaluation.error_rates import (
    balanced_accuracy,
    balanced_accuracy_draws,
    bounded_interval,
    error_curves,
    fnmr_by_person,
    person_mean_draws,
    rate_interval,
    rate_support,
    rates_at,
)
from facerec_app.evaluation.reliability import (
    calibration_cost,
    even_weights,
    expected_calibration_error,
    reliability_bins,
)
from facerec_app.training.verification_metrics import PersonBootstrap, ScoredPairs, correct_at, interval


def pairs(genuine: list[float], impostor: list[float]) -> ScoredPairs:
    scores = np.array(genuine + impostor, np.float32)
    same = np.arange(len(scores)) < len(genuine)
    people = np.column_stack([np.arange(len(scores)), np.where(same, np.arange(len(scores)), 0)]).astype(np.int64)
    return ScoredPairs(scores, same, people)


def random_pairs(seed: int, people: int = 25, count: int = 900) -> ScoredPairs:
    generator = np.random.default_rng(seed)
    who = generator.integers(people, size=(count, 2))
    same = generator.random(count) < 0.4
    who[:, 1] = np.where(same, who[:, 0], (who[:, 0] + 1 + generator.integers(people - 1, size=count)) % people)
    scores = (generator.normal(size=count) + 1.5 * same).astype(np.float32)
    return ScoredPairs(scores, same, who.astype(np.int64))


def test_rates_at_a_threshold_count_what_reaches_it() -> None:
    fmr, fnmr = rates_at(pairs([0.4, 0.6, 0.8, 0.9], [0.1, 0.2, 0.5, 0.6, 0.3]), 0.6)
    assert [fmr, fnmr] == pytest.approx([0.2, 0.25])


def test_people_with_many_pairs_weigh_no_more_by_person() -> None:
    people = np.array([[0, 0]] * 9 + [[3, 3]] + [[0, 3]], np.int64)
    made = ScoredPairs(np.array([0.9] * 9 + [0.1, 0.1], np.float32), np.arange(11) < 10, people)
    assert rates_at(made, 0.5)[1] == pytest.approx(0.1)
    assert fnmr_by_person(made, 0.5) == pytest.approx(0.5)


def test_curves_agree_with_counting_at_each_of_their_thresholds() -> None:
    made = random_pairs(1)
    curves = error_curves(made, points=60)
    for threshold, fmr, fnmr in zip(curves.thresholds, curves.fmr, curves.fnmr, strict=True):
        assert fmr == pytest.approx((made.scores[~made.same] >= threshold).mean())
        assert fnmr == pytest.approx((made.scores[made.same] < threshold).mean())
    assert (np.diff(curves.fmr) <= 0).all()
    assert (np.diff(curves.fnmr) >= 0).all()


def test_the_equal_error_rate_of_a_known_overlap() -> None:
    # One in four of either kind lies on the wrong side of 0.5.
    assert error_curves(pairs([0.9, 0.8, 0.7, 0.2], [0.1, 0.15, 0.3, 0.6])).equal_error_rate == pytest.approx(0.25)


def test_support_counts_pairs_of_people_and_not_of_pictures() -> None:
    scores = np.array([0.9] * 50 + [0.1] * 50, np.float32)
    people = np.array([[0, 1]] * 25 + [[1, 0]] * 25 + [[2, 3]] * 50, np.int64)
    support = rate_support(ScoredPairs(scores, np.zeros(100, bool), people), {"5e-1": 0.5, "1": 1.0})
    assert (support["5e-1"].pairs, support["5e-1"].people_pairs, support["5e-1"].enough) == (50, 1, False)
    assert support["1"].people_pairs == 2


def test_the_quick_bootstrap_of_the_accuracy_is_the_slow_one() -> None:
    made = random_pairs(2)
    correct = correct_at(made, 0.7)
    bootstrap = PersonBootstrap(40)
    np.testing.assert_allclose(
        balanced_accuracy_draws(made, correct, bootstrap), bootstrap.accuracies(made, correct), atol=1e-12
    )
    assert balanced_accuracy(made, correct) == pytest.approx(
        0.5 * (correct[made.same].mean() + correct[~made.same].mean())
    )


def test_the_bootstrap_of_a_mean_weighs_people_by_how_often_they_are_drawn() -> None:
    person = np.array([0, 0, 0, 1], np.int64)
    draws = person_mean_draws(np.array([1.0, 1.0, 1.0, 0.0]), person, PersonBootstrap(300))
    # Only 0 drawn, both drawn once, only 1 drawn.
    assert set(np.round(draws, 6)) == {0.0, 0.75, 1.0}


def test_nothing_happened_still_leaves_room_for_what_so_few_people_would_not_show() -> None:
    low, high = rate_interval(np.zeros(300), np.arange(300), np.zeros(10))
    assert low == 0.0
    assert high == pytest.approx(3 / 300, rel=0.02)  # the rule of three
    assert rate_interval(np.ones(10), np.arange(10), np.ones(10))[1] == 1.0


def test_intervals_leave_out_resamples_without_a_value() -> None:
    assert interval(np.array([np.nan, 0.2, 0.2])) == pytest.approx((0.2, 0.2))
    assert np.isnan(interval(np.array([np.nan]))).all()


def test_reliability_by_hand() -> None:
    stated = np.array([0.05, 0.05, 0.95, 0.95])
    true = np.array([False, True, True, True])
    bins = reliability_bins(stated, true, np.ones(4))
    assert [bins[0].stated, bins[0].observed, bins[0].share] == pytest.approx([0.05, 0.5, 0.5])
    assert bins[5].stated is None
    assert expected_calibration_error(bins) == pytest.approx(0.5 * 0.45 + 0.5 * 0.05)


def test_weights_are_even_between_the_kinds_and_between_people() -> None:
    people = np.array([[0, 0]] * 3 + [[1, 1]] + [[0, 1]] * 2 + [[1, 0]] * 2 + [[1, 2]], np.int64)
    weights = even_weights(ScoredPairs(np.zeros(9, np.float32), np.arange(9) < 4, people))
    assert weights.tolist() == pytest.approx([1 / 12] * 3 + [0.25] + [1 / 16] * 4 + [0.25])


def test_the_part_of_the_cost_that_calibration_causes_is_told_apart() -> None:
    made = random_pairs(3)
    stretched = ScoredPairs((3 * made.scores + 2).astype(np.float32), made.same, made.people)
    own, far = calibration_cost(made), calibration_cost(stretched)
    assert far[0] - far[1] == pytest.approx(own[0] - own[1], abs=1e-6)  # the order of the scores is the same
    assert far[1] > own[1]
    # An impostor, then one of each kind the wrong way round, then a genuine pair: half a bit is left.
    mixed = calibration_cost(pairs([0.5, 0.9], [0.1, 0.6]))
    assert mixed[0] - mixed[1] == pytest.approx(0.5)


def test_share_of_everything_or_nothing_is_not_stated_as_certain() -> None:
    always, never = bounded_interval(1.0, 10, np.ones(50)), bounded_interval(0.0, 10, np.zeros(50))
    assert always == pytest.approx((0.741, 1.0), abs=1e-3)
    assert never == pytest.approx((0.0, 0.259), abs=1e-3)
    assert bounded_interval(0.5, 10, np.linspace(0.4, 0.6, 41)) == pytest.approx((0.405, 0.595))
