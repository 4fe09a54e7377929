"""How a ResNet50 is built, refused, exported and loaded."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from facerec_app.core.errors import ConfigError, WeightsMissingError, WeightsRejectedError
from facerec_app.core.types import Float32Array
from facerec_app.extraction.resnet50_extractor import Resnet50Extractor
from facerec_app.inference.openvino_session import OpenvinoSession

pytest.importorskip("onnx", reason="building a network needs the extra 'models'")

from facerec_app.extraction import keras_resnet50
from facerec_app.extraction.keras_onnx_export import export_onnx
from facerec_app.extraction.keras_resnet50 import Preprocessing, Resnet50Weights, build_resnet50, preprocess
from facerec_app.extraction.pooling import Pooling


def small_network(weights: Resnet50Weights, pooling: Pooling = "average") -> Any:
    return build_resnet50(weights, cut_layer="conv3_block1_out", input_size_px=64, pooling=pooling)


def stored_weights(model: Any, path: Path) -> str:
    """Write a model's arrays under Keras' names and return the file's hash."""
    arrays: dict[str, Float32Array] = {}
    for layer in model.layers:
        names = keras_resnet50._VARIABLES.get(type(layer).__name__, ())
        arrays |= {f"{layer.name}/{name}": value for name, value in zip(names, layer.get_weights(), strict=True)}
    save_file(arrays, path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("pooling", "preprocessing"),
    [("average", "caffe"), ("average", "symmetric"), ("max", "caffe"), ("regional-max", "symmetric")],
)
def test_an_exported_network_equals_its_source(tmp_path: Path, pooling: Pooling, preprocessing: Preprocessing) -> None:
    model = small_network(Resnet50Weights(untrained_seed=3), pooling)
    path = tmp_path / "network.onnx"
    sha256 = export_onnx(model, path, preprocessing)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    pixels = np.random.default_rng(9).integers(0, 256, (3, 64, 64, 3), dtype=np.uint8)
    served = OpenvinoSession(path.read_bytes(), name="network").run(pixels)[0]
    source = np.asarray(model(preprocess(pixels, preprocessing), training=False))
    assert served.shape == (3, 512)
    assert np.abs(served - source).max() <= 1e-4 * np.abs(source).max()


def test_a_network_that_differs_from_its_source_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = small_network(Resnet50Weights(untrained_seed=3))
    run = OpenvinoSession.run
    monkeypatch.setattr(OpenvinoSession, "run", lambda self, pixels: (run(self, pixels)[0] * 1.01,))
    with pytest.raises(WeightsRejectedError, match="differs from its source"):
        export_onnx(model, tmp_path / "network.onnx", "symmetric")
    assert not list(tmp_path.iterdir())


def test_weights_of_a_file_are_used(tmp_path: Path) -> None:
    source = small_network(Resnet50Weights(untrained_seed=5))
    path = tmp_path / "weights.safetensors"
    sha256 = stored_weights(source, path)
    loaded = small_network(Resnet50Weights(path, sha256))
    pixels = np.random.default_rng(1).random((1, 64, 64, 3), np.float32)
    np.testing.assert_allclose(np.asarray(loaded(pixels)), np.asarray(source(pixels)), atol=1e-5)


def test_weights_with_another_hash_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    stored_weights(small_network(Resnet50Weights(untrained_seed=5)), path)
    with pytest.raises(WeightsRejectedError, match="another SHA-256"):
        small_network(Resnet50Weights(path, "0" * 64))


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(WeightsRejectedError, match="no safetensors file"):
        small_network(Resnet50Weights(path, hashlib.sha256(path.read_bytes()).hexdigest()))


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_file({"conv1_conv/kernel": np.zeros((3, 3, 3, 64), np.float32)}, path)
    with pytest.raises(WeightsRejectedError, match="conv1_conv"):
        small_network(Resnet50Weights(path, hashlib.sha256(path.read_bytes()).hexdigest()))


def test_random_weights_are_never_used_silently() -> None:
    with pytest.raises(WeightsMissingError, match="no default weights"):
        small_network(Resnet50Weights(source=None))


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError, match=r"gone\.safetensors"):
        small_network(Resnet50Weights(tmp_path / "gone.safetensors", "0" * 64))


def test_imagenet_weights_without_a_network_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(**options: object) -> None:
        assert options["weights"] == "imagenet"
        raise Exception("URL fetch failure: Name or service not known")  # noqa: TRY002 - as Keras does

    monkeypatch.setattr("keras.applications.ResNet50", unreachable)
    with pytest.raises(WeightsMissingError, match="connect once"):
        build_resnet50(Resnet50Weights())


def test_an_unknown_layer_is_refused() -> None:
    with pytest.raises(ConfigError, match="activation_46"):
        build_resnet50(Resnet50Weights(untrained_seed=1), cut_layer="activation_46", input_size_px=64)


def test_a_network_file_with_another_hash_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "network.onnx"
    path.write_bytes(b"anything")
    with pytest.raises(WeightsRejectedError, match="another SHA-256"):
        Resnet50Extractor.from_file(path, "0" * 64, layer="conv5_block2_out")


def test_the_pooling_is_in_the_network_and_named_in_the_version(tmp_path: Path) -> None:
    versions = {}
    poolings: tuple[Pooling, ...] = ("average", "max", "regional-max")
    for pooling in poolings:
        path = tmp_path / f"{pooling}.onnx"
        sha256 = export_onnx(small_network(Resnet50Weights(untrained_seed=3), pooling), path, "symmetric")
        extractor = Resnet50Extractor.from_file(path, sha256, layer="conv3_block1_out", pooling=pooling)
        versions[pooling] = extractor.version
        other: Pooling = "max" if pooling == "average" else "average"
        with pytest.raises(WeightsRejectedError, match=f"pools by {pooling}"):
            Resnet50Extractor.from_file(path, sha256, layer="conv3_block1_out", pooling=other)
    assert versions["average"].startswith("resnet50-conv3_block1_out-64-")
    assert versions["max"].startswith("resnet50-conv3_block1_out-max-64-")
    assert versions["regional-max"].startswith("resnet50-conv3_block1_out-regional-max-64-")


def test_crop_size_and_dimension_come_from_the_network(tmp_path: Path) -> None:
    path = tmp_path / "network.onnx"
    sha256 = export_onnx(small_network(Resnet50Weights(untrained_seed=3)), path, "symmetric")
    extractor = Resnet50Extractor.from_file(path, sha256, layer="conv3_block1_out")
    assert (extractor.crop_size_px, extractor.dimension) == (64, 512)
