"""Bars of single people in a gallery."""

from __future__ import annotations

import time

import numpy as np
import pytest

from facerec_app.core.types import Embeddings, Float32Array, GallerySnapshot
from facerec_app.decision.gallery_thresholds import GalleryThresholds
from facerec_app.decision.person_ranker import TemplatePersonRanker
from facerec_app.decision.person_templates import PersonTemplates
from facerec_app.gallery.exact_index import ExactIndex
from facerec_app.similarity.cosine_scorer import CosineScorer

SCORER = CosineScorer()


def gallery(people: int, faces: int, *, centre_of_all: Float32Array | None = None, seed: int = 3) -> GallerySnapshot:
    """Return a gallery; person 0 lies at ``centre_of_all``, which everybody else leans towards, if it is given."""
    generator = np.random.default_rng(seed)
    centres = generator.normal(size=(people, 64))
    if centre_of_all is not None:
        centres += 4.0 * centre_of_all
        centres[0] = 10.0 * centre_of_all
    vectors = np.repeat(centres, faces, axis=0) + 0.5 * generator.normal(size=(people * faces, 64))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = np.repeat([f"p{number:04d}" for number in range(people)], faces)
    return GallerySnapshot(vectors.astype(np.float32), ids, ids, "v", 1)


def thresholds_of(snapshot: GallerySnapshot) -> GalleryThresholds:
    return GalleryThresholds.of(snapshot, PersonTemplates.of(snapshot), SCORER)


def test_who_resembles_everybody_gets_the_highest_bar() -> None:
    towards = np.ones(64, np.float32) / 8.0
    bars = thresholds_of(gallery(30, 3, centre_of_all=towards))
    assert bars.raises.argmax() == 0
    assert bars.raises[0] > 0.15
    assert float(np.median(bars.raises)) == 0.0


def test_no_bar_is_ever_lowered() -> None:
    assert (thresholds_of(gallery(60, 4)).raises >= 0.0).all()


def test_lookalikes_are_named() -> None:
    snapshot = gallery(30, 3)
    vectors = snapshot.vectors.copy()
    vectors[3:6] = vectors[0:3]  # the second person looks exactly like the first
    bars = thresholds_of(GallerySnapshot(vectors, snapshot.person_ids, snapshot.face_ids, "v", 1))
    assert (bars.lookalike_ids[0], bars.lookalike_ids[1]) == ("p0001", "p0000")
    assert min(bars.raises[:2]) > 0.0


def test_a_small_gallery_has_one_bar_for_all() -> None:
    bars = thresholds_of(gallery(4, 2))
    assert not bars.raises.any()
    assert np.isnan(bars.resemblance).all()


def test_the_ranking_takes_a_raised_bar_from_the_score() -> None:
    snapshot = gallery(30, 3, centre_of_all=np.ones(64, np.float32) / 8.0)
    probe = Embeddings(snapshot.vectors[:1], "v")
    raised, common = (TemplatePersonRanker(SCORER, bar_weight=weight) for weight in (0.3, 0.0))
    index = ExactIndex(snapshot)
    difference = float(common.rank(probe, index).logits[0, 0] - raised.rank(probe, index).logits[0, 0])
    assert difference == pytest.approx(float(raised.thresholds(snapshot).raises[0]), abs=1e-5)


def test_a_changed_gallery_gets_new_bars_and_an_unchanged_one_keeps_them() -> None:
    ranker = TemplatePersonRanker(SCORER)
    first, second = gallery(30, 3, seed=3), gallery(30, 3, seed=4)
    bars = ranker.thresholds(first)
    assert ranker.thresholds(first) is bars
    assert ranker.thresholds(second) is not bars


def test_three_hundred_people_take_a_fraction_of_a_second() -> None:
    snapshot = gallery(300, 5)
    fastest = np.inf
    for _ in range(3):
        began = time.perf_counter()
        thresholds_of(snapshot)
        fastest = min(fastest, time.perf_counter() - began)
    assert fastest < 0.3
