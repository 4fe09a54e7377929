"""The pictures of one enrolment: waiting, added, or refused with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QListView, QStyledItemDelegate, QStyleOptionViewItem

from facerec_app.core.types import UInt8Array
from facerec_app.gui.icons import draw_icon
from facerec_app.gui.picture_conversion import rounded_pixmap
from facerec_app.gui.theme import colour
from facerec_app.services.enrolment import EnrolmentReport

Index = QModelIndex | QPersistentModelIndex
ROW_ROLE = Qt.ItemDataRole.UserRole
_THUMBNAIL_PX = 40
_PADDING_PX = 8
_TEXT_LEFT_PX = _PADDING_PX + _THUMBNAIL_PX + 10


class RowState(Enum):
    """How far a picture has come."""

    WAITING = "waiting"
    ADDED = "added"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, eq=False)
class EnrolRow:
    """One picture of the list.

    Attributes:
        path: the file; what was found in a video has the video's path.
        title: what the user reads first.
        state: how far it has come.
        reason: why it was refused.
        thumbnail: square ``(S, S, 3)`` uint8, None while it is not loaded or the file is no picture.
    """

    path: Path
    title: str
    state: RowState = RowState.WAITING
    reason: str = ""
    thumbnail: UInt8Array | None = None


class EnrolModel(QAbstractListModel):
    """Rows in the order in which pictures were given."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[EnrolRow] = []

    @property
    def rows(self) -> tuple[EnrolRow, ...]:
        return tuple(self._rows)

    @property
    def waiting(self) -> list[Path]:
        """The files that were not looked at yet."""
        return [row.path for row in self._rows if row.state is RowState.WAITING]

    def add(self, paths: Sequence[Path]) -> list[Path]:
        """Add files that are not waiting already; return those added."""
        known = set(self.waiting)
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

    def show_report(self, report: EnrolmentReport, asked: Sequence[Path]) -> None:
        """Mark what became of each picture; faces found in a video become rows of their own."""
        by_file = {str(path): path for path in asked}
        for outcome in report.rows:
            state = RowState.ADDED if outcome.error is None else RowState.REFUSED
            reason = "" if outcome.error is None else short_reason(str(outcome.error), outcome.what)
            path = by_file.get(outcome.what)
            number = self._waiting_row(path) if path is not None else None
            if number is not None:
                self._change(number, replace(self._rows[number], state=state, reason=reason))
            else:
                self._append(EnrolRow(Path(outcome.what), Path(outcome.what).name, state, reason))
        answered = {outcome.what for outcome in report.rows}
        videos = [n for n, row in enumerate(self._rows) if self._is_spent_video(row, asked, answered)]
        self.remove(videos)

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

    def _is_spent_video(self, row: EnrolRow, asked: Sequence[Path], answered: set[str]) -> bool:
        """Whether a row was a video whose faces have rows of their own now."""
        inside = any(what.startswith(str(row.path)) and what != str(row.path) for what in answered)
        return row.state is RowState.WAITING and row.path in asked and inside

    def _waiting_row(self, path: Path) -> int | None:
        rows = (n for n, row in enumerate(self._rows) if row.path == path and row.state is RowState.WAITING)
        return next(rows, None)

    def _append(self, row: EnrolRow) -> None:
        self.beginInsertRows(QModelIndex(), len(self._rows), len(self._rows))
        self._rows.append(row)
        self.endInsertRows()

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

    def __init__(self, view: QListView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        row: EnrolRow = index.data(ROW_ROLE)
        metrics = QFontMetrics(self._view.font())
        width = self._view.viewport().width()
        lines = self._reason_rect(metrics, width, self._detail(row)).height()
        return QSize(width, max(_THUMBNAIL_PX, metrics.height() + 3 + lines) + 2 * _PADDING_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: EnrolRow = index.data(ROW_ROLE)
        rect: QRect = option.rect
        ratio = painter.device().devicePixelRatioF()
        painter.save()
        if row.thumbnail is not None:
            picture = rounded_pixmap(row.thumbnail, _THUMBNAIL_PX, ratio)
        else:
            picture = draw_icon("picture", colour("muted"), _THUMBNAIL_PX, ratio)
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
        reason = self._reason_rect(metrics, rect.width(), self._detail(row)).translated(rect.left(), top)
        painter.drawText(reason, Qt.TextFlag.TextWordWrap, self._detail(row))
        painter.restore()

    def _detail(self, row: EnrolRow) -> str:
        if row.state is RowState.REFUSED:
            return row.reason
        return self.tr("Added") if row.state is RowState.ADDED else self.tr("Ready")

    def _reason_rect(self, metrics: QFontMetrics, width: int, text: str) -> QRect:
        room = QRect(_TEXT_LEFT_PX + 22, 0, max(60, width - _TEXT_LEFT_PX - 22 - _PADDING_PX), 10_000)
        return metrics.boundingRect(room, Qt.TextFlag.TextWordWrap.value, text)


_SIGNS = {
    RowState.WAITING: ("waiting", "muted"),
    RowState.ADDED: ("good", "accent"),
    RowState.REFUSED: ("warning", "bad"),
}
