"""How a face looks in the live view: box, name, told apart by line and words as well as by colour."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from facerec_app.core.types import Float32Array, FrameResult, IdentityDecision, Verdict
from facerec_app.pipeline.overlay import VERDICT_STYLES, decision_text

_LABEL_PADDING_X_PX = 6.0
_LABEL_PADDING_Y_PX = 2.5
_SMALL_FACE_PX = 34.0
_HALO = QColor(24, 26, 28)  # opaque: a see-through line takes the painter six times as long


def verdict_colour(verdict: Verdict) -> QColor:
    """Return the colour of a verdict's box."""
    return QColor(*VERDICT_STYLES[verdict].box_rgb)


def placed_faces(
    result: FrameResult, rect: QRectF, *, scale: float, mirrored: bool
) -> list[tuple[int, QRectF, IdentityDecision]]:
    """Return where the faces of a result are in a picture of its frame: track, rectangle and what is said of it.

    Args:
        result: what was found in the frame.
        rect: of the picture.
        scale: of the picture, to the frame's pixels.
        mirrored: left and right are exchanged.
    """

    def place(box_xyxy: Float32Array) -> QRectF:
        x0, y0, x1, y1 = (float(v) * scale for v in box_xyxy)
        left = rect.width() - x1 if mirrored else x0
        return QRectF(rect.left() + left, rect.top() + y0, x1 - x0, y1 - y0)

    rows = zip(result.track_ids.tolist(), result.detections.boxes_xyxy, result.decisions, strict=True)
    return [(track_id, place(box), decision) for track_id, box, decision in rows]


def draw_faces(
    painter: QPainter,
    result: FrameResult,
    rect: QRectF,
    font: QFont,
    *,
    scale: float,
    mirrored: bool = False,
    highlighted: int | None = None,
) -> None:
    """Draw every face of a result on a picture of its frame; all names lie above all boxes.

    Args:
        painter: draws.
        result, rect, scale, mirrored: as for ``placed_faces``.
        font: of the names.
        highlighted: track of the face under the pointer.
    """
    painter.setClipRect(rect)
    drawing = FacePainter(painter, rect, font)
    faces = placed_faces(result, rect, scale=scale, mirrored=mirrored)
    for track_id, face, decision in faces:
        drawing.draw_box(face, decision.verdict, highlighted=track_id == highlighted)
    for track_id, face, decision in faces:
        drawing.draw_label(face, decision, result.name_of(decision), highlighted=track_id == highlighted)


class FacePainter:
    """Draws faces in coordinates of the widget; sizes stay those of the screen whatever the video's are."""

    def __init__(self, painter: QPainter, bounds: QRectF, font: QFont) -> None:
        self._painter = painter
        self._bounds = bounds
        self._font = QFont(font)
        self._font.setWeight(QFont.Weight.DemiBold)
        # Coloured edges need a picture below; names are to look the same on the transparent one of resting marks.
        self._font.setStyleStrategy(QFont.StyleStrategy.NoSubpixelAntialias)
        self._metrics = QFontMetricsF(self._font)

    def draw_box(self, rect: QRectF, verdict: Verdict, *, highlighted: bool) -> None:
        """Draw the frame around a face, with a dark edge that keeps it visible on any picture."""
        style = VERDICT_STYLES[verdict]
        width = 3.0 if highlighted else 2.0
        painter = self._painter
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(_HALO, width + 2.0))
        painter.drawRoundedRect(rect, 3, 3)
        pen = QPen(verdict_colour(verdict), width)
        if style.dash_px:
            pen.setDashPattern([style.dash_px / width, style.dash_px / width])
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.drawRoundedRect(rect, 3, 3)

    def draw_label(self, rect: QRectF, decision: IdentityDecision, name: str | None, *, highlighted: bool) -> None:
        """Write who it is above the face, or below where there is no room.

        Small faces that nobody knows carry no words unless the pointer is on them: a crowd would be all labels.
        """
        if decision.verdict is not Verdict.KNOWN and rect.width() < _SMALL_FACE_PX and not highlighted:
            return
        style = VERDICT_STYLES[decision.verdict]
        text = decision_text(decision, name)
        longest = max(60.0, self._bounds.width() - 2 * _LABEL_PADDING_X_PX)
        text = self._metrics.elidedText(text, Qt.TextElideMode.ElideRight, min(longest, 320.0))
        label = self._place_label(rect, text)
        painter = self._painter
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(*style.box_rgb))
        painter.drawRoundedRect(label, 3, 3)
        painter.setFont(self._font)
        painter.setPen(QColor(*style.text_rgb))
        baseline = QPointF(
            label.left() + _LABEL_PADDING_X_PX, label.top() + _LABEL_PADDING_Y_PX + self._metrics.ascent()
        )
        painter.drawText(baseline, text)

    def _place_label(self, rect: QRectF, text: str) -> QRectF:
        width = self._metrics.horizontalAdvance(text) + 2 * _LABEL_PADDING_X_PX
        height = self._metrics.height() + 2 * _LABEL_PADDING_Y_PX
        left = min(max(rect.left() - 1.0, self._bounds.left()), self._bounds.right() - width)
        top = rect.top() - height - 3.0
        if top < self._bounds.top():
            top = min(rect.bottom() + 3.0, self._bounds.bottom() - height)
        return QRectF(left, top, width, height)
