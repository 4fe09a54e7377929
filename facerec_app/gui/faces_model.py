"""The pictures of one person as Qt wants them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    Qt,
)
from PySide6.QtGui import QPainter

from facerec_app.core.types import UInt8Array
from facerec_app.gallery.face_faults import faults_of
from facerec_app.gallery.records import EnrolledFace, FaceState
from facerec_app.gui.card_delegate import CardDelegate, draw_chosen_frame, draw_lines
from facerec_app.gui.card_view import CardView
from facerec_app.gui.face_dragging import FACES_MIME, faces_mime
from facerec_app.gui.icons import draw_icon
from facerec_app.gui.quality_words import quality_words
from facerec_app.gui.relative_time import short_date
from facerec_app.gui.theme import colour

Index = QModelIndex | QPersistentModelIndex
FACE_ROLE = Qt.ItemDataRole.UserRole
FACE_PX = 76
CARD_HEIGHT_PX = 112
CARD_LEAST_WIDTH_PX = 90
_TOP_PX = 7
_EXCLUDED_OPACITY = 0.4


class FacesModel(QAbstractListModel):
    """Faces in the order of their enrolment, with their pictures as far as they are loaded."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._faces: tuple[EnrolledFace, ...] = ()
        self._portrait_id: str | None = None
        self._pictures: dict[str, UInt8Array] = {}

    @property
    def faces(self) -> tuple[EnrolledFace, ...]:
        return self._faces

    @property
    def without_picture(self) -> list[EnrolledFace]:
        """Faces whose picture was not loaded yet."""
        return [face for face in self._faces if face.face_id not in self._pictures]

    def show_faces(self, faces: Sequence[EnrolledFace], portrait_id: str | None) -> None:
        """Replace the grid; pictures that are still wanted stay loaded."""
        self.beginResetModel()
        self._faces, self._portrait_id = tuple(faces), portrait_id
        self._pictures = {f.face_id: self._pictures[f.face_id] for f in faces if f.face_id in self._pictures}
        self.endResetModel()

    def add_pictures(self, pictures: dict[str, UInt8Array]) -> None:
        """Show pictures, ``(S, S, 3)`` uint8 by face id."""
        self._pictures.update(pictures)
        if self._faces:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._faces) - 1, 0))

    def picture(self, face_id: str) -> UInt8Array | None:
        """Return a face's picture if it is loaded."""
        return self._pictures.get(face_id)

    def is_portrait(self, face: EnrolledFace) -> bool:
        """Return whether the user chose this face as portrait."""
        return face.face_id == self._portrait_id

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._faces)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        face = self._faces[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.quality_words(face)
        if role in {Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole}:
            parts = [face.source, self.quality_words(face), self.tr("added {0}").format(short_date(face.created_at))]
            return "\n".join([*parts, self.tr("portrait")] if self.is_portrait(face) else parts)
        return face if role == FACE_ROLE else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled

    def mimeTypes(self) -> list[str]:
        return [FACES_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        return faces_mime([self._faces[index.row()].face_id for index in indexes])

    def quality_words(self, face: EnrolledFace) -> str:
        """Return how good a picture is: "Good", "Small, blurred", "Not used"."""
        return quality_words(face)


class FaceDelegate(CardDelegate):
    """Draws a picture with its quality in words; the portrait has a star, what is not used is faded."""

    def __init__(self, model: FacesModel, view: CardView) -> None:
        super().__init__(model, view)
        self._model = model

    def draw_card(self, painter: QPainter, rect: QRect, index: Index, *, is_chosen: bool) -> None:
        face: EnrolledFace = index.data(FACE_ROLE)
        left, top = rect.center().x() - FACE_PX // 2, rect.top() + _TOP_PX
        picture = self.rounded_picture(painter, face.face_id, self._model.picture(face.face_id), FACE_PX)
        painter.setOpacity(_EXCLUDED_OPACITY if face.state is FaceState.EXCLUDED else 1.0)
        painter.drawPixmap(left, top, picture)
        painter.setOpacity(1.0)
        if is_chosen:
            draw_chosen_frame(painter, left - 1, top - 1, FACE_PX + 2)
        if self._model.is_portrait(face):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour("base"))
            painter.drawEllipse(left + FACE_PX - 17, top - 5, 22, 22)
            star = draw_icon("portrait", colour("accent"), 14, painter.device().devicePixelRatioF())
            painter.drawPixmap(left + FACE_PX - 13, top - 1, star)
        faults = faults_of(face) and face.state is FaceState.ACTIVE
        words = self._model.quality_words(face)
        draw_lines(painter, rect, top + FACE_PX + 5, [(words, "text" if faults else "muted")])
