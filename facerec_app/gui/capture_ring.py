"""A face in a circle with a ring around it that fills as the head is turned."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from facerec_app.core.types import UInt8Array
from facerec_app.gui.icons import draw_icon
from facerec_app.gui.picture_conversion import scaled_image
from facerec_app.gui.theme import colour
from facerec_app.services.guided_capture import CapturePose

_SIDE_PX = 196
_RING_PX = 7.0
_GAP_PX = 6.0
_GAP_DEG = 6.0
# Where a pose's arc lies for who looks into a mirror: degrees counterclockwise from three o'clock, its middle.
_MIDDLE_DEG = {CapturePose.RIGHT: 0.0, CapturePose.UP: 90.0, CapturePose.LEFT: 180.0, CapturePose.DOWN: 270.0}


class CaptureRing(QWidget):
    """Four arcs for the four ways to turn a head, and an inner line for the look straight ahead."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture: QPixmap | None = None
        self._filled: Mapping[CapturePose, float] = dict.fromkeys(CapturePose, 0.0)
        self._wanted: CapturePose | None = None
        self._mirrored = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_SIDE_PX)

    def sizeHint(self) -> QSize:
        return QSize(_SIDE_PX, _SIDE_PX)

    @property
    def filled(self) -> Mapping[CapturePose, float]:
        """How much of each pose's part is filled, 0 to 1."""
        return self._filled

    def show_progress(self, filled: Mapping[CapturePose, float], wanted: CapturePose | None, *, mirrored: bool) -> None:
        """Fill the ring.

        Args:
            filled: share of each pose's pictures that were taken, 0 to 1.
            wanted: the pose that is asked for, drawn stronger.
            mirrored: the picture is shown as a mirror does, so that the person's left is at the left.
        """
        self._filled, self._wanted, self._mirrored = dict(filled), wanted, mirrored
        covered = sum(share > 0 for share in filled.values())
        self.setAccessibleName(self.tr("{0} of {1} poses").format(covered, len(filled)))
        self.update()

    def show_face(self, pixels_rgb: UInt8Array | None, *, mirrored: bool) -> None:
        """Show an ``(S, S, 3)`` uint8 picture inside the ring; None shows an empty circle."""
        if pixels_rgb is None:
            self._picture = None
        else:
            side = round((_SIDE_PX - 2 * (_RING_PX + _GAP_PX)) * self.devicePixelRatioF())
            image = scaled_image(pixels_rgb, QSize(side, side), mirrored=mirrored)
            self._picture = QPixmap.fromImage(image.image)
            self._picture.setDevicePixelRatio(self.devicePixelRatioF())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            outer = QRectF((self.width() - _SIDE_PX) / 2, 0, _SIDE_PX, _SIDE_PX)
            inner = outer.adjusted(_RING_PX + _GAP_PX, _RING_PX + _GAP_PX, -_RING_PX - _GAP_PX, -_RING_PX - _GAP_PX)
            self._paint_face(painter, inner)
            half = _RING_PX / 2
            ring = outer.adjusted(half, half, -half, -half)
            for pose, middle in _MIDDLE_DEG.items():
                turned = pose in {CapturePose.LEFT, CapturePose.RIGHT} and not self._mirrored
                self._paint_arc(painter, ring, 180.0 - middle if turned else middle, pose)
            straight = self._filled[CapturePose.STRAIGHT] > 0
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour("accent") if straight else self._waiting(CapturePose.STRAIGHT), 2.5))
            painter.drawEllipse(inner)

    def _paint_face(self, painter: QPainter, inner: QRectF) -> None:
        path = QPainterPath()
        path.addEllipse(inner)
        painter.save()
        painter.setClipPath(path)
        painter.fillRect(inner, colour("base"))
        if self._picture is not None:
            painter.drawPixmap(inner.topLeft(), self._picture)
        else:
            sign = draw_icon("face", colour("disabled"), 64, self.devicePixelRatioF())
            painter.drawPixmap(inner.center() - QPointF(32, 32), sign)
        painter.restore()

    def _paint_arc(self, painter: QPainter, ring: QRectF, middle_deg: float, pose: CapturePose) -> None:
        span = 90.0 - _GAP_DEG
        start = middle_deg - span / 2
        painter.setBrush(Qt.BrushStyle.NoBrush)
        pen = QPen(self._waiting(pose), _RING_PX)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawArc(ring, round(start * 16), round(span * 16))
        share = self._filled[pose]
        if share > 0:
            pen.setColor(colour("accent"))
            painter.setPen(pen)
            filled = span * share
            painter.drawArc(ring, round((middle_deg - filled / 2) * 16), round(filled * 16))

    def _waiting(self, pose: CapturePose) -> QColor:
        return colour("muted" if pose is self._wanted else "pressed")
