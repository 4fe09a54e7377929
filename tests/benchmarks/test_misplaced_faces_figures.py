"""Faces moved to a wrong person among 200 people: how many are found, how many others are.

``FACEREC_TRAIN_FEATURES=test.npz pytest -s -m benchmark tests/benchmarks/test_misplaced_faces_figures.py``, with what
``compute_features`` made of the people of ``splits/test_people.txt``; the limits were chosen on the training people.
"""

from __future__ import annotations

import numpy as np
import pytest

from facerec_app.core.types import Float32Array, GallerySnapshot
from facerec_app.evaluation.misplaced_faces import misplaced_faces
from facerec_app.similarity.log_odds import log_odds_of
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.training.labelled_features import LabelledFeatures
from tests.benchmarks.training_features import shipped_network, training_features

pytestmark = pytest.mark.benchmark
PEOPLE, MOVED = 200, 20


def with_moved_faces(features: LabelledFeatures, seed: int) -> tuple[GallerySnapshot, set[int]]:
    """Return faces of up to 200 people with two or more, 20 of them given to somebody else, and which."""
    generator = np.random.default_rng(seed)
    several = np.nonzero(np.bincount(features.person_index) >= 2)[0]
    people = generator.choice(several, min(PEOPLE, several.size), replace=False)
    rows = np.nonzero(np.isin(features.person_index, people))[0]
    owners = features.person_index[rows].copy()
    order = generator.permutation(len(rows))
    seen, moved = set[int](), set[int]()
    for row in order.tolist():
        if len(moved) < MOVED and int(owners[row]) not in seen:
            seen.add(int(owners[row]))
            moved.add(row)
    for row in moved:
        owners[row] = generator.choice(people[people != features.person_index[rows[row]]])
    ids = np.array([str(row) for row in rows])
    people_ids = np.array([str(owner) for owner in owners])
    return GallerySnapshot(features.vectors[rows], people_ids, ids, features.extractor_version, 1), moved


def test_moved_faces_are_found() -> None:
    features = training_features()
    weights, calibration = shipped_network()
    network = SimilarityNetwork(weights)

    def log_odds(left: Float32Array, right: Float32Array) -> Float32Array:
        return log_odds_of(calibration.pairs.probabilities(log_odds_of(network.score_pairs(left, right))))

    print()
    for seed in range(5):
        snapshot, moved = with_moved_faces(features, seed)
        found = set(np.nonzero(misplaced_faces(snapshot, log_odds) != "")[0].tolist())
        alarms = len(found - moved)
        print(f"{len(snapshot)} faces, seed {seed}: found {len(found & moved)} of {MOVED}, {alarms} others")
        assert len(found & moved) >= 18
        assert alarms <= 5
