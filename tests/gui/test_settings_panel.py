"""Settings in the window: written at once, in force at once, the view goes on where it was."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from facerec_app.config.settings import load_settings
from facerec_app.gui.main_window import MainWindow
from facerec_app.gui.session_worker import PlayState
from facerec_app.services.application import Application

WAIT_MS = 60_000


def test_strictness_shows_its_effect_while_sliding_and_is_in_force_where_the_video_stands(
    qtbot: QtBot, application: Application, window: MainWindow, demo_dir: Path, tmp_path: Path
) -> None:
    application.enrolment().enrol_files("Barack Obama", [demo_dir / "people" / "Barack_Obama"])
    window.open_source(str(demo_dir / "demo.mp4"))
    qtbot.waitUntil(lambda: window.session.newest_result is not None, timeout=WAIT_MS)
    window.session.pause()
    window.session.seek(120)
    qtbot.waitUntil(lambda: any(n.startswith("Barack Obama") for n in window.stage.strip.names), timeout=WAIT_MS)
    window.docks.show("settings")
    strictness = window.preferences.strictness
    assert strictness.words == "One stranger in 1,000 is given a name"
    qtbot.waitUntil(lambda: "Measuring" not in strictness.effect, timeout=WAIT_MS)
    assert "two faces" in strictness.effect, "with one face each nothing can be measured, and that is said"
    before = window.session.newest_result
    strictness.move_to(0.01)
    assert strictness.words == "One stranger in 100 is given a name"
    qtbot.waitUntil(lambda: window.services.settings.stranger_rate == 0.01, timeout=WAIT_MS)
    assert load_settings(tmp_path / "settings.toml").stranger_rate == 0.01

    def there_again() -> bool:
        result = window.session.newest_result
        return result is not None and result is not before and result.frame.index == 120

    qtbot.waitUntil(there_again, timeout=WAIT_MS)
    assert window.session.state is PlayState.PAUSED
    qtbot.waitUntil(lambda: any(n.startswith("Barack Obama") for n in window.stage.strip.names), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: window.preferences.message == "", timeout=WAIT_MS)


def test_detector_is_changed_and_people_enrolled_before_and_after_are_there(
    qtbot: QtBot, application: Application, window: MainWindow, demo_dir: Path, tmp_path: Path
) -> None:
    application.enrolment().enrol_files("Barack Obama", [demo_dir / "people" / "Barack_Obama"])
    window.docks.show("settings")
    preferences = window.preferences
    preferences.detector.setCurrentIndex(preferences.detector.findData("yunet"))
    qtbot.waitUntil(lambda: window.services.settings.detector == "yunet", timeout=WAIT_MS)
    assert load_settings(tmp_path / "settings.toml").detector == "yunet"
    window.services.enrolment().enrol_files("Grace Hopper", [demo_dir / "people" / "Grace_Hopper"])
    qtbot.waitUntil(lambda: len(window.people.people) == 2, timeout=WAIT_MS)
    preferences.detector.setCurrentIndex(preferences.detector.findData(""))
    qtbot.waitUntil(lambda: window.services.settings.detector is None, timeout=WAIT_MS)


def test_settings_that_cannot_be_written_are_said_and_shown_as_they_were(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    (tmp_path / "settings.toml").write_text("threads = = 1\n")
    window.docks.show("settings")
    window.preferences.strictness.move_to(0.1)
    qtbot.waitUntil(lambda: "cannot be read" in window.preferences.message, timeout=WAIT_MS)
    assert window.preferences.strictness.rate == 0.001
    assert window.services.settings.stranger_rate == 0.001
