"""Enrolling from files in the side panel."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

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
