"""The files that ship: weights under Keras's names, the graph of the live path, and Keras's own network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facerec_app.core.errors import WeightsMissingError, WeightsRejectedError
from facerec_app.training.extractor.student_weights import StudentWeights, load_student, save_student
from tests.unit.training.extractor.extractor_doubles import random_weights


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> StudentWeights:
    """Return weights as they come back from the disk, kernels rounded to int8."""
    path = tmp_path_factory.mktemp("weights") / "student.safetensors"
    save_student(random_weights(), path)
    return load_student(path)


def crops(count: int = 2) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 112, 112, 3), np.uint8)


def unit(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def test_weights_survive_the_disk(weights: StudentWeights) -> None:
    original = random_weights()
    assert weights.cut_layer == original.cut_layer
    assert weights.facts["pictures_seen"] == "960"
    assert set(weights.arrays) == set(original.arrays)
    for name, array in original.arrays.items():
        if name.endswith("/kernel"):
            error = weights.arrays[name] - array
            assert np.sqrt((error**2).mean()) < 0.012 * array.std()
        else:
            np.testing.assert_allclose(weights.arrays[name], array, rtol=1e-6)


def test_weights_take_a_byte_a_value_and_writing_them_again_loses_nothing(tmp_path: Path) -> None:
    once, twice = tmp_path / "once.safetensors", tmp_path / "twice.safetensors"
    original = random_weights()
    save_student(original, once)
    assert once.stat().st_size < 1.1 * sum(array.size for array in original.arrays.values())
    kept = load_student(once)
    save_student(kept, twice)
    again = load_student(twice)
    for name, array in kept.arrays.items():
        np.testing.assert_allclose(again.arrays[name], array, rtol=1e-4, atol=1e-6)


def test_files_that_are_no_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError):
        load_student(tmp_path / "none.safetensors")
    (tmp_path / "text.safetensors").write_text("not weights")
    with pytest.raises(WeightsRejectedError, match="cannot be read"):
        load_student(tmp_path / "text.safetensors")


def test_int8_codes_are_close() -> None:
    pytest.importorskip("onnx")
    from facerec_app.training.extractor.int8_kernels import quantised

    kernel = np.random.default_rng(0).normal(size=(8, 16, 3, 3)).astype(np.float32)
    codes, scales = quantised(kernel)
    assert codes.dtype == np.int8
    error = codes * scales[:, None, None, None] - kernel
    assert np.sqrt((error**2).mean()) < 0.01


@pytest.mark.parametrize(("storage", "least_cosine"), [("float32", 0.999999), ("float16", 0.99999), ("int8", 0.999)])
def test_the_graph_gives_what_keras_gives(weights: StudentWeights, storage: str, least_cosine: float) -> None:
    pytest.importorskip("onnx")
    from facerec_app.inference.openvino_session import OpenvinoSession
    from facerec_app.training.extractor.keras_resnet50 import keras_features
    from facerec_app.training.extractor.student_graph import build_student_graph

    pixels = crops()
    expected = keras_features(weights, pixels)
    graph = build_student_graph(weights, storage).SerializeToString()  # type: ignore[arg-type]
    values = OpenvinoSession(graph, name="student", threads=1).run(pixels)
    assert [value.shape for value in values] == [(2, 2048), (2, 256)]
    for found, wanted in zip(values, expected, strict=True):
        assert (unit(found) * unit(wanted)).sum(axis=1).min() > least_cosine
        if storage == "float32":
            np.testing.assert_allclose(found, wanted, atol=1e-3)


def test_a_student_of_small_pictures_is_given_shrunk_crops() -> None:
    pytest.importorskip("onnx")
    from facerec_app.inference.openvino_session import OpenvinoSession
    from facerec_app.training.extractor.keras_resnet50 import keras_features
    from facerec_app.training.extractor.student_graph import build_student_graph

    small = random_weights(input_px=64)
    graph = build_student_graph(small, "float32").SerializeToString()
    values = OpenvinoSession(graph, name="student", threads=1).run(crops())
    for found, wanted in zip(values, keras_features(small, crops()), strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-3)


def test_shrinking_keeps_means_and_does_nothing_at_the_same_size() -> None:
    from facerec_app.training.extractor.crop_shrinking import shrinking_matrix, shrunk

    pictures = np.random.default_rng(0).uniform(size=(2, 112, 112, 3)).astype(np.float32)
    np.testing.assert_allclose(shrunk(pictures, 112), pictures, atol=1e-6)
    small = shrunk(pictures, 56)
    assert small.shape == (2, 56, 56, 3)
    np.testing.assert_allclose(small.mean(axis=(1, 2)), pictures.mean(axis=(1, 2)), atol=0.01)
    assert small.std() < 0.7 * pictures.std()
    np.testing.assert_allclose(shrinking_matrix(112, 64).sum(axis=1), 1, atol=1e-6)


def test_a_balanced_projection_is_centred_and_keeps_its_shares() -> None:
    from facerec_app.training.extractor.projection_balance import DLIB_SHARE, balanced

    generator = np.random.default_rng(0)
    features = generator.uniform(0, 1, (200, 2048)).astype(np.float32)
    before = random_weights()

    def projected(weights: StudentWeights) -> np.ndarray:
        return np.asarray(features @ weights.arrays["projection/kernel"] + weights.arrays["projection/bias"])

    after = projected(balanced(before, projected(before)))
    np.testing.assert_allclose(after.mean(axis=0), 0, atol=1e-4)
    lengths = [np.linalg.norm(half, axis=1).mean() for half in np.split(after, 2, axis=1)]
    np.testing.assert_allclose(lengths, [1, DLIB_SHARE], rtol=1e-3)


def test_keras_blocks_behind_the_cut_change_nothing(weights: StudentWeights) -> None:
    from facerec_app.training.extractor.keras_resnet50 import keras_features, keras_resnet50

    pixels = crops(1)
    maps = np.asarray(keras_resnet50(weights)(pixels.astype(np.float32) / 127.5 - 1, training=False))
    assert maps.shape == (1, 4, 4, 2048)
    np.testing.assert_allclose(maps.mean(axis=(1, 2)), keras_features(weights, pixels)[0], atol=1e-4)


def test_keras_refuses_weights_that_do_not_fit(weights: StudentWeights) -> None:
    from facerec_app.training.extractor.keras_resnet50 import keras_resnet50

    lacking = {name: array for name, array in weights.arrays.items() if name != "conv3_block1_1_conv/bias"}
    with pytest.raises(WeightsRejectedError, match="conv3_block1_1_conv"):
        keras_resnet50(StudentWeights(lacking, weights.cut_layer, {}))
    extra = {**weights.arrays, "conv6_block1_1_conv/kernel": np.zeros(1, np.float32)}
    with pytest.raises(WeightsRejectedError, match="conv6_block1_1_conv"):
        keras_resnet50(StudentWeights(extra, weights.cut_layer, {}))


def test_a_cut_graph_gives_the_inner_maps_of_the_whole_one(weights: StudentWeights, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    from facerec_app.core.errors import ConfigError
    from facerec_app.inference.openvino_session import OpenvinoSession
    from facerec_app.training.extractor.commands import cut
    from facerec_app.training.extractor.student_graph import build_student_graph

    whole, part, layers = tmp_path / "whole.onnx", tmp_path / "part.onnx", ("conv3_block4_out", "conv4_block6_out")
    onnx.save(build_student_graph(weights, "int8"), str(whole))
    cut(whole, layers, part)
    assert part.stat().st_size < 0.6 * whole.stat().st_size
    expected = OpenvinoSession(whole.read_bytes(), name="whole", threads=1, end_layers=layers).run(crops())
    maps = OpenvinoSession(part.read_bytes(), name="part", threads=1).run(crops())
    for found, wanted in zip(maps, expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4)
    with pytest.raises(ConfigError, match="conv9_out"):
        cut(whole, ("conv9_out",), part)
