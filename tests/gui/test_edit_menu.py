"""Undo and redo of the window: wherever the focus is, and after a change of settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from facerec_app.gui.main_window import MainWindow
from facerec_app.services.application import Application
from tests.gui.conftest import WAIT_MS

pytestmark = pytest.mark.timeout(180)


def names(window: MainWindow) -> list[str]:
    return [person.name for person in window.people.people]


def edit_menu(window: MainWindow) -> QMenu:
    menus = [action.menu() for action in window.menuBar().actions()]
    return next(menu for menu in menus if isinstance(menu, QMenu) and menu.title() == "&Edit")


def test_undo_and_redo_work_wherever_the_focus_is_and_outlast_a_change_of_settings(
    qtbot: QtBot, application: Application, window: MainWindow, demo_dir: Path
) -> None:
    application.enrolment().enrol_files("Grace Hopper", [demo_dir / "people" / "Grace_Hopper"])
    window.people.refresh()
    qtbot.waitUntil(lambda: names(window) == ["Grace Hopper"], timeout=WAIT_MS)
    undo, redo = edit_menu(window).actions()
    assert not undo.isEnabled()
    window.people.changes.rename(window.people.people[0], "Admiral Hopper")
    qtbot.waitUntil(lambda: undo.isEnabled() and names(window) == ["Admiral Hopper"], timeout=WAIT_MS)
    assert undo.text() == "Undo: rename Grace Hopper to Admiral Hopper"
    # A text field with the focus keeps the key for itself.
    search = window.people.search
    search.setFocus()
    QTest.keyClicks(search, "adm")
    QTest.keyClick(search, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert search.text() == ""
    # Elsewhere in the window it is the gallery's.
    window.stage.view.setFocus()
    QTest.keyClick(window.stage.view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: names(window) == ["Grace Hopper"], timeout=WAIT_MS)
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.waitUntil(redo.isEnabled, timeout=WAIT_MS)
    QTest.keyClick(window.stage.view, Qt.Key.Key_Z, both)
    qtbot.waitUntil(lambda: names(window) == ["Admiral Hopper"] and undo.isEnabled(), timeout=WAIT_MS)
    window.docks.show("settings")
    window.preferences.strictness.move_to(0.01)
    qtbot.waitUntil(lambda: window.services.settings.stranger_rate == 0.01, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not window.tasks.is_busy, timeout=WAIT_MS)
    assert undo.isEnabled()
    undo.trigger()
    qtbot.waitUntil(lambda: names(window) == ["Grace Hopper"], timeout=WAIT_MS)
