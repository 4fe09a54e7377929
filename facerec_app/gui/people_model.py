"""The list of enrolled people as Qt wants it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPixmap
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from facerec_app.core.types import UInt8Array
from facerec_app.gallery.records import Person
from facerec_app.gui.icons import draw_icon
from facerec_app.gui.picture_conversion import rounded_pixmap
from facerec_app.gui.theme import colour

Index = QModelIndex | QPersistentModelIndex
PERSON_ROLE = Qt.ItemDataRole.UserRole
_PORTRAIT_PX = 40
_ROW_HEIGHT_PX = 56


class PeopleModel(QAbstractListModel):
    """People in the order they are given, with their portraits as far as they are loaded.

    Editing a row asks for a new name; the row changes when the gallery has.
    """

    rename_asked = Signal(object, str)  # Person, new name

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._people: tuple[Person, ...] = ()
        self._portraits: dict[str, UInt8Array] = {}

    @property
    def people(self) -> tuple[Person, ...]:
        return self._people

    def show_people(self, people: Sequence[Person], portraits: dict[str, UInt8Array]) -> None:
        """Replace the list; portraits are ``(S, S, 3)`` uint8 by person id."""
        self.beginResetModel()
        self._people = tuple(people)
        self._portraits = portraits
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
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole}:
            return person.name
        if role == Qt.ItemDataRole.EditRole:
            return person.name
        return person if role == PERSON_ROLE else None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        person, name = self._people[index.row()], str(value).strip()
        if role == Qt.ItemDataRole.EditRole and name and name != person.name:
            self.rename_asked.emit(person, name)
        return False

    def flags(self, index: Index) -> Qt.ItemFlag:
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable


class PersonDelegate(QStyledItemDelegate):
    """Draws a person: portrait, name, number of pictures."""

    def __init__(self, model: PeopleModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._pixmaps: dict[tuple[int, float], QPixmap] = {}
        model.modelReset.connect(self._pixmaps.clear)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(160, _ROW_HEIGHT_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        person: Person = index.data(PERSON_ROLE)
        rect = option.rect
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        if selected or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour("pressed" if selected else "hover"))
            painter.drawRoundedRect(rect.adjusted(3, 2, -3, -2), 5, 5)
        painter.drawPixmap(
            rect.left() + 10, rect.top() + 8, self._picture(person, painter.device().devicePixelRatioF())
        )
        left = rect.left() + 10 + _PORTRAIT_PX + 12
        width = rect.right() - left - 10
        one, many = self.tr("1 picture"), self.tr("{0} pictures").format(person.face_count)
        count = one if person.face_count == 1 else many
        for text, tint, top in ((person.name, "text", 10), (count, "muted", 29)):
            painter.setPen(colour(tint))
            metrics = QFontMetrics(painter.font())
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
            painter.drawText(left, rect.top() + top + metrics.ascent(), shown)
        painter.restore()

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        return QLineEdit(parent)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        rect: QRect = option.rect
        left = rect.left() + 10 + _PORTRAIT_PX + 4
        height = editor.sizeHint().height()
        editor.setGeometry(left, rect.center().y() - height // 2, rect.right() - left - 8, height)

    def _picture(self, person: Person, device_ratio: float) -> QPixmap:
        pixels = self._model.portrait(person.person_id)
        if pixels is None:
            return draw_icon("people", colour("muted"), _PORTRAIT_PX, device_ratio)
        key = (id(pixels), device_ratio)  # the model keeps the array alive until it is reset
        if key not in self._pixmaps:
            self._pixmaps[key] = rounded_pixmap(pixels, _PORTRAIT_PX, device_ratio)
        return self._pixmaps[key]
