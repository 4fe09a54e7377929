"""The side panels of the window: docked, in tabs, floating or hidden, and back as they were."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QTabWidget, QWidget

from facerec_app.gui.dock_panel import DockPanel

_LEAST_WIDTH_PX = 260
_WIDTH_PX = 320


class WindowDocks(QObject):
    """Keeps the docks of a window by name."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._docks: dict[str, DockPanel] = {}
        self._actions: dict[str, QAction] = {}
        self._hidden: list[DockPanel] = []
        window.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        window.setDockOptions(window.dockOptions() | QMainWindow.DockOption.GroupedDragging)

    def __getitem__(self, name: str) -> DockPanel:
        return self._docks[name]

    @property
    def toggle_actions(self) -> dict[str, QAction]:
        """The actions that bring a panel to the front, or hide the one that is there, by name."""
        return dict(self._actions)

    def add(self, name: str, title: str, panel: QWidget, *, shown: bool) -> DockPanel:
        """Put a panel at the right, in a tab with the others; at its first start it is shown or not."""
        dock = DockPanel(name, title, panel, self._window)
        panel.setMinimumWidth(_LEAST_WIDTH_PX)
        first = next(iter(self._docks.values()), None)
        self._window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        if first is not None:
            self._window.tabifyDockWidget(first, dock)
        self._docks[name] = dock
        if not shown:
            dock.hide()
        action = self._actions[name] = QAction(title, self._window)
        action.setCheckable(True)
        action.triggered.connect(partial(self._toggle, name))
        # A panel behind another one in its tab counts as not seen.
        dock.visibilityChanged.connect(action.setChecked)
        dock.visibilityChanged.connect(self._update_titles)
        dock.topLevelChanged.connect(self._update_titles)
        return dock

    def bring_first_to_front(self) -> None:
        """Make the first panel the one that is seen."""
        first = next(iter(self._docks.values()))
        first.raise_()
        self._window.resizeDocks([first], [_WIDTH_PX], Qt.Orientation.Horizontal)

    def show(self, name: str) -> None:
        """Bring a panel to the front."""
        dock = self._docks[name]
        dock.show()
        dock.raise_()

    def hide_all(self) -> None:
        """Leave the window to the picture until ``restore_all``."""
        self._hidden = [dock for dock in self._docks.values() if not dock.isHidden()]
        for dock in self._hidden:
            dock.hide()

    def restore_all(self) -> None:
        """Show again what ``hide_all`` hid."""
        for dock in self._hidden:
            dock.show()
        self._hidden = []

    def _toggle(self, name: str, wanted: bool) -> None:
        if wanted:
            self.show(name)
        else:
            self._docks[name].hide()

    def _update_titles(self, *_: object) -> None:
        for dock in self._docks.values():
            dock.update_title()
