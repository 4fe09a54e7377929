"""The picture of the capture window: the newest sight with a box around each face."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from facerec_app.core.types import Verdict
from facerec_app.gui.capture_worker import SightPicture
from facerec_app.gui.face_painter import FacePainter

_BACKDROP = QColor(16, 18, 20)
_WORDS = QColor(170, 176, 183)


class CaptureView(QWidget):
    """Paints when something new is there; a face that can be saved has the colour and line of a known one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: SightPicture | None = None
        self._words = ""
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 135)
        self.setAccessibleName(self.tr("Picture of the camera or video"))

    @property
    def shown(self) -> SightPicture | None:
        """What is shown."""
        return self._shown

    def show_sight(self, sight: SightPicture | None) -> None:
        """Show a sight from now on."""
        self._shown = sight
        self.update()

    def say(self, words: str) -> None:
        """Show words where the picture will be, while there is none."""
        self._words = words
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(960, 540)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), _BACKDROP)
        shown = self._shown
        if shown is None:
            painter.setPen(_WORDS)
            inside = self.rect().adjusted(24, 24, -24, -24)
            painter.drawText(inside, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._words)
            painter.end()
            return
        frame = shown.sight.frame
        scale = min(self.width() / frame.width_px, self.height() / frame.height_px)
        width, height = frame.width_px * scale, frame.height_px * scale
        rect = QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(rect, shown.picture.image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(rect)
        drawing = FacePainter(painter, rect, self.font())
        for x0, y0, x1, y1 in shown.sight.faces.boxes_xyxy.tolist():
            left = frame.width_px - x1 if shown.mirrored else x0
            corner = rect.topLeft() + QPointF(left * scale, y0 * scale)
            box = QRectF(corner, QPointF(corner.x() + (x1 - x0) * scale, corner.y() + (y1 - y0) * scale))
            drawing.draw_box(box, _look_of(shown), highlighted=False)
        painter.end()


def _look_of(shown: SightPicture) -> Verdict:
    if not shown.sight.is_single:
        return Verdict.UNDECIDED
    return Verdict.UNKNOWN if shown.sight.fault else Verdict.KNOWN
