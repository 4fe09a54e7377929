"""Corrections at the face: refused names go at once and stay away, and the reasons are there to see."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from facerec_app.core.types import Verdict
from facerec_app.gui.main_window import MainWindow
from facerec_app.services.application import Application
from tests.gui.conftest import MakeWindow

WAIT_MS = 30_000
FRAME = 120  # Lin-Manuel Miranda faces the camera
NAME = "Lin-Manuel Miranda"


@pytest.fixture
def hamilton(test_data_dir: Path) -> str:
    return str(test_data_dir / "video" / "hamilton_640x360.mp4")


def enrol_two(application: Application, people: Path) -> None:
    for folder, name in (("Lin-Manuel_Miranda", NAME), ("Alex_Lacamoire", "Alex Lacamoire")):
        application.enrolment().enrol_files(name, [people / folder])


def hold_named(qtbot: QtBot, window: MainWindow, source: str) -> int:
    """Stop where the face carries the name; return its track."""
    window.open_source(source)
    qtbot.waitUntil(lambda: window.session.newest_result is not None, timeout=WAIT_MS)
    window.session.pause()
    window.session.seek(FRAME)

    def is_named() -> bool:
        result = window.stage.view.result
        if result is None or result.frame.index != FRAME:
            return False
        return any(name.startswith(NAME) for name in window.stage.strip.names)

    qtbot.waitUntil(is_named, timeout=WAIT_MS)
    result = window.stage.view.result
    assert result is not None
    return int(result.track_ids[0])


def press(window: MainWindow, text: str) -> None:
    """Press the button on the card that begins with a text."""
    buttons = window.stage.popover.findChildren(QPushButton)
    button = next(button for button in buttons if button.text().startswith(text) and not button.isHidden())
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def verdicts(window: MainWindow) -> set[Verdict]:
    result = window.stage.view.result
    return {decision.verdict for decision in result.decisions} if result is not None else set()


def refuse(qtbot: QtBot, window: MainWindow, track_id: int) -> None:
    window.naming.ask(track_id)
    with qtbot.waitSignal(window.correction.refused, timeout=WAIT_MS):
        press(window, "This is not")
    qtbot.waitUntil(lambda: Verdict.KNOWN not in verdicts(window), timeout=WAIT_MS)


def test_refused_name_goes_at_once_and_comes_back_with_undo(
    qtbot: QtBot, application: Application, window: MainWindow, hamilton: str, named_material: Path
) -> None:
    enrol_two(application, named_material)
    track_id = hold_named(qtbot, window, hamilton)
    refuse(qtbot, window, track_id)
    result = window.stage.view.result
    assert result is not None
    assert f"you said that this is not {NAME}" in result.decisions[0].reason
    assert window.stage.popover.track_id == track_id, "the card stays for the right name, or for undoing"
    press(window, "Undo")
    qtbot.waitUntil(lambda: Verdict.KNOWN in verdicts(window), timeout=WAIT_MS)
    assert application.corrections().all() == ()


def test_a_face_that_has_gone_can_still_be_refused_its_name(
    qtbot: QtBot, application: Application, window: MainWindow, hamilton: str, named_material: Path
) -> None:
    enrol_two(application, named_material)
    track_id = hold_named(qtbot, window, hamilton)
    window.naming.ask(track_id)
    window.session.seek(50)  # the stage from afar, nobody's face
    qtbot.waitUntil(lambda: not len(window.session.track_features(track_id)), timeout=WAIT_MS)
    with qtbot.waitSignal(window.correction.refused, timeout=WAIT_MS) as refused:
        press(window, "This is not")
    assert refused.args == [NAME]
    assert len(application.corrections().all()) == 1


def test_refused_name_stays_away_from_the_same_face_later_in_the_video_and_in_a_later_session(
    qtbot: QtBot, application: Application, make_window: MakeWindow, hamilton: str, named_material: Path
) -> None:
    enrol_two(application, named_material)
    first = make_window()
    refuse(qtbot, first, hold_named(qtbot, first, hamilton))
    first.close()
    later = make_window()
    later.open_source(hamilton)
    qtbot.waitUntil(lambda: later.session.newest_result is not None, timeout=WAIT_MS)
    later.session.pause()
    for index in (FRAME + 20, FRAME - 20):
        later.session.seek(index)

        def is_unknown(index: int = index) -> bool:
            result = later.stage.view.result
            return result is not None and result.frame.index == index and verdicts(later) == {Verdict.UNKNOWN}

        qtbot.waitUntil(is_unknown, timeout=WAIT_MS)
    (correction,) = application.corrections().all()
    assert correction.faces >= 1
    assert correction.decided_by


def test_naming_a_refused_face_settles_who_it_is_and_who_not(
    qtbot: QtBot, application: Application, window: MainWindow, hamilton: str, named_material: Path
) -> None:
    enrol_two(application, named_material)
    refuse(qtbot, window, hold_named(qtbot, window, hamilton))
    edit = window.stage.popover.findChild(QLineEdit)
    assert isinstance(edit, QLineEdit)
    with qtbot.waitSignal(window.naming.enrolled, timeout=WAIT_MS):
        QTest.keyClicks(edit, "His Double")
        QTest.keyClick(edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: any(n.startswith("His Double") for n in window.stage.strip.names), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not window.tasks.is_busy, timeout=WAIT_MS)
    judgements = application.gallery().store.judgements()
    assert judgements, "pairs of the new face and of the refused person's are judged different"
    assert not any(judgement.same_person for judgement in judgements)


def test_why_shows_enrolled_faces_scores_votes_and_runner_up(
    qtbot: QtBot, application: Application, window: MainWindow, hamilton: str, named_material: Path
) -> None:
    enrol_two(application, named_material)
    track_id = hold_named(qtbot, window, hamilton)
    window.naming.ask(track_id)
    press(window, "Why this name?")
    why = window.stage.why
    qtbot.waitUntil(lambda: why.track_id == track_id, timeout=WAIT_MS)
    assert NAME in why.words
    assert "looks" in why.words
    assert why.faces_shown >= 2, "faces of the person and of the runner-up"
    assert "needed" in why.figures
    assert "lead" in why.figures
    QTest.keyClick(why, Qt.Key.Key_Escape)
    assert why.track_id == -1


def test_why_of_an_empty_gallery_says_that_nobody_is_enrolled(qtbot: QtBot, window: MainWindow, demo_dir: Path) -> None:
    window.open_source(str(demo_dir / "sources" / "obama2.jpg"))
    qtbot.waitUntil(lambda: window.stage.strip.names == ["Unknown, Click to name"], timeout=WAIT_MS)
    result = window.stage.view.result
    assert result is not None
    window.naming.ask(int(result.track_ids[0]))
    press(window, "Why no name?")
    qtbot.waitUntil(lambda: "Nobody is enrolled" in window.stage.why.words, timeout=WAIT_MS)
