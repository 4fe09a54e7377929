"""Undo and redo: two buttons with their keys, or with actions for a menu."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QWidget

from facerec_app.gui.tool_buttons import set_hint, tool_button

_UNDO_KEYS, _REDO_KEYS = "Ctrl+Z", "Ctrl+Shift+Z"


class HistoryButtons(QWidget):
    """Their hints say what would be taken back and what would be done again.

    Args:
        undo, redo: do it.
        parent: the keys hold in it and everything inside.
        in_menu: whether ``actions_for_menu`` stand in the menu of the window: then the keys hold wherever the focus is,
            unless a text field has it, and while the parent is a window of its own.
    """

    def __init__(
        self, undo: Callable[[], None], redo: Callable[[], None], parent: QWidget, *, in_menu: bool = False
    ) -> None:
        super().__init__(parent)
        self.actions_for_menu = (QAction(self), QAction(self))
        self._undo = tool_button(self, "undo", "", undo)
        self._redo = tool_button(self, "redo", "", redo)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for keys, button, action in zip(
            (_UNDO_KEYS, _REDO_KEYS), (self._undo, self._redo), self.actions_for_menu, strict=True
        ):
            layout.addWidget(button)
            if in_menu:
                action.setShortcut(keys)
                action.triggered.connect(button.click)
                parent.addAction(action)
            else:
                shortcut = QShortcut(QKeySequence(keys), parent)
                shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
                shortcut.activated.connect(button.click)
        self.show_texts(None, None)

    def show_texts(self, undo_text: str | None, redo_text: str | None) -> None:
        """Say what could be taken back and done again; None for nothing."""
        undo, redo = self.actions_for_menu
        for button, action, text, nothing, words, bare, keys in (
            (
                self._undo,
                undo,
                undo_text,
                self.tr("Nothing to undo"),
                self.tr("Undo: {0}"),
                self.tr("Undo"),
                _UNDO_KEYS,
            ),
            (
                self._redo,
                redo,
                redo_text,
                self.tr("Nothing to redo"),
                self.tr("Redo: {0}"),
                self.tr("Redo"),
                _REDO_KEYS,
            ),
        ):
            possible = text is not None
            for one in (button, action):
                one.setEnabled(possible)
            action.setText(words.format(text).replace("&", "&&") if possible else bare)
            set_hint(button, f"{words.format(text)} ({keys})" if possible else nothing)
