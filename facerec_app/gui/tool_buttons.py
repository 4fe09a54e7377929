"""Buttons that show an icon and say the rest in their hint."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QToolButton, QWidget

from facerec_app.gui.icons import set_icon


def tool_button(parent: QWidget, icon: str, hint: str, action: Callable[[], None]) -> QToolButton:
    """Return a button with an icon; the hint is also its name for screen readers."""
    button = QToolButton(parent)
    set_icon(button, icon)
    set_hint(button, hint)
    button.clicked.connect(lambda _=False: action())
    return button


def set_hint(button: QToolButton, hint: str) -> None:
    """Change what a button says."""
    button.setToolTip(hint)
    button.setAccessibleName(hint)
