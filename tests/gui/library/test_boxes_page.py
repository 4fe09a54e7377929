"""The page of boxes on the demonstration's pictures: keys, mouse, undo, going on, and what is kept."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from facerec_app.gui.library.box_document import BoxDocument
from facerec_app.gui.library.boxes_page import BoxesPage
from facerec_app.gui.library.library_page import LibraryLinks
from facerec_app.gui.main_window import MainWindow
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import TaskRunner
from facerec_app.services.application import Application
from tests.gui.conftest import LOADING_S, WAIT_MS


@pytest.fixture
def page(qtbot: QtBot, application: Application) -> Iterator[BoxesPage]:
    tasks = TaskRunner("boxes-test")
    made = BoxesPage(SharedServices(application), tasks, LibraryLinks())
    qtbot.addWidget(made)
    made.resize(800, 560)
    made.show()
    yield made
    assert tasks.stop(LOADING_S)


@pytest.fixture
def folder(demo_dir: Path, tmp_path: Path) -> Path:
    """Return a folder of three pictures with one face each."""
    made = tmp_path / "party"
    made.mkdir()
    for name in ("obama2.jpg", "biden.jpg", "astronaut.png"):
        shutil.copy(demo_dir / "sources" / name, made / name)
    return made


def opened(page: BoxesPage, qtbot: QtBot, title: str) -> BoxDocument:
    """Wait until a picture is in view and return what is being corrected."""
    qtbot.waitUntil(lambda: page.picture is not None and page.picture.title == title, timeout=WAIT_MS)
    document = page.canvas.document
    assert document is not None
    return document


def test_folder_is_gone_through_and_corrections_are_kept(
    page: BoxesPage, folder: Path, qtbot: QtBot, application: Application
) -> None:
    page.open_paths([folder])
    document = opened(page, qtbot, "astronaut.png")
    assert page.progress == "1 of 3"
    assert len(document.faces) == 1
    assert "proposed by the detector" in page.tools.facts
    proposed = document.faces.boxes_xyxy[0].copy()

    keys = page.canvas
    QTest.keyClick(keys, Qt.Key.Key_Right)
    QTest.keyClick(keys, Qt.Key.Key_Right)
    moved = document.faces.boxes_xyxy[0].copy()
    assert (moved - proposed)[[0, 2]] == pytest.approx(2 * round(max(proposed[2:] - proposed[:2]) * 0.02))
    QTest.keyClick(keys, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert document.faces.boxes_xyxy[0][3] > moved[3]
    assert document.faces.boxes_xyxy[0][1] == moved[1]
    QTest.keyClick(keys, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert document.faces.boxes_xyxy[0] == pytest.approx(moved)
    QTest.keyClick(keys, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)  # both steps to the right are one
    assert document.faces.boxes_xyxy[0] == pytest.approx(proposed)
    QTest.keyClick(keys, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert document.faces.boxes_xyxy[0] == pytest.approx(moved)

    QTest.keyClick(keys, Qt.Key.Key_Return)
    field = page.question.findChild(QLineEdit)
    assert field is not None
    QTest.keyClicks(field, "Eileen Collins")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert document.faces.names == ("Eileen Collins",)

    QTest.keyClick(keys, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    opened(page, qtbot, "biden.jpg")
    assert page.progress == "2 of 3"
    kept = application.library().box_data_sets().pictures()
    assert [Path(picture.location).name for picture in kept] == ["astronaut.png"]
    assert kept[0].faces.names == ("Eileen Collins",)
    assert kept[0].faces.boxes_xyxy[0] == pytest.approx(moved, abs=0.01)

    page.bar.only_new.click()
    assert page.progress == "1 of 2"
    assert page.queue.looked_at == 1


def test_new_box_gets_its_landmarks_and_is_deleted_again(page: BoxesPage, folder: Path, qtbot: QtBot) -> None:
    page.open_paths([folder / "biden.jpg"])
    document = opened(page, qtbot, "biden.jpg")
    face = document.faces.boxes_xyxy[0].copy()
    QTest.keyClick(page.canvas, Qt.Key.Key_Delete)
    assert len(document.faces) == 0
    layout = page.canvas.picture_layout()
    first, last = (layout.to_view(float(x), float(y)).toPoint() for x, y in (face[:2], face[2:]))
    QTest.mousePress(page.canvas, Qt.MouseButton.LeftButton, pos=first)
    QTest.mouseMove(page.canvas, first + QPoint(20, 20))
    QTest.mouseMove(page.canvas, last)
    QTest.mouseRelease(page.canvas, Qt.MouseButton.LeftButton, pos=last)
    assert document.faces.boxes_xyxy[0] == pytest.approx(face, abs=3 / layout.scale)
    qtbot.waitUntil(lambda: bool(document.faces.has_landmarks.all()), timeout=WAIT_MS)
    inside = document.faces.landmarks_xy[0]
    assert (inside > face[:2]).all()
    assert (inside < face[2:]).all()
    QTest.keyClick(page.canvas, Qt.Key.Key_3)
    nose = document.faces.landmarks_xy[0, 2].copy()
    QTest.keyClick(page.canvas, Qt.Key.Key_Left)
    assert document.faces.landmarks_xy[0, 2] == pytest.approx(nose - [1, 0])
    QTest.keyClick(page.canvas, Qt.Key.Key_D)
    assert "hard to see" in page.tools.facts


def test_box_where_no_face_is_gets_usual_landmarks_and_says_so(page: BoxesPage, folder: Path, qtbot: QtBot) -> None:
    page.open_paths([folder / "obama2.jpg"])
    document = opened(page, qtbot, "obama2.jpg")
    QTest.keyClick(page.canvas, Qt.Key.Key_Plus)
    assert page.canvas.zoom > 1
    QTest.keyClick(page.canvas, Qt.Key.Key_0)
    assert page.canvas.zoom == 1
    document.add(np.array([2, 2, 42, 52], np.float32))
    page.canvas.drawn.emit(len(document.faces) - 1)
    qtbot.waitUntil(lambda: "drag the dots" in page.message, timeout=WAIT_MS)
    assert document.faces.has_landmarks.all()


def test_tab_goes_from_face_to_face(page: BoxesPage, folder: Path, qtbot: QtBot) -> None:
    page.open_paths([folder / "biden.jpg"])
    document = opened(page, qtbot, "biden.jpg")
    document.add(np.array([10, 10, 60, 60], np.float32))
    document.choose(0)
    page.canvas.setFocus()
    QTest.keyClick(page.canvas, Qt.Key.Key_Tab)
    assert document.chosen == 1
    QTest.keyClick(page.canvas, Qt.Key.Key_Tab, Qt.KeyboardModifier.ShiftModifier)
    assert document.chosen == 0


def test_enrolled_face_cannot_be_deleted_and_is_embedded_anew_when_moved(
    page: BoxesPage, demo_dir: Path, qtbot: QtBot, application: Application
) -> None:
    application.enrolment().enrol_files("Joe Biden", [demo_dir / "sources" / "biden.jpg"])
    before = application.gallery().index().snapshot.vectors[0].copy()
    page.open_gallery()
    document = opened(page, qtbot, "Joe Biden")
    assert document.faces.names[0] == "Joe Biden"
    QTest.keyClick(page.canvas, Qt.Key.Key_Delete)
    assert "enrolled face of Joe Biden" in page.message
    assert len(document.faces) >= 1
    for _ in range(4):
        QTest.keyClick(page.canvas, Qt.Key.Key_Up)
    QTest.keyClick(page.canvas, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: "recognised by its new place" in page.message, timeout=WAIT_MS)
    after = application.gallery().index().snapshot.vectors[0]
    assert 0.2 < float(before @ after) < 0.9999


def test_nothing_enrolled_says_what_to_do(page: BoxesPage, qtbot: QtBot) -> None:
    page.activate()
    qtbot.waitUntil(lambda: "Nobody is enrolled yet" in page._nothing.text(), timeout=WAIT_MS)
    assert not page.tools.save.isEnabled()


def test_folder_without_pictures_takes_the_place_of_what_was_shown(
    page: BoxesPage, folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    page.open_paths([folder])
    qtbot.waitUntil(lambda: page.picture is not None, timeout=WAIT_MS)
    empty = tmp_path / "nothing here"
    empty.mkdir()
    page.open_paths([empty])
    qtbot.waitUntil(lambda: "holds no pictures" in page._nothing.text(), timeout=WAIT_MS)
    assert page._stack.currentWidget() is page._nothing
    assert page.canvas.document is None
    assert not page.tools.save.isEnabled()


def test_what_was_corrected_last_is_kept_when_the_program_closes(
    qtbot: QtBot, window: MainWindow, folder: Path, application: Application
) -> None:
    page = window.show_library().show_page("boxes")
    assert isinstance(page, BoxesPage)
    page.open_paths([folder / "biden.jpg"])
    document = opened(page, qtbot, "biden.jpg")
    qtbot.waitUntil(lambda: not window.tasks.is_busy, timeout=WAIT_MS)
    document.rename("Joe Biden")
    window.close()
    assert window.has_ended
    assert window.end(0.0), "and whoever asks again does not wait for what is done"
    (kept,) = application.library().box_data_sets().pictures()
    assert kept.faces.names == ("Joe Biden",)


def test_pictures_that_were_only_looked_at_are_not_taken_for_corrected_when_the_program_closes(
    qtbot: QtBot, window: MainWindow, folder: Path, application: Application
) -> None:
    page = window.show_library().show_page("boxes")
    assert isinstance(page, BoxesPage)
    page.open_paths([folder / "biden.jpg"])
    opened(page, qtbot, "biden.jpg")
    window.close()
    assert application.library().box_data_sets().pictures() == ()


def test_picture_with_a_name_of_an_old_archive_is_corrected_too(
    page: BoxesPage, folder: Path, qtbot: QtBot, application: Application
) -> None:
    try:
        old = os.fsdecode(os.fsencode(folder) + b"/M\xfcller.jpg")
        (folder / "biden.jpg").rename(old)
    except (OSError, UnicodeError) as exc:
        pytest.skip(f"this file system takes no such names: {exc}")
    page.open_paths([Path(old)])
    qtbot.waitUntil(lambda: page.picture is not None, timeout=WAIT_MS)
    page.save_and_next()
    qtbot.waitUntil(lambda: "saved" in page.message, timeout=WAIT_MS)
    (kept,) = application.library().box_data_sets().pictures()
    assert kept.location.endswith(r"M\xfcller.jpg")


def test_damaged_picture_is_said_and_passed_over(page: BoxesPage, folder: Path, qtbot: QtBot) -> None:
    (folder / "a.jpg").write_bytes(b"no picture at all")
    page.open_paths([folder])
    qtbot.waitUntil(lambda: "is no picture" in page._nothing.text(), timeout=WAIT_MS)
    page.save_and_next()
    opened(page, qtbot, "astronaut.png")
