"""Speed, recording, folders of pictures, and names that stay while the gallery changes."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import cv2
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from facerec_app.core.types import FrameResult, Verdict
from facerec_app.gui.main_window import MainWindow
from facerec_app.gui.session_worker import PlayState
from facerec_app.services.application import Application

WAIT_MS = 30_000


@pytest.fixture
def hamilton(test_data_dir: Path) -> str:
    return str(test_data_dir / "video" / "hamilton_640x360.mp4")


@pytest.fixture
def recordings(window: MainWindow, tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    window._settings.setValue("recording/folder", str(folder))
    return folder


def play(qtbot: QtBot, window: MainWindow, source: str) -> None:
    window.open_source(source)
    qtbot.waitUntil(lambda: window.session.newest_result is not None, timeout=WAIT_MS)


def frames_in(video: Path) -> int:
    capture = cv2.VideoCapture(str(video))
    count = 0
    while capture.read()[0]:
        count += 1
    capture.release()
    return count


def test_speed_of_a_file_follows_keys_and_starts_anew_with_another_source(
    qtbot: QtBot, window: MainWindow, hamilton: str, demo_dir: Path
) -> None:
    play(qtbot, window, hamilton)
    window.activateWindow()
    for _ in range(3):
        QTest.keyClick(window, Qt.Key.Key_Minus)
    assert window.session.speed == 0.25, "the slowest"
    QTest.keyClick(window, Qt.Key.Key_Plus)
    # Measured at half the speed: a busy machine may be too slow for twice.
    window.session.seek(0)
    frame = window.session.newest_frame
    qtbot.waitUntil(lambda: (f := window.session.newest_frame) is not None and f is not frame and f.index >= 10)
    started_s, first = time.monotonic(), window.session.newest_frame
    assert first is not None
    qtbot.waitUntil(
        lambda: (f := window.session.newest_frame) is not None and f.index >= first.index + 30, timeout=WAIT_MS
    )
    last = window.session.newest_frame
    assert last is not None
    played_s = last.timestamp_s - first.timestamp_s
    assert played_s / (time.monotonic() - started_s) == pytest.approx(0.5, rel=0.35)
    for _ in range(2):
        QTest.keyClick(window, Qt.Key.Key_Plus)
    assert window.session.speed == 2.0
    play(qtbot, window, str(demo_dir / "demo.mp4"))
    assert window.session.speed == 1.0


def test_recording_is_a_whole_video_with_boxes_of_the_time_that_was_recorded(
    qtbot: QtBot, window: MainWindow, hamilton: str, recordings: Path
) -> None:
    play(qtbot, window, hamilton)
    window.toggle_recording()
    assert window.recorder.is_recording
    qtbot.waitUntil(lambda: window.recorder.seconds >= 1.0, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: window.stage.transport.recorded_text == "0:01", timeout=WAIT_MS)
    recorded_s = window.recorder.seconds
    with qtbot.waitSignal(window.recorder.saved, timeout=WAIT_MS) as saved:
        window.toggle_recording()
    assert window.stage.transport.recorded_text == ""
    (file,) = recordings.iterdir()
    assert saved.args == [str(file)]
    assert frames_in(file) == pytest.approx(recorded_s * 29.97, abs=12)


def test_recording_is_saved_when_the_window_is_closed(
    qtbot: QtBot, window: MainWindow, hamilton: str, recordings: Path
) -> None:
    play(qtbot, window, hamilton)
    window.toggle_recording()
    qtbot.waitUntil(lambda: window.recorder.seconds >= 0.5, timeout=WAIT_MS)
    window.close()
    assert window.has_ended
    (file,) = recordings.iterdir()
    assert frames_in(file) >= 10


def test_recording_ends_with_the_video_and_not_with_a_pause(
    qtbot: QtBot, window: MainWindow, hamilton: str, recordings: Path
) -> None:
    play(qtbot, window, hamilton)
    window.session.seek(250)
    window.toggle_recording()
    window.session.pause()
    assert window.recorder.is_recording
    window.session.play()
    with qtbot.waitSignal(window.recorder.saved, timeout=WAIT_MS):
        pass  # of its own accord, with the end of the video
    qtbot.waitUntil(lambda: window.session.state is PlayState.ENDED, timeout=WAIT_MS)
    assert window.recorder.seconds == 0.0, "nothing is recorded any more"
    assert len(list(recordings.iterdir())) == 1


def test_full_disk_is_said_in_one_line_and_leaves_nothing(
    qtbot: QtBot, window: MainWindow, hamilton: str, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(qtbot, window, hamilton)
    monkeypatch.setattr(
        "facerec_app.capture.video_file_sink.shutil.disk_usage", lambda _: shutil._ntuple_diskusage(100, 100, 0)
    )
    with qtbot.waitSignal(window.recorder.failed, timeout=WAIT_MS):
        window.toggle_recording()
    assert "disk is full" in window.stage.notice.message
    assert not window.recorder.is_recording
    assert list(recordings.iterdir()) == []
    assert window.session.state is PlayState.PLAYING, "the view goes on"


def test_pictures_of_a_folder_get_their_verdict_at_the_first_look_and_none_is_passed_over(
    qtbot: QtBot, application: Application, window: MainWindow, demo_dir: Path, tmp_path: Path
) -> None:
    application.enrolment().import_folder(demo_dir / "people")
    folder = tmp_path / "pictures"
    folder.mkdir()
    sources = sorted((demo_dir / "sources").glob("*.jpg"))[:3]
    for number, picture in enumerate(sources):
        shutil.copy(picture, folder / f"{number}.jpg")
    seen: dict[int, FrameResult] = {}

    def note() -> None:
        result = window.session.newest_result
        if result is not None:
            seen.setdefault(result.frame.index, result)

    window.session.result_changed.connect(note)
    window.open_source(str(folder))
    qtbot.waitUntil(lambda: window.session.state is PlayState.ENDED and len(seen) == len(sources), timeout=WAIT_MS)
    decided = [decision.verdict for result in seen.values() for decision in result.decisions]
    assert decided
    assert Verdict.UNDECIDED not in decided


def test_names_stay_while_somebody_else_is_enrolled(
    qtbot: QtBot, application: Application, window: MainWindow, demo_dir: Path
) -> None:
    application.enrolment().enrol_files("Barack Obama", [demo_dir / "people" / "Barack_Obama"])
    play(qtbot, window, str(demo_dir / "demo.mp4"))
    window.session.pause()
    window.session.seek(120)
    qtbot.waitUntil(lambda: any(n.startswith("Barack Obama") for n in window.stage.strip.names), timeout=WAIT_MS)
    revision = application.gallery().index().snapshot.revision
    verdicts: list[Verdict] = []

    def note() -> None:
        result = window.session.newest_result
        if result is not None and result.gallery_revision > revision:
            verdicts.extend(decision.verdict for decision in result.decisions)

    window.session.result_changed.connect(note)
    window.session.play()
    application.enrolment().enrol_files("Grace Hopper", [demo_dir / "people" / "Grace_Hopper"])
    qtbot.waitUntil(lambda: len(verdicts) >= 10, timeout=WAIT_MS)
    assert set(verdicts) == {Verdict.KNOWN}
