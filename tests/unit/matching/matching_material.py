"""Pictures and extractors for the tests of matching."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np

from facerec_app.capture.images import read_image
from facerec_app.config.paths import assets_dir
from facerec_app.core.types import Float32Array, UInt8Array
from facerec_app.matching.feature_map import DEFAULT_MAP
from facerec_app.matching.local_feature_extractor import LocalFeatureExtractor
from facerec_app.models.model_store import ModelStore
from facerec_app.services.local_extractors import LocalExtractors, LocalFeatureChoice

DEMO_SOURCES = assets_dir() / "demo" / "sources"


@cache
def shipped_extractor(map_name: str = DEFAULT_MAP) -> LocalFeatureExtractor:
    """Return the extractor of a shipped map, made once."""
    return LocalExtractors(ModelStore(), None).get(LocalFeatureChoice(map_name))


def small_picture(path: Path, longest_px: int) -> UInt8Array:
    """Return a picture shrunk to so many pixels, which keeps tests short."""
    pixels = read_image(path)
    scale = min(1.0, longest_px / max(pixels.shape[:2]))
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def warped(pixels_rgb: UInt8Array, scale: float = 0.7, turn_deg: float = 15.0) -> tuple[UInt8Array, Float32Array]:
    """Return a picture scaled and turned whole, grey around it, and the ``(2, 3)`` map from the one to the other."""
    height, width = pixels_rgb.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), turn_deg, scale)
    corners = np.array([[0, 0, 1], [width - 1, 0, 1], [0, height - 1, 1], [width - 1, height - 1, 1]]) @ matrix.T
    matrix[:, 2] -= corners.min(axis=0)
    size = tuple(int(side) for side in np.ceil(corners.max(axis=0) - corners.min(axis=0)) + 1)
    soft = cv2.GaussianBlur(pixels_rgb, (0, 0), 0.5)  # the finest detail has no place in the smaller picture
    moved = cv2.warpAffine(soft, matrix, size, borderMode=cv2.BORDER_CONSTANT, borderValue=(127, 127, 127))
    return np.asarray(moved, np.uint8), np.asarray(matrix, np.float32)
