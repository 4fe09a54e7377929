"""A picture large, its faces in boxes that mouse and keys correct."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from facerec_app.core.types import UInt8Array
from facerec_app.gui.library.box_document import BoxDocument
from facerec_app.gui.library.box_painter import EDGES, Grip, PictureLayout, grip_at, paint_boxes
from facerec_app.gui.picture_conversion import ArrayImage, scaled_image
from facerec_app.gui.theme import colour

_LEAST_DRAG_PX = 5
_STEP = 0.02
_ZOOM_STEP, _MOST_ZOOM = 1.25, 16.0
_NEW_SHARE = 0.25
_ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
_LANDMARK_KEYS = (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3, Qt.Key.Key_4, Qt.Key.Key_5)
_CURSORS = {
    "top-left": Qt.CursorShape.SizeFDiagCursor, "bottom-right": Qt.CursorShape.SizeFDiagCursor,
    "top-right": Qt.CursorShape.SizeBDiagCursor, "bottom-left": Qt.CursorShape.SizeBDiagCursor,
    "left": Qt.CursorShape.SizeHorCursor, "right": Qt.CursorShape.SizeHorCursor,
    "top": Qt.CursorShape.SizeVerCursor, "bottom": Qt.CursorShape.SizeVerCursor,
}  # fmt: skip


class BoxCanvas(QWidget):
    """Drag on a box moves it, on a handle resizes it, on a dot moves the landmark, elsewhere draws a new box.

    Tab goes from face to face, arrow keys move, with Shift they resize, 1 to 5 take hold of a landmark and Esc lets it
    go, + and - zoom, 0 shows the whole picture.
    """

    changed = Signal()
    drawn = Signal(int)  # row of a new box

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixels: UInt8Array | None = None
        self._scaled: ArrayImage | None = None
        self._scaled_for: tuple[float, float, float] | None = None
        self._document: BoxDocument | None = None
        self._zoom, self._centre = 1.0, (0.0, 0.0)
        self._grip: Grip | None = None
        self._pressed, self._last = QPointF(), QPointF()
        self._gesture: object = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(240, 160)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Picture with the boxes of its faces"))

    @property
    def document(self) -> BoxDocument | None:
        """What is being corrected."""
        return self._document

    @property
    def zoom(self) -> float:
        """How much larger than fitted the picture is shown."""
        return self._zoom

    def show_document(self, pixels_rgb: UInt8Array, document: BoxDocument) -> None:
        """Show ``(H, W, 3)`` uint8 pixels and the boxes in them."""
        self._pixels, self._document, self._scaled = pixels_rgb, document, None
        self._zoom, self._centre = 1.0, (document.width_px / 2, document.height_px / 2)
        self._grip = None
        self.update()

    def clear(self) -> None:
        """Show nothing."""
        self._pixels = self._document = self._scaled = self._grip = None
        self.update()

    def picture_layout(self) -> PictureLayout:
        """Return where the picture lies."""
        height, width = self._pixels.shape[:2] if self._pixels is not None else (1, 1)
        return PictureLayout.fitted(width, height, QSizeF(self.size()), self._zoom, self._centre)

    def add_box(self) -> None:
        """Draw a new box in the middle of what is in view."""
        if self._document is None:
            return
        x, y = self.picture_layout().to_picture(QPointF(self.width() / 2, self.height() / 2))
        half = _NEW_SHARE / self._zoom * min(self._document.width_px, self._document.height_px) / 2
        self._document.add(np.array([x - half, y - half, x + half, y + half], np.float32))
        self._tell()
        self.drawn.emit(self._document.chosen)

    def zoom_by(self, factor: float, about: QPointF | None = None) -> None:
        """Show the picture larger or smaller; a point of the view, by default the chosen box, stays in sight."""
        if self._document is None:
            return
        zoom = min(max(self._zoom * factor, 1.0), _MOST_ZOOM)
        before = self.picture_layout()
        if about is not None:
            x, y = before.to_picture(about)
            scale = before.scale * zoom / self._zoom
            self._centre = (x + (self.width() / 2 - about.x()) / scale, y + (self.height() / 2 - about.y()) / scale)
        elif self._document.chosen is not None:
            box = self._document.faces.boxes_xyxy[self._document.chosen]
            self._centre = (float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2)
        self._zoom = zoom
        self.update()

    def event(self, event: QEvent) -> bool:
        # Before the focus chain gets it: Tab goes from face to face first, and on to the buttons after the last.
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self._document is not None:
            step = {Qt.Key.Key_Tab: 1, Qt.Key.Key_Backtab: -1}.get(Qt.Key(event.key()), 0)
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                step = -abs(step)
            bare = not event.modifiers() & Qt.KeyboardModifier.ControlModifier
            if step and bare and self._document.choose_next(step):
                self._tell()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, document = Qt.Key(event.key()), self._document
        if document is None:
            super().keyPressEvent(event)
        elif key in _ARROWS and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._step(*_ARROWS[key], resize=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif key in _LANDMARK_KEYS:
            document.choose(document.chosen, _LANDMARK_KEYS.index(key))
            self._tell()
        elif key == Qt.Key.Key_Escape and document.landmark is not None:
            document.choose(document.chosen)
            self._tell()
        elif key in {Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus, Qt.Key.Key_0}:
            steps = {Qt.Key.Key_Minus: 1 / _ZOOM_STEP, Qt.Key.Key_0: 1 / _MOST_ZOOM}
            self.zoom_by(steps.get(key, _ZOOM_STEP))
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        document = self._document
        if document is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        draws = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        grip = Grip("empty") if draws else grip_at(document, self.picture_layout(), event.position())
        self._grip, self._pressed, self._last = grip, event.position(), event.position()
        self._gesture = document.begin_gesture()
        if grip.kind != "empty":
            document.choose(grip.row, grip.landmark if grip.kind == "landmark" else None)
            self._tell()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        document, grip = self._document, self._grip
        if document is None:
            return
        if grip is None:
            self._show_cursor(grip_at(document, self.picture_layout(), event.position()))
            return
        far = (event.position() - self._pressed).manhattanLength() >= _LEAST_DRAG_PX
        if far or self._last != self._pressed:
            self._drag(document, grip, event.position())
            self._last = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        grip, self._grip = self._grip, None
        document = self._document
        if document is None or grip is None:
            return
        if grip.kind == "new" and document.chosen is not None:
            self.drawn.emit(document.chosen)
        elif grip.kind == "empty":
            document.choose(None)
            self._tell()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom_by(_ZOOM_STEP ** (event.angleDelta().y() / 120), event.position())
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("base"))
        painter.drawRoundedRect(QRectF(self.rect()), 5, 5)
        if self._pixels is not None and self._document is not None:
            layout = self.picture_layout()
            painter.setClipRect(self.rect())
            self._paint_picture(painter, layout)
            paint_boxes(painter, self._document, layout, has_focus=self.hasFocus())
        if self.hasFocus():
            painter.setPen(QPen(colour("accent"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._scaled = None
        super().resizeEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def _paint_picture(self, painter: QPainter, layout: PictureLayout) -> None:
        """Paint the part that is in view, scaled once for each place it is shown at."""
        if self._pixels is None:
            return
        height, width = self._pixels.shape[:2]
        first, last = (layout.to_picture(QPointF(x, y)) for x, y in ((0, 0), (self.width(), self.height())))
        left, top = (max(0, int(v)) for v in first)
        right, bottom = min(width, int(last[0]) + 2), min(height, int(last[1]) + 2)
        if right <= left or bottom <= top:
            return
        shown = QRectF(layout.to_view(left, top), layout.to_view(right, bottom))
        ratio = self.devicePixelRatioF()
        key = (layout.scale * ratio, layout.left, layout.top)
        if self._scaled is None or self._scaled_for != key:
            size = QSize(max(1, round(shown.width() * ratio)), max(1, round(shown.height() * ratio)))
            self._scaled, self._scaled_for = scaled_image(self._pixels[top:bottom, left:right], size), key
        painter.drawImage(shown, self._scaled.image)

    def _drag(self, document: BoxDocument, grip: Grip, place: QPointF) -> None:
        layout = self.picture_layout()
        x, y = layout.to_picture(place)
        if grip.kind == "landmark":
            document.set_landmark(x, y, self._gesture)
        elif grip.kind == "edge":
            box = document.faces.boxes_xyxy[grip.row].copy()
            for side in EDGES[grip.handle]:
                opposite = float(box[(side + 2) % 4])
                wanted = x if side % 2 == 0 else y
                # A side that is drawn over the opposite one stops there: the handle stays the same one.
                box[side] = min(wanted, opposite - 4) if side < 2 else max(wanted, opposite + 4)
            document.set_box(box, self._gesture)
        elif grip.kind == "box":
            before_x, before_y = layout.to_picture(self._last)
            document.move(x - before_x, y - before_y, self._gesture)
        else:
            x0, y0 = layout.to_picture(self._pressed)
            corners = np.array([x0, y0, x, y], np.float32)
            if grip.kind == "empty":
                document.add(corners, self._gesture)
                self._grip = Grip("new", document.chosen or 0)
            else:
                document.set_box(corners, self._gesture)
        self._tell()

    def _step(self, right: int, down: int, *, resize: bool) -> None:
        """Move or resize by a fiftieth of the box, a landmark by a pixel."""
        document = self._document
        if document is None or document.chosen is None:
            return
        box = document.faces.boxes_xyxy[document.chosen]
        step = 1.0 if document.landmark is not None else max(1.0, round(float(max(box[2:] - box[:2])) * _STEP))
        (document.resize if resize else document.move)(right * step, down * step)
        self._tell()

    def _show_cursor(self, grip: Grip) -> None:
        shapes = {"landmark": Qt.CursorShape.PointingHandCursor, "box": Qt.CursorShape.SizeAllCursor}
        self.setCursor(_CURSORS.get(grip.handle, shapes.get(grip.kind, Qt.CursorShape.CrossCursor)))

    def _tell(self) -> None:
        self.update()
        self.changed.emit()
