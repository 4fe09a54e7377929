"""The row at the top of the window: what is open at the left, the side panels at the right."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QLabel, QMainWindow, QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from facerec_app.gui.icons import set_icon


class _ElidedLabel(QLabel):
    """A label that gives way: it is cut short rather than pushing the buttons out of the window."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._whole = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(0)
        self.setTextFormat(Qt.TextFormat.PlainText)

    def show_text(self, text: str) -> None:
        """Show a text, or as much of it as there is room for."""
        self._whole = text
        self.setToolTip(text)
        self._cut()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._cut()

    def _cut(self) -> None:
        room = max(0, self.width() - 12)
        self.setText(self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideMiddle, room))


class WindowToolBar(QToolBar):
    """Made once, when the docks are there."""

    def __init__(self, sources: QMenu, window: QMainWindow) -> None:
        super().__init__(self.tr("Tools"), window)
        self.setObjectName("tools")
        self.setMovable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        open_button = QToolButton(self)
        open_button.setText(self.tr("Open"))
        set_icon(open_button, "camera")
        open_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        open_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        open_button.setMenu(sources)
        self._source = _ElidedLabel(self)
        self._source.setProperty("muted", "true")
        self.addWidget(open_button)
        self._after_library = self.addWidget(self._source)

    def add_panels(self, actions: Mapping[str, QAction], icons: Mapping[str, str], keys: Mapping[str, str]) -> None:
        """Add a button for each side panel.

        Args:
            actions: show and hide them, by name.
            icons: by name of the panel.
            keys: shortcuts, by name of the panel.
        """
        for name, action in actions.items():
            set_icon(action, icons[name])
            action.setShortcut(keys[name])
            self.addAction(action)
            button = self.widgetForAction(action)
            if isinstance(button, QToolButton):
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)

    def add_library(self, action: QAction) -> None:
        """Add the button for the library's window, beside what opens a source."""
        set_icon(action, "library")
        self.insertAction(self._after_library, action)
        button = self.widgetForAction(action)
        if isinstance(button, QToolButton):
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)

    def show_source(self, title: str) -> None:
        """Say what is open."""
        self._source.show_text(title)
