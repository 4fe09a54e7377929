"""Which pairs are drawn."""

from __future__ import annotations

import numpy as np
import pytest

from facerec_app.core.errors import NotEnoughDataError
from facerec_app.similarity.cosine_scorer import CosineScorer
from facerec_app.training.pair_sampling import (
    genuine_pairs,
    hard_impostor_pairs,
    random_impostor_pairs,
    score_rows,
)
from tests.unit.training.training_material import made_features

COSINE = CosineScorer(middle=0.0, slope=1.0).log_odds


def test_genuine_pairs_are_of_one_person_and_capped() -> None:
    features = made_features(6, 8, singles=5)
    pairs = genuine_pairs(features, 10, np.random.default_rng(1))
    people = features.person_index[pairs]
    assert (people[:, 0] == people[:, 1]).all()
    assert (pairs[:, 0] != pairs[:, 1]).all()
    assert np.bincount(people[:, 0]).max() == 10


def test_all_genuine_pairs_are_there_below_the_cap() -> None:
    assert len(genuine_pairs(made_features(3, 4), 100, np.random.default_rng(1))) == 3 * 6


def test_impostor_pairs_are_of_two_people_however_many_faces_they_have() -> None:
    features = made_features(2, 50, singles=8)
    pairs = random_impostor_pairs(features, 20_000, np.random.default_rng(1))
    people = features.person_index[pairs]
    assert (people[:, 0] != people[:, 1]).all()
    shares = np.bincount(people.ravel(), minlength=10) / people.size
    np.testing.assert_allclose(shares, 0.1, atol=0.01)


def test_hard_pairs_are_more_alike_than_random_ones() -> None:
    features = made_features(40, 3)
    hard = hard_impostor_pairs(features, 100, COSINE, np.random.default_rng(2))
    random = random_impostor_pairs(features, 100, np.random.default_rng(2))
    people = features.person_index[hard]
    assert (people[:, 0] != people[:, 1]).all()
    assert score_rows(features, hard, COSINE).min() > np.median(score_rows(features, random, COSINE))


def test_the_same_seed_draws_the_same_pairs() -> None:
    features = made_features(10)
    first, second = (random_impostor_pairs(features, 50, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_one_person_gives_no_impostors() -> None:
    with pytest.raises(NotEnoughDataError, match="two people"):
        random_impostor_pairs(made_features(1), 5, np.random.default_rng(0))


def test_a_split_by_person_shares_nobody_and_loses_nobody() -> None:
    features = made_features(20, 4, singles=30)
    groups = features.split_people((0.6, 0.2, 0.2), seed=4)
    names = [set(group.people) for group in groups]
    assert not names[0] & names[1] and not names[0] & names[2] and not names[1] & names[2]
    assert set.union(*names) == set(features.people)
    assert sum(len(group) for group in groups) == len(features)
    assert [len(genuine_pairs(group, 9, np.random.default_rng(0))) > 0 for group in groups] == [True] * 3


def test_too_few_people_to_split_are_refused() -> None:
    with pytest.raises(NotEnoughDataError, match="too few to split"):
        made_features(2, 4).split_people((0.4, 0.3, 0.3), seed=4)
