"""The picture: the newest frame and the boxes of the newest result, scaled to the widget."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from facerec_app.core.types import Float32Array, Frame, FrameResult, IdentityDecision
from facerec_app.gui.face_painter import FacePainter
from facerec_app.gui.picture_conversion import ArrayImage, scaled_image

_BACKDROP = QColor(16, 18, 20)
# A result older than this belongs to another scene; its boxes would be on the wrong faces.
_STALE_AFTER_S = 1.0


class LiveView(QWidget):
    """Paints when something new is there and never otherwise."""

    face_clicked = Signal(int)  # track id
    painted = Signal()  # a frame for the first time

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame: Frame | None = None
        self._result: FrameResult | None = None
        self._scaled: ArrayImage | None = None
        self._scaled_key: tuple[Frame, QSize, bool] | None = None
        self._painted_frame: Frame | None = None
        self._hovered: int | None = None
        self._mirrored = False
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 135)
        self.setAccessibleName(self.tr("Live view"))

    @property
    def frame(self) -> Frame | None:
        """What is shown."""
        return self._frame

    @property
    def result(self) -> FrameResult | None:
        """Whose boxes are shown; None where the newest result does not belong to the picture."""
        return self._result if self._result_fits() else None

    def show_frame(self, frame: Frame | None) -> None:
        """Show a picture; the boxes stay until a newer result comes."""
        self._frame = frame
        self.update()

    def show_result(self, result: FrameResult | None) -> None:
        """Show the boxes of a result."""
        self._result = result
        self.update()

    def set_mirrored(self, mirrored: bool) -> None:
        """Show the picture as a mirror does, as people expect of a camera that looks at them."""
        self._mirrored = mirrored
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(960, 540)

    def picture_rect(self) -> QRectF:
        """Return where the picture lies in the widget, in logical pixels."""
        if self._frame is None:
            return QRectF(self.rect())
        scale = self._scale()
        width, height = self._frame.width_px * scale, self._frame.height_px * scale
        return QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)

    def face_rect(self, track_id: int) -> QRect | None:
        """Return where a face is in the widget, None if it is not in view."""
        return next((rect.toRect() for found, rect, _ in self._faces() if found == track_id), None)

    def face_at(self, point: QPointF) -> int | None:
        """Return the track of the face under a point; the smallest where several overlap."""
        hits = [(rect.width() * rect.height(), track_id) for track_id, rect, _ in self._faces() if rect.contains(point)]
        return min(hits)[1] if hits else None

    def snapshot(self) -> QImage | None:
        """Return the picture in its own size with boxes and names, None while there is none."""
        frame = self._frame
        if frame is None:
            return None
        image = ArrayImage(frame.pixels_rgb).image.copy()
        if self._mirrored:
            image = image.flipped(Qt.Orientation.Horizontal)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_faces(painter, QRectF(image.rect()), 1.0)
        painter.end()
        return image

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        frame = self._frame
        if frame is None:
            painter.fillRect(event.rect(), _BACKDROP)
            return
        rect = self.picture_rect()
        painter.fillRect(self.rect(), _BACKDROP)
        painter.drawImage(rect, self._image_for(frame, rect))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_faces(painter, rect, self._scale())
        painter.end()
        if frame is not self._painted_frame:
            self._painted_frame = frame
            self.painted.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.face_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        track_id = self.face_at(event.position())
        if track_id is not None:
            self.face_clicked.emit(track_id)

    def _hover(self, track_id: int | None) -> None:
        if track_id != self._hovered:
            self._hovered = track_id
            self.setCursor(Qt.CursorShape.PointingHandCursor if track_id is not None else Qt.CursorShape.ArrowCursor)
            self.update()

    def _scale(self) -> float:
        if self._frame is None:
            return 1.0
        return min(self.width() / self._frame.width_px, self.height() / self._frame.height_px)

    def _image_for(self, frame: Frame, rect: QRectF) -> QImage:
        """Return the frame scaled to the screen's own pixels; done once a frame and size."""
        ratio = self.devicePixelRatioF()
        size = QSize(max(1, round(rect.width() * ratio)), max(1, round(rect.height() * ratio)))
        key = (frame, size, self._mirrored)  # frames are equal only to themselves
        if self._scaled is None or key != self._scaled_key:
            self._scaled = scaled_image(frame.pixels_rgb, size, mirrored=self._mirrored)
            self._scaled_key = key
        return self._scaled.image

    def _result_fits(self) -> bool:
        frame, result = self._frame, self._result
        if frame is None or result is None or frame.source_id != result.frame.source_id:
            return False
        return abs(frame.timestamp_s - result.frame.timestamp_s) <= _STALE_AFTER_S

    def _faces(self) -> list[tuple[int, QRectF, IdentityDecision]]:
        rect = self.picture_rect()
        return self._faces_in(rect, self._scale())

    def _faces_in(self, rect: QRectF, scale: float) -> list[tuple[int, QRectF, IdentityDecision]]:
        result = self.result
        if result is None:
            return []
        boxes = result.detections.boxes_xyxy
        tracks = result.track_ids.tolist()
        return [
            (track_id, self._box_rect(box, rect, scale), decision)
            for track_id, box, decision in zip(tracks, boxes, result.decisions, strict=True)
        ]

    def _box_rect(self, box_xyxy: Float32Array, rect: QRectF, scale: float) -> QRectF:
        x0, y0, x1, y1 = (float(v) * scale for v in box_xyxy)
        left = rect.width() - x1 if self._mirrored else x0
        return QRectF(rect.left() + left, rect.top() + y0, x1 - x0, y1 - y0)

    def _draw_faces(self, painter: QPainter, rect: QRectF, scale: float) -> None:
        result = self.result
        if result is None:
            return
        painter.setClipRect(rect)
        drawing = FacePainter(painter, rect, self.font())
        faces = self._faces_in(rect, scale)
        for track_id, face, decision in faces:
            drawing.draw_box(face, decision.verdict, highlighted=track_id == self._hovered)
        for track_id, face, decision in faces:
            drawing.draw_label(face, decision, result.name_of(decision), highlighted=track_id == self._hovered)
