"""How fast a file plays."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)


def speed_text(speed: float) -> str:
    """Return a speed as people write it, such as ``0.5×``."""
    return f"{speed:g}×"


def neighbouring_speed(speed: float, steps: int) -> float:
    """Return the speed that many places faster or slower, the fastest or slowest at the ends."""
    nearest = min(range(len(SPEEDS)), key=lambda place: abs(SPEEDS[place] - speed))
    return SPEEDS[min(max(nearest + steps, 0), len(SPEEDS) - 1)]


class SpeedButton(QToolButton):
    """Shows the speed and offers the others."""

    chosen = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolTip(self.tr("Speed (+ faster, - slower, = normal)"))
        menu = QMenu(self)
        group = QActionGroup(menu)
        self._actions = {speed: menu.addAction(speed_text(speed)) for speed in SPEEDS}
        for speed, action in self._actions.items():
            action.setCheckable(True)
            group.addAction(action)
            action.triggered.connect(partial(self._choose, speed))
        self.setMenu(menu)
        self.setFixedWidth(self.fontMetrics().horizontalAdvance("0.25×") + 18)
        self.show_speed(1.0)

    def show_speed(self, speed: float) -> None:
        """Show how fast the file plays."""
        self.setText(speed_text(speed))
        self.setAccessibleName(self.tr("Speed {0}").format(speed_text(speed)))
        if speed in self._actions:
            self._actions[speed].setChecked(True)

    def _choose(self, speed: float, _checked: bool = False) -> None:
        self.chosen.emit(speed)
