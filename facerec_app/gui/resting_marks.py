"""The marks of faces that do not move, drawn once and laid on every picture after that.

The painter takes as long for the boxes and names of three faces as scaling takes for the whole picture. While nobody
moves they are the same on every frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from PySide6.QtCore import QRect, QRectF, QSize
from PySide6.QtGui import QFont, QImage, QPainter, QRegion

from facerec_app.core.types import FrameResult, UInt8Array
from facerec_app.gui.face_painter import draw_faces


@dataclass(frozen=True, slots=True, eq=False)
class MarksLook:
    """Everything that decides how the marks of a picture look."""

    result: FrameResult
    size: QSize
    device_ratio: float
    frame_width_px: int
    mirrored: bool
    highlighted: int | None
    font: QFont | None

    def is_like(self, other: MarksLook) -> bool:
        """Return whether both are drawn alike."""
        mine = (self.size, self.device_ratio, self.frame_width_px, self.mirrored, self.highlighted, self.font)
        others = (other.size, other.device_ratio, other.frame_width_px, other.mirrored, other.highlighted, other.font)
        return mine == others and drawn_alike(self.result, other.result)


class FaceMarker:
    """Marks faces on pictures; marks that stay as they are are drawn once more, apart, and then kept."""

    def __init__(self) -> None:
        self._last: MarksLook | None = None
        self._resting: _RestingMarks | None = None

    def mark(self, picture: QImage, look: MarksLook | None) -> None:
        """Draw the marks, if there are any, on a picture of the look's size."""
        last, self._last = self._last, look
        if look is None or last is None or not look.is_like(last):
            self._resting = None
            if look is not None:
                _draw(picture, look)
            return
        if self._resting is None:
            self._resting = _RestingMarks(look)
        self._resting.lay_on(picture)


class _RestingMarks:
    """Marks on a transparent picture, and where on it they are: the rest need not be laid on anything."""

    def __init__(self, look: MarksLook) -> None:
        height, width = look.size.height(), look.size.width()
        self._pixels_bgra: UInt8Array = np.zeros((height, width, 4), np.uint8)  # lives as long as the image
        premultiplied = QImage.Format.Format_ARGB32_Premultiplied
        self._image = QImage(self._pixels_bgra.data, width, height, 4 * width, premultiplied)
        _draw(self._image, look)
        self._region = _marked_region(np.ascontiguousarray(self._pixels_bgra[:, :, 3]))

    def lay_on(self, picture: QImage) -> None:
        with QPainter(picture) as painter:
            painter.setClipRegion(self._region)
            painter.drawImage(0, 0, self._image)


def _marked_region(alpha: UInt8Array) -> QRegion:
    """Return rectangles that hold everything of an ``(H, W)`` picture that is not transparent."""
    region = QRegion()
    for box in cv2.connectedComponentsWithStats(alpha)[2][1:, :4].tolist():  # the first is what is transparent
        region += QRect(*box)
    return region


def _draw(image: QImage, look: MarksLook) -> None:
    image.setDevicePixelRatio(look.device_ratio)
    width, height = (side / look.device_ratio for side in (look.size.width(), look.size.height()))
    with QPainter(image) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_faces(
            painter,
            look.result,
            QRectF(0.0, 0.0, width, height),
            look.font or QFont(),
            scale=width / look.frame_width_px,
            mirrored=look.mirrored,
            highlighted=look.highlighted,
        )
    image.setDevicePixelRatio(1.0)


def drawn_alike(one: FrameResult | None, other: FrameResult | None) -> bool:
    """Return whether two results are drawn alike: nothing moved and nothing else is said."""
    if one is None or other is None:
        return one is other
    return one.detections is other.detections and one.decisions == other.decisions and one.names is other.names
