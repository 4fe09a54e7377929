"""Retraining from the panel while the view runs: curves, cancel, comparison, promotion that is used at once."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from pytestqt.qtbot import QtBot

from facerec_app.core.errors import TrainingCancelledError
from facerec_app.gui.main_window import MainWindow
from facerec_app.gui.retraining_worker import RetrainingWorker
from facerec_app.gui.shared_services import SharedServices
from facerec_app.services.application import Application
from facerec_app.services.retraining import RetrainingListener
from facerec_app.services.training_result import TrainingResult

WAIT_MS = 120_000


@pytest.fixture
def gallery(application: Application, demo_dir: Path) -> Application:
    application.enrolment().import_folder(demo_dir / "people")
    return application


def show_panel(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.retrain.refreshed, timeout=WAIT_MS):
        window.docks.show("retrain")
        window.retrain.refresh()


def test_an_empty_gallery_offers_no_training(qtbot: QtBot, window: MainWindow) -> None:
    show_panel(qtbot, window)
    assert "nothing to learn from" in window.retrain.material
    assert not window.retrain._start.isEnabled()
    assert window.retrain.versions.texts == ["Shipped network, In use  ·  as it was installed"]


def test_a_cancelled_training_is_over_within_two_seconds(
    qtbot: QtBot, gallery: Application, window: MainWindow
) -> None:
    show_panel(qtbot, window)
    with qtbot.waitSignal(window.retrain.worker.progressed, timeout=WAIT_MS):
        window.retrain.start()
    assert window.retrain.is_training
    asked_s = time.monotonic()
    with qtbot.waitSignal(window.retrain.ended, timeout=WAIT_MS) as ended:
        window.retrain.cancel()
    assert time.monotonic() - asked_s <= 2.0
    assert isinstance(ended.args[0], TrainingCancelledError)
    assert "present network stays" in window.retrain.message
    assert gallery.versions().list() == ()


@pytest.mark.slow
def test_a_trained_network_is_used_by_the_running_view_taken_back_and_promoted_again(
    qtbot: QtBot, gallery: Application, window: MainWindow, demo_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.open_source(str(demo_dir / "demo.mp4"))
    qtbot.waitUntil(lambda: window.session.newest_result is not None, timeout=WAIT_MS)
    window.session.pause()
    window.session.seek(604)  # somebody enrolled and a stranger
    qtbot.waitUntil(lambda: any("sure" in name for name in window.stage.strip.names), timeout=WAIT_MS)

    def judged() -> list[tuple[float, float]]:
        result = window.session.newest_result
        assert result is not None
        return [(decision.probability, decision.margin) for decision in result.decisions]

    qtbot.waitUntil(lambda: not any("Looking" in name for name in window.stage.strip.names), timeout=WAIT_MS)
    for _ in range(10):  # a held picture is looked at until its verdict stands, and then no more
        with qtbot.waitSignal(window.session.result_changed, timeout=1000, raising=False) as look:
            pass
        if not look.signal_triggered:
            break
    shipped = judged()
    show_panel(qtbot, window)
    # A small network from nothing, and quickly: another one than the shipped in any case.
    options = ["--from-scratch", "--hidden", "16", "--dropout", "0", "--epochs", "2", "--insist"]
    monkeypatch.setattr(window.retrain.choices, "options", lambda: options)
    with qtbot.waitSignal(window.retrain.ended, timeout=WAIT_MS) as ended:
        window.retrain.start()
    result = ended.args[0]
    assert isinstance(result, TrainingResult)
    assert result.outcome == "promoted"
    assert window.retrain.curves.epochs == 2
    assert "The new network is in use" in window.retrain.report.words
    assert gallery.versions().present_id() == result.version_id
    qtbot.waitUntil(lambda: judged() != shipped, timeout=WAIT_MS)
    trained = judged()
    window.retrain.report._rollback.click()
    qtbot.waitUntil(lambda: judged() == shipped, timeout=WAIT_MS)
    assert gallery.versions().present_id() is None
    assert result.version_id is not None
    window.retrain.promote(result.version_id)
    qtbot.waitUntil(lambda: judged() == trained, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: "In use" in window.retrain.versions.texts[0], timeout=WAIT_MS)
    window.retrain.roll_back()
    window.retrain.remove(result.version_id)
    qtbot.waitUntil(lambda: len(window.retrain.versions.texts) == 1, timeout=WAIT_MS)
    assert gallery.versions().list() == ()


def test_a_training_that_is_cancelled_while_its_process_starts_is_cancelled(qtbot: QtBot) -> None:
    starting, may_start, cancelled = threading.Event(), threading.Event(), threading.Event()

    class SlowRetraining:
        """A process that takes its time to be there."""

        is_running = True

        def start(self, listener: RetrainingListener, options: tuple[str, ...]) -> SlowRetraining:
            starting.set()
            may_start.wait(10)
            self._listener = listener
            return self

        def cancel(self) -> bool:
            cancelled.set()
            self.is_running = False
            self._listener.on_end(TrainingCancelledError("Cancelled."))
            return True

    worker = RetrainingWorker(cast(SharedServices, SimpleNamespace(retraining=SlowRetraining)))
    worker.start([])
    assert starting.wait(10)
    worker.cancel()
    with qtbot.waitSignal(worker.ended, timeout=3000, raising=False) as ended:
        may_start.set()
    was_cancelled = cancelled.is_set()
    assert worker.shut_down(5.0)
    assert was_cancelled
    assert isinstance(ended.args[0], TrainingCancelledError)
