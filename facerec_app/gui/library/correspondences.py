"""What agrees in two pictures, drawn over them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from facerec_app.core.types import Float32Array
from facerec_app.gui.library.compared_side import ComparedSide
from facerec_app.services.picture_comparison import PictureAgreement

_FACE_TINT, _ELSEWHERE_TINT = QColor(230, 159, 0), QColor(0, 158, 115)
"""The colours of the sheet that ``facerec match`` writes."""


class Correspondences(QWidget):
    """Lines over both pictures from what agrees to what it agrees with; the mouse goes through."""

    def __init__(self, sides: tuple[ComparedSide, ComparedSide], parent: QWidget) -> None:
        super().__init__(parent)
        self._sides = sides
        self._stage = parent
        self._agreement: PictureAgreement | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        parent.installEventFilter(self)
        self.hide()

    @property
    def lines(self) -> int:
        """How many lines are drawn."""
        if self.isHidden() or self._agreement is None:
            return 0
        faces, elsewhere = self._agreement.faces, self._agreement.meant
        counts = [faces.match.inliers if faces is not None else 0, elsewhere.inliers if elsewhere is not None else 0]
        return sum(counts)

    def show_agreement(self, agreement: PictureAgreement | None) -> None:
        """Draw what agrees; None takes the lines away."""
        self._agreement = agreement
        self.setVisible(agreement is not None)
        self.setGeometry(self._stage.rect())
        self.raise_()
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize:
            self.setGeometry(self._stage.rect())
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._agreement is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pairs = [] if self._agreement.meant is None else [(self._agreement.meant, _ELSEWHERE_TINT)]
        if self._agreement.faces is not None:
            pairs.append((self._agreement.faces.match, _FACE_TINT))
        for match, tint in pairs:
            left, right = match.inlier_positions
            starts, ends = self._points(0, left), self._points(1, right)
            painter.setPen(QPen(tint, 1.1))
            for start, end in zip(starts, ends, strict=True):
                painter.drawLine(start, end)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tint)
            for point in (*starts, *ends):
                painter.drawEllipse(point, 2.4, 2.4)
        painter.end()

    def _points(self, side: int, positions_xy: Float32Array) -> list[QPointF]:
        view = self._sides[side].view
        offset = view.mapTo(self._stage, QPointF(0, 0))
        return [QPointF(float(x), float(y)) + offset for x, y in view.to_widget(positions_xy)]
