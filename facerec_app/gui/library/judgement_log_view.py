"""Who said what and when: lines of the log, newest first, with the faces they are about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QKeySequence, QPainter, QPixmap, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListView,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from facerec_app.core.types import UInt8Array
from facerec_app.gallery.judgement_entry import FaceOwner, JudgementEntry
from facerec_app.gui.icons import draw_icon
from facerec_app.gui.library.judgement_words import answer_words
from facerec_app.gui.picture_conversion import rounded_pixmap
from facerec_app.gui.relative_time import ago
from facerec_app.gui.theme import colour
from facerec_app.services.judgements import JudgementState

Index = QModelIndex | QPersistentModelIndex
ENTRY_ROLE = Qt.ItemDataRole.UserRole
_ROW_PX, _FACE_PX, _STEP_PX = 44, 34, 38
_FADED = 0.45


class JudgementLogModel(QAbstractListModel):
    """The newest lines."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: tuple[JudgementEntry, ...] = ()
        self._owners: Mapping[str, FaceOwner] = {}
        self._pictures: dict[str, UInt8Array] = {}

    @property
    def entries(self) -> tuple[JudgementEntry, ...]:
        return self._entries

    def show(self, state: JudgementState) -> None:
        """Replace the lines; pictures stay loaded."""
        self.beginResetModel()
        self._entries, self._owners = state.entries, state.owners
        self.endResetModel()

    def add_pictures(self, pictures: Mapping[str, UInt8Array]) -> None:
        """Show pictures, ``(S, S, 3)`` uint8 by face id."""
        self._pictures.update(pictures)
        if self._entries:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._entries) - 1, 0))

    def picture(self, face_id: str) -> UInt8Array | None:
        """Return a face's picture if it is loaded."""
        return self._pictures.get(face_id)

    def words(self, entry: JudgementEntry) -> str:
        """Return what a line says."""
        said = answer_words(entry.said, self._owners)
        return self.tr("Taken back: {0}").format(said) if entry.takes_back is not None else said

    def who(self, entry: JudgementEntry) -> str:
        """Return who it was and when."""
        words = self.tr("{0}, {1}").format(entry.decided_by, ago(entry.decided_at))
        return self.tr("{0} (taken back)").format(words) if entry.is_taken_back else words

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry = self._entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.words(entry)
        if role in {Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole}:
            return f"{self.words(entry)}\n{self.who(entry)}"
        return entry if role == ENTRY_ROLE else None


class _LineDelegate(QStyledItemDelegate):
    """Draws two or three small faces, the answer, and who gave it when at the right."""

    def __init__(self, model: JudgementLogModel, view: QListView) -> None:
        super().__init__(view)
        self._model = model
        self._pixmaps: dict[tuple[str, float], QPixmap] = {}

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, _ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: JudgementEntry = index.data(ENTRY_ROLE)
        rect, ratio = option.rect, painter.device().devicePixelRatioF()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            chosen = bool(option.state & QStyle.StateFlag.State_Selected)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour("pressed" if chosen else "hover"))
            painter.drawRoundedRect(rect.adjusted(2, 1, -2, -1), 6, 6)
        painter.setOpacity(_FADED if entry.is_taken_back or entry.takes_back is not None else 1.0)
        left = rect.left() + 8
        for face_id in entry.said.face_ids:
            painter.drawPixmap(left, rect.top() + (_ROW_PX - _FACE_PX) // 2, self._picture(face_id, ratio))
            left += _STEP_PX
        metrics = QFontMetrics(painter.font())
        who = self._model.who(entry)
        right = rect.right() - 10
        width = min(metrics.horizontalAdvance(who) + 4, rect.width() // 3)
        painter.setPen(colour("muted"))
        self._text(painter, QRect(right - width, rect.top(), width, _ROW_PX), who, Qt.AlignmentFlag.AlignRight)
        painter.setPen(colour("text"))
        left = rect.left() + 8 + 3 * _STEP_PX + 4
        room = QRect(left, rect.top(), right - width - 12 - left, _ROW_PX)
        self._text(painter, room, self._model.words(entry), Qt.AlignmentFlag.AlignLeft)
        painter.restore()

    def _text(self, painter: QPainter, rect: QRect, text: str, side: Qt.AlignmentFlag) -> None:
        words = QFontMetrics(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, side | Qt.AlignmentFlag.AlignVCenter, words)

    def _picture(self, face_id: str, ratio: float) -> QPixmap:
        pixels = self._model.picture(face_id)
        if pixels is None:
            return draw_icon("picture", colour("muted"), _FACE_PX, ratio)
        key = (face_id, ratio)
        if key not in self._pixmaps:
            self._pixmaps[key] = rounded_pixmap(pixels, _FACE_PX, ratio, 5.0)
        return self._pixmaps[key]


class JudgementLogView(QWidget):
    """The log with a button that takes the chosen answer back."""

    take_back_asked = Signal(int)  # number of a line
    pictures_asked = Signal(object)  # list of face ids

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = JudgementLogModel(self)
        self._asked: set[str] = set()
        self.lines = QListView(self)
        self.lines.setAccessibleName(self.tr("What was said"))
        self.lines.setModel(self.model)
        self.lines.setItemDelegate(_LineDelegate(self.model, self.lines))
        self.lines.setMouseTracking(True)
        self.lines.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.lines.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.lines.selectionModel().selectionChanged.connect(self._update)
        self.lines.verticalScrollBar().valueChanged.connect(self._ask_for_pictures)
        self.model.modelReset.connect(self._update)
        self._empty = QLabel(self.tr("Nothing has been said of faces yet."), self)
        self._empty.setProperty("muted", "true")
        self.button = QPushButton(self.tr("Take this back (Del)"), self)
        self.button.clicked.connect(self.take_back)
        keys = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self.lines)
        keys.setContext(Qt.ShortcutContext.WidgetShortcut)
        keys.activated.connect(self.take_back)
        row = QHBoxLayout()
        row.addWidget(self._empty)
        row.addStretch(1)
        row.addWidget(self.button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.lines, 1)
        layout.addLayout(row)
        self._update()

    def show_state(self, state: JudgementState) -> None:
        """List the newest lines."""
        row = self.lines.currentIndex().row()
        self.model.show(state)
        if 0 <= row < self.model.rowCount():
            self.lines.setCurrentIndex(self.model.index(row, 0))
        self._ask_for_pictures()

    def take_back(self) -> None:
        """Take the chosen answer back."""
        entry = self._chosen()
        if entry is not None:
            self.take_back_asked.emit(entry.number)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._ask_for_pictures()

    def _chosen(self) -> JudgementEntry | None:
        index = self.lines.currentIndex()
        entry = index.data(ENTRY_ROLE) if index.isValid() and self.lines.selectionModel().hasSelection() else None
        stands = isinstance(entry, JudgementEntry) and entry.takes_back is None and not entry.is_taken_back
        return entry if stands else None

    def _update(self, *_: object) -> None:
        self.button.setEnabled(self._chosen() is not None)
        self._empty.setVisible(not self.model.entries)
        self.button.setVisible(bool(self.model.entries))

    def _ask_for_pictures(self, *_: object) -> None:
        """Ask for the pictures of the lines in view that were not asked for yet."""
        top = self.lines.indexAt(self.lines.viewport().rect().topLeft())
        first = max(0, top.row())
        count = self.lines.viewport().height() // _ROW_PX + 2
        faces = {face for entry in self.model.entries[first : first + count] for face in entry.said.face_ids}
        wanted = sorted(faces - self._asked)
        if wanted and self.isVisible():
            self._asked.update(wanted)
            self.pictures_asked.emit(wanted)
