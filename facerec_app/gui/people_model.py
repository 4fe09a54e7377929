"""The grid of enrolled people as Qt wants it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
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
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QLineEdit, QStyleOptionViewItem, QWidget

from facerec_app.core.types import UInt8Array
from facerec_app.gallery.records import Person
from facerec_app.gui.card_delegate import CardDelegate, draw_lines
from facerec_app.gui.card_view import CardView
from facerec_app.gui.face_dragging import FACES_MIME, dragged_faces
from facerec_app.gui.icons import draw_icon
from facerec_app.gui.relative_time import ago
from facerec_app.gui.theme import colour

Index = QModelIndex | QPersistentModelIndex
PERSON_ROLE = Qt.ItemDataRole.UserRole
PORTRAIT_PX = 72
CARD_HEIGHT_PX = 134
CARD_LEAST_WIDTH_PX = 104
_TOP_PX = 8


def consent_has_ended(person: Person, today: date | None = None) -> bool:
    """Return whether the last day of a person's agreement is over."""
    consent = person.consent
    present = today if today is not None else date.today()
    return consent is not None and consent.until is not None and consent.until < present


class PeopleModel(QAbstractListModel):
    """People in the order they are given, with their portraits as far as they are loaded.

    Editing a card asks for a new name; the card changes when the gallery has.
    """

    rename_asked = Signal(object, str)  # Person, new name
    faces_dropped = Signal(tuple, object)  # identifiers of faces, Person

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._people: tuple[Person, ...] = ()
        self._portraits: dict[str, UInt8Array] = {}
        self._last_seen: Mapping[str, datetime] = MappingProxyType({})

    @property
    def people(self) -> tuple[Person, ...]:
        return self._people

    def show_people(
        self, people: Sequence[Person], portraits: dict[str, UInt8Array], last_seen: Mapping[str, datetime]
    ) -> None:
        """Replace the grid; portraits are ``(S, S, 3)`` uint8 by person id."""
        self._portraits, self._last_seen = portraits, last_seen
        if tuple(people) == self._people:
            # Nothing but times or portraits: selection and scroll position stay.
            if people:
                self.dataChanged.emit(self.index(0, 0), self.index(len(people) - 1, 0))
            return
        self.beginResetModel()
        self._people = tuple(people)
        self.endResetModel()

    def portrait(self, person_id: str) -> UInt8Array | None:
        """Return a person's portrait if they have one."""
        return self._portraits.get(person_id)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._people)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        person = self._people[index.row()]
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole}:
            return person.name
        if role in {Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole}:
            return "\n".join([person.name, *self.details(person)])
        return person if role == PERSON_ROLE else None

    def details(self, person: Person) -> list[str]:
        """Return what is to be said of a person below the name."""
        one, many = self.tr("1 picture"), self.tr("{0} pictures").format(person.face_count)
        lines = [one if person.face_count == 1 else many]
        seen_at = self._last_seen.get(person.person_id)
        if seen_at is not None:
            lines.append(self.tr("seen {0}").format(ago(seen_at)))
        if consent_has_ended(person):
            lines.append(self.tr("consent has ended"))
        return lines

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        person, name = self._people[index.row()], str(value).strip()
        if role == Qt.ItemDataRole.EditRole and name and name != person.name:
            self.rename_asked.emit(person, name)
        return False

    def flags(self, index: Index) -> Qt.ItemFlag:
        usual = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable
        return usual | Qt.ItemFlag.ItemIsDropEnabled if index.isValid() else usual

    def mimeTypes(self) -> list[str]:
        return [FACES_MIME]

    def canDropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        return parent.isValid() and bool(dragged_faces(data))

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        if not self.canDropMimeData(data, action, row, column, parent):
            return False
        self.faces_dropped.emit(dragged_faces(data), self._people[parent.row()])
        return True


class PersonDelegate(CardDelegate):
    """Draws a person: portrait, name, number of pictures, when last seen."""

    def __init__(self, model: PeopleModel, view: CardView) -> None:
        super().__init__(model, view)
        self._model = model

    def draw_card(self, painter: QPainter, rect: QRect, index: Index, *, is_chosen: bool) -> None:
        person: Person = index.data(PERSON_ROLE)
        left, top = rect.center().x() - PORTRAIT_PX // 2, rect.top() + _TOP_PX
        pixels = self._model.portrait(person.person_id)
        portrait = self.rounded_picture(
            painter, person.person_id, pixels, PORTRAIT_PX, radius_px=PORTRAIT_PX / 2, missing="people"
        )
        painter.drawPixmap(left, top, portrait)
        if consent_has_ended(person):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour("base"))
            painter.drawEllipse(left + PORTRAIT_PX - 16, top - 6, 22, 22)
            sign = draw_icon("warning", colour("bad"), 16, painter.device().devicePixelRatioF())
            painter.drawPixmap(left + PORTRAIT_PX - 13, top - 4, sign)
        details = self._model.details(person)[:2]
        draw_lines(
            painter, rect, top + PORTRAIT_PX + 5, [(person.name, "text"), *((line, "muted") for line in details)]
        )

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        edit = QLineEdit(parent)
        edit.setAlignment(Qt.AlignmentFlag.AlignCenter)
        return edit

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        rect: QRect = option.rect
        height = editor.sizeHint().height()
        editor.setGeometry(rect.left() + 3, rect.top() + _TOP_PX + PORTRAIT_PX + 2, rect.width() - 6, height)
