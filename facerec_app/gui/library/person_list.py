"""A narrow list of people to choose one from, and to drop faces on."""

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
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from facerec_app.gallery.records import Person
from facerec_app.gui.card_view import draw_card_ground
from facerec_app.gui.face_dragging import FACES_MIME, dragged_faces
from facerec_app.gui.theme import colour

Index = QModelIndex | QPersistentModelIndex
PERSON_ROLE = Qt.ItemDataRole.UserRole


class PersonListModel(QAbstractListModel):
    """Everybody together in the first row, then one person a row; faces dropped on a row are that person's."""

    faces_dropped = Signal(tuple, object)  # identifiers of faces, Person

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: tuple[Person, ...] = ()
        self._shown: tuple[Person, ...] = ()
        self._text = ""

    @property
    def people(self) -> tuple[Person, ...]:
        """Who is listed."""
        return self._shown

    def show_people(self, people: Sequence[Person]) -> None:
        """Replace the list."""
        if tuple(people) != self._all:
            self._all = tuple(people)
            self._choose()

    def show_containing(self, text: str) -> None:
        """List only people whose name contains a text."""
        wanted = " ".join(text.split()).casefold()
        if wanted != self._text:
            self._text = wanted
            self._choose()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else 1 + len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        person = self._shown[index.row() - 1] if index.row() else None
        if role == Qt.ItemDataRole.DisplayRole:
            everybody = self.tr("Everybody") if not self._text else self.tr("All of these")
            return person.name if person is not None else everybody
        if role == Qt.ItemDataRole.ToolTipRole and person is not None:
            return self.tr("{0}\nDrop faces here to give them to this person.").format(person.name)
        return person if role == PERSON_ROLE else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        usual = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return usual | Qt.ItemFlag.ItemIsDropEnabled if index.isValid() and index.row() else usual

    def mimeTypes(self) -> list[str]:
        return [FACES_MIME]

    def canDropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        return parent.isValid() and parent.row() > 0 and bool(dragged_faces(data))

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        if not self.canDropMimeData(data, action, row, column, parent):
            return False
        self.faces_dropped.emit(dragged_faces(data), parent.data(PERSON_ROLE))
        return True

    def _choose(self) -> None:
        self.beginResetModel()
        self._shown = tuple(person for person in self._all if self._text in person.name.casefold())
        self.endResetModel()


class PersonRowDelegate(QStyledItemDelegate):
    """Draws a name at the left and the number of faces at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, QFontMetrics(option.font).height() + 10)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect: QRect = option.rect
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        draw_card_ground(painter, rect.adjusted(0, -1, 0, 1), state, is_chosen=chosen)
        person = index.data(PERSON_ROLE)
        metrics = QFontMetrics(painter.font())
        count = str(person.face_count) if person is not None else ""
        inner = rect.adjusted(9, 0, -9, 0)
        painter.setPen(colour("muted"))
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, count)
        inner.setRight(inner.right() - metrics.horizontalAdvance(count) - (8 if count else 0))
        painter.setPen(colour("text"))
        name = metrics.elidedText(str(index.data()), Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
        painter.restore()


class PersonList(QListView):
    """Shows the model; the choice stays when the list is read anew."""

    chosen = Signal(object)  # Person, or None for everybody

    def __init__(self, model: PersonListModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._people = model
        self._chosen_id: str | None = None
        self.setModel(model)
        self.setItemDelegate(PersonRowDelegate(self))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DropOnly)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("People"))
        model.modelReset.connect(self._choose_again)
        self.selectionModel().currentChanged.connect(self._tell)
        self._choose_again()

    @property
    def chosen_id(self) -> str | None:
        """Whose faces are wanted; None for everybody's."""
        return self._chosen_id

    def choose(self, person_id: str | None) -> None:
        """Choose a person, or everybody."""
        self._chosen_id = person_id
        self._choose_again()

    def _choose_again(self) -> None:
        ids = [person.person_id for person in self._people.people]
        wanted = self._chosen_id
        row = 1 + ids.index(wanted) if wanted in ids else 0
        self._chosen_id = wanted if row else None
        self.selectionModel().blockSignals(True)
        self.setCurrentIndex(self._people.index(row, 0))
        self.selectionModel().blockSignals(False)
        self.viewport().update()
        if wanted != self._chosen_id:
            self.chosen.emit(None)

    def _tell(self, current: QModelIndex, _: QModelIndex) -> None:
        person = current.data(PERSON_ROLE) if current.isValid() else None
        self._chosen_id = person.person_id if person is not None else None
        self.chosen.emit(person)
