"""MTCNN: three small networks in a row, each looking closer at what the one before let through."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from facerec_app.core.types import FaceDetections, Float32Array, UInt8Array
from facerec_app.detection.crop_sampling import sample_windows
from facerec_app.detection.mtcnn_pyramid import CELL_PX, STRIDE_PX, PyramidLayout, paint_canvas, plan_layout
from facerec_app.detection.non_maximum_suppression import suppress_overlaps
from facerec_app.inference.openvino_session import OpenvinoSession
from facerec_app.models.model_store import ModelStore

LEVEL_OVERLAP = 0.5
STAGE_OVERLAP = 0.7
WINDOW_PX = CELL_PX - 1
"""The weights' box offsets are in units of a window of 11 px that starts one pixel in (as the package has them)."""


class MtcnnDetector:
    """The cascade of Zhang et al., IEEE Signal Processing Letters 2016, with the weights of the package ``mtcnn``."""

    def __init__(
        self,
        store: ModelStore,
        *,
        min_face_size_px: float = 20.0,
        thresholds: tuple[float, float, float] = (0.6, 0.7, 0.8),
        threads: int | None = None,
    ) -> None:
        """Load the networks.

        Args:
            store: where the model files are.
            min_face_size_px: smallest face to be found; the time of a frame falls with its square.
            thresholds: face probability that lets a window through P-Net, R-Net and O-Net.
            threads: processor threads; None means all.

        Raises:
            WeightsMissingError: if a file is missing.
            WeightsRejectedError: if one is damaged.
        """
        self._min_face_size_px = min_face_size_px
        self._thresholds = thresholds
        self._pnet, self._rnet, self._onet = (
            OpenvinoSession(store.read(name), name=name, threads=threads)
            for name in ("mtcnn_pnet", "mtcnn_rnet", "mtcnn_onet")
        )
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
        pixels = pixels_rgb.astype(np.float32)
        boxes = self._propose(pixels)
        if len(boxes):
            boxes = self._refine(pixels, boxes)
        return self._finish(pixels, boxes) if len(boxes) else FaceDetections.empty()

    def _propose(self, pixels_rgb: Float32Array) -> Float32Array:
        """Return square ``(N, 4)`` windows that P-Net takes for faces."""
        height, width = pixels_rgb.shape[:2]
        layout = self._layout_of(width, height, self._min_face_size_px)
        if not layout.levels:
            return np.zeros((0, 4), np.float32)
        map_ = self._pnet.run(paint_canvas(pixels_rgb, layout)[None])[0][0]
        boxes, scores = _read_map(map_, layout, _logit(self._thresholds[0]))
        return _squared(boxes[suppress_overlaps(boxes, scores, STAGE_OVERLAP)])

    def _refine(self, pixels_rgb: Float32Array, boxes: Float32Array) -> Float32Array:
        """Return square windows that R-Net confirms, moved as it says."""
        output = self._rnet.run(sample_windows(pixels_rgb, boxes, 24))[0]
        passed = output[:, 0] > _logit(self._thresholds[1])
        boxes, output = _moved(boxes[passed], output[passed, 1:5]), output[passed]
        return _squared(boxes[suppress_overlaps(boxes, output[:, 0], STAGE_OVERLAP)])

    def _finish(self, pixels_rgb: Float32Array, boxes: Float32Array) -> FaceDetections:
        """Return the faces that O-Net confirms, with landmarks."""
        output = self._onet.run(sample_windows(pixels_rgb, boxes, 48))[0]
        passed = output[:, 0] > _logit(self._thresholds[2])
        boxes, output = boxes[passed], output[passed]
        sides = (boxes[:, 2:4] - boxes[:, 0:2] + 1)[:, None, :]
        landmarks = output[:, 5:15].reshape(-1, 2, 5).transpose(0, 2, 1) * sides + boxes[:, None, 0:2] - 1
        scores = 1.0 / (1.0 + np.exp(-output[:, 0]))
        found = FaceDetections(_moved(boxes, output[:, 1:5]), np.asarray(landmarks, np.float32), scores)
        return found.select(suppress_overlaps(found.boxes_xyxy, output[:, 0], STAGE_OVERLAP, "smaller"))


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
