"""How good a crop is for recognition: sharpness, turn of the head, brightness."""

from __future__ import annotations

import cv2
import numpy as np

from facerec_app.core.types import Float32Array, UInt8Array

NOSE_DEPTH = 0.9
"""How far the tip of the nose stands out from the plane of the eyes, in half eye distances: 135 to 150 units in the
usual generic head model (nose tip at the origin, eye centres at about x = 150, z = -135)."""
SHARPNESS_HALF = 0.04
"""Relative variance of the Laplacian at which sharpness is 0.5: that of the median LFW face blurred by a Gaussian of
one crop pixel (docs/detection.md)."""


def _central_grey(crops_rgb: UInt8Array) -> list[UInt8Array]:
    """Return the middle of each crop as grey values, without the background in the corners."""
    size = crops_rgb.shape[1]
    low, high = round(0.2 * size), round(0.85 * size)
    return [
        np.asarray(cv2.cvtColor(np.ascontiguousarray(crop[low:high, low:high]), cv2.COLOR_RGB2GRAY), np.uint8)
        for crop in crops_rgb
    ]


def sharpness_of(crops_rgb: UInt8Array) -> Float32Array:
    """Return how crisp each crop is, 0 (nothing but blur) to 1.

    With ``v`` the variance of the Laplacian divided by the variance of the grey values of the crop's middle (so that
    light and contrast cancel), the value is ``v / (v + SHARPNESS_HALF)``. It is taken at the crop's scale: a face that
    was small in the frame and had to be enlarged counts as blurred.

    Args:
        crops_rgb: ``(N, S, S, 3)`` uint8.

    Returns:
        ``(N,)`` float32; a crop without any contrast gives 0.
    """
    values = np.zeros(len(crops_rgb), np.float32)
    for row, grey in enumerate(_central_grey(crops_rgb)):
        contrast = float(grey.var())
        if contrast > 1.0:
            relative = float(cv2.Laplacian(grey, cv2.CV_32F).var()) / contrast
            values[row] = relative / (relative + SHARPNESS_HALF)
    return values


def brightness_of(crops_rgb: UInt8Array) -> Float32Array:
    """Return the mean luminance of the middle of each ``(N, S, S, 3)`` uint8 crop, ``(N,)`` float32 in 0..1."""
    return np.array([grey.mean() / 255.0 for grey in _central_grey(crops_rgb)], np.float32)


def yaw_deg_of(landmarks_xy: Float32Array) -> Float32Array:
    """Estimate how far each head is turned from where its nose lies between its eyes.

    Turning a head by ``yaw`` moves the nose by ``NOSE_DEPTH * sin(yaw)`` half eye distances off the middle line while
    the eyes' half distance shrinks with ``cos(yaw)``, so ``tan(yaw)`` is the ratio of both over ``NOSE_DEPTH``.

    Args:
        landmarks_xy: ``(N, 5, 2)`` upright (aligned) landmarks, px.

    Returns:
        ``(N,)`` float32 degrees in -90..90; 0 = frontal, positive = towards the picture's right.
    """
    points = landmarks_xy.astype(np.float64)
    eyes, mouth, nose = points[:, 0:2].mean(axis=1), points[:, 3:5].mean(axis=1), points[:, 2]
    down = mouth - eyes
    height = np.maximum(np.hypot(down[:, 0], down[:, 1]), 1e-6)
    across = np.stack([down[:, 1], -down[:, 0]], axis=1) / height[:, None]
    offset = np.einsum("ni,ni->n", nose - eyes, across)
    half_distance = np.einsum("ni,ni->n", points[:, 1] - points[:, 0], across) / 2
    yaw = np.degrees(np.arctan2(offset, NOSE_DEPTH * np.maximum(half_distance, 1e-6)))
    return np.asarray(yaw, np.float32)
