"""Turning an aligned face out of the picture's plane, so that profiles do not surprise the student.

Every face gets the same rough shape, half an ellipsoid with a nose, on which the picture lies as a skin; that is enough
for new views in training (Masi et al. 2016, "Do We Really Need to Collect Millions of Faces for Effective Face
Recognition?", arXiv:1603.07057, section 3.2). The hidden half cannot be seen and is drawn out from what is.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from facerec_app.core.geometry import similarity_transforms
from facerec_app.core.types import Float32Array, UInt8Array
from facerec_app.training.extractor.face_dataset import CROP_PX, TEMPLATE_XY

HALF_WIDTH_PX, HALF_HEIGHT_PX = 44.0, 66.0
CENTRE_XY = (56.0, 64.0)
NOSE_PX, NOSE_WIDTH_PX, NOSE_HEIGHT_PX = 13.0, 7.0, 11.0
EXTRA_PX = 32


def turned(picture: UInt8Array, yaw_degrees: int, depth_px: int) -> UInt8Array:
    """Return the face as if the head had turned, aligned again by its five landmarks.

    Args:
        picture: ``(S, S, 3)`` uint8 with the 112x112 template in the middle.
        yaw_degrees: how far, to one side or (negative) the other; at most 80.
        depth_px: how far the middle of the face stands out from its rim.
    """
    columns, rows = _source_places(picture.shape[0], yaw_degrees, depth_px)
    return np.asarray(cv2.remap(picture, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)


@lru_cache(maxsize=1024)
def _source_places(side: int, yaw_degrees: int, depth_px: int) -> tuple[Float32Array, Float32Array]:
    """Return from which column and row of the picture each pixel of the turned one is taken, ``(S, S)`` each."""
    margin = (side - CROP_PX) / 2
    yaw = np.deg2rad(yaw_degrees)
    axis = np.arange(-EXTRA_PX, side + EXTRA_PX, dtype=np.float32)
    x, y = np.meshgrid(axis - margin, axis - margin)
    moved = _turned_columns(x, y, yaw, depth_px)
    # Where a column would come to lie behind one nearer the front it is hidden: the order of columns is kept.
    shown = np.maximum.accumulate(moved, axis=1) if yaw > 0 else np.minimum.accumulate(moved[:, ::-1], axis=1)[:, ::-1]
    source = np.stack([np.interp(axis - margin, row, x[0]) for row in shown + 1e-6 * x]).astype(np.float32)
    points = TEMPLATE_XY.astype(np.float32)
    landmarks = np.stack([_turned_columns(points[:, 0], points[:, 1], yaw, depth_px), points[:, 1]], axis=1)
    back = cv2.invertAffineTransform(similarity_transforms(landmarks[None], TEMPLATE_XY)[0])
    grid = np.stack(np.meshgrid(np.arange(side) - margin, np.arange(side) - margin), axis=-1)
    places = (grid @ back[:, :2].T + back[:, 2]).astype(np.float32) + np.float32(margin + EXTRA_PX)
    columns = cv2.remap(source, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(columns + margin, np.float32), places[..., 1] - np.float32(EXTRA_PX)


def _turned_columns(x: Float32Array, y: Float32Array, yaw: float, depth_px: float) -> Float32Array:
    """Return where the columns of the points lie after turning by ``yaw`` radians, in px of the 112x112 template."""
    across, along = (x - CENTRE_XY[0]) / HALF_WIDTH_PX, (y - CENTRE_XY[1]) / HALF_HEIGHT_PX
    depth = depth_px * np.sqrt(np.maximum(1 - across**2 - along**2, 0))
    nose = TEMPLATE_XY[2]
    depth = depth + NOSE_PX * np.exp(
        -((x - nose[0]) ** 2) / (2 * NOSE_WIDTH_PX**2) - (y - nose[1]) ** 2 / (2 * NOSE_HEIGHT_PX**2)
    )
    return np.asarray(CENTRE_XY[0] + (x - CENTRE_XY[0]) * np.cos(yaw) + depth * np.sin(yaw), np.float32)
