"""Which page of a list is shown, and the buttons that turn it."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from facerec_app.gui.tool_buttons import tool_button


class PageTurner(QWidget):
    """First, back, "Page 3 of 5,000", on, last."""

    asked = Signal(int)  # number of a page, from 0

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number, self._pages = 0, 1
        self._first = tool_button(self, "first", self.tr("First page (Home)"), lambda: self.go_to(0))
        self._back = tool_button(self, "back", self.tr("Page before (Page up)"), lambda: self.turn(-1))
        self._forward = tool_button(self, "forward", self.tr("Next page (Page down)"), lambda: self.turn(1))
        self._last = tool_button(self, "last", self.tr("Last page (End)"), lambda: self.go_to(self._pages - 1))
        self._label = QLabel(self)
        self._label.setProperty("muted", "true")
        self._label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addStretch(1)
        for part in (self._first, self._back, self._label, self._forward, self._last):
            layout.addWidget(part)
        layout.addStretch(1)
        self.show_page(0, 1)

    @property
    def text(self) -> str:
        """What it says."""
        return self._label.text()

    @property
    def last_number(self) -> int:
        """Number of the last page."""
        return self._pages - 1

    def show_page(self, number: int, pages: int) -> None:
        """Say which page is shown."""
        self._number, self._pages = number, pages
        locale = QLocale()
        words = self.tr("Page {0} of {1}").format(locale.toString(number + 1), locale.toString(pages))
        self._label.setText(words)
        self._label.setMinimumWidth(self.fontMetrics().horizontalAdvance(words) + 16)
        for button, possible in (
            (self._first, number > 0),
            (self._back, number > 0),
            (self._forward, number < pages - 1),
            (self._last, number < pages - 1),
        ):
            button.setEnabled(possible)

    def turn(self, pages: int) -> None:
        """Ask for a page before or after this one."""
        self.go_to(self._number + pages)

    def go_to(self, number: int) -> None:
        """Ask for a page, if it is another one that exists."""
        if 0 <= number < self._pages and number != self._number:
            self.asked.emit(number)
