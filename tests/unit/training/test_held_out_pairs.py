"""The pairs that judge a retraining: all of a small gallery, and of a large one as many as fit in memory."""

from __future__ import annotations

import tracemalloc

import numpy as np

from facerec_app.training.gallery_split import GallerySplit
from facerec_app.training.held_out_pairs import own_pairs
from facerec_app.training.labelled_features import LabelledFeatures


def gallery(faces: int) -> LabelledFeatures:
    """Return people with five faces each."""
    return LabelledFeatures.of(np.zeros((faces, 2), np.float32), [f"p{row // 5:06d}" for row in range(faces)], "made-1")


def test_a_large_gallery_is_judged_by_every_genuine_pair_in_bounded_memory() -> None:
    judging = 2500
    features = gallery(5 * judging)
    strangers = LabelledFeatures.of(np.zeros((30, 2), np.float32), [f"s{row}" for row in range(30)], "made-1")
    rows = np.arange(len(features))
    split = GallerySplit("person", rows[: -2 * judging], rows[-2 * judging : -judging], rows[-judging:])
    tracemalloc.start()
    pairs = own_pairs(features, split, strangers, np.random.default_rng(1))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 120e6, "all 6 million pairs at once take 220 MB, those of 100,000 faces 14 GB"
    assert len(pairs.genuine) == judging // 5 * 10
    assert len(np.unique(np.sort(pairs.genuine, axis=1), axis=0)) == len(pairs.genuine)
    person = pairs.features.person_index
    assert (person[pairs.genuine[:, 0]] == person[pairs.genuine[:, 1]]).all()
    assert (person[pairs.impostor[:, 0]] != person[pairs.impostor[:, 1]]).all()
    assert len(pairs.impostor) == 100_000 + 400 * judging
