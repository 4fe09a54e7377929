"""Light, dark, or as the system has it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from facerec_app.gui.theme import choose_scheme

_KEY = "view/theme"


class ThemeMenu(QMenu):
    """Sets and remembers the colour scheme."""

    def __init__(self, settings: QSettings, parent: QWidget) -> None:
        super().__init__(parent)
        self.setTitle(self.tr("Theme"))
        self._settings = settings
        group = QActionGroup(self)
        chosen = str(settings.value(_KEY, "system"))
        for name, text, scheme in (
            ("system", self.tr("As the system"), Qt.ColorScheme.Unknown),
            ("light", self.tr("Light"), Qt.ColorScheme.Light),
            ("dark", self.tr("Dark"), Qt.ColorScheme.Dark),
        ):
            action = self.addAction(text)
            action.setCheckable(True)
            action.setChecked(name == chosen)
            action.triggered.connect(partial(self._choose, name, scheme))
            group.addAction(action)
            if name == chosen and name != "system":
                choose_scheme(scheme)

    def _choose(self, name: str, scheme: Qt.ColorScheme, _checked: bool = True) -> None:
        self._settings.setValue(_KEY, name)
        choose_scheme(scheme)
