"""Telling a cut from motion: after a cut, a face in the same place may be another person's."""

from __future__ import annotations

import cv2
import numpy as np

from facerec_app.core.types import Float32Array, UInt8Array

_THUMBNAIL_SIZE = (32, 18)
_BIN_COUNT = 16


class SceneCutDetector:
    """Compares each frame with the one before by thumbnail and by histogram; a cut changes both.

    Camera motion and a passing hand change the thumbnail but hardly the histogram of luminance, a change of light the
    histogram but not the contrast-normalised thumbnail; asking for both keeps false alarms rare (twin comparison,
    Zhang, Kankanhalli and Smoliar, "Automatic partitioning of full-motion video", Multimedia Systems 1993).
    """

    def __init__(self, *, min_histogram_change: float = 0.25, max_correlation: float = 0.5) -> None:
        self.min_histogram_change = min_histogram_change
        self.max_correlation = max_correlation
        self._thumbnail: Float32Array | None = None
        self._histogram: Float32Array | None = None

    def is_cut(self, pixels_rgb: UInt8Array) -> bool:
        """Return whether this ``(H, W, 3)`` uint8 frame starts a new scene; the first frame does not."""
        small = cv2.resize(pixels_rgb, _THUMBNAIL_SIZE, interpolation=cv2.INTER_AREA)
        luminance = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.float32)
        counts = np.histogram(luminance, bins=_BIN_COUNT, range=(0.0, 256.0))[0]
        histogram = np.asarray(counts / luminance.size, np.float32)
        centred = luminance - luminance.mean()
        thumbnail = np.asarray(centred / max(float(np.linalg.norm(centred)), 1e-6), np.float32)
        previous_thumbnail, previous_histogram = self._thumbnail, self._histogram
        self._thumbnail, self._histogram = thumbnail, histogram
        if previous_thumbnail is None or previous_histogram is None:
            return False
        correlation = float(np.sum(thumbnail * previous_thumbnail))
        change = 0.5 * float(np.abs(histogram - previous_histogram).sum())
        return correlation < self.max_correlation and change > self.min_histogram_change

    def reset(self) -> None:
        """Forget the last frame."""
        self._thumbnail = self._histogram = None
