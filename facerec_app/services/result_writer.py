"""Annotated video and event log, written beside recognition so that neither waits for the other."""

from __future__ import annotations

import logging
import queue
import shutil
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from facerec_app.capture.video_file_sink import VideoFileSink
from facerec_app.core.errors import FacerecError, OutputWriteError
from facerec_app.core.types import FrameResult
from facerec_app.pipeline.event_log import EventLog
from facerec_app.pipeline.overlay import draw_result

_LOGGER = logging.getLogger(__name__)
_DEFAULT_FRAME_RATE = 25.0
_QUEUE_LENGTH = 8
_LONGEST_GAP_S = 1.5
_LEAST_FREE_BYTES = 1024 * 1024


class ResultWriter:
    """Draws, encodes and logs results in one thread of its own.

    A failure (a full disk) is raised by the next ``add`` or by ``close``.
    """

    def __init__(
        self, *, video: Path | None, events: Path | None, frame_rate: float | None, holds: bool = False
    ) -> None:
        """Open what was asked for; either may be None.

        Args:
            video, events: files.
            frame_rate: of the video.
            holds: frames come at no fixed rate (a live source): each fills the video up to its own time.

        Raises:
            OutputWriteError: if there is no place for them; what stands there is untouched.
        """
        for file in (video, events):
            if file is not None:
                _check_place(file)
        self._video = video
        self._frame_rate = frame_rate or _DEFAULT_FRAME_RATE
        self._holds = holds
        self._media_s = 0.0
        self._last_s: float | None = None
        self._log = EventLog(events) if events is not None else None
        self._sink: VideoFileSink | None = None
        self._has_failed = False
        self._failure: FacerecError | None = None
        self._queue: queue.Queue[FrameResult | None] = queue.Queue(_QUEUE_LENGTH)
        self._thread = threading.Thread(target=self._work, name="result-writer", daemon=True)
        self._thread.start()

    def add(self, result: FrameResult) -> None:
        """Hand over one result; waits when the writer is far behind.

        Raises:
            FacerecError: if an earlier result could not be written.
        """
        self._raise_failure()
        self._queue.put(result)

    def close(self) -> None:
        """Write what is still waiting and finish the files.

        Raises:
            FacerecError: if something could not be written.
        """
        self._queue.put(None)
        self._thread.join()
        self._raise_failure()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def _work(self) -> None:
        while (result := self._queue.get()) is not None:
            if not self._has_failed:
                self._guarded(partial(self._write, result))
        if self._sink is not None:
            self._guarded(self._sink.discard if self._has_failed else self._sink.close)
        if self._log is not None:
            self._guarded(self._log.close)

    def _guarded(self, step: Callable[[], None]) -> None:
        """Run one step; keep the first error of all for the other thread."""
        try:
            step()
        except Exception as exc:
            if not isinstance(exc, FacerecError):
                _LOGGER.exception("Writing the results failed")
                why = " ".join(str(exc).split())
                exc = OutputWriteError(f"The results cannot be written: {why}; choose another place.")
            if not self._has_failed:
                self._has_failed, self._failure = True, exc

    def _write(self, result: FrameResult) -> None:
        if self._log is not None:
            self._log.add(result)
        if self._video is not None:
            if self._sink is None:
                size_px = (result.frame.width_px, result.frame.height_px)
                self._sink = VideoFileSink(self._video, frame_rate=self._frame_rate, size_px=size_px)
            until = self._frames_until(result.frame.timestamp_s) if self._holds else self._sink.frames_written + 1
            if self._sink.frames_written < until:  # else the camera is faster than it says
                picture = draw_result(result)
                while self._sink.frames_written < until:
                    self._sink.write(picture)

    def _frames_until(self, timestamp_s: float) -> int:
        """Return how many frames the video has when the source's time has come so far; long gaps are left out."""
        if self._last_s is not None and self._last_s < timestamp_s <= self._last_s + _LONGEST_GAP_S:
            self._media_s += timestamp_s - self._last_s
        self._last_s = timestamp_s
        return round(self._media_s * self._frame_rate) + 1


def _check_place(file: Path) -> None:
    """Make the folder of an output where it is missing, and refuse a place that cannot take it."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(file.parent).free
    except OSError as exc:
        reason = exc.strerror or exc
        raise OutputWriteError(f"{file} cannot be written: {reason}; choose another place.") from exc
    if file.is_dir():
        raise OutputWriteError(f"{file} cannot be written: it is a folder; give the name of a file.")
    if free < _LEAST_FREE_BYTES:
        raise OutputWriteError(f"The disk is full: {file} was not written; free space or choose another place.")
