"""Settings in the window: written at once, in force at once, the view goes on where it was."""

from __future__ import annotations

import gc
import threading
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from pytestqt.qtbot import QtBot

from facerec_app.config.settings import Settings, load_settings
from facerec_app.core.errors import WeightsMissingError
from facerec_app.gui.main_window import MainWindow
from facerec_app.gui.session_worker import PlayState
from facerec_app.gui.tasks import Task
from facerec_app.inference.openvino_session import OpenvinoSession
from facerec_app.services.application import Application
from facerec_app.services.enrolment import EnrolmentReport

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
    place = strictness.mapTo(window, QPoint(0, 0))
    strictness.move_to(0.01)
    assert strictness.words == "One stranger in 100 is given a name"
    assert "starting again" in window.preferences.message
    layout = window.preferences.layout()
    assert layout is not None
    layout.activate()
    assert strictness.mapTo(window, QPoint(0, 0)) == place, "nothing moves under the pointer"
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


@pytest.mark.parametrize("changes_before", [0, 1])
def test_who_is_enrolled_behind_a_change_of_settings_is_in_the_gallery_and_in_the_view(
    qtbot: QtBot, application: Application, window: MainWindow, demo_dir: Path, changes_before: int
) -> None:
    window.open_source(str(demo_dir / "demo.mp4"))
    qtbot.waitUntil(lambda: window.session.newest_result is not None, timeout=WAIT_MS)
    window.session.pause()
    window.session.seek(120)
    window.docks.show("settings")
    if changes_before:  # what serves from then on is the window's own, which closes it with the next change
        window.preferences.strictness.move_to(0.01)
        qtbot.waitUntil(lambda: window.services.settings.stranger_rate == 0.01, timeout=WAIT_MS)
        qtbot.waitUntil(lambda: not window.tasks.is_busy, timeout=WAIT_MS)
        qtbot.waitUntil(lambda: window.session.newest_result is not None, timeout=WAIT_MS)
    begun, begun_anew, said = threading.Event(), threading.Event(), list[str]()

    def look() -> None:
        if window.session.newest_result is not None:
            begun_anew.set()

    window.session.opening.connect(lambda _: window.session.result_changed.connect(look))

    def work(_: Task) -> EnrolmentReport:
        enrolment = window.services.enrolment()
        begun.set()
        begun_anew.wait(WAIT_MS / 1000)  # a long job: the view has begun anew when it comes to its end
        return enrolment.enrol_files("Barack Obama", [demo_dir / "people" / "Barack_Obama"])

    def queue(_: object) -> None:
        window.tasks.start(work, done=lambda report: said.append(f"{report.enrolled} enrolled"), failed=said.append)
        assert begun.wait(WAIT_MS / 1000), "it begins before the window hears that the change is in force"

    window.preferences.changed.connect(queue)
    window.preferences.strictness.move_to(0.1)
    qtbot.waitUntil(lambda: said != [], timeout=WAIT_MS)
    assert said == ["1 enrolled"]
    assert [one.name for one in application.people().everybody()] == ["Barack Obama"]
    qtbot.waitUntil(lambda: any(n.startswith("Barack Obama") for n in window.stage.strip.names), timeout=WAIT_MS)


def test_settings_that_cannot_be_written_are_said_and_shown_as_they_were(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    (tmp_path / "settings.toml").write_text("threads = = 1\n")
    window.docks.show("settings")
    window.preferences.strictness.move_to(0.1)
    qtbot.waitUntil(lambda: "cannot be read" in window.preferences.message, timeout=WAIT_MS)
    assert window.preferences.strictness.rate == 0.001
    assert window.services.settings.stranger_rate == 0.001


def test_what_was_read_before_somebody_switched_does_not_switch_back(qtbot: QtBot, window: MainWindow) -> None:
    window.docks.show("settings")
    keeping = window.preferences.keeping
    keeping.refresh()
    has_read = threading.Event()
    window.tasks.start(lambda _: has_read.set(), done=lambda _: None, failed=lambda _: None)
    assert has_read.wait(WAIT_MS / 1000)  # the answer waits for the interface, which is busy with the click
    with qtbot.waitSignal(keeping.changed, timeout=WAIT_MS):
        keeping.box.click()
    assert keeping.box.isChecked()
    assert window.services.library().unknown_collection().keeps_live


def test_two_settings_changed_one_after_the_other_are_both_in_force(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.docks.show("settings")
    qtbot.waitUntil(lambda: not window.tasks.is_busy, timeout=WAIT_MS)
    restarts: list[Application] = []
    use = window.services.use

    def count_and_use(application: Application) -> None:
        restarts.append(application)
        use(application)

    monkeypatch.setattr(window.services, "use", count_and_use)
    window.preferences.strictness.move_to(0.01)
    for size in range(41, 61):  # as the wheel over the box does
        window.preferences.smallest.setValue(size)
    qtbot.waitUntil(lambda: not window.tasks.is_busy and window.preferences.message == "", timeout=WAIT_MS)
    for settings in (window.services.settings, load_settings(tmp_path / "settings.toml")):
        assert (settings.stranger_rate, settings.min_face_px) == (0.01, 60)
    assert len(restarts) < 5, "changes that came meanwhile take effect together"


def test_networks_of_earlier_settings_do_not_stay_in_memory(qtbot: QtBot, window: MainWindow, demo_dir: Path) -> None:
    def networks() -> int:
        return sum(type(one) is OpenvinoSession for one in gc.get_objects())

    window.open_source(str(demo_dir / "demo.mp4"))
    qtbot.waitUntil(lambda: window.session.newest_result is not None, timeout=WAIT_MS)
    window.docks.show("settings")
    counts: list[int] = []

    def is_in_force(rate: float) -> bool:
        settled = not window.tasks.is_busy and window.preferences.message == ""
        return settled and window.services.settings.stranger_rate == rate and window.session.newest_result is not None

    for rate in (0.01, 0.1, 0.01, 0.1):
        window.preferences.strictness.move_to(rate)
        qtbot.waitUntil(partial(is_in_force, rate), timeout=WAIT_MS)
        counts.append(networks())
    assert counts[-1] <= counts[0]


def test_change_that_cannot_be_made_does_not_take_others_along_and_is_shown_as_refused(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.docks.show("settings")
    qtbot.waitUntil(lambda: not window.tasks.is_busy, timeout=WAIT_MS)
    prepared = window.services.prepared

    def refuse_yunet(settings: Settings) -> Application:
        if settings.detector == "yunet":
            raise WeightsMissingError("The model file is missing.")
        return prepared(settings)

    monkeypatch.setattr(window.services, "prepared", refuse_yunet)
    go_on = threading.Event()
    window.tasks.start(lambda _: go_on.wait(WAIT_MS / 1000), done=lambda _: None, failed=lambda _: None)
    window.preferences.strictness.move_to(0.01)
    window.preferences.detector.setCurrentIndex(window.preferences.detector.findData("yunet"))
    go_on.set()
    qtbot.waitUntil(lambda: "missing" in window.preferences.message, timeout=WAIT_MS)
    assert (window.services.settings.stranger_rate, window.services.settings.detector) == (0.01, None)
    assert window.preferences.detector.currentData() == ""
    assert window.preferences.strictness.rate == 0.01
