"""A side panel that shows its title only where no tab says the same."""

from __future__ import annotations

from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget


class DockPanel(QDockWidget):
    """Docks at either side, floats, and comes back where it was."""

    def __init__(self, name: str, title: str, panel: QWidget, window: QMainWindow) -> None:
        super().__init__(title, window)
        self._window = window
        self._no_title: QWidget | None = None
        self.setObjectName(f"dock-{name}")
        self.setWidget(panel)

    def update_title(self) -> None:
        """Fit the title to where the panel is; a panel in a tab is dragged by its tab."""
        has_tab = bool(self._window.tabifiedDockWidgets(self)) and not self.isFloating()
        if has_tab and self._no_title is None:
            self._no_title = QWidget(self)
            self.setTitleBarWidget(self._no_title)
        elif not has_tab and self._no_title is not None:
            self.setTitleBarWidget(None)  # type: ignore[arg-type]  # Qt's own title again
            self._no_title.deleteLater()
            self._no_title = None
