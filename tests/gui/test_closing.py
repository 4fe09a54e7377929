"""Closing in any state ends every thread."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from facerec_app.gui.main_window import MainWindow
from facerec_app.gui.session_worker import PlayState

WAIT_MS = 30_000
CLOSING_S = 3.0


def close_and_measure(window: MainWindow) -> float:
    started_s = time.monotonic()
    window.close()
    return time.monotonic() - started_s


def running() -> set[str]:
    ours = {"capture", "inference", "frame-scaler", "window-tasks", "session-control"}
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
