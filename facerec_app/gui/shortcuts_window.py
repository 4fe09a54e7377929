"""The list of keyboard shortcuts."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget


class ShortcutsWindow(QWidget):
    """A small window beside the main one, filled from the actions themselves."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Tool)
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(20, 16, 20, 16)
        self._grid.setHorizontalSpacing(28)
        self._grid.setVerticalSpacing(6)

    def show_actions(self, actions: Sequence[QAction]) -> None:
        """Show what each key does."""
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        extra = [
            (self.tr("Rename the chosen person"), "F2"),
            (self.tr("Remove the chosen person"), "Del"),
            (self.tr("Close the question beside a face"), "Esc"),
        ]
        native = QKeySequence.SequenceFormat.NativeText
        rows = [(action.text().replace("&", ""), action.shortcut().toString(native)) for action in actions]
        for number, (text, keys) in enumerate([*dict.fromkeys(rows), *extra]):
            key_label = QLabel(keys, self)
            key_label.setProperty("muted", "true")
            self._grid.addWidget(QLabel(text, self), number, 0)
            self._grid.addWidget(key_label, number, 1, Qt.AlignmentFlag.AlignRight)
        self.show()
        self.raise_()
