"""What every similarity scorer promises."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from facerec_app.core.errors import InferenceError
from facerec_app.core.protocols import SimilarityScorer
from facerec_app.core.types import Candidates, Embeddings, Float32Array, GallerySnapshot
from facerec_app.models.model_store import ModelStore
from facerec_app.similarity.cosine_scorer import CosineScorer
from facerec_app.similarity.pair_features import FeatureNormalisation
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.similarity.similarity_weights import DenseLayer, HiddenActivation, SimilarityWeights

DIMENSION = 128


def unit_rows(count: int, seed: int) -> Float32Array:
    rows = np.random.default_rng(seed).normal(size=(count, DIMENSION))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def network(activation: HiddenActivation, scale: float, projected: int | None = None) -> SimilarityNetwork:
    generator = np.random.default_rng(5)
    sizes = (projected or DIMENSION, 16, 8, 1)
    layers = tuple(
        DenseLayer(
            generator.normal(scale=0.2, size=(sizes[i], sizes[i + 1])).astype(np.float32),
            generator.normal(scale=0.1, size=sizes[i + 1]).astype(np.float32),
        )
        for i in range(3)
    )
    normalisation = FeatureNormalisation.measured_on(unit_rows(200, 9))
    kernel = None if projected is None else generator.normal(size=(DIMENSION, projected)).astype(np.float32)
    return SimilarityNetwork(
        SimilarityWeights("sface-test", scale, 12.0 * scale, normalisation, layers, activation, kernel)
    )


def projection() -> SimilarityNetwork:
    kernel = np.random.default_rng(6).normal(size=(DIMENSION, 40)).astype(np.float32)
    return SimilarityNetwork(
        SimilarityWeights("sface-test", 18.0, 22.0, FeatureNormalisation.none(DIMENSION), projection=kernel)
    )


def shipped() -> SimilarityNetwork:
    store = ModelStore()
    return SimilarityNetwork.from_bytes(store.read("similarity-sface"), "similarity-sface")


KINDS = (
    "cosine", "distance", "dense", "dense-relu", "distance+dense", "projection", "projection+dense", "shipped",
)  # fmt: skip


@pytest.fixture(params=KINDS)
def scorer(request: pytest.FixtureRequest) -> SimilarityScorer:
    makers: dict[str, Callable[[], SimilarityScorer]] = {
        "cosine": CosineScorer,
        "distance": lambda: SimilarityNetwork(
            SimilarityWeights("sface-test", 20.0, 26.0, FeatureNormalisation.none(DIMENSION))
        ),
        "dense": lambda: network("none", 0.0),
        "dense-relu": lambda: network("relu", 0.0),
        "distance+dense": lambda: network("relu", 1.5),
        "projection": projection,
        "projection+dense": lambda: network("relu", 1.5, projected=24),
        "shipped": shipped,
    }
    return makers[request.param]()


def version_of(scorer: SimilarityScorer) -> str:
    return scorer.weights.extractor_version if isinstance(scorer, SimilarityNetwork) else "sface-test"


def test_probabilities_are_float32_between_zero_and_one(scorer: SimilarityScorer) -> None:
    probabilities = scorer.score_pairs(unit_rows(50, 1), unit_rows(50, 2))
    assert probabilities.dtype == np.float32
    assert probabilities.shape == (50,)
    assert ((probabilities >= 0) & (probabilities <= 1)).all()


def test_order_of_the_two_faces_does_not_matter(scorer: SimilarityScorer) -> None:
    left, right = unit_rows(50, 1), unit_rows(50, 2)
    np.testing.assert_allclose(scorer.score_pairs(left, right), scorer.score_pairs(right, left), rtol=1e-5)


def test_no_pairs_give_an_empty_result(scorer: SimilarityScorer) -> None:
    none = np.zeros((0, DIMENSION), np.float32)
    assert scorer.score_pairs(none, none).shape == (0,)


def test_candidates_get_the_probabilities_of_their_pairs(scorer: SimilarityScorer) -> None:
    gallery, probes = unit_rows(30, 3), unit_rows(4, 4)
    ids = np.array([f"person-{row}" for row in range(30)])
    snapshot = GallerySnapshot(gallery, ids, ids, version_of(scorer), 1)
    rows = np.argsort(-(probes @ gallery.T), axis=1)[:, :7].astype(np.int64)
    cosines = np.take_along_axis(probes @ gallery.T, rows, axis=1).astype(np.float32)
    scores = scorer.score(Embeddings(probes, version_of(scorer)), snapshot, Candidates(rows, cosines))
    expected = scorer.score_pairs(np.repeat(probes, 7, axis=0), gallery[rows.ravel()]).reshape(4, 7)
    np.testing.assert_allclose(scores.probabilities, expected, rtol=2e-4, atol=1e-6)


def test_a_feature_that_is_not_a_number_is_refused(scorer: SimilarityScorer) -> None:
    broken = unit_rows(3, 1)
    broken[1, 5] = np.nan
    with pytest.raises(InferenceError, match="not finite"):
        scorer.score_pairs(broken, unit_rows(3, 2))


def test_the_version_is_the_same_every_time(scorer: SimilarityScorer) -> None:
    assert scorer.version
    assert scorer.version == scorer.version
