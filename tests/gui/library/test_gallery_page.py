"""The gallery's page: pages, conditions, choices, changes taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from facerec_app.gallery.face_filter import FaceOrder, FaceQuality
from facerec_app.gallery.records import FaceState
from facerec_app.gui.library.gallery_page import GalleryPage
from facerec_app.gui.main_window import MainWindow
from facerec_app.services.application import Application
from tests.gui.test_dragging_faces import drop
from tests.gui.test_people_panel import WAIT_MS, enrol_quickly


@pytest.fixture
def page(qtbot: QtBot, application: Application, window: MainWindow) -> GalleryPage:
    """Return the page on 25 faces of two people, three of them Grace Hopper's, the newest."""
    enrol_quickly(application, "Barack Obama", 22)
    enrol_quickly(application, "Grace Hopper", 3)
    shown = window.show_library().show_page("gallery")
    assert isinstance(shown, GalleryPage)
    wait_for(qtbot, lambda: shown.count_text == "25 faces" and not shown.model.without_picture)
    return shown


def wait_for(qtbot: QtBot, condition: Callable[[], bool]) -> None:
    qtbot.waitUntil(condition, timeout=WAIT_MS)


def titles(page: GalleryPage) -> list[str]:
    return [card.title for card in page.model.cards]


def choose(page: GalleryPage, *rows: int) -> list[str]:
    page.grid.clearSelection()
    for row in rows:
        page.grid.selectionModel().select(page.model.index(row, 0), QItemSelectionModel.SelectionFlag.Select)
    return page.chosen_ids


def test_pages_are_turned_by_key_and_only_what_is_shown_is_loaded(
    qtbot: QtBot, application: Application, page: GalleryPage
) -> None:
    assert titles(page) == ["Grace Hopper"] * 3 + ["Barack Obama"] * 17
    assert page.turner.text == "Page 1 of 2"
    thumbnails = application.gallery().store.paths.thumbnails_dir
    panel = {face.face_id for name in ("Barack Obama", "Grace Hopper") for face in application.people().faces(name)}
    made = {file.stem for file in thumbnails.rglob("*.thumb")}
    assert made <= panel
    assert len(made) <= 22, "the page's twenty, and portraits of two people in the other window"
    QTest.keyClick(page.grid, Qt.Key.Key_PageDown)
    wait_for(qtbot, lambda: page.turner.text == "Page 2 of 2" and len(page.model.cards) == 5)
    QTest.keyClick(page.grid, Qt.Key.Key_PageDown)
    QTest.keyClick(page.grid, Qt.Key.Key_Home)
    wait_for(qtbot, lambda: page.turner.text == "Page 1 of 2" and len(page.model.cards) == 20)
    QTest.keyClick(page.grid, Qt.Key.Key_End)
    wait_for(qtbot, lambda: page.turner.text == "Page 2 of 2")
    QTest.keyClick(page.grid, Qt.Key.Key_PageUp)
    wait_for(qtbot, lambda: page.turner.text == "Page 1 of 2" and len(page.model.cards) == 20)


def test_conditions_hold_together_are_cleared_at_once_and_leave_the_order(
    qtbot: QtBot, application: Application, page: GalleryPage
) -> None:
    QTest.keyClicks(page.filters.person_text, "GRACE")
    wait_for(qtbot, lambda: page.count_text == "3 faces")
    assert [person.name for person in page.filters.people.people] == ["Grace Hopper"]
    QTest.keyClicks(page.filters.source_text, "test 2")
    wait_for(qtbot, lambda: page.count_text == "1 face")
    page.filters.quality.setCurrentIndex(page.filters.quality.findData(FaceQuality.BLURRED))
    wait_for(qtbot, lambda: page.count_text == "No face fits")
    page.filters.clear()
    wait_for(qtbot, lambda: page.count_text == "25 faces")
    page.filters.person_list.choose(None)
    page.filters.person_list.setCurrentIndex(page.filters.people.index(2, 0))
    wait_for(qtbot, lambda: page.count_text == "3 faces")
    application.people().set_face_state([page.model.cards[0].face_id], FaceState.EXCLUDED)
    application.gallery().announce()
    wait_for(qtbot, lambda: page.model.cards[0].detail == "Not used")
    page.filters.use.setCurrentIndex(2)
    wait_for(qtbot, lambda: page.count_text == "1 face")
    page.filters.clear()
    page.order.setCurrentIndex(page.order.findData(FaceOrder.NAME))
    wait_for(qtbot, lambda: titles(page) == ["Barack Obama"] * 20)
    page.order.setCurrentIndex(page.order.findData(FaceOrder.OLDEST))
    QTest.keyClick(page.grid, Qt.Key.Key_End)
    wait_for(qtbot, lambda: titles(page) == ["Barack Obama"] * 2 + ["Grace Hopper"] * 3)


def test_all_that_is_listed_is_put_out_of_use_and_back_and_chosen_faces_are_handed_on(
    qtbot: QtBot, application: Application, page: GalleryPage
) -> None:
    page.choose_page()
    assert page._chosen_count() == 20
    assert page._choose_all.isVisible()
    page._choose_all.click()
    assert page._chosen_count() == 25
    page.switch_use()
    people = application.people()
    wait_for(qtbot, lambda: {card.detail for card in page.model.cards} == {"Not used"})
    assert {face.state for face in people.faces("Barack Obama")} == {FaceState.EXCLUDED}
    assert "25 pictures" in page.message
    QTest.keyClick(page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    wait_for(qtbot, lambda: {card.detail for card in page.model.cards} == {"Good"})
    assert {face.state for face in people.faces("Grace Hopper")} == {FaceState.ACTIVE}
    hand_over(page)


def test_faces_are_moved_by_name_dropped_on_a_person_and_removed(
    qtbot: QtBot, application: Application, page: GalleryPage
) -> None:
    people = application.people()
    (first,) = choose(page, 0)
    page.changes.move_faces([first], "Barack Obama")
    wait_for(qtbot, lambda: titles(page)[0] == "Barack Obama")
    assert page.chosen_ids == [first], "what was chosen stays chosen"
    column, model = page.filters.person_list, page.filters.people
    wait_for(qtbot, lambda: [person.face_count for person in model.people] == [23, 2])
    assert drop(column, model.index(2, 0), page.model.mimeData([page.model.index(0, 0)]))
    wait_for(qtbot, lambda: titles(page)[0] == "Grace Hopper")
    choose(page, 0, 1)
    QTest.keyClick(page.grid, Qt.Key.Key_Delete)
    wait_for(qtbot, lambda: page.count_text == "23 faces")
    assert people.find("Grace Hopper").face_count == 1
    QTest.keyClick(page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    wait_for(qtbot, lambda: page.count_text == "25 faces")
    choose(page, 0, 1, 2)
    QTest.keyClick(page.grid, Qt.Key.Key_Delete)
    wait_for(qtbot, lambda: "Grace Hopper would be left without pictures" in page.message)
    assert page.count_text == "25 faces"


def hand_over(page: GalleryPage) -> None:
    """One chosen face goes to the search, two to the comparison."""
    asked: list[str] = []
    page._links.search_asked.disconnect()
    page._links.comparison_asked.disconnect()
    page._links.search_asked.connect(lambda face: asked.append(f"search {face.face_id}"))
    page._links.comparison_asked.connect(lambda face: asked.append(f"compare {face.face_id}"))
    (one,) = choose(page, 4)
    QTest.keyClick(page.grid, Qt.Key.Key_Return)
    page.grid.setCurrentIndex(QModelIndex())
    two = choose(page, 4, 7)
    page.compare_chosen()
    assert asked == [f"search {one}", *(f"compare {face_id}" for face_id in two)]
    assert not page._buttons["search"].isEnabled()
