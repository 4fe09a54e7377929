"""The window on real videos: names appear, faces are named, playback obeys."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from facerec_app.gui.main_window import MainWindow
from facerec_app.gui.session_worker import PlayState
from facerec_app.services.application import Application

WAIT_MS = 30_000
LIN_MANUEL_FRAME = 120  # Lin-Manuel Miranda faces the camera
BARACK_OBAMA_FRAME = 110


@pytest.fixture
def hamilton(test_data_dir: Path) -> str:
    return str(test_data_dir / "video" / "hamilton_640x360.mp4")


@pytest.fixture
def demo_video(demo_dir: Path) -> str:
    return str(demo_dir / "demo.mp4")


def hold_at(qtbot: QtBot, window: MainWindow, index: int) -> None:
    """Stop at a frame whose boxes are shown."""
    qtbot.waitUntil(lambda: window.session.newest_result is not None, timeout=WAIT_MS)
    window.session.pause()
    window.session.seek(index)

    def is_there() -> bool:
        # What the view shows, not what the session has: a result reaches the view by a queued signal.
        frame, result = window.stage.view.frame, window.stage.view.result
        return frame is not None and result is not None and frame.index == index == result.frame.index

    qtbot.waitUntil(is_there, timeout=WAIT_MS)


def first_face(window: MainWindow) -> QPoint:
    """Return where the first face in view is, in the live view's coordinates."""
    result = window.stage.view.result
    assert result is not None
    rect = window.stage.view.face_rect(int(result.track_ids[0]))
    assert rect is not None
    return rect.center()


def name_the_face(window: MainWindow, name: str) -> None:
    """Click the first face and type a name."""
    QTest.mouseClick(window.stage.view, Qt.MouseButton.LeftButton, pos=first_face(window))
    edit = window.stage.popover.findChild(QLineEdit)
    assert isinstance(edit, QLineEdit)
    edit.setFocus()
    QTest.keyClicks(edit, name)
    QTest.keyClick(edit, Qt.Key.Key_Return)


def test_name_of_an_enrolled_person_appears(
    qtbot: QtBot, application: Application, window: MainWindow, hamilton: str, named_material: Path
) -> None:
    application.enrolment().import_folder(named_material)
    window.open_source(hamilton)
    qtbot.waitUntil(
        lambda: any(name.startswith("Lin-Manuel Miranda") for name in window.stage.strip.names), timeout=WAIT_MS
    )
    result = window.stage.view.result
    assert result is not None
    assert "Lin-Manuel Miranda" in {result.name_of(decision) for decision in result.decisions}
    qtbot.waitUntil(lambda: len(window.people.people) == 5, timeout=WAIT_MS)


def test_clicked_face_is_named_within_two_seconds(qtbot: QtBot, window: MainWindow, hamilton: str) -> None:
    window.open_source(hamilton)
    hold_at(qtbot, window, LIN_MANUEL_FRAME)
    qtbot.waitUntil(lambda: window.stage.strip.names == ["Unknown, Click to name"], timeout=WAIT_MS)
    window.session.play()
    name_the_face(window, "Somebody New")
    asked_s = time.monotonic()
    qtbot.waitUntil(lambda: any(name.startswith("Somebody New") for name in window.stage.strip.names), timeout=WAIT_MS)
    assert time.monotonic() - asked_s <= 2.0
    qtbot.waitUntil(lambda: [person.name for person in window.people.people] == ["Somebody New"], timeout=WAIT_MS)
    assert window.stage.popover.track_id == -1, "the question is closed"


def test_face_of_a_held_picture_is_named(qtbot: QtBot, window: MainWindow, demo_dir: Path) -> None:
    window.open_source(str(demo_dir / "sources" / "obama2.jpg"))
    qtbot.waitUntil(lambda: window.session.state is PlayState.ENDED, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: len(window.stage.strip.names) == 1, timeout=WAIT_MS)
    name_the_face(window, "Barack Obama")
    qtbot.waitUntil(lambda: any(name.startswith("Barack Obama") for name in window.stage.strip.names), timeout=WAIT_MS)


def test_single_picture_of_an_enrolled_person_gets_the_name(
    qtbot: QtBot, application: Application, window: MainWindow, demo_dir: Path
) -> None:
    application.enrolment().import_folder(demo_dir / "people")
    window.open_source(str(demo_dir / "sources" / "obama2.jpg"))
    qtbot.waitUntil(lambda: any(name.startswith("Barack Obama") for name in window.stage.strip.names), timeout=WAIT_MS)


def test_name_that_cannot_be_used_is_explained_beside_the_face(
    qtbot: QtBot, window: MainWindow, demo_video: str
) -> None:
    window.open_source(demo_video)
    hold_at(qtbot, window, BARACK_OBAMA_FRAME)
    name_the_face(window, "../x")
    qtbot.waitUntil(lambda: "slashes" in window.stage.popover.message, timeout=WAIT_MS)
    assert window.stage.popover.track_id != -1
    QTest.keyClick(window.stage.popover, Qt.Key.Key_Escape)
    assert window.stage.popover.track_id == -1


def test_playback_pauses_steps_jumps_and_ends(qtbot: QtBot, window: MainWindow, hamilton: str) -> None:
    window.open_source(hamilton)
    hold_at(qtbot, window, 100)
    qtbot.waitUntil(lambda: window.session.state is PlayState.PAUSED)
    window.session.step()
    qtbot.waitUntil(lambda: window.session.newest_frame is not None and window.session.newest_frame.index == 101)
    window.session.seek(10)
    qtbot.waitUntil(lambda: window.session.newest_frame is not None and window.session.newest_frame.index == 10)
    window.session.seek(265)
    window.session.play()
    qtbot.waitUntil(lambda: window.session.state is PlayState.ENDED, timeout=WAIT_MS)
    window.session.toggle()
    qtbot.waitUntil(lambda: window.session.state is PlayState.PLAYING)
    qtbot.waitUntil(
        lambda: window.session.newest_frame is not None and 0 < window.session.newest_frame.index < 200,
        timeout=WAIT_MS,
    )


def test_paused_window_does_nothing(qtbot: QtBot, window: MainWindow, demo_video: str) -> None:
    window.open_source(demo_video)
    hold_at(qtbot, window, BARACK_OBAMA_FRAME)
    qtbot.waitUntil(lambda: not window.tasks.is_busy, timeout=WAIT_MS)
    assert not window.figures.is_counting
    looks = 0  # a held picture is looked at until its verdict stands, and then no more
    while True:
        with qtbot.waitSignal(window.session.result_changed, timeout=600, raising=False) as look:
            pass
        if not look.signal_triggered:
            break
        looks += 1
        assert looks < 10
    with (
        qtbot.assertNotEmitted(window.session.frame_changed, wait=400),
        qtbot.assertNotEmitted(window.session.result_changed, wait=0),
        qtbot.assertNotEmitted(window.stage.view.painted, wait=0),
    ):
        pass


def test_another_source_replaces_the_first(qtbot: QtBot, window: MainWindow, hamilton: str, demo_video: str) -> None:
    window.open_source(hamilton)
    window.open_source(demo_video)
    qtbot.waitUntil(
        lambda: window.session.newest_frame is not None and window.session.newest_frame.source_id == demo_video,
        timeout=WAIT_MS,
    )
    window.open_source(hamilton)
    qtbot.waitUntil(
        lambda: window.session.newest_frame is not None and window.session.newest_frame.source_id == hamilton,
        timeout=WAIT_MS,
    )
    assert window.sources.recent[:2] == [hamilton, demo_video]


def test_source_that_cannot_be_opened_is_said_once_in_place(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(b"no video at all")
    with qtbot.waitSignal(window.session.failed, timeout=WAIT_MS):
        window.open_source(str(damaged))
    assert "damaged.mp4" in window.stage.notice.message
    assert window.session.state is PlayState.FAILED
    assert window.stage.welcome.isVisible()


def test_picture_is_saved_in_its_own_size_with_boxes(qtbot: QtBot, window: MainWindow, demo_video: str) -> None:
    window.open_source(demo_video)
    hold_at(qtbot, window, BARACK_OBAMA_FRAME)
    result = window.stage.view.result  # a held picture is looked at several times, and a box may move by a pixel
    snapshot = window.stage.view.snapshot()
    frame = window.session.newest_frame
    assert snapshot is not None
    assert frame is not None
    assert (snapshot.width(), snapshot.height()) == (frame.width_px, frame.height_px)
    assert result is not None
    x, y = (round(float(v)) for v in result.detections.boxes_xyxy[0][:2])
    edge = [(snapshot.pixelColor(x + step, y), frame.pixels_rgb[y, x + step]) for step in range(20, 60)]
    changed = [(c.red(), c.green(), c.blue()) != tuple(int(v) for v in pixel) for c, pixel in edge]
    assert sum(changed) >= len(edge) // 2, "the upper edge of the box lies there"
    away = snapshot.pixelColor(2, 2)
    assert (away.red(), away.green(), away.blue()) == tuple(int(v) for v in frame.pixels_rgb[2, 2])
