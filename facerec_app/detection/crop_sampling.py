"""Square windows of a picture at a network's input size, all in one pass."""

from __future__ import annotations

import cv2
import numpy as np

from facerec_app.core.types import Float32Array, UInt8Array

OUTSIDE = 127.5
"""Value of what lies beyond the picture: the grey that MTCNN's normalisation maps to zero."""
_ROWS_PER_CALL = 32000
"""cv2.remap takes at most 32767 rows."""


def sample_windows(pixels_rgb: Float32Array, boxes_xyxy: Float32Array, size_px: int) -> Float32Array:
    """Return windows of a picture by bilinear sampling of ``size_px`` points a side, the outermost on the box's edges.

    That is what ``tf.image.crop_and_resize`` does in the package ``mtcnn``, which also scales coordinates by
    ``(side - 1) / side``; the weights' box offsets and landmarks are relative to exactly these windows.

    Args:
        pixels_rgb: ``(H, W, 3)`` float32, 0 to 255.
        boxes_xyxy: ``(N, 4)`` float32 px; may reach beyond the picture.
        size_px: S.

    Returns:
        ``(N, S, S, 3)`` float32.
    """
    xs, ys = _points(boxes_xyxy, size_px, pixels_rgb.shape[0], pixels_rgb.shape[1])
    count = len(boxes_xyxy)
    map_x = np.repeat(xs[:, None, :], size_px, axis=1).reshape(count * size_px, size_px)
    map_y = np.repeat(ys.reshape(count * size_px, 1), size_px, axis=1)
    windows = np.empty((count * size_px, size_px, 3), np.float32)
    for start in range(0, count * size_px, _ROWS_PER_CALL):
        rows = slice(start, start + _ROWS_PER_CALL)
        cv2.remap(
            pixels_rgb,
            map_x[rows],
            map_y[rows],
            cv2.INTER_LINEAR,
            dst=windows[rows],
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(OUTSIDE, OUTSIDE, OUTSIDE),
        )
    return windows.reshape(count, size_px, size_px, 3)


def sample_few_windows(pixels_rgb: UInt8Array, boxes_xyxy: Float32Array, size_px: int) -> Float32Array:
    """Return the windows that ``sample_windows`` returns, to the bit, for a picture in bytes and few boxes.

    Only what lies under the boxes is made float32: of a frame of 1920x1080 the whole would be 25 MB.

    Args:
        pixels_rgb: ``(H, W, 3)`` uint8.
        boxes_xyxy: ``(N, 4)`` float32 px; may reach beyond the picture.
        size_px: S.

    Returns:
        ``(N, S, S, 3)`` float32.
    """
    xs, ys = _points(boxes_xyxy, size_px, pixels_rgb.shape[0], pixels_rgb.shape[1])
    windows = np.full((len(boxes_xyxy), size_px, size_px, 3), OUTSIDE, np.float32)
    for window, across, down in zip(windows, xs, ys, strict=True):
        (left, right), (top, bottom) = _span(across), _span(down)
        part = pixels_rgb[top:bottom, left:right]
        if part.size:
            cv2.remap(
                part.astype(np.float32),
                np.tile(across - np.float32(left), (size_px, 1)),
                np.repeat((down - np.float32(top))[:, None], size_px, axis=1),
                cv2.INTER_LINEAR,
                dst=window,
                borderMode=cv2.BORDER_CONSTANT,
                borderValue=(OUTSIDE, OUTSIDE, OUTSIDE),
            )
    return windows


def _points(boxes_xyxy: Float32Array, size_px: int, height_px: int, width_px: int) -> tuple[Float32Array, Float32Array]:
    """Return where each window is sampled, ``(N, S)`` px across and ``(N, S)`` px down."""
    steps = np.linspace(0.0, 1.0, size_px, dtype=np.float32)
    xs = _positions(boxes_xyxy[:, 0], boxes_xyxy[:, 2], steps, width_px)
    return xs, _positions(boxes_xyxy[:, 1], boxes_xyxy[:, 3], steps, height_px)


def _span(positions: Float32Array) -> tuple[int, int]:
    """Return the first pixel that is read and the one after the last; equal if all positions are outside."""
    inside = positions[positions >= 0]
    return (int(inside.min()), int(inside.max()) + 2) if inside.size else (0, 0)


def _positions(low: Float32Array, high: Float32Array, steps: Float32Array, side_px: int) -> Float32Array:
    """Return ``(N, S)`` sampling positions along one axis, far outside where they leave the picture."""
    positions = (low[:, None] + (high - low)[:, None] * steps) * np.float32((side_px - 1) / side_px)
    inside = (positions >= 0) & (positions <= side_px - 1)
    return np.asarray(np.where(inside, positions, -10.0), np.float32)
