"""The faces nearest to the one that is asked about, five in a row, each with what was said of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QWidget,
)

from facerec_app.core.types import UInt8Array
from facerec_app.gui.card_view import draw_card_ground
from facerec_app.gui.icons import draw_icon
from facerec_app.gui.picture_conversion import rounded_pixmap
from facerec_app.gui.theme import colour
from facerec_app.services.similarity_questions import AskedNeighbour

Index = QModelIndex | QPersistentModelIndex
NEIGHBOUR_ROLE = Qt.ItemDataRole.UserRole
COLUMNS, ROWS = 5, 3
SAME, DIFFERENT, MORE, LESS = "same", "different", "more", "less"
MARKS = (SAME, DIFFERENT, MORE, LESS)
_ICONS = {SAME: "good", DIFFERENT: "close", MORE: "plus", LESS: "minus"}
_TINTS = {SAME: "good", DIFFERENT: "bad", MORE: "accent", LESS: "accent"}
_KEYS = {
    Qt.Key.Key_S: SAME,
    Qt.Key.Key_D: DIFFERENT,
    Qt.Key.Key_Plus: MORE,
    Qt.Key.Key_Equal: MORE,  # the same key without Shift on many keyboards
    Qt.Key.Key_Minus: LESS,
}
_MARK_PX, _MARK_STEP_PX, _GAP_PX = 16, 19, 5


class QuestionModel(QAbstractListModel):
    """Neighbours, nearest first, with pictures and marks."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._faces: tuple[AskedNeighbour, ...] = ()
        self._pictures: Mapping[str, UInt8Array] = {}
        self._marks: dict[str, set[str]] = {}

    @property
    def faces(self) -> tuple[AskedNeighbour, ...]:
        return self._faces

    def show(self, faces: tuple[AskedNeighbour, ...], pictures: Mapping[str, UInt8Array]) -> None:
        """Replace the grid; what was said before is marked."""
        self.beginResetModel()
        self._faces, self._pictures = faces, pictures
        self._marks = {face.face_id: {face.answer} if face.answer else set() for face in faces}
        self.endResetModel()

    def marks(self, face_id: str) -> frozenset[str]:
        """Return what a face is marked as."""
        return frozenset(self._marks.get(face_id, ()))

    def marked(self, mark: str) -> str | None:
        """Return the first face with a mark."""
        return next((face.face_id for face in self._faces if mark in self.marks(face.face_id)), None)

    def set_mark(self, face_id: str, mark: str, given: bool = True) -> None:
        """Mark a face or take the mark away; same and different exclude each other, and so do more and less."""
        marks = self._marks.get(face_id)
        if marks is None:
            return
        if given:
            marks -= {SAME, DIFFERENT} if mark in {SAME, DIFFERENT} else {MORE, LESS}
            marks.add(mark)
        else:
            marks.discard(mark)
        self._changed()

    def clear_likeness(self, mark: str | None = None) -> None:
        """Take one or both marks of likeness away, wherever they are."""
        for marks in self._marks.values():
            marks.difference_update({MORE, LESS} if mark is None else {mark})
        self._changed()

    def picture(self, face_id: str) -> UInt8Array | None:
        """Return a face's picture if it could be read."""
        return self._pictures.get(face_id)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._faces)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        face = self._faces[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return face.name
        if role in {Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole}:
            said = [self.mark_words(mark) for mark in MARKS if mark in self.marks(face.face_id)]
            likely = self.tr("{0:.0%} the same person, says the network").format(min(face.probability, 0.99))
            return "\n".join([self.tr("Filed as {0}").format(face.name), likely, *said])
        return face if role == NEIGHBOUR_ROLE else None

    def mark_words(self, mark: str) -> str:
        """Return what a mark says."""
        return {
            SAME: self.tr("Same person (S)"),
            DIFFERENT: self.tr("Different person (D)"),
            MORE: self.tr("More like the face at the left (+)"),
            LESS: self.tr("Less like the face at the left (−)"),
        }[mark]

    def _changed(self) -> None:
        if self._faces:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._faces) - 1, 0))


class QuestionDelegate(QStyledItemDelegate):
    """Draws a face, its name and four marks below it; a click on a mark gives it."""

    mark_clicked = Signal(str, str)  # face id, mark

    def __init__(self, model: QuestionModel, view: QuestionGrid) -> None:
        super().__init__(view)
        self._model = model
        self._view = view
        self._pixmaps: dict[tuple[str, int, float], QPixmap] = {}
        model.modelReset.connect(self._pixmaps.clear)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return self._view.card_size()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        face: AskedNeighbour = index.data(NEIGHBOUR_ROLE)
        rect, state = option.rect, option.state
        current = bool(state & QStyle.StateFlag.State_HasFocus)
        marks = self._model.marks(face.face_id)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_card_ground(painter, rect, state, is_chosen=current)
        picture, ratio = self.picture_rect(rect), painter.device().devicePixelRatioF()
        left, top, side = picture.left(), picture.top(), picture.width()
        painter.drawPixmap(left, top, self._picture(face, side, ratio))
        answer = next((mark for mark in (SAME, DIFFERENT) if mark in marks), None)
        if answer is not None or current:
            painter.setPen(QPen(colour(_TINTS[answer] if answer else "accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(left - 1, top - 1, side + 2, side + 2, 7, 7)
        metrics = QFontMetrics(painter.font())
        line = QRect(rect.left() + 3, top + side + _GAP_PX, rect.width() - 6, metrics.height())
        painter.setPen(colour("text"))
        words = metrics.elidedText(face.name, Qt.TextElideMode.ElideRight, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, words)
        for mark in MARKS:
            self._draw_mark(painter, self.mark_rect(rect, mark), mark, mark in marks, ratio)
        painter.restore()

    def picture_rect(self, card: QRect) -> QRect:
        """Return where the picture of a card is: with what stands below it in the middle of the card."""
        below = _GAP_PX + QFontMetrics(self._view.font()).height() + _GAP_PX + _MARK_PX + 2
        side = max(24, min(card.width() - 12, card.height() - below - 10))
        return QRect(card.center().x() - side // 2, card.top() + (card.height() - side - below) // 2, side, side)

    def mark_rect(self, card: QRect, mark: str) -> QRect:
        """Return where a mark of a card is."""
        left = card.center().x() - len(MARKS) * _MARK_STEP_PX // 2 + MARKS.index(mark) * _MARK_STEP_PX
        top = self.picture_rect(card).bottom() + 2 * _GAP_PX + QFontMetrics(self._view.font()).height()
        return QRect(left, top, _MARK_STEP_PX, _MARK_PX + 2)

    def editorEvent(self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index) -> bool:
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonRelease:
            mark = self._mark_at(option.rect, event.position().toPoint())
            if mark is not None:
                self.mark_clicked.emit(index.data(NEIGHBOUR_ROLE).face_id, mark)
                return True
        return super().editorEvent(event, model, option, index)

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        mark = self._mark_at(option.rect, event.pos()) if index.isValid() else None
        if mark is not None:
            QToolTip.showText(event.globalPos(), self._model.mark_words(mark), view)
            return True
        return super().helpEvent(event, view, option, index)

    def _mark_at(self, card: QRect, point: Any) -> str | None:
        return next((mark for mark in MARKS if self.mark_rect(card, mark).contains(point)), None)

    def _draw_mark(self, painter: QPainter, rect: QRect, mark: str, given: bool, ratio: float) -> None:
        if given:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(_TINTS[mark]))
            painter.drawRoundedRect(rect.adjusted(1, 0, -1, 0), 4, 4)
        tint = colour("base" if given else "muted")
        side = _MARK_PX - 4
        painter.drawPixmap(
            rect.center().x() - side // 2 + 1, rect.center().y() - side // 2 + 1,
            draw_icon(_ICONS[mark], tint, side, ratio),
        )  # fmt: skip

    def _picture(self, face: AskedNeighbour, side: int, ratio: float) -> QPixmap:
        pixels = self._model.picture(face.face_id)
        if pixels is None:
            return draw_icon("picture", colour("muted"), side, ratio)
        key = (face.face_id, side, ratio)
        if key not in self._pixmaps:
            self._pixmaps[key] = rounded_pixmap(pixels, side, ratio)
        return self._pixmaps[key]


class QuestionGrid(QListView):
    """Five cards a row, three rows, as large as there is room; keys mark the card that has the frame."""

    mark_asked = Signal(str, str)  # face id, mark
    next_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.faces = QuestionModel(self)
        self.setModel(self.faces)
        delegate = QuestionDelegate(self.faces, self)
        delegate.mark_clicked.connect(self.mark_asked)
        self.setItemDelegate(delegate)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setSpacing(0)
        self.setMouseTracking(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)

    def card_size(self) -> QSize:
        """Return the size of one card at the present size of the grid."""
        room = self.size() - QSize(2 * self.frameWidth() + 2, 2 * self.frameWidth() + 2)
        return QSize(max(40, room.width() // COLUMNS), max(60, room.height() // ROWS))

    def current_face(self) -> str | None:
        """Return the face whose card has the frame."""
        index = self.currentIndex()
        return index.data(NEIGHBOUR_ROLE).face_id if index.isValid() else None

    def go_on(self) -> None:
        """Frame the card after the current one, if there is one."""
        row = self.currentIndex().row() + 1
        if row < self.faces.rowCount():
            self.setCurrentIndex(self.faces.index(row, 0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.setGridSize(self.card_size())
        super().resizeEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        mark, face_id = _KEYS.get(Qt.Key(event.key())), self.current_face()
        plain = not event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.next_asked.emit()
        elif mark is not None and plain and face_id is not None:
            self.mark_asked.emit(face_id, mark)
        else:
            super().keyPressEvent(event)
