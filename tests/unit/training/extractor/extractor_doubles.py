"""Stand-ins for the tests of extractor training: drawn faces, a detector that knows where they are, small banks."""

from __future__ import annotations

import numpy as np

from facerec_app.core.types import FaceDetections, UInt8Array
from facerec_app.training.extractor.face_bank import BANK_PX, Shard
from facerec_app.training.extractor.face_dataset import CROP_PX, STORED_PX, TEMPLATE_XY, FaceSet
from facerec_app.training.extractor.student_graph import BLOCKS
from facerec_app.training.extractor.student_weights import StudentWeights


class MarkedFaceDetector:
    """Reports two faces: one in the middle of the picture, one in its corner, the corner's with the better score."""

    name = "marked"

    def __init__(self, landmarks_xy: np.ndarray) -> None:
        self.landmarks_xy = landmarks_xy.astype(np.float32)

    def detect(self, pixels_rgb: UInt8Array) -> FaceDetections:
        if not pixels_rgb.any():
            return FaceDetections.empty()
        points = np.stack([self.landmarks_xy - 60, self.landmarks_xy])
        boxes = np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)
        return FaceDetections(boxes, points, np.array([0.9, 0.8], np.float32))


def drawn_faces(count: int, seed: int = 0) -> FaceSet:
    """Return faces of smooth random colours with landmarks near the template."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 256, (count, 9, 9, 3), np.uint8)
    pixels = np.repeat(np.repeat(coarse, 16, axis=1), 16, axis=2)
    landmarks = TEMPLATE_XY + (STORED_PX - CROP_PX) / 2 + generator.normal(0, 1, (count, 5, 2))
    return FaceSet(pixels, landmarks.astype(np.float32), np.arange(count, dtype=np.int64))


def drawn_shard(count: int, seed: int = 0) -> Shard:
    """Return a bank's shard of drawn faces with random unit-length labels."""
    generator = np.random.default_rng(seed)
    margin = (STORED_PX - BANK_PX) // 2
    pixels = drawn_faces(count, seed).pixels_rgb[:, margin:-margin, margin:-margin]
    labels = generator.normal(size=(2, count, 128))
    labels /= np.linalg.norm(labels, axis=2, keepdims=True)
    return Shard(np.ascontiguousarray(pixels), labels[0].astype(np.float32), labels[1].astype(np.float32))


def random_weights(seed: int = 0, projection_values: int = 256, input_px: int = 112) -> StudentWeights:
    """Return weights of a ResNet50 up to ``conv5_block2_out`` that keep the maps' size in bounds."""
    generator = np.random.default_rng(seed)
    arrays: dict[str, np.ndarray] = {}

    def add(name: str, kernel: int, inputs: int, outputs: int) -> None:
        spread = (2 / (kernel * kernel * inputs)) ** 0.5
        arrays[f"{name}_conv/kernel"] = generator.normal(0, spread, (kernel, kernel, inputs, outputs))
        arrays[f"{name}_conv/bias"] = generator.normal(0, 0.1, outputs)
        arrays[f"{name}_bn/gamma"] = generator.uniform(0.4, 0.8, outputs)
        arrays[f"{name}_bn/beta"] = generator.normal(0, 0.1, outputs)
        arrays[f"{name}_bn/moving_mean"] = generator.normal(0, 0.1, outputs)
        arrays[f"{name}_bn/moving_variance"] = generator.uniform(0.5, 2, outputs)

    add("conv1", 7, 3, 64)
    inputs, filters = 64, 64
    for stage, count in BLOCKS.items():
        for number in range(1, count + 1 if stage != "conv5" else 3):
            block = f"{stage}_block{number}"
            if number == 1:
                add(f"{block}_0", 1, inputs, 4 * filters)
            add(f"{block}_1", 1, inputs, filters)
            add(f"{block}_2", 3, filters, filters)
            add(f"{block}_3", 1, filters, 4 * filters)
            inputs = 4 * filters
        filters *= 2
    arrays["projection/kernel"] = generator.normal(0, 0.02, (2048, projection_values))
    arrays["projection/bias"] = generator.normal(0, 0.1, projection_values)
    return StudentWeights(
        {name: array.astype(np.float32) for name, array in arrays.items()},
        "conv5_block2_out",
        {"pictures_seen": "960", "input_px": str(input_px)},
    )
