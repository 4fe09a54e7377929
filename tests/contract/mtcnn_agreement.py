"""How alike the faces of two detectors are."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from facerec_app.core.geometry import pairwise_iou
from facerec_app.core.types import FaceDetections, UInt8Array

SAME_FACE_IOU = 0.9
PROGRAM = Path(__file__).with_name("mtcnn_package_reference.py")


@dataclass(frozen=True, slots=True)
class Agreement:
    """Share of pictures with the same faces, and the distances of landmarks of faces that are the same, px."""

    pictures: int
    same: int
    landmark_distances_px: tuple[float, ...]

    @property
    def share(self) -> float:
        return self.same / self.pictures

    @property
    def median_landmark_px(self) -> float:
        return float(np.median(self.landmark_distances_px))


def read_picture(path: Path) -> UInt8Array:
    picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None, path
    return np.ascontiguousarray(picture[..., ::-1], np.uint8)


def faces_of_package(pictures: Sequence[Path], min_face_size: int, folder: Path) -> dict[Path, FaceDetections]:
    """Return what the package ``mtcnn`` finds, asked in a process of its own in an empty folder."""
    out = folder / f"package-{min_face_size}.npz"
    arguments = ["faces", str(out), str(min_face_size), *map(str, pictures)]
    subprocess.run([sys.executable, str(PROGRAM), *arguments], cwd=folder, check=True, capture_output=True)
    with np.load(out, allow_pickle=False) as found:
        return {path: _detections(found[str(path)].astype(np.float32)) for path in pictures}


def _detections(rows: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> FaceDetections:
    return FaceDetections(rows[:, 0:4], np.stack([rows[:, 5:10], rows[:, 10:15]], axis=2), rows[:, 4])


def within(found: FaceDetections, picture_rgb: UInt8Array) -> FaceDetections:
    """Return the faces with boxes cut to the picture's pixels, as the package reports them."""
    height, width = picture_rgb.shape[:2]
    limits = np.array([width - 1, height - 1, width - 1, height - 1], np.float32)
    return FaceDetections(np.clip(found.boxes_xyxy, 0, limits), found.landmarks_xy, found.scores)


def agreement(pairs: Sequence[tuple[FaceDetections, FaceDetections]]) -> Agreement:
    """Compare two detectors' faces picture by picture: the same number, and each with its partner at high overlap."""
    same = 0
    distances: list[float] = []
    for left, right in pairs:
        if not len(left) or not len(right):
            same += len(left) == len(right)
            continue
        overlaps = pairwise_iou(left.boxes_xyxy, right.boxes_xyxy)
        partners = overlaps.argmax(axis=1)
        matched = overlaps.max(axis=1) >= SAME_FACE_IOU
        same += len(left) == len(right) == np.unique(partners).size and bool(matched.all())
        offsets = left.landmarks_xy[matched] - right.landmarks_xy[partners[matched]]
        distances.extend(np.linalg.norm(offsets, axis=2).ravel().tolist())
    return Agreement(len(pairs), same, tuple(distances))
