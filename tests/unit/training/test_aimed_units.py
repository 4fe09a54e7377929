"""Units aimed at corrections follow these and leave other pairs as they are."""

from __future__ import annotations

import numpy as np

from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.training.aimed_units import aimed_start
from facerec_app.training.confirmed_pairs import ConfirmedPairs
from facerec_app.training.pair_sampling import random_impostor_pairs, score_rows
from tests.benchmarks.training_features import shipped_network
from tests.retraining_material import sampled_people, with_lookalikes


def test_a_correction_is_followed_and_other_pairs_stay() -> None:
    features = with_lookalikes(sampled_people(320, 3))
    weights, _ = shipped_network()
    aimed = aimed_start(weights, features, ConfirmedPairs(np.array([[0, 3]]), np.array([False])), 64, seed=1)
    before, after = SimilarityNetwork(weights).log_odds, SimilarityNetwork(aimed).log_odds
    assert before(features.vectors[[0]], features.vectors[[3]])[0] > 1.0
    assert after(features.vectors[[0]], features.vectors[[3]])[0] < -1.0
    unseen = sampled_people(300, 2, seed=77)
    genuine = np.arange(600).reshape(300, 2)
    pairs = np.concatenate([genuine, random_impostor_pairs(unseen, 20_000, np.random.default_rng(0))])
    moved = np.abs(score_rows(unseen, pairs, after) - score_rows(unseen, pairs, before)) > 0.01
    assert moved.mean() < 0.001
    assert len(aimed.layers[0].bias) == 64


def test_two_faces_of_one_person_are_brought_together() -> None:
    features = sampled_people(320, 3)
    weights, _ = shipped_network()
    pairs = features.vectors @ features.vectors[0]
    pairs[:3] = 2.0
    unlike = int(np.argmin(pairs))
    aimed = aimed_start(weights, features, ConfirmedPairs(np.array([[0, unlike]]), np.array([True])), 64, seed=1)
    assert SimilarityNetwork(aimed).log_odds(features.vectors[[0]], features.vectors[[unlike]])[0] > 1.0


def test_a_correction_that_is_followed_needs_no_unit() -> None:
    features = sampled_people(320, 3)
    weights, _ = shipped_network()
    followed = ConfirmedPairs(np.array([[0, 1], [0, 3]]), np.array([True, False]))
    assert aimed_start(weights, features, followed, 64, seed=1) is weights
