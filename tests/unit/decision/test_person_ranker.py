"""From nearest faces to people."""

from __future__ import annotations

import numpy as np
import pytest

from facerec_app.core.errors import ModelVersionMismatchError
from facerec_app.core.types import Candidates, Embeddings, Float32Array, GallerySnapshot
from facerec_app.decision.person_ranker import TemplatePersonRanker
from facerec_app.gallery.exact_index import ExactIndex
from facerec_app.similarity.cosine_scorer import CosineScorer

VERSION = "sface-test"


def people_vectors(people: int, faces: int, seed: int = 0, spread: float = 0.6) -> tuple[Float32Array, list[str]]:
    """Return faces around one random direction per person."""
    generator = np.random.default_rng(seed)
    centres = generator.normal(size=(people, 1, 64))
    vectors = centres + spread * generator.normal(size=(people, faces, 64))
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    return vectors.reshape(-1, 64).astype(np.float32), [f"p{person}" for person in range(people) for _ in range(faces)]


def index_of(vectors: Float32Array, people: list[str], version: str = VERSION) -> ExactIndex:
    ids = np.array([f"face{row}" for row in range(len(people))])
    return ExactIndex(GallerySnapshot(vectors, np.array(people), ids, version, 1))


def test_each_probe_gets_its_own_person_first() -> None:
    vectors, people = people_vectors(12, 5)
    gallery = np.arange(60).reshape(12, 5)[:, :4].ravel()
    scores = TemplatePersonRanker(CosineScorer()).rank(
        Embeddings(vectors[4::5], VERSION), index_of(vectors[gallery], [people[row] for row in gallery])
    )
    assert scores.person_ids[:, 0].tolist() == [f"p{person}" for person in range(12)]
    assert scores.gallery_people == 12


def test_people_come_best_first_and_at_most_once() -> None:
    vectors, people = people_vectors(8, 6)
    scores = TemplatePersonRanker(CosineScorer(), people_per_probe=4).rank(
        Embeddings(vectors[:10], VERSION), index_of(vectors, people)
    )
    finite = np.where(np.isfinite(scores.logits), scores.logits, -1e9)
    assert (np.diff(finite, axis=1) <= 0).all()
    for row in scores.person_ids:
        named = [person for person in row.tolist() if person]
        assert len(named) == len(set(named))


def test_one_face_scores_as_its_pair_and_several_as_the_mean_of_best_face_and_mean_face() -> None:
    vectors, _ = people_vectors(1, 4)
    probe = Embeddings(vectors[3:4], VERSION)
    scorer = CosineScorer(middle=0.3, slope=10.0)
    single = TemplatePersonRanker(scorer).rank(probe, index_of(vectors[:1], ["a"]))
    np.testing.assert_allclose(single.logits[0, 0], scorer.log_odds(vectors[3:4], vectors[:1])[0], rtol=1e-3)
    several = TemplatePersonRanker(scorer).rank(probe, index_of(vectors[:3], ["a"] * 3))
    mean = vectors[:3].sum(axis=0)
    mean /= np.linalg.norm(mean)
    faces = scorer.log_odds(np.repeat(vectors[3:4], 3, axis=0), vectors[:3])
    expected = 0.5 * (faces.max() + scorer.log_odds(vectors[3:4], mean[None])[0])
    np.testing.assert_allclose(several.logits[0, 0], expected, rtol=1e-3)


def test_fewer_people_than_places_leave_empty_text_and_minus_infinity() -> None:
    vectors, _ = people_vectors(2, 4)
    scores = TemplatePersonRanker(CosineScorer()).rank(
        Embeddings(vectors[:1], VERSION), index_of(vectors, ["a"] * 4 + ["b"] * 4)
    )
    assert set(scores.person_ids[0].tolist()) == {"a", "b", ""}
    assert np.isneginf(scores.logits[0][scores.person_ids[0] == ""]).all()


@pytest.mark.parametrize("faces", [0, 3])
def test_an_empty_gallery_or_no_probes_give_empty_scores(faces: int) -> None:
    vectors, _ = people_vectors(1, 4)
    index = index_of(vectors[:faces], ["a"] * faces)
    probes = Embeddings(vectors[: 2 if faces == 0 else 0], VERSION)
    scores = TemplatePersonRanker(CosineScorer()).rank(probes, index)
    assert scores.person_ids.shape == (len(probes), 0)
    assert scores.gallery_people == (1 if faces else 0)


def test_a_changed_gallery_is_seen_at_once() -> None:
    vectors, _ = people_vectors(2, 3)
    ranker = TemplatePersonRanker(CosineScorer())
    probe = Embeddings(vectors[:1], VERSION)
    assert ranker.rank(probe, index_of(vectors[3:], ["b"] * 3)).person_ids[0, 0] == "b"
    assert ranker.rank(probe, index_of(vectors, ["a"] * 3 + ["b"] * 3)).person_ids[0, 0] == "a"


def test_features_of_another_version_are_refused() -> None:
    vectors, people = people_vectors(2, 3)
    with pytest.raises(ModelVersionMismatchError):
        TemplatePersonRanker(CosineScorer()).rank(Embeddings(vectors, "other"), index_of(vectors, people))


def test_equal_faces_of_one_person_count_once() -> None:
    vectors, _ = people_vectors(2, 1)
    doubled = np.concatenate([vectors[:1], vectors[:1], vectors[1:]])
    index = index_of(doubled, ["a", "a", "b"])
    scorer = CosineScorer()
    probes = Embeddings(vectors[:1], VERSION)
    candidates: Candidates = index.nearest(probes, 3)
    ranked = TemplatePersonRanker(scorer).pool(
        probes, index, candidates, scorer.score(probes, index.snapshot, candidates)
    )
    assert ranked.person_ids[0, :2].tolist() == ["a", "b"]
    assert ranked.person_ids[0].tolist().count("a") == 1
