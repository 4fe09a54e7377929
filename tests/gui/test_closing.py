"""Closing in any state ends every thread."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from facerec_app.gui.main_window import MainWindow
from facerec_app.gui.session_worker import PlayState
from facerec_app.services.application import Application

WAIT_MS = 30_000
CLOSING_S = 3.0


def close_and_measure(window: MainWindow) -> float:
    started_s = time.monotonic()
    window.close()
    return time.monotonic() - started_s


def running() -> set[str]:
    ours = {
        "capture", "inference", "frame-scaler", "window-tasks", "session-control", "recorder", "recording",
        "guided-capture", "retraining", "retraining-control", "camera-recovery",
    }  # fmt: skip
    return {thread.name for thread in threading.enumerate()} & ours


@pytest.mark.parametrize("state", ["empty", "opening", "playing", "paused", "ended"])
def test_closing_ends_every_thread_in_time(qtbot: QtBot, window: MainWindow, demo_dir: Path, state: str) -> None:
    if state != "empty":
        window.open_source(str(demo_dir / "demo.mp4"))
    if state not in {"empty", "opening"}:
        qtbot.waitUntil(lambda: window.session.newest_result is not None, timeout=WAIT_MS)
    if state == "paused":
        window.session.pause()
    if state == "ended":
        window.session.seek(10**6)
        qtbot.waitUntil(lambda: window.session.state is PlayState.ENDED, timeout=WAIT_MS)
    assert close_and_measure(window) <= CLOSING_S
    if window.has_ended:
        assert not running()


def test_closing_while_enrolling_ends_every_thread(qtbot: QtBot, window: MainWindow, test_data_dir: Path) -> None:
    window.enrol.set_name("Many Pictures")
    window.enrol.add_paths(sorted((test_data_dir / "portraits").iterdir())[:80])
    qtbot.waitUntil(lambda: not window.tasks.is_busy, timeout=WAIT_MS)
    window.enrol.start()
    qtbot.waitUntil(lambda: "of 80" in window.enrol.progress_text, timeout=WAIT_MS)
    assert close_and_measure(window) <= CLOSING_S
    assert window.has_ended
    assert not running()


def test_closing_while_recording_and_capturing_ends_every_thread_and_keeps_the_video(
    qtbot: QtBot, window: MainWindow, demo_dir: Path, tmp_path: Path
) -> None:
    window._settings.setValue("recording/folder", str(tmp_path / "recordings"))
    window.open_source(str(demo_dir / "demo.mp4"))
    qtbot.waitUntil(lambda: window.session.newest_result is not None, timeout=WAIT_MS)
    window.capture.start()
    qtbot.waitUntil(lambda: window.capture.is_capturing, timeout=WAIT_MS)
    window.toggle_recording()
    qtbot.waitUntil(lambda: window.recorder.seconds > 0.2, timeout=WAIT_MS)
    assert close_and_measure(window) <= CLOSING_S
    assert window.has_ended
    assert not running()
    assert len(list((tmp_path / "recordings").iterdir())) == 1


def test_closing_while_training_ends_the_process_of_the_training(
    qtbot: QtBot, application: Application, window: MainWindow, demo_dir: Path
) -> None:
    application.enrolment().import_folder(demo_dir / "people")
    window.docks.show("retrain")
    with qtbot.waitSignal(window.retrain.worker.progressed, timeout=WAIT_MS):
        window.retrain.start()
    run = window.retrain.worker._run
    assert run is not None
    assert close_and_measure(window) <= CLOSING_S
    assert window.has_ended
    assert not running()
    assert run._process.poll() is not None
    assert application.versions().list() == ()


def test_closing_while_settings_take_effect_ends_every_thread(qtbot: QtBot, window: MainWindow, demo_dir: Path) -> None:
    window.open_source(str(demo_dir / "demo.mp4"))
    qtbot.waitUntil(lambda: window.session.newest_result is not None, timeout=WAIT_MS)
    window.docks.show("settings")
    with qtbot.waitSignal(window.preferences.changed, timeout=WAIT_MS):
        window.preferences.strictness.move_to(0.01)
    assert close_and_measure(window) <= CLOSING_S
    if window.has_ended:
        assert not running()
