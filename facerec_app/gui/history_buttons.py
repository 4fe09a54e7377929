"""Undo and redo: two buttons with their keys."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QWidget

from facerec_app.gui.tool_buttons import set_hint, tool_button

_UNDO_KEYS, _REDO_KEYS = "Ctrl+Z", "Ctrl+Shift+Z"


class HistoryButtons(QWidget):
    """Their hints say what would be taken back and what would be done again.

    Args:
        undo, redo: do it.
        parent: the keys hold in it and everything inside.
    """

    def __init__(self, undo: Callable[[], None], redo: Callable[[], None], parent: QWidget) -> None:
        super().__init__(parent)
        self._undo = tool_button(self, "undo", "", undo)
        self._redo = tool_button(self, "redo", "", redo)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for keys, button in ((_UNDO_KEYS, self._undo), (_REDO_KEYS, self._redo)):
            layout.addWidget(button)
            shortcut = QShortcut(QKeySequence(keys), parent)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(button.click)
        self.show_texts(None, None)

    def show_texts(self, undo_text: str | None, redo_text: str | None) -> None:
        """Say what could be taken back and done again; None for nothing."""
        for button, text, nothing, words, keys in (
            (self._undo, undo_text, self.tr("Nothing to undo"), self.tr("Undo: {0}"), _UNDO_KEYS),
            (self._redo, redo_text, self.tr("Nothing to redo"), self.tr("Redo: {0}"), _REDO_KEYS),
        ):
            button.setEnabled(text is not None)
            set_hint(button, f"{words.format(text)} ({keys})" if text is not None else nothing)
