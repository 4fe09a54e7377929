"""The picture: the newest frame and the boxes of the newest result, scaled to the widget."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from facerec_app.core.types import Frame, FrameResult, IdentityDecision
from facerec_app.gui.face_painter import draw_faces, placed_faces
from facerec_app.gui.frame_renderer import FrameRenderer, RenderedFrame, Rendering
from facerec_app.gui.picture_conversion import ArrayImage
from facerec_app.gui.resting_marks import drawn_alike
from facerec_app.pipeline.overlay import result_fits

_BACKDROP = QColor(16, 18, 20)


class LiveView(QWidget):
    """Paints when something new is there and never otherwise."""

    face_clicked = Signal(int)  # track id
    painted = Signal()  # a frame for the first time

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: RenderedFrame | None = None
        self._newest: Frame | None = None
        self._result: FrameResult | None = None
        self._renderer = FrameRenderer(self)
        self._renderer.ready.connect(self._take_picture)
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
        return self._shown.frame if self._shown is not None else None

    @property
    def result(self) -> FrameResult | None:
        """Whose faces can be pointed at; None where the newest result does not belong to the picture."""
        return self._result if result_fits(self._result, self.frame) else None

    def show_frame(self, frame: Frame | None) -> None:
        """Show a picture as soon as it is rendered; the boxes stay until a newer result comes."""
        self._newest = frame
        if frame is not None:
            self._render()
        else:
            self._renderer.forget()
            self._shown = None
            self.update()

    def show_result(self, result: FrameResult | None) -> None:
        """Show the boxes of a result."""
        before, self._result = self._result, result
        if not drawn_alike(before, result):
            self._render()

    def set_mirrored(self, mirrored: bool) -> None:
        """Show the picture as a mirror does, as people expect of a camera that looks at them."""
        self._mirrored = mirrored
        self._render()

    def stop(self) -> bool:
        """End the thread that renders; return whether it has ended."""
        return self._renderer.stop()

    def sizeHint(self) -> QSize:
        return QSize(960, 540)

    def picture_rect(self) -> QRectF:
        """Return where the picture lies in the widget, in logical pixels."""
        frame = self.frame
        if frame is None:
            return QRectF(self.rect())
        scale = self._scale_of(frame)
        width, height = frame.width_px * scale, frame.height_px * scale
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
        frame = self.frame
        if frame is None:
            return None
        image = ArrayImage(frame.pixels_rgb).image.copy()
        if self._mirrored:
            image = image.flipped(Qt.Orientation.Horizontal)
        result = self.result
        if result is not None:
            with QPainter(image) as painter:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                draw_faces(painter, result, QRectF(image.rect()), self.font(), scale=1.0, mirrored=self._mirrored)
        return image

    def paintEvent(self, event: QPaintEvent) -> None:
        shown = self._shown
        with QPainter(self) as painter:
            painter.fillRect(event.rect(), _BACKDROP)
            if shown is not None:
                self._draw_picture(painter, shown.picture.image)
        if shown is not None and shown.frame is not self._painted_frame:
            self._painted_frame = shown.frame
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
            self._render()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._render()  # the painter stretches the old picture until the new one is there

    def _scale_of(self, frame: Frame) -> float:
        return min(self.width() / frame.width_px, self.height() / frame.height_px)

    def _draw_picture(self, painter: QPainter, image: QImage) -> None:
        """Copy the picture pixel for pixel; stretch it only while the size has just changed."""
        rect, ratio = self.picture_rect(), self.devicePixelRatioF()
        fits = abs(image.width() - rect.width() * ratio) <= 1 and abs(image.height() - rect.height() * ratio) <= 1
        if fits:
            image.setDevicePixelRatio(ratio)
            painter.drawImage(QPointF(round(rect.left() * ratio), round(rect.top() * ratio)) / ratio, image)
        else:
            painter.drawImage(rect, image)

    def _render(self) -> None:
        """Ask for the newest frame in the screen's own pixels, with the faces of the newest result that fits it."""
        frame = self._newest
        if frame is None or self.window().isMinimized():
            return
        scale, ratio = self._scale_of(frame), self.devicePixelRatioF()
        width, height = frame.width_px * scale * ratio, frame.height_px * scale * ratio
        self._renderer.request(
            Rendering(
                frame,
                QSize(max(1, round(width)), max(1, round(height))),
                ratio,
                self._mirrored,
                self._result if result_fits(self._result, frame) else None,
                self._hovered,
                self.font(),
            )
        )

    def _take_picture(self) -> None:
        newest = self._renderer.newest
        if newest is not None:
            self._shown = newest
            self.update()

    def _faces(self) -> list[tuple[int, QRectF, IdentityDecision]]:
        frame, result = self.frame, self.result
        if frame is None or result is None:
            return []
        return placed_faces(result, self.picture_rect(), scale=self._scale_of(frame), mirrored=self._mirrored)
