"""Pictures dragged from one person to another."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QMimeData, QModelIndex, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QListView
from pytestqt.qtbot import QtBot

from facerec_app.gui.face_dragging import faces_mime
from facerec_app.gui.main_window import MainWindow
from facerec_app.gui.people_drop_strip import PeopleDropStrip
from facerec_app.services.application import Application
from tests.gui.test_people_panel import WAIT_MS, counts, enrol_quickly, undo


def drop(view: QListView, index: QModelIndex, data: QMimeData) -> bool:
    """Let go of something over a card, as the mouse would; return whether the view takes it."""
    place = view.visualRect(index).center()
    viewport, left, none = view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(place, Qt.DropAction.CopyAction, data, left, none)
    QApplication.sendEvent(viewport, enter)
    move = QDragMoveEvent(place, Qt.DropAction.CopyAction, data, left, none)
    QApplication.sendEvent(viewport, move)
    if move.isAccepted():
        QApplication.sendEvent(viewport, QDropEvent(QPointF(place), Qt.DropAction.CopyAction, data, left, none))
    return move.isAccepted()


def row_of(model: QAbstractItemModel, name: str) -> QModelIndex:
    indexes = [model.index(row, 0) for row in range(model.rowCount())]
    return next(index for index in indexes if index.data() == name)


def test_picture_is_dragged_from_a_page_onto_another_persons_card_and_back_with_undo(
    qtbot: QtBot, application: Application, window: MainWindow
) -> None:
    enrol_quickly(application, "Barack Obama", 3)
    for name in ("Ada Lovelace", "Grace Hopper"):
        enrol_quickly(application, name, 1)
    panel = window.people
    panel.refresh()
    qtbot.waitUntil(lambda: len(panel.people) == 3, timeout=WAIT_MS)
    panel.open_page("Barack Obama")
    page = panel.page
    qtbot.waitUntil(lambda: len(page.model.faces) == 3, timeout=WAIT_MS)
    dragged = page.model.mimeData([page.model.index(1, 0)])
    strip = panel.findChild(PeopleDropStrip)
    assert isinstance(strip, PeopleDropStrip)
    assert strip.isHidden()
    page.faces.drag_began.emit()
    qtbot.waitUntil(strip.view.isVisible, timeout=WAIT_MS)
    others = strip.view.model()
    assert [others.index(row, 0).data() for row in range(others.rowCount())] == ["Ada Lovelace", "Grace Hopper"]
    qtbot.waitUntil(lambda: strip.view.visualRect(row_of(others, "Grace Hopper")).isValid(), timeout=WAIT_MS)
    assert drop(strip.view, row_of(others, "Grace Hopper"), dragged)
    page.faces.drag_ended.emit()
    wanted = {"Ada Lovelace": 1, "Barack Obama": 2, "Grace Hopper": 2}
    qtbot.waitUntil(lambda: counts(panel) == wanted, timeout=WAIT_MS)
    assert strip.isHidden()
    assert "move 1 picture to Grace Hopper" in panel.message
    undo(panel)
    qtbot.waitUntil(lambda: counts(panel)["Barack Obama"] == 3, timeout=WAIT_MS)


def test_faces_of_another_window_are_dropped_on_a_card_and_nothing_else_is(
    qtbot: QtBot, application: Application, window: MainWindow
) -> None:
    enrol_quickly(application, "Barack Obama", 2)
    enrol_quickly(application, "Grace Hopper", 1)
    panel = window.people
    panel.refresh()
    qtbot.waitUntil(lambda: len(panel.people) == 2, timeout=WAIT_MS)
    face = application.people().faces("Barack Obama")[0].face_id
    cards = panel.grid.model()
    text = QMimeData()
    text.setText("no face")
    assert not drop(panel.grid, row_of(cards, "Grace Hopper"), text)
    beside = QPoint(panel.grid.viewport().width() - 2, panel.grid.viewport().height() - 2)
    assert not panel.grid.indexAt(beside).isValid()
    assert drop(panel.grid, row_of(cards, "Grace Hopper"), faces_mime([face]))
    qtbot.waitUntil(lambda: counts(panel) == {"Barack Obama": 1, "Grace Hopper": 2}, timeout=WAIT_MS)


def test_last_picture_of_a_person_stays_with_one_line(
    qtbot: QtBot, application: Application, window: MainWindow
) -> None:
    enrol_quickly(application, "Barack Obama", 1)
    enrol_quickly(application, "Grace Hopper", 1)
    panel = window.people
    panel.refresh()
    qtbot.waitUntil(lambda: len(panel.people) == 2, timeout=WAIT_MS)
    face = application.people().faces("Barack Obama")[0].face_id
    assert drop(panel.grid, row_of(panel.grid.model(), "Grace Hopper"), faces_mime([face]))
    qtbot.waitUntil(lambda: "would be left without pictures" in panel.message, timeout=WAIT_MS)
    assert counts(panel) == {"Barack Obama": 1, "Grace Hopper": 1}
