"""MTCNN: three small networks in a row, each looking closer at what the one before let through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import cv2
import numpy as np

from facerec_app.core.protocols import InferenceSession
from facerec_app.core.types import FaceDetections, Float32Array, UInt8Array
from facerec_app.detection.crop_sampling import sample_few_windows, sample_windows
from facerec_app.detection.mtcnn_pyramid import CELL_PX, STRIDE_PX, PyramidLayout, paint_canvas, plan_layout
from facerec_app.detection.non_maximum_suppression import suppress_overlaps
from facerec_app.inference.onnx_weights import with_weights
from facerec_app.inference.openvino_session import OpenvinoSession
from facerec_app.models.model_store import ModelStore

ONET = "mtcnn_onet"
DEFAULT_THRESHOLDS = (0.6, 0.7, 0.8)
DEFAULT_MIN_FACE_SIZE_PX = 40.0
"""Smaller faces carry too little for recognition; measured in docs/detection.md."""
LEVEL_OVERLAP = 0.5
STAGE_OVERLAP = 0.7
MAX_SIDE_PX = 1920
"""Longer pictures are shrunk to it first, which bounds time and memory."""
SMALLEST_FACE_PX = 20.0
"""In a shrunk picture no smaller faces are looked for."""
MAX_PROPOSALS = 2000
"""Per level and for R-Net; only noise and fine texture come near it."""
ONET_PX = 48
RNET_BATCH_STEP = 16
ONET_BATCH_STEP = 4
"""Batches are filled up to whole steps: the runtime takes milliseconds for every batch size that it meets first."""
LOOK_AGAIN_SIZES = (0.85, 1.0, 1.2)
"""Of O-Net's windows, in sides of the box that it gave a face a frame ago (measured in docs/speed.md)."""
WINDOW_PX = CELL_PX - 1
"""The weights' box offsets are in units of a window of 11 px that starts one pixel in (as the package has them)."""


class MtcnnDetector:
    """The cascade of Zhang et al., IEEE Signal Processing Letters 2016, with the weights of the package ``mtcnn``."""

    def __init__(
        self,
        store: ModelStore,
        *,
        min_face_size_px: float = DEFAULT_MIN_FACE_SIZE_PX,
        thresholds: tuple[float, float, float] = DEFAULT_THRESHOLDS,
        threads: int | None = None,
        onet_weights: Mapping[str, Float32Array] | None = None,
    ) -> None:
        """Load the networks.

        Args:
            store: where the model files are.
            min_face_size_px: smallest face to be found; the time of a frame falls with its square.
            thresholds: face probability that lets a window through P-Net, R-Net and O-Net.
            threads: processor threads; None means all.
            onet_weights: arrays that stand in for the last network's own (docs/boxes.md).

        Raises:
            WeightsMissingError: if a file is missing.
            WeightsRejectedError: if one is damaged, or the given weights do not fit.
        """
        self._min_face_size_px = min_face_size_px
        self._thresholds = thresholds
        pnet, rnet, onet = (store.read(name) for name in ("mtcnn_pnet", "mtcnn_rnet", ONET))
        if onet_weights is not None:
            onet = with_weights(onet, onet_weights)
        self._pnet = OpenvinoSession(pnet, name="mtcnn_pnet", threads=threads)
        self._rnet = OpenvinoSession(rnet, name="mtcnn_rnet", threads=threads)
        self._onet = OpenvinoSession(onet, name=ONET, threads=threads)
        self._layout_of = lru_cache(maxsize=8)(plan_layout)

    @property
    def name(self) -> str:
        """What the user calls this detector."""
        return "mtcnn"

    def detect(self, pixels_rgb: UInt8Array) -> FaceDetections:
        """Return the faces of an ``(H, W, 3)`` uint8 picture, best score first; none is an empty result.

        Raises:
            InferenceError: if a network fails or returns values that are not finite.
        """
        shrink = max(1.0, max(pixels_rgb.shape[:2]) / MAX_SIDE_PX)
        pixels = _prepared(pixels_rgb, shrink)
        boxes = self._windows(pixels, shrink)
        found = self._finish(boxes, sample_windows(pixels, boxes, ONET_PX)) if len(boxes) else FaceDetections.empty()
        if shrink == 1.0 or not len(found):
            return found
        back = np.float32(shrink)
        return FaceDetections(found.boxes_xyxy * back, found.landmarks_xy * back, found.scores)

    def look_again(self, pixels_rgb: UInt8Array, boxes_xyxy: Float32Array) -> FaceDetections:
        """Return the faces in ``(N, 4)`` boxes, best score first: O-Net alone, which also moves the boxes.

        It sees each box at three sizes, since its own box is not the window in which it found the face. A face may have
        moved by a fifth of its width since the box was drawn.

        Raises:
            InferenceError: if a network fails or returns values that are not finite.
        """
        if not len(boxes_xyxy):
            return FaceDetections.empty()
        boxes = _resized(_squared(boxes_xyxy), LOOK_AGAIN_SIZES)
        return self._finish(boxes, sample_few_windows(pixels_rgb, boxes, ONET_PX))

    def candidate_windows(self, pixels_rgb: UInt8Array) -> Float32Array:
        """Return the square ``(N, 4)`` px windows that O-Net is asked about in a picture: what it learns from.

        Raises:
            InferenceError: if a network fails or returns values that are not finite.
        """
        shrink = max(1.0, max(pixels_rgb.shape[:2]) / MAX_SIDE_PX)
        return np.asarray(self._windows(_prepared(pixels_rgb, shrink), shrink) * np.float32(shrink), np.float32)

    def _windows(self, pixels_rgb: Float32Array, shrink: float) -> Float32Array:
        boxes = self._propose(pixels_rgb, self._smallest_face_px(shrink))
        return self._refine(pixels_rgb, boxes) if len(boxes) else boxes

    def _smallest_face_px(self, shrink: float) -> float:
        if shrink == 1.0:
            return self._min_face_size_px
        return max(self._min_face_size_px / shrink, SMALLEST_FACE_PX)

    def _propose(self, pixels_rgb: Float32Array, smallest_face_px: float) -> Float32Array:
        """Return square ``(N, 4)`` windows that P-Net takes for faces."""
        height, width = pixels_rgb.shape[:2]
        layout = self._layout_of(width, height, smallest_face_px)
        if not layout.levels:
            return np.zeros((0, 4), np.float32)
        map_ = self._pnet.run(paint_canvas(pixels_rgb, layout)[None])[0][0]
        boxes, scores = _read_map(map_, layout, _logit(self._thresholds[0]))
        best = np.argsort(-scores, kind="stable")[:MAX_PROPOSALS]
        boxes, scores = boxes[best], scores[best]
        return _squared(boxes[suppress_overlaps(boxes, scores, STAGE_OVERLAP)])

    def _refine(self, pixels_rgb: Float32Array, boxes: Float32Array) -> Float32Array:
        """Return square windows that R-Net confirms, moved as it says."""
        output = _run_padded(self._rnet, sample_windows(pixels_rgb, boxes, 24), RNET_BATCH_STEP)
        passed = output[:, 0] > _logit(self._thresholds[1])
        boxes, output = _moved(boxes[passed], output[passed, 1:5]), output[passed]
        return _squared(boxes[suppress_overlaps(boxes, output[:, 0], STAGE_OVERLAP)])

    def _finish(self, boxes: Float32Array, windows: Float32Array) -> FaceDetections:
        """Return the faces that O-Net confirms in the windows of these boxes, with landmarks."""
        output = _run_padded(self._onet, windows, ONET_BATCH_STEP)
        passed = output[:, 0] > _logit(self._thresholds[2])
        boxes, output = boxes[passed], output[passed]
        sides = (boxes[:, 2:4] - boxes[:, 0:2] + 1)[:, None, :]
        landmarks = output[:, 5:15].reshape(-1, 2, 5).transpose(0, 2, 1) * sides + boxes[:, None, 0:2] - 1
        scores = np.asarray(1.0 / (1.0 + np.exp(-output[:, 0])), np.float32)
        found = FaceDetections(_moved(boxes, output[:, 1:5]), np.asarray(landmarks, np.float32), scores)
        return found.select(suppress_overlaps(found.boxes_xyxy, output[:, 0], STAGE_OVERLAP, "smaller"))


def _prepared(pixels_rgb: UInt8Array, shrink: float) -> Float32Array:
    """Return the picture in float32, made smaller by a factor."""
    if shrink > 1.0:
        height, width = pixels_rgb.shape[:2]
        size = (max(1, round(width / shrink)), max(1, round(height / shrink)))
        pixels_rgb = np.asarray(cv2.resize(pixels_rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.ascontiguousarray(pixels_rgb, np.float32)


def _run_padded(session: InferenceSession, windows: Float32Array, step: int) -> Float32Array:
    """Return what a network says of each window, running it on a batch that is a whole number of steps."""
    count = len(windows)
    filling = np.zeros((-count % step, *windows.shape[1:]), np.float32)
    return session.run(np.concatenate([windows, filling]) if len(filling) else windows)[0][:count]


def _logit(probability: float) -> float:
    return float(np.log(probability / (1.0 - probability)))


def _read_map(map_: Float32Array, layout: PyramidLayout, threshold: float) -> tuple[Float32Array, Float32Array]:
    """Return the boxes ``(N, 4)`` px of the picture and logits ``(N,)`` above a threshold, thinned out per level.

    Args:
        map_: ``(5, rows, columns)`` P-Net's map of the canvas: face logit, four offsets.
        layout: of the canvas.
        threshold: logit.
    """
    boxes, logits = [np.zeros((0, 4), np.float32)], [np.zeros(0, np.float32)]
    for level in layout.levels:
        top, left = level.top_px // STRIDE_PX, level.left_px // STRIDE_PX
        part = map_[:, top : top + level.rows, left : left + level.columns]
        rows, columns = np.nonzero(part[0] > threshold)
        if not rows.size:
            continue
        if rows.size > MAX_PROPOSALS:
            best = np.argpartition(-part[0, rows, columns], MAX_PROPOSALS)[:MAX_PROPOSALS]
            rows, columns = rows[best], columns[best]
        values = part[:, rows, columns]
        starts = np.stack([columns, rows], axis=1).astype(np.float32) * STRIDE_PX + 1
        corners = np.concatenate([starts, starts + WINDOW_PX], axis=1) + values[1:].T * WINDOW_PX
        kept = suppress_overlaps(corners, values[0], LEVEL_OVERLAP)
        boxes.append(corners[kept] / np.float32(level.scale))
        logits.append(values[0, kept])
    return np.concatenate(boxes), np.concatenate(logits)


def _moved(boxes: Float32Array, offsets: Float32Array) -> Float32Array:
    """Return boxes with each edge moved by its offset, which is in units of the box's side."""
    sides = boxes[:, 2:4] - boxes[:, 0:2] + 1
    return np.asarray(boxes + offsets * np.tile(sides, 2), np.float32)


def _squared(boxes: Float32Array) -> Float32Array:
    """Return the smallest squares around boxes, about the same centres."""
    centres = (boxes[:, 0:2] + boxes[:, 2:4]) / 2
    halves = (boxes[:, 2:4] - boxes[:, 0:2]).max(axis=1, keepdims=True) / 2
    return np.concatenate([centres - halves, centres + halves], axis=1)


def _resized(boxes: Float32Array, factors: Sequence[float]) -> Float32Array:
    """Return every box with its sides multiplied by every factor, about the same centres."""
    centres = (boxes[:, 0:2] + boxes[:, 2:4]) / 2
    halves = (boxes[:, 2:4] - boxes[:, 0:2]) / 2
    sized = [np.concatenate([centres - halves * f, centres + halves * f], axis=1) for f in factors]
    return np.asarray(np.concatenate(sized), np.float32)
