"""Reading dlib's file and building its network, with a file of the same form made here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facerec_app.core.errors import WeightsMissingError, WeightsRejectedError
from facerec_app.training.extractor.dlib_weights import DlibLayer, read_dlib_layers


def number(value: int) -> bytes:
    size = max(1, (value.bit_length() + 7) // 8)
    return bytes([size]) + value.to_bytes(size, "little")


def layer(name: str, values: np.ndarray, before: bytes = b"") -> bytes:
    sizes = b"".join(number(size) for size in (values.size, 1, 1, 1))
    text = number(len(name)) + name.encode()
    return text + before + number(2) + sizes + values.astype("<f4").tobytes()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "network.dat"
    content = b"\x01\x01head" + layer("con_4", np.arange(300)) + b"\x01\x00" + layer("affine_", np.array([1.5, -2.0]))
    path.write_bytes(content + layer("fc_2", np.arange(6), number(128) + number(3)) + b"tail")
    return path


def test_layers_come_back_in_order_with_their_values(file: Path) -> None:
    layers = read_dlib_layers(file)
    assert [found.kind for found in layers] == ["con", "affine", "fc"]
    np.testing.assert_array_equal(layers[0].values, np.arange(300))
    np.testing.assert_array_equal(layers[1].values, [1.5, -2.0])
    np.testing.assert_array_equal(layers[2].values, np.arange(6))


def test_a_file_cut_short_is_refused(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:700])
    with pytest.raises(WeightsRejectedError, match="damaged"):
        read_dlib_layers(file)


def test_values_that_are_not_finite_are_refused(file: Path) -> None:
    file.write_bytes(layer("con_4", np.array([1.0, np.nan])))
    with pytest.raises(WeightsRejectedError, match="not finite"):
        read_dlib_layers(file)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.dat"
    other.write_bytes(b"something else")
    with pytest.raises(WeightsRejectedError, match="no layers"):
        read_dlib_layers(other)
    with pytest.raises(WeightsMissingError, match="does not exist"):
        read_dlib_layers(tmp_path / "none.dat")


def dlib_like_layers(seed: int) -> list[DlibLayer]:
    """Return random layers of the sizes that dlib's network has."""
    from facerec_app.training.extractor.dlib_graph import BLOCKS

    generator = np.random.default_rng(seed)
    layers: list[DlibLayer] = []

    def add(inputs: int, filters: int, kernel: int) -> None:
        spread = (1 / (kernel * kernel * inputs)) ** 0.5
        weights = generator.normal(0, spread, filters * inputs * kernel * kernel)
        layers.append(DlibLayer("con", np.append(weights, np.zeros(filters)).astype(np.float32)))
        layers.append(DlibLayer("affine", np.append(np.ones(filters), np.zeros(filters)).astype(np.float32)))

    add(3, 32, 7)
    inputs = 32
    for filters, _ in BLOCKS:
        add(inputs, filters, 3)
        add(filters, filters, 3)
        inputs = max(inputs, filters)
    layers.append(DlibLayer("fc", generator.normal(0, 0.1, 256 * 128).astype(np.float32)))
    return layers


def test_the_graph_runs_and_depends_on_every_part_of_the_face() -> None:
    pytest.importorskip("onnx")
    from facerec_app.inference.openvino_session import OpenvinoSession
    from facerec_app.training.extractor.dlib_graph import build_dlib_graph

    session = OpenvinoSession(build_dlib_graph(dlib_like_layers(0)).SerializeToString(), name="dlib", threads=1)
    faces = np.random.default_rng(1).uniform(0, 255, (1, 3, 150, 150)).astype(np.float32)
    plain = session.run(faces)[0]
    assert plain.shape == (1, 128)
    for rows in (slice(0, 40), slice(60, 90), slice(100, 140)):
        changed = faces.copy()
        changed[:, :, rows] = 0
        assert np.abs(session.run(changed)[0] - plain).max() > 1e-4


def test_layers_of_another_network_are_refused() -> None:
    pytest.importorskip("onnx")
    from facerec_app.training.extractor.dlib_graph import build_dlib_graph

    layers = dlib_like_layers(0)
    with pytest.raises(WeightsRejectedError, match="layer 59 should be fc"):
        build_dlib_graph(layers[:-1])
    with pytest.raises(WeightsRejectedError, match="instead of"):
        build_dlib_graph([*layers, layers[0]])
