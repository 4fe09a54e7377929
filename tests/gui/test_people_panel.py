"""The list of people."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QListView, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from facerec_app.gui.main_window import MainWindow
from facerec_app.services.application import Application

WAIT_MS = 30_000


@pytest.fixture
def window_with_people(qtbot: QtBot, application: Application, window: MainWindow, demo_dir: Path) -> MainWindow:
    application.enrolment().import_folder(demo_dir / "people")
    window.people.refresh()
    qtbot.waitUntil(lambda: len(window.people.people) == 2, timeout=WAIT_MS)
    return window


def names(window: MainWindow) -> list[str]:
    return [person.name for person in window.people.people]


def test_person_is_renamed_in_place(qtbot: QtBot, window_with_people: MainWindow) -> None:
    view = window_with_people.people.findChild(QListView)
    assert isinstance(view, QListView)
    model = view.model()
    model.setData(model.index(0, 0), "Somebody Else")
    qtbot.waitUntil(lambda: names(window_with_people) == ["Grace Hopper", "Somebody Else"], timeout=WAIT_MS)


def test_name_that_is_taken_is_refused_in_words(qtbot: QtBot, window_with_people: MainWindow) -> None:
    view = window_with_people.people.findChild(QListView)
    assert isinstance(view, QListView)
    view.model().setData(view.model().index(0, 0), "Grace Hopper")
    qtbot.waitUntil(lambda: "Grace Hopper" in window_with_people.people.message, timeout=WAIT_MS)
    assert names(window_with_people) == ["Barack Obama", "Grace Hopper"]


def test_person_is_removed_only_after_confirmation(
    qtbot: QtBot, qapp: QApplication, window_with_people: MainWindow
) -> None:
    def answer(word: str) -> None:
        window_with_people.people.select("Barack Obama")
        window_with_people.people.remove_selected()
        box = next(w for w in qapp.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible())
        assert "Barack Obama" in box.text()
        assert "1 picture" in box.informativeText()
        next(b for b in box.findChildren(QPushButton) if b.text() == word).click()

    answer("Cancel")
    answer("Remove")
    qtbot.waitUntil(lambda: names(window_with_people) == ["Grace Hopper"], timeout=WAIT_MS)


def test_person_removed_while_in_view_loses_the_name(
    qtbot: QtBot, qapp: QApplication, window_with_people: MainWindow, demo_dir: Path
) -> None:
    window = window_with_people
    window.open_source(str(demo_dir / "demo.mp4"))
    qtbot.waitUntil(lambda: any(name.startswith("Barack Obama") for name in window.stage.strip.names), timeout=WAIT_MS)
    window.session.pause()
    window.people.select("Barack Obama")
    window.people.remove_selected()
    box = next(w for w in qapp.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible())
    next(b for b in box.findChildren(QPushButton) if b.text() == "Remove").click()
    qtbot.waitUntil(lambda: window.stage.strip.names == ["Unknown, Click to name"], timeout=WAIT_MS)
