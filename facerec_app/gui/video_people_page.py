"""Who of a video is meant: a card with several looks for each person found in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from facerec_app.core.types import UInt8Array
from facerec_app.gui.card_view import CardView, draw_card_ground
from facerec_app.gui.picture_conversion import portrait, rounded_pixmap, scaled_image
from facerec_app.gui.theme import colour
from facerec_app.services.face_reader import ReadFace
from facerec_app.services.video_people import VideoPeople, VideoPerson, spans_text

Index = QModelIndex | QPersistentModelIndex
PERSON_ROLE = Qt.ItemDataRole.UserRole
_LOOK_PX = 48
_LOOKS = 4
_CARD_HEIGHT_PX = 92
_CARD_LEAST_WIDTH_PX = 224
_SIDE_PX = 120


def face_thumbnail(read: ReadFace) -> UInt8Array:
    """Return a square likeness of a face, ``(S, S, 3)`` uint8."""
    square = portrait(read.face.pixels_rgb, read.face.box_xyxy)
    return scaled_image(square, QSize(_SIDE_PX, _SIDE_PX)).pixels_rgb


class VideoPeopleModel(QAbstractListModel):
    """The people of one video, who was seen most first."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._people: tuple[VideoPerson, ...] = ()
        self._looks: list[list[UInt8Array]] = []

    def show_people(self, people: Sequence[VideoPerson]) -> None:
        """Replace the cards."""
        self.beginResetModel()
        self._people = tuple(people)
        self._looks = [[face_thumbnail(read) for read in person.pictures[:_LOOKS]] for person in people]
        self.endResetModel()

    def looks(self, row: int) -> list[UInt8Array]:
        """Return some likenesses of a person, the best first."""
        return self._looks[row]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._people)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        person = self._people[index.row()]
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole}:
            one, many = self.tr("1 look"), self.tr("{0} looks").format(person.looks)
            return self.tr("Seen {0}, {1}").format(spans_text(person), one if person.looks == 1 else many)
        return person if role == PERSON_ROLE else None


class VideoPersonDelegate(QStyledItemDelegate):
    """Draws the looks beside each other and the words below."""

    def __init__(self, model: VideoPeopleModel, view: CardView) -> None:
        super().__init__(view)
        self._model = model
        self._view = view
        self._pixmaps: dict[tuple[int, int, float], QPixmap] = {}
        model.modelReset.connect(self._pixmaps.clear)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return self._view.card_size()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect: QRect = option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_card_ground(painter, rect, option.state, is_chosen=chosen)
        ratio = painter.device().devicePixelRatioF()
        left, top = rect.left() + 10, rect.top() + 9
        for number, look in enumerate(self._model.looks(index.row())):
            key = (index.row(), number, ratio)
            if key not in self._pixmaps:
                self._pixmaps[key] = rounded_pixmap(look, _LOOK_PX, ratio)
            painter.drawPixmap(left + number * (_LOOK_PX + 5), top, self._pixmaps[key])
        metrics = QFontMetrics(painter.font())
        painter.setPen(colour("text"))
        line = QRect(left, top + _LOOK_PX + 7, rect.width() - 20, metrics.height())
        words = metrics.elidedText(str(index.data()), Qt.TextElideMode.ElideRight, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, words)
        painter.restore()


class VideoPeoplePage(QWidget):
    """Takes the place of the list until the user has said who of a video is meant."""

    chosen = Signal(object)  # VideoPerson
    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = VideoPeopleModel(self)
        self._title = QLabel(self)
        self._title.setWordWrap(True)
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self.cards = CardView(_CARD_LEAST_WIDTH_PX, _CARD_HEIGHT_PX, self)
        self.cards.setAccessibleName(self.tr("People in the video"))
        self.cards.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.cards.setModel(self._model)
        self.cards.setItemDelegate(VideoPersonDelegate(self._model, self.cards))
        self.cards.activated.connect(lambda _: self.accept())
        self._use = QPushButton(self.tr("This is the person"), self)
        self._use.setProperty("primary", "true")
        self._use.clicked.connect(self.accept)
        none = QPushButton(self.tr("None of them"), self)
        none.clicked.connect(self.dismissed)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(none)
        buttons.addWidget(self._use)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._title)
        layout.addWidget(self.cards, 1)
        layout.addLayout(buttons)

    def show_people(self, found: VideoPeople, name: str) -> None:
        """Ask who of a video is the person of that name; who was seen most is proposed."""
        self._title.setText(self.tr("Who in {0} is {1}?").format(found.path.name, name))
        self._model.show_people(found.people)
        self.cards.setCurrentIndex(self._model.index(0, 0))
        self.cards.setFocus()

    def accept(self) -> None:
        """Take the person of the chosen card."""
        index = self.cards.currentIndex()
        if index.isValid():
            self.chosen.emit(index.data(PERSON_ROLE))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismissed.emit()
        else:
            super().keyPressEvent(event)
