"""Tuning O-Net: windows and targets, the split, both outcomes, and what is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest

from facerec_app.capture.images import read_image, write_jpeg
from facerec_app.core.errors import (
    ConfigError,
    NotEnoughDataError,
    TrainingCancelledError,
    WeightsMissingError,
    WeightsRejectedError,
)
from facerec_app.core.face_annotations import FaceAnnotations
from facerec_app.core.geometry import pairwise_iou
from facerec_app.core.types import Float32Array
from facerec_app.detection.mtcnn_detector import ONET, MtcnnDetector
from facerec_app.inference.onnx_weights import read_weights, with_weights
from facerec_app.models.detector_versions import INDEX_NAME, DetectorVersions
from facerec_app.models.model_store import ModelStore
from facerec_app.services.detector_tuning import DetectorTuningService
from facerec_app.training.box_dataset import AnnotatedPicture, BoxDataset
from facerec_app.training.detector_tuning import split_pictures
from facerec_app.training.detector_tuning_options import DetectorTuningOptions
from facerec_app.training.onet_crops import BACKGROUND, FACE, PART, OnetCrops, sample_onet_crops

Weights = Mapping[str, Float32Array]
_FACE_PX = 64.0


@pytest.fixture(scope="module")
def store() -> ModelStore:
    return ModelStore()


@pytest.fixture(scope="module")
def shipped(store: ModelStore) -> dict[str, Float32Array]:
    return read_weights(store.read(ONET))


@pytest.fixture(scope="module")
def pictures(store: ModelStore, demo_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> list[AnnotatedPicture]:
    """Return 24 pictures: two photographs, each brighter and darker and moved, with where their one face is."""
    folder = tmp_path_factory.mktemp("boxes")
    detector = MtcnnDetector(store, min_face_size_px=40, threads=1)
    made = []
    for name in ("obama2.jpg", "biden.jpg"):
        whole = read_image(demo_dir / "sources" / name)
        largest = detector.detect(whole).boxes_xyxy[0]
        shrink = _FACE_PX / float(largest[2] - largest[0])
        whole = np.asarray(cv2.resize(whole, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)
        found = detector.detect(whole)
        middle = ((found.boxes_xyxy[0, :2] + found.boxes_xyxy[0, 2:]) / 2).astype(int)
        side = int(1.2 * float(found.boxes_xyxy[0, 3] - found.boxes_xyxy[0, 1]))
        for number in range(12):
            left, top = max(0, middle[0] - side + 3 * number), max(0, middle[1] - side + 2 * number)
            part = whole[top : top + 2 * side, left : left + 2 * side]
            shift = np.array([left, top], np.float32)
            file = folder / f"{name}-{number}.jpg"
            write_jpeg(file, np.clip(part * (0.7 + 0.04 * number), 0, 255).astype(np.uint8))
            faces = FaceAnnotations.of(found.boxes_xyxy[:1] - np.tile(shift, 2), found.landmarks_xy[:1] - shift)
            made.append(AnnotatedPicture(file, part.shape[1], part.shape[0], faces))
    return made


class Answers:
    """Stands in for the trainer, whose outcome a test wants to choose; everything around it is real."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights

    def train(
        self,
        start: Weights,
        training: OnetCrops,
        validation: OnetCrops,
        *,
        on_epoch: Callable[[int, float, float], None],
        cancelled: Callable[[], bool],
    ) -> dict[str, Float32Array]:
        on_epoch(0, float("nan"), 1.0)
        return dict(self._weights)


def spoilt(weights: Weights) -> dict[str, Float32Array]:
    """Return weights that believe of hardly any window that it shows a face."""
    bias = weights["w15_1"].copy()
    bias[0] -= 20
    return {**weights, "w15_1": bias}


def service(
    folder: Path, store: ModelStore, start: Weights, outcome: Weights
) -> tuple[DetectorTuningService, DetectorVersions]:
    versions = DetectorVersions(folder)
    made = DetectorTuningService(
        versions,
        lambda: start,
        lambda weights: MtcnnDetector(
            store, min_face_size_px=40, thresholds=(0.6, 0.7, 0.02), threads=1, onet_weights=weights
        ),
        lambda options: Answers(outcome),
        0.8,
    )
    return made, versions


def test_windows_follow_the_rule_of_the_paper(pictures: list[AnnotatedPicture], store: ModelStore) -> None:
    picture = pictures[0]
    pixels = read_image(picture.file)
    detector = MtcnnDetector(store, min_face_size_px=40, threads=1)
    windows = detector.candidate_windows(pixels)
    assert pairwise_iou(windows, picture.faces.boxes_xyxy).max() > 0.4  # the cascade lets the face through to O-Net
    crops = sample_onet_crops(pixels, picture.faces, windows, np.random.default_rng(5))
    assert {FACE, PART, BACKGROUND} == set(crops.kinds.tolist())
    assert crops.pixels_rgb.shape[1:] == (48, 48, 3)
    face = crops.kinds == FACE
    assert np.isfinite(crops.landmarks[face]).all()
    assert np.isnan(crops.landmarks[~face]).all()
    assert (crops.offsets[crops.kinds == BACKGROUND] == 0).all()
    # What remains between the sides after moving the window as the target says is nothing: faces overlap fully.
    assert np.abs(crops.offsets[face]).max() < 0.4


def test_targets_lead_back_to_the_face_as_the_detector_reads_them() -> None:
    faces = FaceAnnotations.of(
        np.array([[30, 40, 90, 110]], np.float32),
        np.array([[[45, 65], [75, 65], [60, 80], [48, 95], [72, 95]]], np.float32),
    )
    window = np.array([[25, 35, 95, 105]], np.float32)
    pixels = np.zeros((160, 160, 3), np.uint8)
    generator = np.random.default_rng(0)
    crops = sample_onet_crops(pixels, faces, np.repeat(window, 40, axis=0), generator)
    sides = window[0, 2:] - window[0, :2] + 1
    as_detected = 0
    for row in np.flatnonzero(crops.kinds == FACE).tolist():
        box = window[0] + crops.offsets[row] * np.tile(sides, 2)
        if np.allclose(box, faces.boxes_xyxy[0], atol=1e-3):  # of the forty; those around the face are others
            points = crops.landmarks[row].reshape(2, 5).T * sides + window[0, :2] - 1
            assert points == pytest.approx(faces.landmarks_xy[0], abs=1e-3)  # the face is its own mirror image
            as_detected += 1
    assert as_detected >= 40


def test_pictures_of_one_name_stay_on_one_side(pictures: list[AnnotatedPicture]) -> None:
    named = [
        AnnotatedPicture(
            one.file, one.width_px, one.height_px,
            FaceAnnotations.of(one.faces.boxes_xyxy, names=[f"person {number // 4}"]),
        )
        for number, one in enumerate(pictures)
    ]  # fmt: skip
    learnt, held_out = split_pictures(named, 0.3, 2)
    assert len(learnt) + len(held_out) == 24
    assert not {one.faces.names for one in learnt} & {one.faces.names for one in held_out}


def test_too_few_pictures_are_said_so(pictures: list[AnnotatedPicture]) -> None:
    with pytest.raises(NotEnoughDataError, match="at least 20 pictures"):
        split_pictures(pictures[:10], 0.3, 1)


def test_better_detector_is_kept_used_and_taken_back(
    pictures: list[AnnotatedPicture], store: ModelStore, shipped: dict[str, Float32Array], tmp_path: Path
) -> None:
    tuning, versions = service(tmp_path, store, spoilt(shipped), shipped)
    result = tuning.tune(BoxDataset(tuple(pictures)), DetectorTuningOptions(held_out=0.5))
    assert result.comparison.gain_interval[0] > 0
    assert result.sentence.startswith("Better")
    present = versions.present()
    assert present is not None
    assert present.version_id == result.version_id
    in_use = versions.weights_in_use()
    assert in_use is not None
    pixels = read_image(pictures[0].file)
    served = MtcnnDetector(store, min_face_size_px=40, threads=1, onet_weights=in_use).detect(pixels)
    own = MtcnnDetector(store, min_face_size_px=40, threads=1).detect(pixels)
    assert served.boxes_xyxy == pytest.approx(own.boxes_xyxy)
    assert tuning.rollback() is None
    assert versions.present() is None
    with pytest.raises(ConfigError, match="nothing to take back"):
        tuning.rollback()
    versions.promote(present.version_id)
    assert versions.present() == present


def test_worse_detector_is_not_kept(
    pictures: list[AnnotatedPicture], store: ModelStore, shipped: dict[str, Float32Array], tmp_path: Path
) -> None:
    tuning, versions = service(tmp_path, store, shipped, spoilt(shipped))
    result = tuning.tune(BoxDataset(tuple(pictures)), DetectorTuningOptions(held_out=0.5))
    assert result.version_id is None
    assert result.sentence.startswith("Not better")
    assert versions.all() == ()
    assert result.to_json()["kept"] is False


def test_cancelled_tuning_changes_nothing(
    pictures: list[AnnotatedPicture], store: ModelStore, shipped: dict[str, Float32Array], tmp_path: Path
) -> None:
    tuning, versions = service(tmp_path, store, shipped, shipped)
    with pytest.raises(TrainingCancelledError):
        tuning.tune(BoxDataset(tuple(pictures)), DetectorTuningOptions(), cancelled=lambda: True)
    assert versions.all() == ()


def test_damaged_version_is_refused_and_the_shipped_detector_serves(
    pictures: list[AnnotatedPicture], store: ModelStore, shipped: dict[str, Float32Array], tmp_path: Path
) -> None:
    tuning, versions = service(tmp_path, store, spoilt(shipped), shipped)
    tuning.tune(BoxDataset(tuple(pictures)), DetectorTuningOptions(held_out=0.5))
    (version,) = versions.all()
    file = tmp_path / f"{version.version_id}.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(bytes(content))
    with pytest.raises(WeightsRejectedError, match="changed or damaged"):
        versions.weights(version)
    assert versions.weights_in_use() is None
    file.unlink()
    with pytest.raises(WeightsMissingError):
        versions.weights(version)
    (tmp_path / INDEX_NAME).write_text("{}")
    with pytest.raises(WeightsRejectedError, match="is damaged"):
        versions.present()
    assert versions.rollback() is None
    assert versions.present() is None


def test_weights_of_another_network_are_refused(store: ModelStore, shipped: dict[str, Float32Array]) -> None:
    model = store.read(ONET)
    assert with_weights(model, shipped) == model
    without = {name: array for name, array in shipped.items() if name != "w1_0"}
    turned = {**shipped, "w13_0": shipped["w13_0"].T}
    broken = {**shipped, "w13_1": np.full_like(shipped["w13_1"], np.nan)}
    for weights in (without, turned, broken):
        with pytest.raises(WeightsRejectedError):
            with_weights(model, weights)
    with pytest.raises(WeightsRejectedError):
        read_weights(model[: len(model) // 2])


def test_stored_weights_are_those_that_onnx_reads(store: ModelStore, shipped: dict[str, Float32Array]) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    from onnx import numpy_helper

    graph = onnx.load_from_string(store.read(ONET)).graph
    reference = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    assert set(reference) == set(shipped)
    assert all(np.array_equal(reference[name], shipped[name]) for name in reference)
