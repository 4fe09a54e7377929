"""Cards with a face, a title and a line below it, for the pages that show faces of several people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from facerec_app.gui.card_delegate import CardDelegate, draw_chosen_frame, draw_lines
from facerec_app.gui.card_view import CardView
from facerec_app.gui.face_dragging import FACES_MIME, faces_mime

Index = QModelIndex | QPersistentModelIndex
CARD_ROLE = Qt.ItemDataRole.UserRole
FACE_PX = 76
CARD_HEIGHT_PX = 126
CARD_LEAST_WIDTH_PX = 92
_TOP_PX = 7
_FADED_OPACITY = 0.4


@dataclass(frozen=True, slots=True)
class FaceCard:
    """What a card says.

    Attributes:
        face_id: of the enrolled face.
        title: first line, usually a name.
        detail: second line.
        hint: everything else, shown when the mouse rests on it.
        faded: whether the picture is drawn faintly (not used).
        stressed: whether the second line is drawn in the colour of text rather than of remarks.
    """

    face_id: str
    title: str
    detail: str
    hint: str = ""
    faded: bool = False
    stressed: bool = False


class FaceCardModel(QAbstractListModel):
    """Cards in the order they are given, with their pictures as far as they are loaded; they can be dragged."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cards: tuple[FaceCard, ...] = ()
        self._pictures: dict[str, UInt8Array] = {}

    @property
    def cards(self) -> tuple[FaceCard, ...]:
        return self._cards

    @property
    def without_picture(self) -> list[str]:
        """Identifiers of faces whose picture was not loaded yet."""
        return [card.face_id for card in self._cards if card.face_id not in self._pictures]

    def show_cards(self, cards: Sequence[FaceCard]) -> None:
        """Replace the grid; pictures that are still wanted stay loaded."""
        self.beginResetModel()
        self._cards = tuple(cards)
        wanted = {card.face_id for card in cards}
        self._pictures = {face_id: pixels for face_id, pixels in self._pictures.items() if face_id in wanted}
        self.endResetModel()

    def add_pictures(self, pictures: Mapping[str, UInt8Array]) -> None:
        """Show pictures, ``(S, S, 3)`` uint8 by face id."""
        self._pictures.update(pictures)
        if self._cards:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._cards) - 1, 0))

    def picture(self, face_id: str) -> UInt8Array | None:
        """Return a face's picture if it is loaded."""
        return self._pictures.get(face_id)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._cards)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        card = self._cards[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return card.title
        if role in {Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole}:
            return "\n".join(part for part in (card.title, card.detail, card.hint) if part)
        return card if role == CARD_ROLE else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled

    def mimeTypes(self) -> list[str]:
        return [FACES_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        return faces_mime([self._cards[index.row()].face_id for index in indexes])


class FaceCardDelegate(CardDelegate):
    """Draws cards; what is chosen has a frame."""

    def __init__(self, model: FaceCardModel, view: CardView) -> None:
        super().__init__(model, view)
        self._model = model

    def draw_card(self, painter: QPainter, rect: QRect, index: Index, *, is_chosen: bool) -> None:
        card: FaceCard = index.data(CARD_ROLE)
        left, top = rect.center().x() - FACE_PX // 2, rect.top() + _TOP_PX
        picture = self.rounded_picture(painter, card.face_id, self._model.picture(card.face_id), FACE_PX)
        painter.setOpacity(_FADED_OPACITY if card.faded else 1.0)
        painter.drawPixmap(left, top, picture)
        painter.setOpacity(1.0)
        if is_chosen:
            draw_chosen_frame(painter, left - 1, top - 1, FACE_PX + 2)
        lines = ((card.title, "text"), (card.detail, "text" if card.stressed else "muted"))
        draw_lines(painter, rect, top + FACE_PX + 4, lines)


def share_words(probability: float) -> str:
    """Return a probability as people read it, never as certainty: "<1%", "57%", "99%"."""
    return "<1%" if probability < 0.01 else f"{min(probability, 0.99):.0%}"


def make_card_grid(model: FaceCardModel, name: str, parent: Any) -> CardView:
    """Return a grid of cards whose faces can be dragged away; ``name`` is for screen readers."""
    view = CardView(CARD_LEAST_WIDTH_PX, CARD_HEIGHT_PX, parent)
    view.setAccessibleName(name)
    view.setModel(model)
    view.setItemDelegate(FaceCardDelegate(model, view))
    view.setDragEnabled(True)
    view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    return view
