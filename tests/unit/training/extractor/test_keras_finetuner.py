"""Training the extractor's head with Keras: the same network as the one that serves, and it learns from real faces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facerec_app.alignment.five_point_aligner import FivePointAligner
from facerec_app.alignment.templates import ARCFACE_112
from facerec_app.capture.images import read_image
from facerec_app.core.errors import TrainingCancelledError
from facerec_app.core.types import Float32Array, Int64Array, UInt8Array
from facerec_app.detection.yunet_detector import YunetDetector
from facerec_app.inference.onnx_weights import with_some_arrays
from facerec_app.inference.openvino_session import OpenvinoSession
from facerec_app.models.model_store import ModelStore
from facerec_app.training.extractor.extractor_head import FROZEN_UP_TO, part_way, served_arrays
from facerec_app.training.extractor.finetuning_options import FinetuningOptions
from facerec_app.training.extractor.student_weights import load_student
from facerec_app.training.picture_features import find_central_face

_NETWORK = "resnet50-face"


@pytest.fixture(scope="module")
def crops(demo_dir: Path) -> UInt8Array:
    """Return eight faces of three people: three photographs of one, two of another (one of them dimmed), and so on."""
    detector, aligner = YunetDetector(ModelStore(), threads=1), FivePointAligner(ARCFACE_112, 112)
    found = []
    for name in ("obama2.jpg", "obama3.jpg", "biden.jpg", "astronaut.png"):
        pixels = read_image(demo_dir / "sources" / name)
        crop = aligner.align(pixels, find_central_face(detector, pixels)).pixels_rgb[0]
        found += [crop, np.asarray(crop * 0.5 + 20 * np.arange(112)[None, :, None] / 112, np.uint8)]
    return np.stack(found)


@pytest.fixture(scope="module")
def people() -> Int64Array:
    return np.array([0, 0, 0, 0, 1, 1, 2, 2])


@pytest.fixture(scope="module")
def maps(crops: UInt8Array) -> Float32Array:
    session = OpenvinoSession(ModelStore().read(_NETWORK), name=_NETWORK, threads=1, end_layers=(FROZEN_UP_TO,))
    return np.ascontiguousarray(session.run(crops)[0].transpose(0, 2, 3, 1))


def projections(model: bytes, crops: UInt8Array) -> Float32Array:
    session = OpenvinoSession(model, name="head", threads=1)
    vectors = session.run(crops)[session.output_names.index("projection")]
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def test_the_head_is_the_served_one_and_learns(crops: UInt8Array, people: Int64Array, maps: Float32Array) -> None:
    from facerec_app.training.extractor.keras_finetuner import KerasFinetuner

    model, start = ModelStore().read(_NETWORK), load_student(ModelStore().path("resnet50-face-weights"))
    trainer = KerasFinetuner(FinetuningOptions(epochs=2, batch=8, learning_rate=3e-4, margin=1.0))
    before = trainer.projections(start, maps)
    assert np.sum(before * projections(model, crops), axis=1).min() > 0.999  # int8 kernels against float16

    losses: list[float] = []
    trained = trainer.train(start, maps, people, on_epoch=lambda epoch, triplets, loss: losses.append(loss))
    assert losses[-1] < losses[0]
    whole = part_way(start, trained, 1.0)
    after = trainer.projections(whole, maps)
    served = projections(with_some_arrays(model, served_arrays(whole)), crops)
    assert np.sum(after * served, axis=1).min() > 0.999
    same = people[:, None] == people[None, :]
    assert separation(after, same) > separation(before, same) + 0.01
    half = trainer.projections(part_way(start, trained, 0.5), maps)
    assert np.mean(np.sum(half * before, axis=1)) > np.mean(np.sum(after * before, axis=1))


def separation(vectors: Float32Array, same: np.ndarray) -> float:
    """Return how much more alike faces of one person are than faces of two, on average."""
    cosines = vectors @ vectors.T
    return float(np.mean(cosines[same & ~np.eye(len(same), dtype=bool)]) - np.mean(cosines[~same]))


def test_the_projection_alone_repeats_itself_and_can_be_cancelled(people: Int64Array, maps: Float32Array) -> None:
    from facerec_app.training.extractor.keras_finetuner import KerasFinetuner

    start = load_student(ModelStore().path("resnet50-face-weights"))
    trainer = KerasFinetuner(FinetuningOptions(epochs=1, batch=8, margin=1.0, layers="projection"))
    first, second = (trainer.train(start, maps, people) for _ in range(2))
    assert set(first) == {"projection/kernel", "projection/bias"}
    assert not np.array_equal(first["projection/kernel"], start.arrays["projection/kernel"])
    np.testing.assert_allclose(first["projection/kernel"], second["projection/kernel"], atol=1e-6)
    with pytest.raises(TrainingCancelledError, match="present extractor stays"):
        trainer.train(start, maps, people, cancelled=lambda: True)
