"""Finding faces with OpenCV's YuNet, the detector that needs nothing but its file."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from facerec_app.core.errors import WeightsMissingError
from facerec_app.core.types import FaceDetections, UInt8Array
from facerec_app.training.extractor.face_dataset import FaceFinder


def yunet_finder(model_path: Path, minimum_score: float = 0.6) -> FaceFinder:
    """Return a detector built on YuNet (Wu et al. 2023, "YuNet: A Tiny Millisecond-level Face Detector").

    Args:
        model_path: the ONNX file.
        minimum_score: faces below it are not reported.
    """
    if not model_path.is_file():
        msg = f"{model_path} does not exist; give the YuNet ONNX file"
        raise WeightsMissingError(msg)
    network = cv2.FaceDetectorYN.create(str(model_path), "", (320, 320), minimum_score)

    def find(picture: UInt8Array) -> FaceDetections:
        network.setInputSize((picture.shape[1], picture.shape[0]))
        rows = network.detect(np.ascontiguousarray(picture[..., ::-1]))[1]
        if rows is None:
            return FaceDetections.empty()
        found = np.asarray(rows, np.float32)
        boxes = np.concatenate([found[:, :2], found[:, :2] + found[:, 2:4]], axis=1)
        return FaceDetections(boxes, found[:, 4:14].reshape(-1, 5, 2), found[:, 14])

    return find
