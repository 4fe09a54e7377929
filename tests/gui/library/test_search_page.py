"""The search page: from a picture to who is like it, on from there, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent, QGuiApplication, QImage, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from facerec_app.capture.images import read_image, write_jpeg
from facerec_app.core.types import Embeddings
from facerec_app.gui.face_dragging import faces_mime
from facerec_app.gui.library.picture_input import GivenPicture, picture_of, pixels_of
from facerec_app.gui.library.search_page import SearchPage
from facerec_app.gui.library.search_steps import SearchStep
from facerec_app.gui.main_window import MainWindow
from facerec_app.gui.picture_conversion import ArrayImage
from facerec_app.services.application import Application
from tests.gui.test_people_panel import WAIT_MS


def wait_for(qtbot: QtBot, condition: Callable[[], bool]) -> None:
    qtbot.waitUntil(condition, timeout=WAIT_MS)


def titles(page: SearchPage) -> list[str]:
    return [card.title for card in page.model.cards]


def shows(page: SearchPage, title: str) -> bool:
    """Return whether a search is shown with its pictures."""
    step = page.steps.current
    return not page.work.is_busy and step is not None and step.title == title and not page.model.without_picture


def both_of_them(demo_dir: Path, folder: Path) -> Path:
    """Write a picture with two faces, Biden at the left."""
    left, right = (read_image(demo_dir / "sources" / name) for name in ("biden.jpg", "obama3.jpg"))
    height = min(left.shape[0], right.shape[0])
    file = folder / "both.jpg"
    write_jpeg(file, np.concatenate([part[:height, : round(height * 0.8)] for part in (left, right)], axis=1))
    return file


def drop_on(page: SearchPage, data: QMimeData) -> None:
    """Let go of something over the page, as the mouse would."""
    place, none, left = page.rect().center(), Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
    enter = QDragEnterEvent(place, Qt.DropAction.CopyAction, data, left, none)
    QApplication.sendEvent(page, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(page, QDropEvent(QPointF(place), Qt.DropAction.CopyAction, data, left, none))


def test_search_goes_on_from_a_result_and_back_and_forward(
    qtbot: QtBot, application: Application, window: MainWindow, demo_dir: Path, tmp_path: Path
) -> None:
    application.enrolment().import_folder(demo_dir / "people")
    page = window.show_library().show_page("search")
    assert isinstance(page, SearchPage)
    page.take_picture(GivenPicture("both.jpg", both_of_them(demo_dir, tmp_path)))
    wait_for(qtbot, lambda: shows(page, "both.jpg"))
    assert page.query.faces == 2
    right = page.query.face_rect(1).center().toPoint()
    QTest.mouseClick(page.query, Qt.MouseButton.LeftButton, pos=right)
    assert titles(page) == ["Barack Obama", "Grace Hopper"]
    assert [card.detail for card in page.model.cards] == ["99% the same", "<1% the same"]
    first = page.grid.visualRect(page.model.index(0, 0)).center()
    QTest.mouseClick(page.grid.viewport(), Qt.MouseButton.LeftButton, pos=first)
    wait_for(qtbot, lambda: shows(page, "Barack Obama"))
    assert titles(page) == ["Grace Hopper"], "a face is not like itself"
    QTest.keyClick(page, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    wait_for(qtbot, lambda: shows(page, "both.jpg"))
    assert titles(page)[0] == "Barack Obama", "the face that was chosen is still chosen"
    QTest.keyClick(page, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    wait_for(qtbot, lambda: shows(page, "Barack Obama"))
    application.people().rename("Grace Hopper", "Admiral Hopper")
    application.gallery().announce()
    wait_for(qtbot, lambda: titles(page) == ["Admiral Hopper"])
    face = application.people().faces("Barack Obama")[0].face_id
    drop_on(page, faces_mime([face]))
    wait_for(qtbot, lambda: shows(page, "A face"))
    assert titles(page) == ["Admiral Hopper"]
    shown: list[str] = []
    page._links.person_asked.connect(shown.append)
    menu_place = page.grid.visualRect(page.model.index(0, 0)).center()
    page._open_menu(menu_place)
    (menu,) = [child for child in page.children() if type(child).__name__ == "QMenu"]
    next(action for action in menu.actions() if action.text() == "Show person").trigger()  # type: ignore[attr-defined]
    assert shown == ["Admiral Hopper"]
    menu.close()  # type: ignore[attr-defined]


def test_what_cannot_be_searched_for_is_said_in_one_line_and_the_search_before_stays(
    qtbot: QtBot, application: Application, window: MainWindow, demo_dir: Path, tmp_path: Path
) -> None:
    page = window.show_library().show_page("search")
    assert isinstance(page, SearchPage)
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8 no picture")
    page.take_picture(GivenPicture("broken.jpg", broken))
    wait_for(qtbot, lambda: "broken.jpg" in page.message and not page.work.is_busy)
    portrait = demo_dir / "people" / "Grace_Hopper" / "grace_hopper.jpg"
    copied = QMimeData()
    copied.setUrls([QUrl.fromLocalFile(str(portrait))])
    QGuiApplication.clipboard().setMimeData(copied)
    page.paste()
    wait_for(qtbot, lambda: shows(page, "grace_hopper.jpg"))
    assert page.hits == ()
    assert "Nobody else is enrolled" in page._about.text()
    QGuiApplication.clipboard().setImage(ArrayImage(np.full((90, 120, 3), 128, np.uint8)).image.copy())
    QTest.keySequence(page, QKeySequence(QKeySequence.StandardKey.Paste))
    wait_for(qtbot, lambda: "No face was found in Pasted picture" in page.message)
    assert page.steps.current is not None
    assert page.steps.current.title == "grace_hopper.jpg"
    QGuiApplication.clipboard().clear()
    page.paste()
    assert "no picture in the clipboard" in page.message


def test_face_in_the_live_view_and_the_whole_picture_are_handed_over(
    qtbot: QtBot, application: Application, window: MainWindow, demo_dir: Path
) -> None:
    application.enrolment().import_folder(demo_dir / "people")
    window.open_source(str(demo_dir / "sources" / "obama2.jpg"))
    wait_for(qtbot, lambda: window.stage.view.result is not None and len(window.stage.view.result.track_ids) > 0)
    result = window.stage.view.result
    assert result is not None
    window.naming.ask(int(result.track_ids[0]))
    window.stage.popover._search.click()
    assert window.stage.popover.isHidden()
    library = window.library
    assert library is not None
    page = library.current_page
    assert isinstance(page, SearchPage)
    wait_for(qtbot, lambda: page.steps.current is not None and shows(page, page.steps.current.title))
    assert titles(page)[0] == "Barack Obama"
    action = next(action for action in window.findChildren(QAction) if action.shortcut().toString() == "Ctrl+F")
    action.trigger()
    wait_for(qtbot, lambda: shows(page, "obama2.jpg"))
    assert titles(page)[0] == "Barack Obama"


def test_pasted_pixels_are_those_of_the_picture() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    image = ArrayImage(pixels).image
    assert np.array_equal(pixels_of(image.convertToFormat(QImage.Format.Format_RGB32)), pixels)
    clear = QImage(3, 2, QImage.Format.Format_ARGB32)
    clear.fill(Qt.GlobalColor.transparent)
    assert (pixels_of(clear) == 255).all()
    data = QMimeData()
    data.setText("neither file nor picture")
    assert picture_of(data, "x") is None


def test_a_face_that_is_chosen_while_the_search_is_made_again_stays_chosen(
    qtbot: QtBot, application: Application, window: MainWindow
) -> None:
    page = window.show_library().show_page("search")
    assert isinstance(page, SearchPage)
    boxes = np.array([[10, 10, 40, 40], [60, 10, 90, 40]], np.float32)
    features = Embeddings(np.eye(2, 128, dtype=np.float32), "made-1")
    asked = SearchStep("both.jpg", "", np.zeros((60, 100, 3), np.uint8), boxes, features, ((), ()), 0)
    page._take_found(asked)
    page._choose_face(1)
    page.work.renewed.emit(asked)  # the answer to a question from before the choice
    assert page.steps.current is not None
    assert page.steps.current.chosen == 1
