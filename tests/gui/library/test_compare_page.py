"""The page Compare: two pictures, a verdict, and lines between what agrees."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from facerec_app.capture.images import read_image
from facerec_app.config.paths import assets_dir
from facerec_app.gui.library.compare_page import ComparePage
from facerec_app.gui.library.library_page import FacePicked, LibraryLinks
from facerec_app.gui.library.library_pages import PageEntry
from facerec_app.gui.library.library_window import LibraryWindow
from facerec_app.gui.library.picture_input import GivenPicture
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import TaskRunner
from facerec_app.services.application import Application
from tests.gui.conftest import WAIT_MS
from tests.unit.matching.matching_material import small_picture, warped

SOURCES = assets_dir() / "demo" / "sources"


@pytest.fixture
def links() -> LibraryLinks:
    return LibraryLinks()


@pytest.fixture
def page(qtbot: QtBot, application: Application, links: LibraryLinks, tmp_path: Path) -> Iterator[ComparePage]:
    tasks = TaskRunner("compare-test")
    settings = QSettings(str(tmp_path / "library.ini"), QSettings.Format.IniFormat)
    entries = (PageEntry("compare", "Compare", "compare", ComparePage),)
    window = LibraryWindow(SharedServices(application), tasks, links, settings, entries)
    qtbot.addWidget(window)
    made = window.show_page("compare")
    assert isinstance(made, ComparePage)
    yield made
    window.close()
    assert tasks.stop(30.0)


def given(name: str) -> GivenPicture:
    return GivenPicture(name, pixels_rgb=small_picture(SOURCES / name, 360))


def test_two_pictures_of_one_person_and_which_parts_agree(page: ComparePage, qtbot: QtBot) -> None:
    assert not page.parts.isEnabled()
    page.take_picture(0, given("obama2.jpg"))
    turned, _ = warped(small_picture(SOURCES / "obama2.jpg", 360), 0.9, 8.0)
    page.take_picture(1, GivenPicture("turned", pixels_rgb=turned))
    qtbot.waitUntil(lambda: page.verdict == "Very likely the same person", timeout=WAIT_MS)
    assert page.details.startswith("99% the same")
    page.parts.click()
    qtbot.waitUntil(lambda: "outside the faces" in page.details, timeout=WAIT_MS)
    assert page.lines.lines > 20
    page.parts.click()
    assert page.lines.lines == 0
    page.take_picture(1, given("biden.jpg"))
    qtbot.waitUntil(lambda: page.verdict == "Very likely two people", timeout=WAIT_MS)


def test_other_face_is_chosen_by_key_and_by_mouse(page: ComparePage, qtbot: QtBot) -> None:
    left, right = (read_image(SOURCES / name)[::2, ::2] for name in ("biden.jpg", "obama3.jpg"))
    height = min(left.shape[0], right.shape[0])
    both = np.concatenate([left[:height], right[:height]], axis=1)
    page.take_picture(0, GivenPicture("both", pixels_rgb=both))
    page.take_picture(1, given("obama2.jpg"))
    qtbot.waitUntil(lambda: "person" in page.verdict or "people" in page.verdict, timeout=WAIT_MS)
    view = page.sides[0].view
    view.setFocus()
    view.choose(0)
    qtbot.waitUntil(lambda: page.verdict == "Very likely two people", timeout=WAIT_MS)
    QTest.keyClick(view, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: page.verdict == "Very likely the same person", timeout=WAIT_MS)
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.face_rect(0).center().toPoint())
    qtbot.waitUntil(lambda: page.verdict == "Very likely two people", timeout=WAIT_MS)


def test_bad_file_and_picture_without_a_face_are_said_where_they_are(
    page: ComparePage, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"nothing")
    page.take_picture(0, GivenPicture("bad.jpg", tmp_path / "bad.jpg"))
    qtbot.waitUntil(lambda: "is no picture" in page.sides[0].message, timeout=WAIT_MS)
    page.take_picture(0, GivenPicture("wall", pixels_rgb=np.full((120, 160, 3), 128, np.uint8)))
    page.take_picture(1, given("biden.jpg"))
    qtbot.waitUntil(lambda: page.verdict == "No two faces to compare", timeout=WAIT_MS)
    assert "No face was found" in page.sides[0].message
    page.parts.click()
    qtbot.waitUntil(lambda: "outside the faces" in page.details, timeout=WAIT_MS)


def test_faces_from_other_pages_go_left_then_right(
    page: ComparePage, links: LibraryLinks, application: Application, qtbot: QtBot
) -> None:
    application.enrolment().enrol_files("Joe Biden", [SOURCES / "biden.jpg"])
    (face,) = application.people().faces("Joe Biden")
    links.comparison_asked.emit(FacePicked("Joe Biden", face_id=face.face_id))
    links.comparison_asked.emit(FacePicked("a picture", picture_rgb=read_image(SOURCES / "biden.jpg")))
    qtbot.waitUntil(lambda: page.verdict == "Very likely the same person", timeout=WAIT_MS)
    links.comparison_asked.emit(FacePicked("gone", face_id="no such face"))
    qtbot.waitUntil(lambda: page.sides[0].message not in ("", "Looking for faces ..."), timeout=WAIT_MS)
    assert "\n" not in page.sides[0].message
