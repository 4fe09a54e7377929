"""Weights on disk: what comes back, and what is never accepted."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from facerec_app.core.errors import WeightsMissingError, WeightsRejectedError
from facerec_app.core.types import Float32Array, UInt8Array
from facerec_app.models.model_store import ModelStore
from facerec_app.similarity.pair_features import FeatureNormalisation
from facerec_app.similarity.similarity_weights import (
    DenseLayer,
    SimilarityWeights,
    load_similarity_weights,
    similarity_weights_from_bytes,
    similarity_weights_to_bytes,
)


def weights() -> SimilarityWeights:
    generator = np.random.default_rng(0)
    first = DenseLayer(generator.normal(size=(8, 4)).astype(np.float32), np.ones(4, np.float32))
    second = DenseLayer(generator.normal(size=(4, 1)).astype(np.float32), np.ones(1, np.float32))
    return SimilarityWeights("sface-x", 20.5, 27.25, FeatureNormalisation.none(8), (first, second), "relu")


def test_what_is_written_is_read_back() -> None:
    original = weights()
    back = similarity_weights_from_bytes(similarity_weights_to_bytes(original), "file")
    assert back.version == original.version
    assert back.extractor_version == "sface-x"
    assert (back.distance_scale, back.distance_bias) == (20.5, 27.25)
    for left, right in zip(back.layers, original.layers, strict=True):
        np.testing.assert_array_equal(left.kernel, right.kernel)
        np.testing.assert_array_equal(left.bias, right.bias)


def test_the_same_weights_give_the_same_bytes() -> None:
    assert similarity_weights_to_bytes(weights()) == similarity_weights_to_bytes(weights())


def test_every_change_changes_the_version() -> None:
    original = weights()
    kernel = original.layers[0].kernel.copy()
    kernel[0, 0] += 1e-3
    changed = [
        replace(original, distance_scale=20.6),
        replace(original, extractor_version="sface-y"),
        replace(original, hidden_activation="none"),
        replace(original, layers=(DenseLayer(kernel, original.layers[0].bias), original.layers[1])),
    ]
    assert len({original.version, *(each.version for each in changed)}) == 5


@pytest.mark.parametrize("position", [0, 9, 200, -1])
def test_a_damaged_file_is_refused_or_has_another_version(position: int) -> None:
    content = bytearray(similarity_weights_to_bytes(weights()))
    content[position] ^= 0xFF
    try:
        damaged = similarity_weights_from_bytes(bytes(content), "net.safetensors")
    except WeightsRejectedError as exc:
        assert "net.safetensors" in str(exc)
    else:
        assert damaged.version != weights().version


@pytest.mark.parametrize("content", [b"", b"\x80\x04K\x01.", b"PK\x03\x04" + bytes(100), bytes(1000)])
def test_other_kinds_of_file_are_refused(content: bytes) -> None:
    with pytest.raises(WeightsRejectedError, match=r"net\.safetensors"):
        similarity_weights_from_bytes(content, "net.safetensors")


@pytest.mark.parametrize(
    ("tensor", "value"),
    [("feature_std", np.array(1, np.float32)), ("settings", np.frombuffer(b"[" * 100_000, np.uint8))],
    ids=["no shape", "too deep"],
)
def test_a_hostile_file_is_refused(tensor: str, value: UInt8Array | Float32Array) -> None:
    tensors = safetensors.numpy.load(similarity_weights_to_bytes(weights()))
    content = safetensors.numpy.save({**tensors, tensor: value})
    with pytest.raises(WeightsRejectedError, match=r"net\.safetensors"):
        similarity_weights_from_bytes(content, "net.safetensors")


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError, match="install FaceRec again"):
        load_similarity_weights(tmp_path / "none.safetensors")


def test_layers_that_do_not_fit_together_are_refused() -> None:
    original = weights()
    with pytest.raises(WeightsRejectedError, match="Layer 1"):
        replace(original, layers=(original.layers[1],))
    with pytest.raises(WeightsRejectedError, match="ends in 4 values"):
        replace(original, layers=(original.layers[0],))


def test_values_that_are_not_numbers_are_refused() -> None:
    with pytest.raises(WeightsRejectedError, match="not usable"):
        replace(weights(), distance_bias=float("nan"))


def test_a_projection_is_read_back_and_is_part_of_the_version() -> None:
    kernel = np.random.default_rng(1).normal(size=(8, 8)).astype(np.float32)
    original = replace(weights(), layers=(), projection=kernel)
    back = similarity_weights_from_bytes(similarity_weights_to_bytes(original), "file")
    assert back.projection is not None
    np.testing.assert_array_equal(back.projection, kernel)
    assert back.version == original.version
    assert original.version != replace(original, projection=None).version
    assert original.version != replace(original, projection=kernel.T.copy()).version


def test_a_file_with_a_projection_is_of_a_format_that_older_programs_refuse() -> None:
    kernel = np.ones((8, 2), np.float32)
    plain, projected = (
        similarity_weights_to_bytes(replace(weights(), layers=(), projection=matrix)) for matrix in (None, kernel)
    )
    settings = [json.loads(safetensors.numpy.load(content)["settings"].tobytes()) for content in (plain, projected)]
    assert [found["format"] for found in settings] == ["facerec-similarity-1", "facerec-similarity-2"]


@pytest.mark.parametrize("shape", [(7, 3), (8,), (8, 0)])
def test_a_projection_that_does_not_fit_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(WeightsRejectedError, match="projection"):
        replace(weights(), layers=(), projection=np.ones(shape, np.float32))


def test_a_projection_with_a_value_that_is_no_number_is_refused() -> None:
    kernel = np.ones((8, 2), np.float32)
    kernel[3, 1] = np.inf
    with pytest.raises(WeightsRejectedError, match="not usable numbers"):
        replace(weights(), layers=(), projection=kernel)


def test_a_network_without_projection_has_the_version_and_bytes_it_always_had() -> None:
    store = ModelStore()
    content = store.read("similarity-sface")
    shipped = similarity_weights_from_bytes(content, "similarity-sface")
    assert shipped.projection is None
    assert similarity_weights_to_bytes(shipped) == content
    record = json.loads((store.folder / "similarity-sface.training.json").read_text(encoding="utf-8"))
    assert shipped.version == record["version"]
