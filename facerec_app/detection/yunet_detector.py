"""YuNet: a small one-stage detector."""

from __future__ import annotations

import cv2
import numpy as np

from facerec_app.core.geometry import pairwise_iou
from facerec_app.core.types import FaceDetections, Float32Array, UInt8Array
from facerec_app.detection.face_mosaic import MosaicLayout
from facerec_app.detection.non_maximum_suppression import suppress_overlaps
from facerec_app.inference.openvino_session import OpenvinoSession
from facerec_app.models.model_store import ModelStore

DEFAULT_SCORE = 0.7
STRIDES = (8, 16, 32)
SIDE_MULTIPLE_PX = 32
MAX_CANDIDATES = 2000
FOLLOWED_SCORE_SHARE = 0.85
"""A face that was there a moment ago needs this share of the score that a new one needs (docs/speed.md)."""
FOLLOWED_OVERLAP = 0.3
"""Of a face with the box that it is looked for in; others were cut by their tile's edge."""
WORTHWHILE_SHARE = 0.8
"""Of the picture: a larger mosaic saves nothing."""


class YunetDetector:
    """The network of Wu et al., "YuNet: A Tiny Millisecond-level Face Detector", Machine Intelligence Research 2023."""

    def __init__(
        self,
        store: ModelStore,
        *,
        score_threshold: float = DEFAULT_SCORE,
        overlap_threshold: float = 0.3,
        max_side_px: int = 1280,
        threads: int | None = None,
    ) -> None:
        """Load the network.

        Args:
            store: where the model files are.
            score_threshold: faces below it are not reported.
            overlap_threshold: of two boxes with a larger intersection over union the better one stays.
            max_side_px: larger pictures are shrunk to it first; the network finds faces of 10 to 300 px.
            threads: processor threads; None means all.

        Raises:
            WeightsMissingError: if the file is missing.
            WeightsRejectedError: if it is damaged.
        """
        self._score_threshold = score_threshold
        self._overlap_threshold = overlap_threshold
        self._max_side_px = max_side_px
        self._session = OpenvinoSession(store.read("yunet"), name="yunet", threads=threads)

    @property
    def name(self) -> str:
        """What the user calls this detector."""
        return "yunet"

    def detect(self, pixels_rgb: UInt8Array) -> FaceDetections:
        """Return the faces of an ``(H, W, 3)`` uint8 picture, best score first; none is an empty result.

        Raises:
            InferenceError: if the network fails or returns values that are not finite.
        """
        height, width = pixels_rgb.shape[:2]
        if min(height, width) < 1:
            return FaceDetections.empty()
        scale = float(self._scale_of(width, height))
        inner_width, inner_height = max(1, round(width * scale)), max(1, round(height * scale))
        outputs = self._session.run(self._padded(pixels_rgb, inner_width, inner_height)[None])
        padded_width = -(-inner_width // SIDE_MULTIPLE_PX) * SIDE_MULTIPLE_PX
        detections = _decode(outputs, padded_width, self._score_threshold)
        detections = self._thinned(detections)
        back = np.array([width / inner_width, height / inner_height], np.float32)
        return FaceDetections(
            detections.boxes_xyxy * np.tile(back, 2), detections.landmarks_xy * back, detections.scores
        )

    def look_again(self, pixels_rgb: UInt8Array, boxes_xyxy: Float32Array) -> FaceDetections:
        """Return the faces in ``(N, 4)`` boxes, best score first.

        The neighbourhoods of the boxes are laid side by side, at the scale of ``detect``, and searched in one run. A
        face may have moved by half its width since the box was drawn.

        Raises:
            InferenceError: if the network fails or returns values that are not finite.
        """
        height, width = pixels_rgb.shape[:2]
        if not len(boxes_xyxy) or min(height, width) < 1:
            return FaceDetections.empty()
        scale = self._scale_of(width, height)
        layout = MosaicLayout.around(boxes_xyxy * scale, round(width * scale), round(height * scale))
        if layout.width_px * layout.height_px > WORTHWHILE_SHARE * width * height * scale**2:
            return self.detect(pixels_rgb)
        outputs = self._session.run(layout.paint(pixels_rgb, float(scale))[None])
        threshold = FOLLOWED_SCORE_SHARE * self._score_threshold
        found = layout.to_scaled_picture(_decode(outputs, layout.width_px, threshold))
        found = FaceDetections(found.boxes_xyxy / scale, found.landmarks_xy / scale, found.scores)
        overlaps = pairwise_iou(found.boxes_xyxy, boxes_xyxy).max(axis=1)
        return self._thinned(found.select(np.flatnonzero(overlaps > FOLLOWED_OVERLAP)))

    def _scale_of(self, width: int, height: int) -> np.float32:
        return np.float32(min(1.0, self._max_side_px / max(height, width)))

    def _thinned(self, found: FaceDetections) -> FaceDetections:
        return found.select(suppress_overlaps(found.boxes_xyxy, found.scores, self._overlap_threshold))

    @staticmethod
    def _padded(pixels_rgb: UInt8Array, inner_width: int, inner_height: int) -> UInt8Array:
        """Return the picture at the inner size with black to the right and below up to multiples of 32."""
        if pixels_rgb.shape[1::-1] != (inner_width, inner_height):
            pixels_rgb = np.asarray(
                cv2.resize(pixels_rgb, (inner_width, inner_height), interpolation=cv2.INTER_AREA), np.uint8
            )
        padded = np.zeros(
            (*(-(-side // SIDE_MULTIPLE_PX) * SIDE_MULTIPLE_PX for side in pixels_rgb.shape[:2]), 3), np.uint8
        )
        padded[:inner_height, :inner_width] = pixels_rgb
        return padded


def _decode(outputs: tuple[Float32Array, ...], padded_width: int, score_threshold: float) -> FaceDetections:
    """Turn the maps of all strides into faces in px of the padded picture, best score first, overlapping ones too.

    A cell's score is the geometric mean of class and object probability; box centres and landmarks are offsets in
    cells, box sides logarithms of cells.
    """
    boxes, landmarks, scores = [], [], []
    for level, stride in enumerate(STRIDES):
        classes, objects, box_offsets, landmark_offsets = (output[0] for output in outputs[level::3])
        confidence = np.sqrt(np.clip(classes[:, 0], 0, 1) * np.clip(objects[:, 0], 0, 1))
        rows = np.flatnonzero(confidence > score_threshold)
        columns = padded_width // stride
        cells = np.stack([rows % columns, rows // columns], axis=1).astype(np.float32)
        centres = (cells + box_offsets[rows, :2]) * stride
        halves = np.exp(box_offsets[rows, 2:]) * (stride / 2)
        boxes.append(np.concatenate([centres - halves, centres + halves], axis=1))
        landmarks.append((landmark_offsets[rows].reshape(-1, 5, 2) + cells[:, None]) * stride)
        scores.append(confidence[rows])
    found = FaceDetections(np.concatenate(boxes), np.concatenate(landmarks), np.concatenate(scores))
    return found.select(np.argsort(-found.scores, kind="stable")[:MAX_CANDIDATES])
