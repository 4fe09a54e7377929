"""Groups of unknown faces as Qt wants them: cards with up to four faces, onto which faces can be dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import QPainter, QPixmap

from facerec_app.core.types import UInt8Array
from facerec_app.gallery.unnamed_face import UnnamedFace
from facerec_app.gui.card_delegate import CardDelegate, draw_chosen_frame, draw_lines
from facerec_app.gui.card_view import CardView
from facerec_app.gui.face_dragging import FACES_MIME, dragged_faces
from facerec_app.services.face_groups import FaceGroup, GroupedFaces

Index = QModelIndex | QPersistentModelIndex
ENTRY_ROLE = Qt.ItemDataRole.UserRole
CARD_HEIGHT_PX = 128
CARD_LEAST_WIDTH_PX = 94
_MOSAIC_PX = 80
_GAP_PX = 3
_TOP_PX = 7
SHOWN_FACES = 4


class EntryKind(Enum):
    """What a card stands for."""

    GROUP = "group"
    ALONE = "alone"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True, eq=False)
class GroupEntry:
    """One card.

    Attributes:
        kind: a group, all faces that are in none, or all that are never asked about.
        key: the group's identifier, or the kind.
        faces: of the group, most typical first.
        group: None unless it is one.
    """

    kind: EntryKind
    key: str
    faces: tuple[UnnamedFace, ...]
    group: FaceGroup | None = None


def entries_of(grouped: GroupedFaces) -> tuple[GroupEntry, ...]:
    """Return a card for each group, and one each for faces by themselves and ignored ones if there are any."""
    entries = [GroupEntry(EntryKind.GROUP, group.group_id, group.faces, group) for group in grouped.groups]
    alone = tuple(face for group in grouped.alone for face in group.faces)
    for kind, faces in ((EntryKind.ALONE, alone), (EntryKind.IGNORED, grouped.ignored)):
        if faces:
            entries.append(GroupEntry(kind, kind.value, faces))
    return tuple(entries)


class UnknownGroupsModel(QAbstractListModel):
    """Cards in the order they are given, with their pictures as far as they are loaded."""

    faces_dropped = Signal(object, object)  # tuple of face ids, GroupEntry or None for the space beside the cards

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: tuple[GroupEntry, ...] = ()
        self._pictures: dict[str, UInt8Array] = {}

    @property
    def entries(self) -> tuple[GroupEntry, ...]:
        return self._entries

    def show_entries(self, entries: Sequence[GroupEntry]) -> None:
        """Replace the list; pictures that are still wanted stay loaded."""
        self.beginResetModel()
        self._entries = tuple(entries)
        wanted = {face.face_id for entry in entries for face in entry.faces[:SHOWN_FACES]}
        self._pictures = {face_id: pixels for face_id, pixels in self._pictures.items() if face_id in wanted}
        self.endResetModel()

    def without_picture(self, rows: Sequence[int]) -> list[UnnamedFace]:
        """Return the faces on these cards whose picture was not loaded yet."""
        shown = [face for row in rows for face in self._entries[row].faces[:SHOWN_FACES]]
        return [face for face in shown if face.face_id not in self._pictures]

    def add_pictures(self, pictures: Mapping[str, UInt8Array]) -> None:
        """Show pictures, ``(S, S, 3)`` uint8 by face id."""
        self._pictures.update(pictures)
        if self._entries:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._entries) - 1, 0))

    def picture(self, face_id: str) -> UInt8Array | None:
        """Return a face's picture if it is loaded."""
        return self._pictures.get(face_id)

    def title(self, entry: GroupEntry) -> str:
        """Return the first line of a card."""
        if entry.kind is EntryKind.ALONE:
            return self.tr("By themselves")
        if entry.kind is EntryKind.IGNORED:
            return self.tr("Never asked")
        return self.count_words(len(entry.faces))

    def detail(self, entry: GroupEntry) -> str:
        """Return the second line of a card: whom the recogniser takes a group for, or how many faces there are."""
        if entry.group is None:
            return self.count_words(len(entry.faces))
        return f"{entry.group.suggestion.name}?" if entry.group.suggestion is not None else ""

    def count_words(self, count: int) -> str:
        """Return "1 face" or "5 faces"."""
        return self.tr("1 face") if count == 1 else self.tr("{0} faces").format(count)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry = self._entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.title(entry)
        if role in {Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole}:
            return "\n".join(part for part in (self.title(entry), self.detail(entry), self._hint(entry)) if part)
        return entry if role == ENTRY_ROLE else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDropEnabled

    def mimeTypes(self) -> list[str]:
        return [FACES_MIME]

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        face_ids = dragged_faces(data)
        if not face_ids:
            return False
        self.faces_dropped.emit(face_ids, self._entries[parent.row()] if parent.isValid() else None)
        return True

    def _hint(self, entry: GroupEntry) -> str:
        if entry.kind is EntryKind.ALONE:
            return self.tr("Faces that are like no others")
        if entry.kind is EntryKind.IGNORED:
            return self.tr("Faces that you said never to ask about again, and faces like them are not kept")
        return self.tr("Drop faces here that belong to this person")


class GroupDelegate(CardDelegate):
    """Draws up to four faces of a group with its words below."""

    def __init__(self, model: UnknownGroupsModel, view: CardView) -> None:
        super().__init__(model, view)
        self._model = model

    def draw_card(self, painter: QPainter, rect: QRect, index: Index, *, is_chosen: bool) -> None:
        entry: GroupEntry = index.data(ENTRY_ROLE)
        left, top = rect.center().x() - _MOSAIC_PX // 2, rect.top() + _TOP_PX
        self._draw_faces(painter, entry, left, top)
        if is_chosen:
            draw_chosen_frame(painter, left - 2, top - 2, _MOSAIC_PX + 4)
        tint = "accent" if entry.group is not None else "muted"
        lines = ((self._model.title(entry), "text"), (self._model.detail(entry), tint))
        draw_lines(painter, rect, top + _MOSAIC_PX + 4, lines)

    def _draw_faces(self, painter: QPainter, entry: GroupEntry, left: int, top: int) -> None:
        faces = entry.faces[:SHOWN_FACES]
        painter.setOpacity(0.45 if entry.kind is EntryKind.IGNORED else 1.0)
        if len(faces) == 1:
            painter.drawPixmap(left, top, self._picture(painter, faces[0], _MOSAIC_PX))
        else:
            side = (_MOSAIC_PX - _GAP_PX) // 2
            for number, face in enumerate(faces):
                down, across = divmod(number, 2)
                if len(faces) == 2:
                    down = 0.5  # type: ignore[assignment]  # two faces stand in the middle
                y = top + round(down * (side + _GAP_PX))
                painter.drawPixmap(left + across * (side + _GAP_PX), y, self._picture(painter, face, side))
        painter.setOpacity(1.0)

    def _picture(self, painter: QPainter, face: UnnamedFace, side_px: int) -> QPixmap:
        pixels = self._model.picture(face.face_id)
        return self.rounded_picture(painter, face.face_id, pixels, side_px, radius_px=5.0)


def make_group_list(model: UnknownGroupsModel, name: str, parent: Any) -> CardView:
    """Return the list of groups, onto which faces can be dropped; ``name`` is for screen readers."""
    view = CardView(CARD_LEAST_WIDTH_PX, CARD_HEIGHT_PX, parent)
    view.setAccessibleName(name)
    view.setModel(model)
    view.setItemDelegate(GroupDelegate(model, view))
    view.setSelectionMode(CardView.SelectionMode.SingleSelection)
    view.setDragDropMode(CardView.DragDropMode.DropOnly)
    view.setDropIndicatorShown(True)
    return view
