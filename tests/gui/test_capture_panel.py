"""Guided capture fed from a video of somebody who turns and nods his head."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from facerec_app.gui.main_window import MainWindow
from facerec_app.services.application import Application
from facerec_app.services.guided_capture import CapturePose, CaptureState

WAIT_MS = 60_000
FIRST_FRAME = 82  # Lin-Manuel Miranda comes on


@pytest.fixture
def hamilton(test_data_dir: Path) -> str:
    return str(test_data_dir / "video" / "hamilton_640x360.mp4")


def test_poses_of_a_video_are_taken_and_enrolled_under_the_name(
    qtbot: QtBot, application: Application, window: MainWindow, hamilton: str
) -> None:
    states: list[CaptureState] = []
    window.capture.progressed.connect(states.append)
    window.docks.show("capture")
    window.open_source(hamilton)
    qtbot.waitUntil(lambda: window.session.newest_result is not None, timeout=WAIT_MS)
    window.session.set_speed(0.5)  # as many looks as a quicker machine would have
    window.session.seek(FIRST_FRAME)
    window.capture.start()
    qtbot.waitUntil(lambda: window.capture.is_capturing, timeout=WAIT_MS)

    def three_poses() -> bool:
        return bool(states) and sum(count > 0 for count in states[-1].covered.values()) >= 3

    qtbot.waitUntil(three_poses, timeout=WAIT_MS)
    window.session.pause()
    window.capture.stop()
    covered = states[-1].covered
    assert covered[CapturePose.STRAIGHT] > 0
    taken = len(window.capture.pictures)
    assert taken >= 3
    edit = window.capture.findChild(QLineEdit)
    assert isinstance(edit, QLineEdit)
    edit.setText("Lin-Manuel Miranda")
    with qtbot.waitSignal(window.capture.enrolled, timeout=WAIT_MS) as enrolled:
        window.capture.enrol()
    assert 3 <= enrolled.args[0].enrolled <= taken
    assert "is enrolled with" in window.capture.advice
    (person,) = application.people().everybody()
    assert (person.name, person.face_count) == ("Lin-Manuel Miranda", enrolled.args[0].enrolled)


def test_without_a_source_the_camera_is_offered_and_nobody_in_view_is_said(
    qtbot: QtBot, window: MainWindow, hamilton: str
) -> None:
    window.docks.show("capture")
    with qtbot.waitSignal(window.capture.camera_asked):
        window.capture._camera.click()
    window.open_source(hamilton)
    qtbot.waitUntil(lambda: window.session.newest_result is not None, timeout=WAIT_MS)
    window.session.pause()
    window.session.seek(50)  # the stage from afar
    window.capture.start()
    qtbot.waitUntil(lambda: window.capture.advice == "Nobody is in view", timeout=WAIT_MS)
    assert window.capture.pictures == ()
