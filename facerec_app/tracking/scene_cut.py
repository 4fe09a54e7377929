"""Telling a cut from motion: after a cut, a face in the same place may be another person's."""

from __future__ import annotations

import cv2
import numpy as np

from facerec_app.core.types import Float32Array, UInt8Array
from facerec_app.tracking.picture_change import sampled_picture

_THUMBNAIL_SIZE = (32, 18)
_SAMPLED_WIDTH_PX = 480


class SceneCutDetector:
    """Compares each frame with the one before by the correlation of small thumbnails.

    The correlation ignores changes of light and contrast, and a thumbnail of 32x18 cells ignores what moves in the
    picture. Consecutive frames of the test videos correlate by 0.69 and more, frames on both sides of a cut by 0.27 and
    less, also where both scenes are dark and a comparison of histograms misses the cut (docs/architecture.md). A camera
    thrown round counts as a cut; that only costs a new look at every face.
    """

    def __init__(self, *, max_correlation: float = 0.45) -> None:
        self.max_correlation = max_correlation
        self._thumbnail: Float32Array | None = None

    def is_cut(self, pixels_rgb: UInt8Array) -> bool:
        """Return whether this ``(H, W, 3)`` uint8 frame starts a new scene; the first frame does not."""
        sampled = sampled_picture(pixels_rgb, _SAMPLED_WIDTH_PX)
        small = cv2.resize(sampled, _THUMBNAIL_SIZE, interpolation=cv2.INTER_AREA)
        luminance = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.float32)
        centred = luminance - luminance.mean()
        contrast = float(np.linalg.norm(centred))
        previous, self._thumbnail = self._thumbnail, np.asarray(centred / max(contrast, 1.0), np.float32)
        if previous is None or contrast < 1.0:
            return False  # a black or plain frame shows no face that could be taken for another
        return float(np.sum(self._thumbnail * previous)) < self.max_correlation

    def reset(self) -> None:
        """Forget the last frame."""
        self._thumbnail = None
