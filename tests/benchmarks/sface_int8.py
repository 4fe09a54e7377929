"""SFace in eight bits against fp32 and bf16: processor time and what it costs in accuracy.

``python -m tests.benchmarks.sface_int8 --data FOLDER [--pairs 600]`` with the extra ``models``; FOLDER holds ``lfw/``,
``lfw_pairs.txt`` and ``splits/``. Static quantisation (onnxruntime; kernels per channel, activations per tensor)
calibrated on 256 aligned faces of training people; accuracy on pairs of other training people.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from facerec_app.alignment.five_point_aligner import FivePointAligner
from facerec_app.alignment.templates import TEMPLATES
from facerec_app.capture.images import read_image
from facerec_app.core.types import Float32Array, UInt8Array
from facerec_app.detection.mtcnn_detector import MtcnnDetector
from facerec_app.inference.openvino_session import OpenvinoSession, Precision
from facerec_app.models.model_store import ModelStore
from facerec_app.training.lfw_pairs import PicturePair, read_pair_list
from facerec_app.training.picture_features import central_face

CALIBRATION_FACES = 256
TURNS = 25


class FaceCutter:
    """Cuts the face nearest to the middle out of pictures of ``lfw/``."""

    def __init__(self, data: Path) -> None:
        cv2.setNumThreads(1)
        models = ModelStore()
        self._data = data
        self._detector = MtcnnDetector(models, min_face_size_px=40.0, threads=1)
        self._aligner = FivePointAligner(TEMPLATES[models.profile("sface").alignment_template], 112)

    def cut(self, picture: str) -> UInt8Array | None:
        """Return the crop, ``(112, 112, 3)`` uint8, None where no face is found."""
        pixels_rgb = read_image(self._data / "lfw" / picture)
        found = central_face(self._detector.detect(pixels_rgb), pixels_rgb.shape[1], pixels_rgb.shape[0])
        return self._aligner.align(pixels_rgb, found).pixels_rgb[0] if len(found) else None


def quantised(model: bytes, crops: UInt8Array) -> bytes:
    """Return the network with eight-bit kernels and activations, calibrated on ``(N, 112, 112, 3)`` crops."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._batches: Iterator[UInt8Array] = iter(np.array_split(crops, 32))

        def get_next(self) -> dict[str, Any] | None:
            batch = next(self._batches, None)
            return None if batch is None else {"pixels_rgb": batch}

    logging.getLogger().setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        source, prepared, target = (Path(folder) / name for name in ("sface.onnx", "prepared.onnx", "int8.onnx"))
        source.write_bytes(model)
        quant_pre_process(source, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            target,
            Reader(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["Conv", "Gemm"],
        )
        return target.read_bytes()


def embedded(session: OpenvinoSession, crops: UInt8Array) -> Float32Array:
    vectors = np.concatenate([session.run(crops[start : start + 16])[0] for start in range(0, len(crops), 16)])
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def training_pairs(data: Path, count: int) -> list[PicturePair]:
    """Return pairs of training people, half of them genuine."""
    listed = (data / "splits" / "train_people.txt").read_text(encoding="utf-8").splitlines()
    people = {line.split()[0] for line in listed}
    pairs = [
        pair
        for pair in read_pair_list(data / "lfw_pairs.txt").pairs
        if {pair.left.split("/")[0], pair.right.split("/")[0]} <= people
    ]
    genuine = [pair for pair in pairs if pair.same][: count // 2]
    return genuine + [pair for pair in pairs if not pair.same][: count // 2]


def best_accuracy(cosines: Float32Array, same: np.ndarray[Any, np.dtype[np.bool_]]) -> float:
    return max(float(((cosines >= threshold) == same).mean()) for threshold in np.unique(cosines))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pairs", type=int, default=600)
    given = parser.parse_args()
    cutter, model = FaceCutter(given.data), ModelStore().read("sface")
    pairs = training_pairs(given.data, given.pairs)
    pictures = sorted({name for pair in pairs for name in (pair.left, pair.right)})
    crops = {name: crop for name in pictures if (crop := cutter.cut(name)) is not None}
    pairs = [pair for pair in pairs if pair.left in crops and pair.right in crops]
    used = {name.split("/")[0] for name in pictures}
    listed = (given.data / "splits" / "train_people.txt").read_text(encoding="utf-8").splitlines()
    others = (line.split()[0] for line in listed if line.split()[0] not in used)
    found = (cutter.cut(f"{name}/{name}_0001.jpg") for name in others)
    calibration = np.stack(list(itertools.islice((crop for crop in found if crop is not None), CALIBRATION_FACES)))
    small = quantised(model, calibration)
    kinds: dict[str, tuple[bytes, Precision]] = {
        "fp32": (model, "f32"), "bf16": (model, "bf16"), "int8": (small, "f32"), "int8 and bf16": (small, "bf16"),
    }  # fmt: skip
    sessions = {
        name: OpenvinoSession(content, name=name, threads=1, precision=precision)
        for name, (content, precision) in kinds.items()
    }
    print_accuracy(sessions, crops, pairs)
    print_times(sessions, calibration)
    print(f"files: fp32 {len(model) / 1e6:.1f} MB, int8 {len(small) / 1e6:.1f} MB")


def print_accuracy(
    sessions: dict[str, OpenvinoSession], crops: dict[str, UInt8Array], pairs: list[PicturePair]
) -> None:
    names = sorted(crops)
    row_of = {name: row for row, name in enumerate(names)}
    stacked = np.stack([crops[name] for name in names])
    same = np.array([pair.same for pair in pairs])
    left, right = ([row_of[getattr(pair, side)] for pair in pairs] for side in ("left", "right"))
    whole: Float32Array | None = None
    for name, session in sessions.items():
        vectors = embedded(session, stacked)
        whole = vectors if whole is None else whole
        cosines = np.einsum("nd,nd->n", vectors[left], vectors[right])
        apart = np.einsum("nd,nd->n", vectors, whole)
        gap = cosines[same].mean() - cosines[~same].mean()
        print(
            f"{name}: accuracy {best_accuracy(cosines, same):.4f} on {len(pairs)} pairs, mean gap {gap:.4f}, cosine "
            f"with fp32 median {np.median(apart):.4f}, lowest {apart.min():.4f}"
        )


def print_times(sessions: dict[str, OpenvinoSession], crops: UInt8Array) -> None:
    """Print the least processor time of one thread, in turns: other work on the machine only adds."""
    for batch in (1, 8):
        least = dict.fromkeys(sessions, float("inf"))
        for _ in range(TURNS):
            for name, session in sessions.items():
                session.run(crops[:batch])
                began_s = time.process_time()
                session.run(crops[:batch])
                least[name] = min(least[name], 1e3 * (time.process_time() - began_s) / batch)
        print(f"batch {batch}, ms a face:", ", ".join(f"{name} {ms:.2f}" for name, ms in least.items()))


if __name__ == "__main__":
    main()
