"""From arrays of pixels to Qt's pictures."""

from __future__ import annotations

import cv2
import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPixmap

from facerec_app.alignment.face_square import cut_face_square
from facerec_app.core.types import Float32Array, UInt8Array


class ArrayImage:
    """A ``QImage`` that looks into an array, and the array, which has to live as long as the image."""

    def __init__(self, pixels_rgb: UInt8Array) -> None:
        """Wrap ``(H, W, 3)`` uint8 pixels without copying them (unless their rows are not contiguous)."""
        self.pixels_rgb = np.ascontiguousarray(pixels_rgb)
        height, width = self.pixels_rgb.shape[:2]
        self.image = QImage(self.pixels_rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888)


class ScreenImage:
    """A ``QImage`` in the format of the screen, which a window copies instead of converting it."""

    def __init__(self, pixels_rgb: UInt8Array) -> None:
        """Convert ``(H, W, 3)`` uint8 pixels."""
        self._pixels_bgra = cv2.cvtColor(pixels_rgb, cv2.COLOR_RGB2BGRA)  # lives as long as the image
        height, width = self._pixels_bgra.shape[:2]
        self.image = QImage(self._pixels_bgra.data, width, height, 4 * width, QImage.Format.Format_RGB32)


def scaled_image(pixels_rgb: UInt8Array, size: QSize, *, mirrored: bool = False) -> ArrayImage:
    """Return the picture in exactly this size in device pixels.

    OpenCV scales a 1080p frame several times faster than the painter would.
    """
    height, width = pixels_rgb.shape[:2]
    shrinks = size.width() < width and size.height() < height
    method = cv2.INTER_AREA if shrinks and width > 2 * size.width() else cv2.INTER_LINEAR
    scaled = pixels_rgb
    if (width, height) != (size.width(), size.height()):
        scaled = np.asarray(cv2.resize(pixels_rgb, (size.width(), size.height()), interpolation=method), np.uint8)
    return ArrayImage(scaled[:, ::-1] if mirrored else scaled)


def portrait(pixels_rgb: UInt8Array, box_xyxy: Float32Array | None = None) -> UInt8Array:
    """Return a copy of the square of a picture around a face, or of its middle, ``(S, S, 3)`` uint8."""
    return cut_face_square(pixels_rgb, box_xyxy)


def rounded_pixmap(pixels_rgb: UInt8Array, size_px: int, device_ratio: float, radius_px: float = 6.0) -> QPixmap:
    """Return a square picture scaled to a pixmap with rounded corners; sizes in logical pixels."""
    side = round(size_px * device_ratio)
    scaled = scaled_image(pixels_rgb, QSize(side, side))
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    path = QPainterPath()
    path.addRoundedRect(QRectF(0, 0, side, side), radius_px * device_ratio, radius_px * device_ratio)
    painter.setClipPath(path)
    painter.drawImage(0, 0, scaled.image)
    painter.end()
    pixmap.setDevicePixelRatio(device_ratio)
    return pixmap
