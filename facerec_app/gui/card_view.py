"""A grid of cards that fills its width: as many columns as fit, all of one width."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QWidget

from facerec_app.gui.theme import colour


class CardView(QListView):
    """Cards of a fixed height, at least ``least_width_px`` wide.

    Keys are those of every list; Return opens the current card.
    """

    drag_began = Signal()
    drag_ended = Signal()

    def __init__(self, least_width_px: int, height_px: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._least_width_px = least_width_px
        self._height_px = height_px
        self._empty_words = ""
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setSpacing(0)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionRectVisible(True)

    def say_when_empty(self, words: str) -> None:
        """Say something in the middle while there are no cards."""
        self._empty_words = words
        self.viewport().update()

    def accept_drops(self) -> None:
        """Let what the model takes be dropped on its cards."""
        self.setDragDropMode(QAbstractItemView.DragDropMode.DropOnly)
        self.viewport().setAcceptDrops(True)
        self.setDropIndicatorShown(True)

    def startDrag(self, actions: Qt.DropAction) -> None:
        self.drag_began.emit()
        try:
            super().startDrag(actions)
        finally:
            self.drag_ended.emit()

    def card_size(self) -> QSize:
        """Return the size of one card at the present width; room for a scroll bar is always kept."""
        room = self.width() - 2 * self.frameWidth() - self.verticalScrollBar().sizeHint().width() - 2
        columns = max(1, room // self._least_width_px)
        return QSize(max(self._least_width_px, room // columns), self._height_px)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.setGridSize(self.card_size())
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        model = self.model()
        if self._empty_words and model is not None and not model.rowCount():
            painter = QPainter(self.viewport())
            painter.setPen(colour("muted"))
            room = self.viewport().rect().adjusted(24, 24, -24, -24)
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._empty_words)
            painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.currentIndex().isValid():
            if self.state() is not QAbstractItemView.State.EditingState:
                self.activated.emit(self.currentIndex())
            event.accept()
        else:
            super().keyPressEvent(event)


def draw_card_ground(painter: QPainter, rect: QRect, state: QStyle.StateFlag, *, is_chosen: bool) -> None:
    """Draw what lies under a card: something darker where it is chosen or the mouse is over it."""
    if is_chosen or state & QStyle.StateFlag.State_MouseOver:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("pressed" if is_chosen else "hover"))
        painter.drawRoundedRect(rect.adjusted(2, 2, -2, -2), 7, 7)
