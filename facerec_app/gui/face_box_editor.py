"""Which face of a picture is meant: one that was found, or a box drawn by hand."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from facerec_app.core.types import Float32Array, UInt8Array
from facerec_app.gui.picture_conversion import ArrayImage, scaled_image
from facerec_app.gui.theme import colour

_LEAST_DRAG_PX = 8
_STEP = 0.06
Box = tuple[float, float, float, float]
_MOVES = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


class FaceBoxView(QWidget):
    """A picture with the faces found in it; one box is chosen.

    Click chooses a face, dragging draws a box. Arrow keys go from face to face; with Ctrl they move the chosen box,
    with Shift they make it larger or smaller.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixels: UInt8Array | None = None
        self._scaled: ArrayImage | None = None
        self._boxes: list[Box] = []
        self._chosen: Box | None = None
        self._pressed: QPointF | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumHeight(140)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Picture with the faces found in it"))

    @property
    def chosen(self) -> Box | None:
        """The face that is meant, px of the picture; None if none is."""
        return self._chosen

    @property
    def boxes(self) -> tuple[Box, ...]:
        """The faces that were found, from left to right."""
        return tuple(self._boxes)

    def show_picture(self, pixels_rgb: UInt8Array, boxes_xyxy: Float32Array) -> None:
        """Show ``(H, W, 3)`` uint8 pixels and ``(N, 4)`` px boxes; the largest is chosen."""
        self._pixels, self._scaled = pixels_rgb, None
        rows = [(float(a), float(b), float(c), float(d)) for a, b, c, d in boxes_xyxy]
        self._boxes = sorted(rows)
        self._chosen = max(self._boxes, key=lambda box: box[2] - box[0], default=None)
        self.update()
        self.changed.emit()

    def choose(self, box: Box) -> None:
        """Choose a face or any other part of the picture."""
        self._chosen = box
        self.update()
        self.changed.emit()

    def picture_rect(self) -> QRectF:
        """Return where the picture is painted, logical px."""
        if self._pixels is None:
            return QRectF()
        height, width = self._pixels.shape[:2]
        scale = min(self.width() / width, self.height() / height)
        w, h = width * scale, height * scale
        return QRectF((self.width() - w) / 2, (self.height() - h) / 2, w, h)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._pixels is None:
            return
        with QPainter(self) as painter:
            rect, ratio = self.picture_rect(), self.devicePixelRatioF()
            size = QSize(max(1, round(rect.width() * ratio)), max(1, round(rect.height() * ratio)))
            if self._scaled is None or self._scaled.image.size() != size:
                self._scaled = scaled_image(self._pixels, size)
            painter.drawImage(rect, self._scaled.image)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for box in self._boxes:
                if box != self._chosen:
                    self._outline(painter, box, QColor(255, 255, 255, 220), 1.6)
            if self._chosen is not None:
                self._outline(painter, self._chosen, colour("accent"), 3.0)
            if self.hasFocus():
                painter.setPen(QPen(colour("accent"), 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is not None and (event.position() - self._pressed).manhattanLength() >= _LEAST_DRAG_PX:
            x0, y0 = self._to_picture(self._pressed)
            x1, y1 = self._to_picture(event.position())
            self.choose((min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed = self._pressed, None
        if pressed is None or (event.position() - pressed).manhattanLength() >= _LEAST_DRAG_PX:
            return
        x, y = self._to_picture(event.position())
        under = [box for box in self._boxes if box[0] <= x <= box[2] and box[1] <= y <= box[3]]
        if under:
            self.choose(min(under, key=lambda box: box[2] - box[0]))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = _MOVES.get(Qt.Key(event.key()))
        if move is None:
            super().keyPressEvent(event)
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._shift(move[0], move[1], 0, 0)
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._shift(0, 0, move[0], move[1])
        else:
            self._choose_next(sum(move))

    def _choose_next(self, step: int) -> None:
        if self._boxes:
            now = self._boxes.index(self._chosen) if self._chosen in self._boxes else -step
            self.choose(self._boxes[(now + step) % len(self._boxes)])

    def _shift(self, x: int, y: int, wider: int, higher: int) -> None:
        """Move the chosen box, or its lower right corner, by a part of its size; without one, begin in the middle."""
        if self._pixels is None:
            return
        height, width = self._pixels.shape[:2]
        x0, y0, x1, y1 = self._chosen or (width * 0.3, height * 0.3, width * 0.7, height * 0.7)
        dx, dy = (x1 - x0) * _STEP, (y1 - y0) * _STEP
        moved = np.array([x0 + x * dx, y0 + y * dy, x1 + (x + wider) * dx, y1 + (y + higher) * dy])
        a, b, c, d = (float(v) for v in np.clip(moved, 0, [width, height, width, height]))
        if c - a >= 4 and d - b >= 4:
            self.choose((a, b, c, d))

    def _outline(self, painter: QPainter, box: Box, tint: QColor, width: float) -> None:
        rect = self.picture_rect()
        scale = rect.width() / self._width()
        outline = QRectF(
            rect.left() + box[0] * scale,
            rect.top() + box[1] * scale,
            (box[2] - box[0]) * scale,
            (box[3] - box[1]) * scale,
        )
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(QColor(0, 0, 0, 150), width + 2), QPen(tint, width)):
            painter.setPen(pen)
            painter.drawRoundedRect(outline, 3, 3)

    def _width(self) -> int:
        return int(self._pixels.shape[1]) if self._pixels is not None else 1

    def _to_picture(self, point: QPointF) -> tuple[float, float]:
        rect = self.picture_rect()
        scale = self._width() / max(rect.width(), 1.0)
        x = min(max(point.x() - rect.left(), 0.0), rect.width()) * scale
        return x, min(max(point.y() - rect.top(), 0.0), rect.height()) * scale


class FaceBoxEditor(QWidget):
    """The picture, what to do, and two buttons; takes the place of the list for as long as it is open."""

    accepted = Signal(tuple)  # Box
    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hint = QLabel(self)
        self._hint.setWordWrap(True)
        self.view = FaceBoxView(self)
        self.view.changed.connect(self._update)
        self._use = QPushButton(self.tr("Use this face"), self)
        self._use.setProperty("primary", "true")
        self._use.clicked.connect(self.accept)
        cancel = QPushButton(self.tr("Cancel"), self)
        cancel.clicked.connect(self.dismissed)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self._use)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._hint)
        layout.addWidget(self.view, 1)
        layout.addLayout(buttons)

    def show_picture(self, pixels_rgb: UInt8Array, boxes_xyxy: Float32Array) -> None:
        """Begin with a picture, ``(H, W, 3)`` uint8, and the faces found in it, ``(N, 4)`` px."""
        if len(boxes_xyxy):
            words = self.tr("Click the face that is meant, or draw a box around it.")
        else:
            words = self.tr("No face was found. Draw a box around it, from forehead to chin.")
        self._hint.setText(words)
        self.view.show_picture(pixels_rgb, boxes_xyxy)
        self.view.setFocus()

    def accept(self) -> None:
        """Take the chosen box."""
        if self.view.chosen is not None:
            self.accepted.emit(self.view.chosen)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismissed.emit()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.accept()
        else:
            super().keyPressEvent(event)

    def _update(self) -> None:
        self._use.setEnabled(self.view.chosen is not None)
