"""Names that a user has refused stay away from faces like the refused one, and from no others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facerec_app.core.types import Embeddings, Float32Array, GallerySnapshot
from facerec_app.decision.name_vetoes import NameVetoes, VetoingPersonRanker, without_people
from facerec_app.decision.person_ranker import TemplatePersonRanker
from facerec_app.gallery.exact_index import ExactIndex
from facerec_app.models.model_store import ModelStore
from facerec_app.similarity.similarity_network import SimilarityNetwork
from tests.unit.decision.decision_material import look, looks

DIMENSION = 128


@pytest.fixture(scope="module")
def network() -> SimilarityNetwork:
    models = ModelStore()
    name = models.profile("sface").similarity_file
    assert name is not None
    return SimilarityNetwork.from_bytes(models.read(name), name)


def at_cosine(vector: Float32Array, cosine: float, seed: int) -> Float32Array:
    """Return a unit vector at that cosine from another, otherwise in a random direction."""
    away = np.random.default_rng(seed).normal(size=vector.shape)
    away -= (away @ vector) * vector
    away /= np.linalg.norm(away)
    return np.asarray(cosine * vector + np.sqrt(1 - cosine**2) * away, np.float32)


@pytest.fixture
def ann(network: SimilarityNetwork) -> Float32Array:
    return at_cosine(np.eye(DIMENSION, dtype=np.float32)[0], 0.0, seed=1)


@pytest.fixture
def double(ann: Float32Array) -> Float32Array:
    """Return a face that looks like Ann's but is not hers."""
    return at_cosine(ann, 0.4, seed=2)


@pytest.fixture
def snapshot(network: SimilarityNetwork, ann: Float32Array, double: Float32Array) -> GallerySnapshot:
    bob = at_cosine(ann, 0.0, seed=9)
    version = network.weights.extractor_version
    names = {"ann": "Ann", "bob": "Bob"}
    people, faces = np.array(["ann", "bob"]), np.array(["f1", "f2"])
    return GallerySnapshot(np.stack([ann, bob]), people, faces, version, 1, names, double[None], np.array(["ann"]))


def refused(network: SimilarityNetwork, snapshot: GallerySnapshot, *faces: Float32Array) -> list[set[str]]:
    probes = Embeddings(np.stack(faces), snapshot.extractor_version)
    return [set(people) for people in NameVetoes(lambda: network).of(probes, snapshot)]


def test_faces_like_the_refused_one_lose_the_name_and_the_person_keeps_it(
    network: SimilarityNetwork, snapshot: GallerySnapshot, ann: Float32Array, double: Float32Array
) -> None:
    again, another = at_cosine(double, 0.7, seed=3), at_cosine(ann, 0.7, seed=4)
    assert refused(network, snapshot, double, again, ann, another) == [{"ann"}, {"ann"}, set(), set()]


def test_a_face_that_is_the_refused_one_is_refused_even_where_a_wrong_picture_is_enrolled(
    network: SimilarityNetwork, snapshot: GallerySnapshot, double: Float32Array
) -> None:
    wrongly_enrolled = replace(snapshot, vectors=np.stack([double, snapshot.vectors[1]]))
    assert refused(network, wrongly_enrolled, at_cosine(double, 0.8, seed=5)) == [{"ann"}]


def test_ranking_goes_on_with_the_next_person(
    network: SimilarityNetwork, snapshot: GallerySnapshot, double: Float32Array
) -> None:
    probes = Embeddings(double[None], snapshot.extractor_version)
    ranker = TemplatePersonRanker(network)
    index = ExactIndex(snapshot)
    assert ranker.rank(probes, index).person_ids[0, 0] == "ann"
    scores = VetoingPersonRanker(ranker, NameVetoes(lambda: network)).rank(probes, index)
    assert scores.person_ids[0].tolist() == ["bob", ""]
    assert scores.logits[0, 1] == -np.inf
    assert scores.gallery_people == 2


def test_only_the_refused_rows_change() -> None:
    scores = looks(look(ann=6.0, bob=1.0), look(ann=5.0, bob=2.0))
    struck = without_people(scores, [frozenset(), frozenset({"ann"})])
    assert struck.person_ids.tolist() == [["ann", "bob"], ["bob", ""]]
    np.testing.assert_array_equal(struck.logits, np.array([[6.0, 1.0], [2.0, -np.inf]], np.float32))
