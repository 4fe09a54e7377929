"""The pages of the live view, capture, retraining and settings for ``take_window_pictures.py``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from people_pages import enrol_people
from PySide6.QtWidgets import QLineEdit

from facerec_app.core.types import Verdict
from facerec_app.gui.main_window import MainWindow
from facerec_app.services.application import Application

Take = Callable[[str], None]
WaitUntil = Callable[[Callable[[], bool]], None]
FACES_FRAME = 604  # somebody enrolled and a stranger
CAPTURE_FRAME = 70  # Barack Obama comes on


def take_live_pages(
    window: MainWindow, application: Application, demo: Path, folder: Path, take: Take, wait_until: WaitUntil
) -> None:
    """Go through the pages; each is taken in both themes.

    Args:
        window: shown, with nothing open.
        application: with an empty gallery.
        demo: the demonstration's folder.
        folder: where a recording may go.
        take: takes the window as it is.
        wait_until: lets the window work until something holds.
    """
    wait_until(lambda: not window.tasks.is_busy)
    window.docks.show("people")
    take("welcome")
    application.enrolment().enrol_files("Barack Obama", [demo / "people" / "Barack_Obama"])
    window.open_source(str(demo / "demo.mp4"))
    wait_until(lambda: window.session.newest_result is not None)
    window.session.pause()
    window.session.seek(FACES_FRAME)
    wait_until(lambda: {Verdict.KNOWN, Verdict.UNKNOWN} <= _verdicts(window))
    take("live")
    _take_questions(window, take, wait_until)
    _take_recording(window, folder, take, wait_until)
    _take_capture(window, take, wait_until)
    window.session.pause()
    enrol_people(application, demo)
    window.session.seek(FACES_FRAME)
    wait_until(lambda: _verdicts(window) == {Verdict.KNOWN} and not window.tasks.is_busy)
    window.docks.show("people")
    known = _track(window, Verdict.KNOWN)
    window.naming.ask(known)
    window.stage.popover.why_asked.emit(known)
    wait_until(lambda: window.stage.why.track_id == known)
    take("why")
    window.stage.why.hide()
    _take_settings(window, take, wait_until)
    _take_retraining(window, take, wait_until)


def _take_questions(window: MainWindow, take: Take, wait_until: WaitUntil) -> None:
    window.naming.ask(_track(window, Verdict.UNKNOWN))
    for edit in window.stage.popover.findChildren(QLineEdit):
        edit.setText("Eileen Collins")
    take("naming")
    known = _track(window, Verdict.KNOWN)
    window.naming.ask(known)
    take("named")
    window.stage.popover.hide()


def _take_recording(window: MainWindow, folder: Path, take: Take, wait_until: WaitUntil) -> None:
    window.session.seek(CAPTURE_FRAME)
    window.toggle_recording()
    window.session.play()
    wait_until(lambda: window.recorder.seconds >= 1.0)
    window.session.pause()
    take("recording")
    window.toggle_recording()
    wait_until(lambda: any(folder.rglob("*.mp4")))


def _take_capture(window: MainWindow, take: Take, wait_until: WaitUntil) -> None:
    window.docks.show("capture")
    window.session.seek(CAPTURE_FRAME)
    window.capture.set_name("Barack Obama")
    window.session.play()
    window.capture.start()
    wait_until(lambda: len(window.capture.pictures) >= 2)
    window.session.pause()
    take("capture")
    window.capture.stop()
    window.docks["capture"].hide()


def _take_settings(window: MainWindow, take: Take, wait_until: WaitUntil) -> None:
    window.docks.show("settings")
    wait_until(lambda: "Measuring" not in window.preferences.strictness.effect and not window.tasks.is_busy)
    take("settings")
    window.docks["settings"].hide()


def _take_retraining(window: MainWindow, take: Take, wait_until: WaitUntil) -> None:
    window.docks.show("retrain")
    wait_until(lambda: window.retrain.material.startswith("4 people"))
    window.retrain.start()
    wait_until(lambda: window.retrain.curves.epochs >= 3 or not window.retrain.is_training)
    take("training")
    wait_until(lambda: not window.retrain.is_training)
    take("trained")


def _verdicts(window: MainWindow) -> set[Verdict]:
    result = window.stage.view.result
    return {decision.verdict for decision in result.decisions} if result is not None else set()


def _track(window: MainWindow, verdict: Verdict) -> int:
    result = window.stage.view.result
    if result is None:
        raise SystemExit("The faces have gone.")
    row = next(row for row, decision in enumerate(result.decisions) if decision.verdict is verdict)
    return int(result.track_ids[row])
