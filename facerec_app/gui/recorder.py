"""Recording the view: begins and ends with a click, ends with the source, and leaves a whole file in every case."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QStandardPaths, Qt, Signal

from facerec_app.core.errors import FacerecError, OutputWriteError
from facerec_app.gui.session_worker import PlayState, SessionWorker
from facerec_app.gui.tasks import Task, TaskRunner
from facerec_app.services.video_recording import VideoRecording

_FINISHING_S = 60.0
_OVER = frozenset({PlayState.EMPTY, PlayState.OPENING, PlayState.ENDED, PlayState.FAILED})


def recordings_folder() -> Path:
    """Return where recordings go unless the user chose another folder."""
    movies = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.MoviesLocation)
    return Path(movies or str(Path.home())) / "FaceRec"


class Recorder(QObject):
    """One recording at a time of what a session shows.

    Args:
        session: gives frames and results.
        folder: where the file goes, asked at every start.
    """

    changed = Signal(bool)  # whether something is being recorded
    saved = Signal(str)  # the file
    failed = Signal(str)
    _broken = Signal(object)  # the recording, from its thread

    def __init__(self, session: SessionWorker, folder: Callable[[], Path], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._folder = folder
        self._recording: VideoRecording | None = None
        self._tasks = TaskRunner("recorder", self)
        self._broken.connect(self._give_up, Qt.ConnectionType.QueuedConnection)
        session.state_changed.connect(self._follow)

    @property
    def is_recording(self) -> bool:
        """Whether something is being recorded."""
        return self._recording is not None

    @property
    def seconds(self) -> float:
        """Length of the present recording."""
        return self._recording.seconds if self._recording is not None else 0.0

    def toggle(self) -> None:
        """Begin, or end and save."""
        if self._recording is not None:
            self.stop()
        else:
            self.start()

    def start(self) -> None:
        """Begin to record what is shown; nothing happens without a source."""
        info = self._session.info
        if info is None or self._recording is not None or self._session.state in _OVER:
            return
        now = datetime.now().astimezone()
        path = _free_name(self._folder(), f"FaceRec {now:%Y-%m-%d %H.%M.%S}")
        try:
            self._recording = VideoRecording(path, frame_rate=info.frame_rate, on_failed=self._note_failure)
        except FacerecError as exc:
            self.failed.emit(str(exc))
            return
        self._session.set_tap(self._recording)
        self.changed.emit(True)

    def stop(self) -> None:
        """End and save; ``saved`` or ``failed`` follows."""
        recording = self._take()
        if recording is not None:
            self._tasks.start(partial(_finish, recording), done=self._say_saved, failed=self.failed.emit)

    def shut_down(self, timeout_s: float) -> bool:
        """End for good and save; return whether every thread has ended."""
        deadline_s = time.monotonic() + timeout_s
        recording = self._take()
        ended = True
        if recording is not None:
            try:
                recording.stop(timeout_s)
            except OutputWriteError:
                ended = recording.has_failed
        return self._tasks.stop(max(0.0, deadline_s - time.monotonic())) and ended

    def _take(self) -> VideoRecording | None:
        recording, self._recording = self._recording, None
        if recording is not None:
            self._session.set_tap(None)
            self.changed.emit(False)
        return recording

    def _follow(self, state: PlayState) -> None:
        if state in _OVER:
            self.stop()

    def _note_failure(self, error: FacerecError) -> None:
        """Runs in the recording's thread."""
        self._broken.emit(error)

    def _give_up(self, error: FacerecError) -> None:
        if self._recording is not None and self._recording.has_failed:
            self._take()
            self.failed.emit(str(error))

    def _say_saved(self, path: Path | None) -> None:
        if path is not None:
            self.saved.emit(str(path))


def _finish(recording: VideoRecording, _: Task) -> Path | None:
    return recording.stop(_FINISHING_S)


def _free_name(folder: Path, stem: str) -> Path:
    """Return a name in the folder that nothing has yet."""
    path, number = folder / f"{stem}.mp4", 1
    while path.exists():
        number += 1
        path = folder / f"{stem} ({number}).mp4"
    return path
