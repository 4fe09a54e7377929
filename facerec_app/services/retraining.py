"""Retraining for a window: in a process of its own, with progress, cancel and a result."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from facerec_app.config.settings import Settings
from facerec_app.core import errors
from facerec_app.core.errors import FacerecError, TrainingCancelledError, TrainingError
from facerec_app.models.version_store import VersionStore
from facerec_app.services.training_result import TrainingProgress, TrainingResult

_LOGGER = logging.getLogger(__name__)
_PACKAGE_ROOT = Path(__file__).resolve().parents[2]
_KILL_AFTER_S = 1.2


class RetrainingListener(Protocol):
    """Hears what happens; called from a thread of the run, so it must only pass on. One ``on_end`` is the last."""

    def on_progress(self, progress: TrainingProgress) -> None:
        """A stage began or an epoch was finished."""
        ...

    def on_end(self, outcome: TrainingResult | FacerecError) -> None:
        """The run is over: its result, ``TrainingCancelledError``, or another error that says what went wrong."""
        ...


class RetrainingRun:
    """One retraining in its own process."""

    def __init__(
        self, command: Sequence[str], listener: RetrainingListener, on_end: Callable[[], None], store: VersionStore
    ) -> None:
        self._listener = listener
        self._on_end = on_end
        self._store = store
        self._cancelled = threading.Event()
        self._outcome: TrainingResult | FacerecError | None = None
        self._process = _start(command)
        self._reader = threading.Thread(target=self._listen, name="retraining", daemon=True)
        self._reader.start()

    @property
    def is_running(self) -> bool:
        return self._reader.is_alive()

    @property
    def outcome(self) -> TrainingResult | FacerecError | None:
        """What ``on_end`` was told; None while it runs."""
        return self._outcome

    def cancel(self) -> bool:
        """End the run and return whether that came in time: within 2 s it is over, and nothing of it is left.

        Too late means that the version was stored already; ``on_end`` then has the result.
        """
        self._cancelled.set()
        self._close_input()  # which the process takes as being told to end
        try:
            self._process.wait(_KILL_AFTER_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._reader.join(timeout=5.0)
        return isinstance(self._outcome, TrainingCancelledError)

    def wait(self, timeout_s: float | None = None) -> TrainingResult | FacerecError | None:
        """Return the outcome, waiting for it; None if the time was up first."""
        self._reader.join(timeout_s)
        return self._outcome

    def _listen(self) -> None:
        said: TrainingResult | FacerecError | None = None
        if self._process.stdout is not None:
            for line in self._process.stdout:
                said = self._hear(line) or said
        code = self._process.wait()
        self._close_input()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._outcome = self._judged(said, code)
        self._tidy_up()
        self._listener.on_end(self._outcome)

    def _hear(self, line: str) -> TrainingResult | FacerecError | None:
        try:
            event = json.loads(line)
            kind = event.pop("event")
            if kind == "progress":
                self._listener.on_progress(TrainingProgress(**event))
            elif kind == "result":
                return TrainingResult.from_json(event)
            elif kind == "error":
                return _error_of(event)
        except (ValueError, KeyError, TypeError, AttributeError):
            _LOGGER.warning("The training said something that is not understood: %.200s", line)
        return None

    def _judged(self, said: TrainingResult | FacerecError | None, code: int) -> TrainingResult | FacerecError:
        if isinstance(said, TrainingResult):
            return said
        if self._cancelled.is_set():
            return TrainingCancelledError("The training was cancelled; the present network stays in use.")
        if said is not None:
            return said
        return TrainingError(
            f"The training ended without a result (code {code}); the present network stays in use. Run 'facerec train' "
            "to see why."
        )

    def _tidy_up(self) -> None:
        try:
            self._store.sweep()
            self._on_end()
        except FacerecError as exc:
            _LOGGER.warning("%s", exc)

    def _close_input(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()


class RetrainingService:
    """Starts retrainings of the gallery; the window and the live path go on meanwhile.

    The process has low priority, and ends when this one does, however that comes about.

    Args:
        settings: of the program; the gallery and the rate of strangers go over to the process.
        store: where versions are kept.
        on_end: called when a run has ended, so that running views take a promoted network.
    """

    def __init__(self, settings: Settings, store: VersionStore, on_end: Callable[[], None]) -> None:
        self._settings = settings
        self._store = store
        self._on_end = on_end

    def start(self, listener: RetrainingListener, options: Sequence[str] = ()) -> RetrainingRun:
        """Start a run and return at once.

        Args:
            listener: hears of progress and the end.
            options: of ``facerec train``, such as ``("--objective", "triplet", "--epochs", "10")``; none is needed.

        Raises:
            TrainingError: if the process cannot be started.
        """
        settings = self._settings
        command = [
            "--database", str(settings.database_dir), "--threads", str(settings.threads),
            "--stranger-rate", repr(settings.stranger_rate),
            "train", "--profile", settings.profile, "--json-progress", "--until-input-closes", *options,
        ]  # fmt: skip
        return RetrainingRun(command, listener, self._on_end, self._store)


def _start(command: Sequence[str]) -> subprocess.Popen[str]:
    paths = [str(_PACKAGE_ROOT), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)}
    quiet = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)
    try:
        # -P: a numpy.py in the working directory must not be imported.
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "facerec_app", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            encoding="utf-8",
            creationflags=quiet,
        )
    except OSError as exc:
        raise TrainingError(f"The training could not be started ({exc.strerror}); close other programs.") from exc


def _error_of(event: dict[str, Any]) -> FacerecError:
    kind = getattr(errors, str(event["kind"]), TrainingError)
    if not (isinstance(kind, type) and issubclass(kind, FacerecError)):
        kind = TrainingError
    return kind(str(event["message"]))
