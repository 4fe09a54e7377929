"""Training O-Net with Keras: the same network as the runtime's, and it learns from real windows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facerec_app.capture.images import read_image
from facerec_app.core.errors import TrainingCancelledError
from facerec_app.core.face_annotations import FaceAnnotations
from facerec_app.detection.mtcnn_detector import ONET, MtcnnDetector
from facerec_app.inference.onnx_weights import read_weights, with_weights
from facerec_app.inference.openvino_session import OpenvinoSession
from facerec_app.models.model_store import ModelStore
from facerec_app.training.detector_tuning_options import DetectorTuningOptions
from facerec_app.training.onet_crops import OnetCrops, sample_onet_crops


def windows_of(demo_dir: Path, name: str) -> OnetCrops:
    pixels = read_image(demo_dir / "sources" / name)
    detector = MtcnnDetector(ModelStore(), min_face_size_px=40, threads=1)
    faces = FaceAnnotations.from_detections(detector.detect(pixels))
    larger = FaceAnnotations.of(faces.boxes_xyxy + np.array([-8, -30, 8, 4], np.float32), faces.landmarks_xy)
    return sample_onet_crops(pixels, larger, detector.candidate_windows(pixels), np.random.default_rng(2))


def test_network_equals_the_runtimes_and_learns_other_boxes(demo_dir: Path) -> None:
    from facerec_app.training.keras_onet_trainer import KerasOnetTrainer

    model = ModelStore().read(ONET)
    start = read_weights(model)
    training, validation = windows_of(demo_dir, "obama2.jpg"), windows_of(demo_dir, "biden.jpg")
    trainer = KerasOnetTrainer(DetectorTuningOptions(epochs=2, batch=32, learning_rate=5e-4, start_pull=0.001))
    pixels = validation.pixels_rgb.astype(np.float32)
    runtime = OpenvinoSession(model, name="onet", threads=1).run(pixels)[0]
    assert trainer.outputs(start, pixels) == pytest.approx(runtime, abs=1e-3)
    losses: list[float] = []
    tuned = trainer.train(start, training, validation, on_epoch=lambda n, loss, judged: losses.append(judged))
    assert min(losses[1:]) < losses[0]
    served = OpenvinoSession(with_weights(model, tuned), name="tuned", threads=1).run(pixels)[0]
    assert served == pytest.approx(trainer.outputs(tuned, pixels), abs=1e-3)
    with pytest.raises(TrainingCancelledError):
        trainer.train(start, training, validation, cancelled=lambda: True)
