"""Retraining in a process of its own: cancelled, left alone, killed; nothing of it stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from facerec_app.config.settings import Settings
from facerec_app.core.errors import FacerecError, NotEnoughDataError, TrainingCancelledError
from facerec_app.models.version_store import VersionStore
from facerec_app.services.retraining import RetrainingService
from facerec_app.services.training_result import TrainingProgress, TrainingResult
from tests.retraining_material import enrol_features, sampled_people, with_lookalikes


class Heard:
    """Remembers what a run said."""

    def __init__(self) -> None:
        self.progress: list[TrainingProgress] = []
        self.outcomes: list[TrainingResult | FacerecError] = []
        self.began = threading.Event()

    def on_progress(self, progress: TrainingProgress) -> None:
        self.progress.append(progress)
        self.began.set()

    def on_end(self, outcome: TrainingResult | FacerecError) -> None:
        self.outcomes.append(outcome)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "gallery"
    enrol_features(folder, with_lookalikes(sampled_people(12, 3)), different=[(0, 3)])
    return Settings(database_dir=folder, threads=1)


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.name[0] != ".")


def test_a_run_ends_with_a_result_and_views_are_told(settings: Settings) -> None:
    store, told, heard = VersionStore(settings.database.versions_dir), threading.Event(), Heard()
    run = RetrainingService(settings, store, told.set).start(heard, ("--epochs", "1"))
    outcome = run.wait(200.0)
    assert isinstance(outcome, TrainingResult), outcome
    assert outcome.outcome == "promoted"
    assert store.present_id() == outcome.version_id
    assert told.is_set()
    assert heard.outcomes == [outcome]
    assert "training" in {progress.stage for progress in heard.progress}
    assert not run.cancel(), "too late"


def test_cancel_is_answered_within_two_seconds_and_leaves_nothing(settings: Settings) -> None:
    store, heard = VersionStore(settings.database.versions_dir), Heard()
    before = files_in(settings.database_dir)
    run = RetrainingService(settings, store, lambda: None).start(heard)
    assert heard.began.wait(60.0)
    began = time.monotonic()
    assert run.cancel()
    assert time.monotonic() - began < 2.0
    assert not run.is_running
    assert isinstance(heard.outcomes[0], TrainingCancelledError)
    assert files_in(settings.database_dir) == before


def test_what_goes_wrong_in_the_process_arrives_as_the_same_error(tmp_path: Path) -> None:
    settings = Settings(database_dir=tmp_path / "empty", threads=1)
    heard = Heard()
    run = RetrainingService(settings, VersionStore(settings.database.versions_dir), lambda: None).start(heard)
    outcome = run.wait(60.0)
    assert isinstance(outcome, NotEnoughDataError)
    assert "Nobody is enrolled" in str(outcome)


@pytest.mark.skipif(os.name == "nt", reason="looks for processes in /proc or with ps")
def test_the_process_ends_when_its_parent_is_killed(settings: Settings) -> None:
    code = (
        "import sys, threading; from pathlib import Path\n"
        "from facerec_app.config.settings import Settings\n"
        "from facerec_app.models.version_store import VersionStore\n"
        "from facerec_app.services.retraining import RetrainingService\n"
        "class Listener:\n"
        "    def on_progress(self, progress): print('child', run._process.pid, flush=True)\n"
        "    def on_end(self, outcome): pass\n"
        f"settings = Settings(database_dir=Path({str(settings.database_dir)!r}), threads=1)\n"
        "store = VersionStore(settings.database.versions_dir)\n"
        "run = RetrainingService(settings, store, lambda: None).start(Listener())\n"
        "run.wait()\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline().split()[1])
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        deadline = time.monotonic() + 10.0
        while is_alive(child) and time.monotonic() < deadline:
            threading.Event().wait(0.05)
    assert not is_alive(child)


def is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    # A child whose parent is gone is somebody else's to collect; until then it is dead all the same.
    stat = Path(f"/proc/{process_id}/stat")
    return not (stat.exists() and stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z")
