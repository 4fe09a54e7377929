"""The pictures of one enrolment: waiting, added, or refused with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from facerec_app.core.errors import AlreadyEnrolledError, MultipleFacesError
from facerec_app.core.types import UInt8Array
from facerec_app.gui.icons import draw_icon
from facerec_app.gui.picture_conversion import rounded_pixmap
from facerec_app.gui.theme import colour
from facerec_app.services.enrolment import EnrolmentRow, PictureToEnrol, is_video_file

Index = QModelIndex | QPersistentModelIndex
ROW_ROLE = Qt.ItemDataRole.UserRole
_THUMBNAIL_PX = 40
_PADDING_PX = 8
_TEXT_LEFT_PX = _PADDING_PX + _THUMBNAIL_PX + 10


class RowState(Enum):
    """How far a picture has come."""

    WAITING = "waiting"
    WORKING = "working"
    ADDED = "added"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, eq=False)
class EnrolRow:
    """One picture of the list.

    Attributes:
        path: the file; what was found in a video has the video's path.
        title: what the user reads first.
        state: how far it has come.
        reason: why it was refused, or what is to be done with it.
        thumbnail: square ``(S, S, 3)`` uint8, None while it is not loaded or the file is no picture.
        box_xyxy: the face that the user pointed at, px of the picture.
        insist: the user says that it is nobody else.
        may_insist: it was refused because it is known as somebody else.
    """

    path: Path
    title: str
    state: RowState = RowState.WAITING
    reason: str = ""
    thumbnail: UInt8Array | None = None
    box_xyxy: tuple[float, float, float, float] | None = None
    insist: bool = False
    may_insist: bool = False

    @property
    def is_video(self) -> bool:
        """Whether it is a video that is still to be searched."""
        return self.state is not RowState.ADDED and is_video_file(self.path)

    def to_enrol(self) -> PictureToEnrol:
        """Return what the service is to do with it."""
        return PictureToEnrol(self.path, self.box_xyxy, self.insist)


class EnrolModel(QAbstractListModel):
    """Rows in the order in which pictures were given."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[EnrolRow] = []

    @property
    def rows(self) -> tuple[EnrolRow, ...]:
        return tuple(self._rows)

    @property
    def waiting(self) -> list[EnrolRow]:
        """The files that were not looked at yet."""
        return [row for row in self._rows if row.state is RowState.WAITING]

    def add(self, paths: Sequence[Path]) -> list[Path]:
        """Add files that are not waiting already; return those added."""
        known = {row.path for row in self.waiting}
        fresh = [path for path in dict.fromkeys(paths) if path not in known]
        if fresh:
            self.beginInsertRows(QModelIndex(), len(self._rows), len(self._rows) + len(fresh) - 1)
            self._rows.extend(EnrolRow(path, path.name) for path in fresh)
            self.endInsertRows()
        return fresh

    def remove(self, rows: Sequence[int]) -> None:
        """Leave pictures out."""
        for row in sorted(rows, reverse=True):
            self.beginRemoveRows(QModelIndex(), row, row)
            del self._rows[row]
            self.endRemoveRows()

    def clear(self) -> None:
        """Forget every row."""
        self.beginResetModel()
        self._rows.clear()
        self.endResetModel()

    def set_thumbnail(self, path: Path, thumbnail: UInt8Array) -> None:
        """Show the likeness of a file."""
        for number, row in enumerate(self._rows):
            if row.path == path:
                self._change(number, replace(row, thumbnail=thumbnail))

    def point_at(self, number: int, box_xyxy: tuple[float, float, float, float]) -> None:
        """Say which face of a picture is meant; it waits to be judged again."""
        self._change(number, replace(self._rows[number], box_xyxy=box_xyxy, state=RowState.WAITING, reason=""))

    def insist(self, number: int) -> None:
        """Say that a picture is nobody else's; it waits to be judged again."""
        self._change(number, replace(self._rows[number], insist=True, state=RowState.WAITING, reason=""))

    def set_state(self, number: int, state: RowState, reason: str = "") -> None:
        """Say how far a row has come."""
        self._change(number, replace(self._rows[number], state=state, reason=reason))

    def number_of(self, path: Path) -> int | None:
        """Return the row of a file that was not judged yet."""
        # States first: they are compared at once, paths part by part, and there may be hundreds.
        open_states = (RowState.WAITING, RowState.WORKING)
        return next((n for n, row in enumerate(self._rows) if row.state in open_states and row.path == path), None)

    def show_outcome(self, outcome: EnrolmentRow, thumbnail: UInt8Array | None = None) -> None:
        """Say what became of a picture; what was found in a video becomes a row of its own.

        Args:
            outcome: of one picture.
            thumbnail: of a face without a row, square ``(S, S, 3)`` uint8.
        """
        state = RowState.ADDED if outcome.error is None else RowState.REFUSED
        reason = "" if outcome.error is None else short_reason(str(outcome.error), outcome.what)
        if isinstance(outcome.error, MultipleFacesError):
            reason = self.tr("Several faces are in this picture; choose the one that is meant.")
        may_insist = isinstance(outcome.error, AlreadyEnrolledError)
        number = self.number_of(Path(outcome.what))
        if number is not None:
            old = self._rows[number]
            self._change(number, replace(old, state=state, reason=reason, may_insist=may_insist))
        else:
            row = EnrolRow(Path(outcome.what), Path(outcome.what).name, state, reason, thumbnail)
            self.beginInsertRows(QModelIndex(), len(self._rows), len(self._rows))
            self._rows.append(row)
            self.endInsertRows()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{row.path}\n{row.reason}".strip()
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return f"{row.title}: {row.reason or row.state.value}"
        return row if role == ROW_ROLE else None

    def _change(self, number: int, row: EnrolRow) -> None:
        self._rows[number] = row
        index = self.index(number, 0)
        self.dataChanged.emit(index, index)


def short_reason(message: str, what: str) -> str:
    """Return a message without the path that the row shows already."""
    if message.startswith(what):
        message = "This file" + message[len(what) :]
    return message.replace(what, "this picture")


class EnrolDelegate(QStyledItemDelegate):
    """Draws a picture of the list: thumbnail, file name, sign and reason, as many lines as the reason needs."""

    def __init__(self, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        row: EnrolRow = index.data(ROW_ROLE)
        metrics, width = QFontMetrics(self._view.font()), self._row_width()
        lines = self._reason_rect(metrics, width, self._detail(row)).height()
        return QSize(width, max(_THUMBNAIL_PX, metrics.height() + 3 + lines) + 2 * _PADDING_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: EnrolRow = index.data(ROW_ROLE)
        rect: QRect = option.rect
        ratio = painter.device().devicePixelRatioF()
        painter.save()
        if option.state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            chosen = bool(option.state & QStyle.StateFlag.State_Selected)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour("pressed" if chosen else "hover"))
            painter.drawRoundedRect(rect.adjusted(2, 1, -2, -1), 6, 6)
        if row.thumbnail is not None:
            picture = rounded_pixmap(row.thumbnail, _THUMBNAIL_PX, ratio)
        else:
            picture = draw_icon("file" if row.is_video else "picture", colour("muted"), _THUMBNAIL_PX, ratio)
        painter.drawPixmap(rect.left() + _PADDING_PX, rect.top() + _PADDING_PX, picture)
        metrics = QFontMetrics(painter.font())
        left, top = rect.left() + _TEXT_LEFT_PX, rect.top() + _PADDING_PX
        width = rect.width() - _TEXT_LEFT_PX - _PADDING_PX
        painter.setPen(colour("text"))
        title = metrics.elidedText(row.title, Qt.TextElideMode.ElideMiddle, width)
        painter.drawText(left, top + metrics.ascent(), title)
        top += metrics.height() + 3
        sign, tint = _SIGNS[row.state]
        painter.drawPixmap(left, top, draw_icon(sign, colour(tint), 16, ratio))
        painter.setPen(colour("bad" if row.state is RowState.REFUSED else "muted"))
        reason = self._reason_rect(metrics, self._row_width(), self._detail(row)).translated(rect.left(), top)
        painter.drawText(reason, Qt.TextFlag.TextWordWrap, self._detail(row))
        painter.restore()

    def _row_width(self) -> int:
        """Return the width for a row beside a scroll bar, whether or not there is one: heights do not depend on it."""
        view = self._view
        return view.width() - 2 * view.frameWidth() - view.verticalScrollBar().sizeHint().width()

    def _detail(self, row: EnrolRow) -> str:
        if row.state is RowState.REFUSED:
            return row.reason
        words = {
            RowState.ADDED: self.tr("Added"),
            RowState.WORKING: self.tr("Being looked at"),
            RowState.WAITING: self.tr("To be searched for faces") if row.is_video else self.tr("Ready"),
        }
        return row.reason or words[row.state]

    def _reason_rect(self, metrics: QFontMetrics, width: int, text: str) -> QRect:
        room = QRect(_TEXT_LEFT_PX + 22, 0, max(60, width - _TEXT_LEFT_PX - 22 - _PADDING_PX), 10_000)
        return metrics.boundingRect(room, Qt.TextFlag.TextWordWrap.value, text)


_SIGNS = {
    RowState.WAITING: ("waiting", "muted"),
    RowState.WORKING: ("search", "accent"),
    RowState.ADDED: ("good", "accent"),
    RowState.REFUSED: ("warning", "bad"),
}
