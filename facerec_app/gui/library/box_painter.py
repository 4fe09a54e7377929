"""How a picture with boxes is laid out and painted, and what of it lies under the mouse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from facerec_app.core.face_annotations import FaceAnnotations
from facerec_app.core.types import Float32Array
from facerec_app.gui.library.box_document import BoxDocument
from facerec_app.gui.theme import colour

HANDLE_PX, SMALL_HANDLE_PX = 9.0, 6.0
_ROOM_PX = 72.0
_REACH_PX = 8.0
EDGES = {
    "top-left": (0, 1), "top": (1,), "top-right": (2, 1), "right": (2,), "bottom-right": (2, 3), "bottom": (3,),
    "bottom-left": (0, 3), "left": (0,),
}  # fmt: skip
"""Sides of a box that a handle moves: numbers of its coordinates."""
_HANDLES = {
    "top-left": (0.0, 0.0), "top": (0.5, 0.0), "top-right": (1.0, 0.0), "right": (1.0, 0.5),
    "bottom-right": (1.0, 1.0), "bottom": (0.5, 1.0), "bottom-left": (0.0, 1.0), "left": (0.0, 0.5),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PictureLayout:
    """Where a picture lies in its view.

    Attributes:
        scale: logical pixels of the view for one of the picture.
        left, top: of the picture in the view.
    """

    scale: float
    left: float
    top: float

    @staticmethod
    def fitted(
        width_px: int, height_px: int, view: QSizeF, zoom: float, centre_xy: tuple[float, float]
    ) -> PictureLayout:
        """Return the whole picture in the middle, or enlarged with a point of it as near the middle as it goes."""
        scale = min(view.width() / max(width_px, 1), view.height() / max(height_px, 1)) * zoom
        places = []
        for size, room, centre in ((width_px, view.width(), centre_xy[0]), (height_px, view.height(), centre_xy[1])):
            shown = size * scale
            place = (room - shown) / 2 if shown <= room else min(0.0, max(room - shown, room / 2 - centre * scale))
            places.append(place)
        return PictureLayout(scale, places[0], places[1])

    def to_view(self, x: float, y: float) -> QPointF:
        return QPointF(self.left + x * self.scale, self.top + y * self.scale)

    def to_picture(self, point: QPointF) -> tuple[float, float]:
        return (point.x() - self.left) / self.scale, (point.y() - self.top) / self.scale

    def rect(self, box_xyxy: Float32Array) -> QRectF:
        """Return a box in the view."""
        return QRectF(
            self.to_view(float(box_xyxy[0]), float(box_xyxy[1])), self.to_view(float(box_xyxy[2]), float(box_xyxy[3]))
        )


@dataclass(frozen=True, slots=True)
class Grip:
    """What the mouse would take hold of.

    Attributes:
        kind: ``edge``, ``landmark``, ``box`` or ``empty``.
        row: of the face.
        handle: of an edge, a key of ``EDGES``.
        landmark: number of it.
    """

    kind: str
    row: int = -1
    handle: str = ""
    landmark: int = -1


def grip_at(document: BoxDocument, layout: PictureLayout, point: QPointF) -> Grip:
    """Return what lies under the mouse: the chosen face's handles and landmarks first, then the smallest box."""
    faces, chosen = document.faces, document.chosen
    if chosen is not None:
        if faces.has_landmarks[chosen]:
            places = [layout.to_view(x, y) for x, y in faces.landmarks_xy[chosen].tolist()]
            distances = [(place - point).manhattanLength() for place in places]
            nearest = int(np.argmin(distances))
            if distances[nearest] <= _REACH_PX:
                return Grip("landmark", chosen, landmark=nearest)
        for handle, place in handle_places(layout.rect(faces.boxes_xyxy[chosen])).items():
            if (place - point).manhattanLength() <= _REACH_PX:
                return Grip("edge", chosen, handle)
    under = [row for row in range(len(faces)) if layout.rect(faces.boxes_xyxy[row]).contains(point)]
    if chosen in under:
        smaller = [row for row in under if _side(faces, row) < 0.5 * _side(faces, chosen or 0)]
        under = smaller or [row for row in under if row == chosen]
    return Grip("box", min(under, key=lambda row: _side(faces, row))) if under else Grip("empty")


def handle_places(rect: QRectF) -> dict[str, QPointF]:
    """Return where the handles of a box lie: eight, or the corners alone where there is little room."""
    return {
        name: QPointF(rect.left() + x * rect.width(), rect.top() + y * rect.height())
        for name, (x, y) in _HANDLES.items()
        if "-" in name or _is_roomy(rect)
    }


def _is_roomy(rect: QRectF) -> bool:
    return min(rect.width(), rect.height()) >= _ROOM_PX


def paint_boxes(painter: QPainter, document: BoxDocument, layout: PictureLayout, *, has_focus: bool) -> None:
    """Draw every box, its name, and what of the chosen one can be taken hold of."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    faces, chosen = document.faces, document.chosen
    for row in range(len(faces)):
        if row != chosen:
            _paint_face(painter, faces, row, layout, QColor(255, 255, 255, 225), 1.6)
    if chosen is None:
        return
    tint = colour("accent") if has_focus else QColor(255, 255, 255)
    _paint_face(painter, faces, chosen, layout, tint, 2.6)
    rect = layout.rect(faces.boxes_xyxy[chosen])
    size = HANDLE_PX if _is_roomy(rect) else SMALL_HANDLE_PX
    if faces.has_landmarks[chosen]:
        for number, (x, y) in enumerate(faces.landmarks_xy[chosen].tolist()):
            radius = 0.72 * size if number == document.landmark else 0.47 * size
            _paint_dot(painter, layout.to_view(x, y), tint, radius, is_chosen=number == document.landmark)
    painter.setPen(QPen(QColor(0, 0, 0, 160), 1))
    painter.setBrush(tint)
    for place in handle_places(rect).values():
        painter.drawRect(QRectF(place.x() - size / 2, place.y() - size / 2, size, size))


def _paint_face(
    painter: QPainter, faces: FaceAnnotations, row: int, layout: PictureLayout, tint: QColor, width: float
) -> None:
    rect = layout.rect(faces.boxes_xyxy[row])
    style = Qt.PenStyle.DashLine if faces.difficult[row] else Qt.PenStyle.SolidLine
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(0, 0, 0, 150), width + 2))
    painter.drawRect(rect)
    painter.setPen(QPen(tint, width, style))
    painter.drawRect(rect)
    if faces.has_landmarks[row]:
        painter.setPen(QPen(QColor(0, 0, 0, 150), 1))
        painter.setBrush(tint)
        for x, y in faces.landmarks_xy[row].tolist():
            painter.drawEllipse(layout.to_view(x, y), 2.4, 2.4)
    if faces.names[row]:
        _paint_name(painter, faces.names[row], rect)


def _paint_name(painter: QPainter, name: str, rect: QRectF) -> None:
    metrics = QFontMetricsF(painter.font())
    shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, max(rect.width() + 40, 80))
    size = QSizeF(metrics.horizontalAdvance(shown) + 10, metrics.height() + 4)
    top = rect.top() - size.height() - 6
    ground = QRectF(rect.left(), top if top > 0 else rect.bottom() + 6, size.width(), size.height())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 170))
    painter.drawRoundedRect(ground, 3, 3)
    painter.setPen(QColor(255, 255, 255))
    painter.drawText(ground, Qt.AlignmentFlag.AlignCenter, shown)


def _paint_dot(painter: QPainter, place: QPointF, tint: QColor, radius: float, *, is_chosen: bool) -> None:
    painter.setPen(QPen(QColor(0, 0, 0, 170), 1.2))
    painter.setBrush(QColor(255, 255, 255) if is_chosen else tint)
    painter.drawEllipse(place, radius, radius)


def _side(faces: FaceAnnotations, row: int) -> float:
    box = faces.boxes_xyxy[row]
    return float(max(box[2] - box[0], box[3] - box[1]))
