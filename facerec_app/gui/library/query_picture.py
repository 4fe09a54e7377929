"""The picture that is searched for, with its faces to choose from."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from facerec_app.core.types import Float32Array, UInt8Array
from facerec_app.gui.picture_conversion import ArrayImage, scaled_image
from facerec_app.gui.theme import colour

_RADIUS_PX = 7.0
_MOST_HEIGHT_PX = 260
_SHADE = QColor(0, 0, 0, 110)


class QueryPicture(QWidget):
    """Shows a picture as large as it fits; the face that is searched for is framed, others can be clicked.

    Left and right go from face to face.
    """

    face_chosen = Signal(int)  # number of the face

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixels = np.zeros((1, 1, 3), np.uint8)  # until there is a picture, no face is in it
        self._boxes: list[tuple[float, float, float, float]] = []
        self._chosen = 0
        self._scaled: tuple[QSize, ArrayImage] | None = None
        self.setMouseTracking(True)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def faces(self) -> int:
        """How many there are to choose from."""
        return len(self._boxes)

    def show_picture(self, pixels_rgb: UInt8Array, boxes_xyxy: Float32Array, chosen: int) -> None:
        """Show a picture, ``(H, W, 3)`` uint8, its faces' boxes, ``(N, 4)`` px, and which one is meant."""
        if pixels_rgb is not self._pixels:
            self._pixels, self._scaled = np.asarray(pixels_rgb, np.uint8), None
        self._boxes = [(float(a), float(b), float(c), float(d)) for a, b, c, d in boxes_xyxy]
        self._chosen = chosen
        several = len(self._boxes) > 1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if several else Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(self.tr("Face {0} of {1}").format(chosen + 1, len(self._boxes)))
        self.setToolTip(self.tr("Click the face that is meant") if several else "")
        self.updateGeometry()
        self.update()

    def face_rect(self, number: int) -> QRectF:
        """Return where a face is in the widget."""
        place, scale = self._place()
        x0, y0, x1, y1 = self._boxes[number]
        return QRectF(place.left() + x0 * scale, place.top() + y0 * scale, (x1 - x0) * scale, (y1 - y0) * scale)

    def sizeHint(self) -> QSize:
        return QSize(190, 190)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        height_px, width_px = self._pixels.shape[:2]
        return min(_MOST_HEIGHT_PX, max(1, round(width * height_px / width_px)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        number = self._face_at(event.position())
        if event.button() is Qt.MouseButton.LeftButton and number is not None:
            self._choose(number)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        several = len(self._boxes) > 1 and self._face_at(event.position()) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if several else Qt.CursorShape.ArrowCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None or event.modifiers() & Qt.KeyboardModifier.AltModifier:
            super().keyPressEvent(event)
        elif 0 <= self._chosen + step < len(self._boxes):
            self._choose(self._chosen + step)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._boxes:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place, _ = self._place()
        whole = QPainterPath()
        whole.addRoundedRect(place, _RADIUS_PX, _RADIUS_PX)
        painter.setClipPath(whole)
        painter.drawImage(place, self._image(place).image)
        if len(self._boxes) > 1:
            around = QPainterPath(whole)
            around.addRoundedRect(self.face_rect(self._chosen), 4, 4)
            painter.fillPath(around, _SHADE)  # the rest steps back; the path's two parts leave the face out
        for number in range(len(self._boxes)):
            chosen = number == self._chosen
            painter.setPen(QPen(colour("accent") if chosen else QColor("white"), 2.0 if chosen else 1.2))
            painter.drawRoundedRect(self.face_rect(number), 4, 4)
        if self.hasFocus():
            painter.setPen(QPen(colour("accent"), 2))
            painter.drawPath(whole)
        painter.end()

    def _choose(self, number: int) -> None:
        if number != self._chosen:
            self.face_chosen.emit(number)

    def _face_at(self, point: QPointF) -> int | None:
        hits = [number for number in range(len(self._boxes)) if self.face_rect(number).contains(point)]
        return min(hits, key=lambda number: self.face_rect(number).width(), default=None)

    def _place(self) -> tuple[QRectF, float]:
        """Return where the picture lies and how much it is scaled."""
        height, width = self._pixels.shape[:2]
        scale = min(self.width() / width, self.height() / height)
        size = (width * scale, height * scale)
        return QRectF((self.width() - size[0]) / 2, 0.0, *size), scale

    def _image(self, place: QRectF) -> ArrayImage:
        ratio = self.devicePixelRatioF()
        size = QSize(max(1, round(place.width() * ratio)), max(1, round(place.height() * ratio)))
        if self._scaled is None or self._scaled[0] != size:
            self._scaled = (size, scaled_image(self._pixels, size))
        return self._scaled[1]
