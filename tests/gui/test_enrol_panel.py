"""Enrolling from files in the side panel."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from facerec_app.capture.images import read_image
from facerec_app.gui.enrol_model import RowState
from facerec_app.gui.main_window import MainWindow
from facerec_app.gui.session_worker import PlayState
from facerec_app.services.application import Application

WAIT_MS = 60_000


def test_good_pictures_are_added_and_bad_ones_explained(
    qtbot: QtBot, window: MainWindow, demo_dir: Path, tmp_path: Path
) -> None:
    text = tmp_path / "notes.jpg"
    text.write_text("not a picture")
    good = [demo_dir / "sources" / "obama2.jpg", demo_dir / "sources" / "obama3.jpg"]
    no_face = demo_dir.parent / "icons" / "facerec-256.png"
    window.enrol.set_name("Barack Obama")
    window.enrol.add_paths([*good, text, no_face])
    with qtbot.waitSignal(window.enrol.finished, timeout=WAIT_MS):
        window.enrol.start()
    states = {row.path.name: row.state for row in window.enrol.model.rows}
    assert states == {
        "obama2.jpg": RowState.ADDED,
        "obama3.jpg": RowState.ADDED,
        "notes.jpg": RowState.REFUSED,
        "facerec-256.png": RowState.REFUSED,
    }
    reasons = {row.path.name: row.reason for row in window.enrol.model.rows}
    assert "no picture" in reasons["notes.jpg"]
    assert "No face was found" in reasons["facerec-256.png"]
    assert str(tmp_path) not in reasons["notes.jpg"], "the row names the file already"
    assert "2 added" in window.enrol.message
    qtbot.waitUntil(lambda: [p.face_count for p in window.people.people] == [2], timeout=WAIT_MS)


def test_running_view_uses_new_people_at_once(qtbot: QtBot, window: MainWindow, demo_dir: Path) -> None:
    window.open_source(str(demo_dir / "demo.mp4"))
    qtbot.waitUntil(lambda: "Unknown, Click to name" in window.stage.strip.names, timeout=WAIT_MS)
    window.session.pause()
    window.enrol.set_name("Barack Obama")
    window.enrol.add_paths([demo_dir / "people" / "Barack_Obama"])
    window.enrol.start()
    qtbot.waitUntil(lambda: any(name.startswith("Barack Obama") for name in window.stage.strip.names), timeout=WAIT_MS)
    assert window.session.state is PlayState.PAUSED


def test_cancelling_keeps_what_was_added(qtbot: QtBot, window: MainWindow, test_data_dir: Path) -> None:
    folders = sorted(p for p in (test_data_dir / "lfw").iterdir() if p.is_dir() and len(list(p.iterdir())) > 30)
    pictures = sorted(folders[0].iterdir())
    window.enrol.set_name("Much Photographed")
    window.enrol.add_paths(pictures)
    with qtbot.waitSignal(window.enrol.finished, timeout=WAIT_MS) as ended:
        window.enrol.start()
        qtbot.waitUntil(lambda: window.enrol.progress_text.startswith(("1 ", "2 ", "3 ", "4 ")), timeout=WAIT_MS)
        window.enrol.cancel()
    report = ended.args[0]
    assert 0 < len(report.rows) < len(pictures)
    assert window.enrol.model.waiting, "the others are still there to go on with"


def test_pictures_of_another_format_and_folders_are_listed_once(
    qtbot: QtBot, window: MainWindow, demo_dir: Path
) -> None:
    folder = demo_dir / "people" / "Grace_Hopper"
    window.enrol.add_paths([folder])
    window.enrol.add_paths([folder, *folder.iterdir()])
    assert [row.path.name for row in window.enrol.model.rows] == ["grace_hopper.jpg"]
    qtbot.waitUntil(lambda: window.enrol.model.rows[0].thumbnail is not None, timeout=WAIT_MS)


def test_incomplete_consent_is_asked_for(
    qtbot: QtBot, application: Application, window: MainWindow, demo_dir: Path
) -> None:
    window.enrol.set_name("Grace Hopper")
    window.enrol.add_paths([demo_dir / "people" / "Grace_Hopper"])
    window.enrol.consent.fill("Reception", "")
    window.enrol.start()
    assert "both" in window.enrol.message
    assert not window.enrol.is_busy
    window.enrol.consent.fill("Reception", "Grace Hopper")
    with qtbot.waitSignal(window.enrol.finished, timeout=WAIT_MS):
        window.enrol.start()
    consent = application.people().find("Grace Hopper").consent
    assert consent is not None
    assert (consent.purpose, consent.agreed_by, consent.until) == ("Reception", "Grace Hopper", None)


@pytest.fixture
def twelve_pictures(demo_dir: Path, test_data_dir: Path, tmp_path: Path) -> Path:
    """Return a folder of eight good pictures of one person and four that are bad in four ways."""
    folder = tmp_path / "twelve"
    folder.mkdir()
    person = next(
        p for p in sorted((test_data_dir / "lfw").iterdir()) if p.is_dir() and 12 <= len(list(p.iterdir())) <= 40
    )
    for number, picture in enumerate(sorted(person.iterdir())[:8]):
        shutil.copy(picture, folder / f"good-{number}.jpg")
    (folder / "bad-text.jpg").write_text("no picture")
    Image.new("RGB", (300, 300), (90, 120, 90)).save(folder / "bad-nobody.jpg")
    with Image.open(demo_dir / "sources" / "obama2.jpg") as whole:
        dark = whole.convert("RGB")
    dark.thumbnail((320, 320))
    dark.point(lambda value: value * 0.12).save(folder / "bad-dark.jpg")
    shutil.copy(test_data_dir / "photos" / "scenes" / "obama_and_biden.jpg", folder / "bad-two.jpg")
    return folder


def test_of_twelve_pictures_eight_are_enrolled_and_four_explained_one_after_the_other(
    qtbot: QtBot, window: MainWindow, twelve_pictures: Path
) -> None:
    window.enrol.set_name("Somebody")
    window.enrol.add_paths([twelve_pictures])
    judged: list[int] = []
    closed = {RowState.ADDED, RowState.REFUSED}
    window.enrol.model.dataChanged.connect(
        lambda *_: judged.append(sum(row.state in closed for row in window.enrol.model.rows))
    )
    with qtbot.waitSignal(window.enrol.finished, timeout=WAIT_MS):
        window.enrol.start()
    added = {row.path.name for row in window.enrol.model.rows if row.state is RowState.ADDED}
    refused = {row.path.name: row.reason for row in window.enrol.model.rows if row.state is RowState.REFUSED}
    assert added == {f"good-{number}.jpg" for number in range(8)}, refused
    assert set(refused) == {"bad-text.jpg", "bad-nobody.jpg", "bad-dark.jpg", "bad-two.jpg"}
    assert all(refused.values())
    assert set(range(1, 13)) <= set(judged), "every row changed as its picture was judged"
    assert "8 added, 4 not used" in window.enrol.message
    qtbot.waitUntil(lambda: [p.face_count for p in window.people.people] == [8], timeout=WAIT_MS)


def test_one_of_two_faces_is_pointed_at_and_enrolled(qtbot: QtBot, window: MainWindow, test_data_dir: Path) -> None:
    scene = test_data_dir / "photos" / "scenes" / "obama_and_biden.jpg"
    panel = window.enrol
    panel.set_name("Left One")
    panel.add_paths([scene])
    with qtbot.waitSignal(panel.finished, timeout=WAIT_MS):
        panel.start()
    assert "choose the one that is meant" in panel.model.rows[0].reason
    panel.choose_face()
    qtbot.waitUntil(lambda: panel.editor.isVisible() and len(panel.editor.view.boxes) >= 2, timeout=WAIT_MS)
    x0, y0, x1, y1 = panel.editor.view.boxes[0]
    rect = panel.editor.view.picture_rect()
    height, width = read_image(scene).shape[:2]
    point = QPoint(
        round(rect.left() + (x0 + x1) / 2 / width * rect.width()),
        round(rect.top() + (y0 + y1) / 2 / height * rect.height()),
    )
    QTest.mouseClick(panel.editor.view, Qt.MouseButton.LeftButton, pos=point)
    assert panel.editor.view.chosen == panel.editor.view.boxes[0]
    with qtbot.waitSignal(panel.finished, timeout=WAIT_MS):
        QTest.keyClick(panel.editor.view, Qt.Key.Key_Return)
    assert panel.model.rows[0].state is RowState.ADDED
    assert not panel.editor.isVisible()


def test_box_is_drawn_moved_by_keys_and_given_up(qtbot: QtBot, window: MainWindow, demo_dir: Path) -> None:
    panel = window.enrol
    panel.set_name("Somebody")
    panel.add_paths([demo_dir / "sources" / "obama2.jpg"])
    window.show_enrol_panel()
    panel.select_row(0)
    panel.choose_face()
    view = panel.editor.view
    qtbot.waitUntil(lambda: panel.editor.isVisible() and len(view.boxes) == 1, timeout=WAIT_MS)
    rect = view.picture_rect()
    middle = rect.center().toPoint()
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=rect.topLeft().toPoint() + QPoint(4, 4))
    QTest.mouseMove(view, middle)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=middle)
    drawn = view.chosen
    assert drawn is not None
    assert drawn not in view.boxes
    QTest.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    moved = view.chosen
    assert moved is not None
    assert moved[0] > drawn[0]
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert not panel.editor.isVisible()
    assert panel.model.rows[0].state is RowState.WAITING


def test_somebody_known_by_another_name_is_added_only_when_insisted_on(
    qtbot: QtBot, application: Application, window: MainWindow, demo_dir: Path
) -> None:
    application.enrolment().import_folder(demo_dir / "people")
    panel = window.enrol
    panel.set_name("Somebody New")
    panel.add_paths([demo_dir / "sources" / "obama2.jpg"])
    with qtbot.waitSignal(panel.finished, timeout=WAIT_MS):
        panel.start()
    assert "already enrolled as Barack Obama" in panel.model.rows[0].reason
    assert panel.model.rows[0].may_insist
    with qtbot.waitSignal(panel.finished, timeout=WAIT_MS):
        panel.add_anyway()
    assert panel.model.rows[0].state is RowState.ADDED


def test_the_person_of_a_video_is_picked_from_those_found(qtbot: QtBot, window: MainWindow, demo_dir: Path) -> None:
    panel = window.enrol
    panel.set_name("Somebody")
    panel.add_paths([demo_dir / "demo.mp4"])
    panel.start()
    qtbot.waitUntil(panel.video_people.isVisible, timeout=WAIT_MS)
    cards = panel.video_people.cards.model()
    assert cards.rowCount() >= 2
    assert "looks" in cards.index(0, 0).data()
    panel.video_people.cards.setCurrentIndex(cards.index(1, 0))
    with qtbot.waitSignal(panel.finished, timeout=WAIT_MS) as ended:
        QTest.keyClick(panel.video_people.cards, Qt.Key.Key_Return)
    assert ended.args[0].enrolled >= 1
    assert all(row.state is RowState.ADDED and row.thumbnail is not None for row in panel.model.rows)
    assert not panel.video_people.isVisible()


def test_search_of_a_video_is_cancelled_and_can_be_begun_again(
    qtbot: QtBot, window: MainWindow, demo_dir: Path
) -> None:
    panel = window.enrol
    panel.set_name("Somebody")
    panel.add_paths([demo_dir / "demo.mp4"])
    panel.start()
    qtbot.waitUntil(lambda: " of " in panel.progress_text, timeout=WAIT_MS)
    panel.cancel()
    qtbot.waitUntil(lambda: not panel.is_busy, timeout=WAIT_MS)
    assert [row.state for row in panel.model.rows] == [RowState.WAITING]
    assert not panel.video_people.isVisible()
