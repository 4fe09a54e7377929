"""The network in NumPy: what it computes and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from facerec_app.core.errors import ModelVersionMismatchError
from facerec_app.core.types import Candidates, Embeddings, Float32Array, GallerySnapshot
from facerec_app.similarity.pair_features import FeatureNormalisation
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.similarity.similarity_weights import DenseLayer, SimilarityWeights


def unit_rows(count: int, dimension: int = 8, seed: int = 1) -> Float32Array:
    rows = np.random.default_rng(seed).normal(size=(count, dimension))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def layers(sizes: tuple[int, ...], seed: int = 2) -> tuple[DenseLayer, ...]:
    generator = np.random.default_rng(seed)
    return tuple(
        DenseLayer(
            generator.normal(size=(sizes[i], sizes[i + 1])).astype(np.float32),
            generator.normal(size=sizes[i + 1]).astype(np.float32),
        )
        for i in range(len(sizes) - 1)
    )


def test_log_odds_are_bias_minus_scaled_squared_distance() -> None:
    left, right = unit_rows(20), unit_rows(20, seed=3)
    network = SimilarityNetwork(SimilarityWeights("v", 20.0, 26.0, FeatureNormalisation.none(8)))
    expected = 26.0 - 20.0 * (2.0 - 2.0 * np.sum(left * right, axis=1))
    np.testing.assert_allclose(network.log_odds(left, right), expected, rtol=1e-4, atol=1e-4)


def test_relu_layers_compute_what_the_formula_says() -> None:
    left, right = unit_rows(20), unit_rows(20, seed=3)
    normalisation = FeatureNormalisation.measured_on(unit_rows(100, seed=4))
    parts = layers((8, 5, 3, 1))
    network = SimilarityNetwork(SimilarityWeights("v", 2.0, 1.0, normalisation, parts, "relu"))
    difference = np.abs(normalisation.apply(left) - normalisation.apply(right))
    hidden = difference
    for layer in parts[:-1]:
        hidden = np.maximum(hidden @ layer.kernel + layer.bias, 0)
    dense = (hidden @ parts[-1].kernel + parts[-1].bias)[:, 0]
    expected = 1.0 - 2.0 * np.sum(difference**2, axis=1) + dense
    np.testing.assert_allclose(network.log_odds(left, right), expected, rtol=1e-4, atol=1e-4)


def test_layers_without_activation_give_the_same_as_their_product() -> None:
    left, right = unit_rows(20), unit_rows(20, seed=3)
    parts = layers((8, 6, 4, 1))
    deep = SimilarityNetwork(SimilarityWeights("v", 0.0, 0.0, FeatureNormalisation.none(8), parts, "none"))
    hidden = np.abs(left - right)
    for layer in parts:
        hidden = hidden @ layer.kernel + layer.bias
    np.testing.assert_allclose(deep.log_odds(left, right), hidden[:, 0], rtol=1e-3, atol=1e-3)


def test_features_of_another_extractor_are_refused_with_what_to_do() -> None:
    network = SimilarityNetwork(SimilarityWeights("sface-1", 20.0, 26.0, FeatureNormalisation.none(8)))
    ids = np.array(["p"])
    snapshot = GallerySnapshot(unit_rows(1), ids, ids, "resnet50-1", 1)
    candidates = Candidates(np.zeros((1, 1), np.int64), np.zeros((1, 1), np.float32))
    with pytest.raises(ModelVersionMismatchError, match=r"sface-1.*resnet50-1.*train"):
        network.score(Embeddings(unit_rows(1), "resnet50-1"), snapshot, candidates)


def test_normalised_features_are_centred_scaled_and_of_unit_length() -> None:
    features = unit_rows(2000) + np.linspace(0.0, 0.4, 8, dtype=np.float32)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    normalisation = FeatureNormalisation.measured_on(features)
    normalised = normalisation.apply(features)
    np.testing.assert_allclose(np.linalg.norm(normalised, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(normalised.mean(axis=0), 0, atol=0.05)
    scaled = (features[7] - normalisation.mean) / normalisation.std
    np.testing.assert_allclose(normalised[7], scaled / np.linalg.norm(scaled), rtol=1e-4)


def test_no_normalisation_leaves_unit_features_as_they_are() -> None:
    features = unit_rows(10)
    assert FeatureNormalisation.none(8).apply(features) is features


def test_scores_follow_a_changed_gallery() -> None:
    normalisation = FeatureNormalisation.measured_on(unit_rows(100, seed=4))
    network = SimilarityNetwork(SimilarityWeights("v", 3.0, 2.0, normalisation))
    probes, ids = Embeddings(unit_rows(1), "v"), np.array(["p"])
    candidates = Candidates(np.zeros((1, 1), np.int64), np.zeros((1, 1), np.float32))
    for seed in (5, 6):
        gallery = GallerySnapshot(unit_rows(1, seed=seed), ids, ids, "v", seed)
        score = network.score(probes, gallery, candidates).probabilities[0, 0]
        np.testing.assert_allclose(score, network.score_pairs(probes.vectors, gallery.vectors)[0], rtol=1e-5)


def test_a_value_that_never_varies_does_not_blow_up() -> None:
    features = unit_rows(50)
    features[:, 2] = 0.25
    assert np.isfinite(FeatureNormalisation.measured_on(features).apply(features)).all()


def test_a_projection_is_applied_between_normalisation_and_unit_length() -> None:
    left, right = unit_rows(20), unit_rows(20, seed=3)
    normalisation = FeatureNormalisation.measured_on(unit_rows(100, seed=4))
    kernel = np.random.default_rng(7).normal(size=(8, 3)).astype(np.float32)
    network = SimilarityNetwork(SimilarityWeights("v", 5.0, 6.0, normalisation, projection=kernel))
    projected = [normalisation.apply(vectors) @ kernel for vectors in (left, right)]
    a, b = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True) for vectors in projected)
    expected = 6.0 - 5.0 * np.sum((a - b) ** 2, axis=1)
    np.testing.assert_allclose(network.log_odds(left, right), expected, rtol=1e-4, atol=1e-4)


def test_a_rotation_as_projection_changes_no_score() -> None:
    left, right = unit_rows(20), unit_rows(20, seed=3)
    rotation = np.linalg.qr(np.random.default_rng(8).normal(size=(8, 8)))[0].astype(np.float32)
    plain = SimilarityWeights("v", 5.0, 6.0, FeatureNormalisation.none(8))
    turned = SimilarityWeights("v", 5.0, 6.0, FeatureNormalisation.none(8), projection=rotation)
    np.testing.assert_allclose(
        SimilarityNetwork(turned).log_odds(left, right), SimilarityNetwork(plain).log_odds(left, right), atol=1e-4
    )


def test_only_the_candidates_of_a_gallery_are_looked_at() -> None:
    kernel = np.random.default_rng(7).normal(size=(8, 3)).astype(np.float32)
    network = SimilarityNetwork(SimilarityWeights("v", 5.0, 6.0, FeatureNormalisation.none(8), projection=kernel))
    vectors = np.concatenate([unit_rows(2, seed=5), np.full((1, 8), np.nan, np.float32)])  # the third would show
    ids = np.array(["p", "q", "r"])
    probes, gallery = Embeddings(unit_rows(1), "v"), GallerySnapshot(vectors, ids, ids, "v", 1)
    scores = network.score(probes, gallery, Candidates(np.array([[1, 0]]), np.zeros((1, 2), np.float32)))
    expected = network.score_pairs(np.repeat(probes.vectors, 2, axis=0), vectors[[1, 0]])
    np.testing.assert_allclose(scores.probabilities[0], expected, atol=1e-6)
