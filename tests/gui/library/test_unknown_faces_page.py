"""The page of unknown faces: groups are named with a click, faces put right, strangers of a camera kept on request."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from facerec_app.capture.images import read_image
from facerec_app.composition import ComposedApplication, compose
from facerec_app.config.settings import Settings
from facerec_app.gui.face_dragging import faces_mime
from facerec_app.gui.library.unknown_faces_page import UnknownFacesPage
from facerec_app.gui.library.unknown_groups_model import EntryKind
from facerec_app.gui.main_window import MainWindow
from facerec_app.services.application import Application
from tests.contract.fake_camera import FakeCamera
from tests.gui.conftest import MakeWindow

WAIT_MS = 30_000


@pytest.fixture(scope="module")
def pictures(demo_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with three pictures of one man and one each of two others."""
    folder = tmp_path_factory.mktemp("holidays")
    for file in (demo_dir / "people" / "Barack_Obama" / "obama.jpg", *(demo_dir / "sources").iterdir()):
        shutil.copy(file, folder)
    return folder


@pytest.fixture(scope="module")
def searched(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a gallery in which the faces of the pictures are kept."""
    folder = tmp_path_factory.mktemp("gallery") / "database"
    application = compose(Settings(database_dir=folder))
    application.library().unknown_collection().add_pictures([pictures])
    application.close()
    return folder


def open_page(window: MainWindow) -> UnknownFacesPage:
    page = window.show_library().show_page("unknown")
    assert isinstance(page, UnknownFacesPage)
    return page


@pytest.fixture
def page(qtbot: QtBot, make_window: MakeWindow, searched: Path, tmp_path: Path) -> UnknownFacesPage:
    """Return the page with a group of three and two faces by themselves."""
    shutil.copytree(searched, tmp_path / "database")
    shown = open_page(make_window())
    qtbot.waitUntil(lambda: kinds(shown) == [EntryKind.GROUP, EntryKind.ALONE], timeout=WAIT_MS)
    return shown


def people_of(application: Application) -> list[tuple[str, int]]:
    """Return names and numbers of faces of everybody enrolled."""
    return [(person.name, person.face_count) for person in application.people().everybody()]


def kinds(page: UnknownFacesPage) -> list[EntryKind]:
    return [entry.kind for entry in page.groups_model.entries]


def sizes(page: UnknownFacesPage) -> list[int]:
    return [len(entry.faces) for entry in page.groups_model.entries]


def click_card(page: UnknownFacesPage, row: int) -> None:
    place = page.groups.visualRect(page.groups_model.index(row, 0)).center()
    QTest.mouseClick(page.groups.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)


def test_empty_page_says_how_faces_come_and_a_folder_brings_them(
    qtbot: QtBot, window: MainWindow, pictures: Path, tmp_path: Path
) -> None:
    page = open_page(window)
    qtbot.waitUntil(lambda: "Add a folder of pictures" in page.empty_text, timeout=WAIT_MS)
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    page.add_pictures([pictures, broken])
    qtbot.waitUntil(lambda: sizes(page) == [3, 2], timeout=WAIT_MS)
    qtbot.waitUntil(lambda: "5 new faces" in page.message and "broken.jpg" in page.message, timeout=WAIT_MS)
    assert not page.progress.isVisible()
    page.add_pictures([pictures])
    qtbot.waitUntil(lambda: "5 pictures searched before" in page.message, timeout=WAIT_MS)


def test_group_is_named_with_a_click_and_a_name_and_naming_is_undone(
    qtbot: QtBot, page: UnknownFacesPage, application: Application
) -> None:
    click_card(page, 0)
    field = page.detail.naming.field
    qtbot.waitUntil(field.hasFocus, timeout=WAIT_MS)
    assert page.detail.naming.button.text() == "Name 3 faces"
    QTest.keyClicks(field, "Barack Obama")
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: kinds(page) == [EntryKind.ALONE], timeout=WAIT_MS)
    assert people_of(application) == [("Barack Obama", 3)]
    QTest.keyClick(page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: sizes(page) == [3, 2], timeout=WAIT_MS)
    assert people_of(application) == []
    assert page.message.startswith("Taken back: name 3 faces")


def test_what_was_done_to_unknown_faces_is_taken_back_after_a_change_of_settings(
    qtbot: QtBot, make_window: MakeWindow, searched: Path, tmp_path: Path
) -> None:
    shutil.copytree(searched, tmp_path / "database")
    window = make_window()
    page = open_page(window)
    qtbot.waitUntil(lambda: sizes(page) == [3, 2], timeout=WAIT_MS)
    page.work.remove([face.face_id for face in page.groups_model.entries[0].faces])
    qtbot.waitUntil(lambda: kinds(page) == [EntryKind.ALONE], timeout=WAIT_MS)
    window.docks.show("settings")
    for rate in (0.01, 0.1):  # at first the application that was given stays open, then one is closed
        with qtbot.waitSignal(window.preferences.changed, timeout=WAIT_MS):
            window.preferences.strictness.move_to(rate)
        qtbot.waitUntil(lambda: not window.tasks.is_busy, timeout=WAIT_MS)
    assert window.services.settings.stranger_rate == 0.1
    page.work.undo()
    qtbot.waitUntil(lambda: page.message.startswith("Taken back: remove 3 faces"), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: sizes(page) == [3, 2], timeout=WAIT_MS)


def test_recogniser_offers_the_name_it_thinks_of(
    qtbot: QtBot, page: UnknownFacesPage, application: Application
) -> None:
    group = page.groups_model.entries[0].group
    assert group is not None
    page.work.name(group.face_ids[:1], "Barack Obama")
    qtbot.waitUntil(lambda: sizes(page) == [2, 2], timeout=WAIT_MS)
    page.choose_row(0)
    assert page.detail.naming.guess.isVisible()
    assert page.detail.naming.guess.text().startswith("Yes, this is Barack Obama")
    page.detail.naming.guess.click()
    qtbot.waitUntil(lambda: kinds(page) == [EntryKind.ALONE], timeout=WAIT_MS)
    assert people_of(application) == [("Barack Obama", 3)]


def test_face_is_dragged_to_another_group_or_the_space_beside_and_moved_by_keyboard_alone(
    qtbot: QtBot, page: UnknownFacesPage
) -> None:
    group, alone = page.groups_model.entries
    stranger = alone.faces[0].face_id

    def drop(face_id: str, place: QPoint) -> None:
        data = faces_mime([face_id])
        copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
        event = QDropEvent(place, copy, data, left, Qt.KeyboardModifier.NoModifier)
        page.groups.dropEvent(event)

    page.choose_row(0)
    page.detail.naming.field.setText("Bar")
    drop(stranger, page.groups.visualRect(page.groups_model.index(0, 0)).center())
    qtbot.waitUntil(lambda: sizes(page) == [4, 1], timeout=WAIT_MS)
    assert page.detail.naming.field.text() == "Bar", "a face that joins the group takes no name away"
    assert stranger in [face.face_id for face in page.groups_model.entries[0].faces]
    drop(stranger, page.groups.viewport().rect().bottomRight() - QPoint(4, 4))
    qtbot.waitUntil(lambda: sizes(page) == [3, 2], timeout=WAIT_MS)
    assert page.groups_model.entries[0].faces[0].face_id in {face.face_id for face in group.faces}
    page.choose_row(1)
    page.detail.faces.setFocus()
    QTest.keyClick(page.detail.faces, Qt.Key.Key_Space)
    QTest.keyClick(page.detail.faces, Qt.Key.Key_M)
    assert "choose a group" in page.message
    assert page.groups.hasFocus()
    QTest.keyClick(page.groups, Qt.Key.Key_Home)
    QTest.keyClick(page.groups, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: sizes(page) == [4, 1], timeout=WAIT_MS)


def test_face_is_never_asked_about_until_taken_back_and_a_bad_name_is_refused(
    qtbot: QtBot, page: UnknownFacesPage
) -> None:
    page.choose_row(1)
    page.detail.choose_faces([page.groups_model.entries[1].faces[0].face_id])
    page.detail.ignore_or_ask()
    qtbot.waitUntil(lambda: kinds(page) == [EntryKind.GROUP, EntryKind.ALONE, EntryKind.IGNORED], timeout=WAIT_MS)
    page.choose_row(2)
    page.detail.choose_faces([page.groups_model.entries[2].faces[0].face_id])
    page.detail.ignore_or_ask()
    qtbot.waitUntil(lambda: sizes(page) == [3, 2], timeout=WAIT_MS)
    page.choose_row(0)
    page.detail.naming.field.setText("a/b")
    page.detail.naming.button.click()
    qtbot.waitUntil(lambda: "looks like a path" in page.message, timeout=WAIT_MS)
    assert sizes(page) == [3, 2]


def camera_of(demo_dir: Path) -> Callable[..., FakeCamera]:
    """Return what opens a camera that a stranger is in front of for two seconds, and then nobody."""
    face = read_image(demo_dir / "sources" / "obama2.jpg")
    empty = np.full_like(face, 127)
    return lambda spec, on_status=None: FakeCamera([face] * 40 + [empty] * 400, frame_rate=20.0)


def test_stranger_of_a_camera_is_kept_only_where_that_is_switched_on(
    qtbot: QtBot, make_window: MakeWindow, application: Application, demo_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_camera = camera_of(demo_dir)
    monkeypatch.setattr(ComposedApplication, "open_source", lambda _, spec, on_status=None: open_camera(spec))
    window = make_window()
    window.docks.show("settings")
    box = window.preferences.keeping.box
    assert not box.isChecked(), "nothing is kept unless somebody asks for it"
    collection = application.library().unknown_collection()
    with qtbot.waitSignal(window.preferences.keeping.changed, timeout=WAIT_MS):
        box.click()
    assert collection.keeps_live
    window.open_source("0")
    page = open_page(window)
    qtbot.waitUntil(lambda: len(page.groups_model.entries) > 0, timeout=WAIT_MS)
    faces = page.groups_model.entries[0].faces
    assert 1 <= len(faces) <= 3
    assert {face.origin.value for face in faces} == {"live"}
    with qtbot.waitSignal(window.preferences.keeping.changed, timeout=WAIT_MS):
        box.click()
    assert not application.library().finished_tracks().is_wanted
