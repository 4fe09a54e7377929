"""What the view shows, written to a video file beside it."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from facerec_app.capture.lasting_video_sink import LastingVideoSink
from facerec_app.core.errors import FacerecError, OutputWriteError
from facerec_app.core.types import Frame, FrameResult, UInt8Array
from facerec_app.pipeline.overlay import draw_result, result_fits

_LOGGER = logging.getLogger(__name__)
_DEFAULT_RATE = 25.0
_MOST_RATE = 60.0
_QUEUE_LENGTH = 8
_LONGEST_GAP_S = 1.5
"""A longer gap between two frames (a pause, a jump, a camera that was away) is no part of the video."""


class VideoRecording:
    """Draws and encodes in a thread of its own; a frame that it has no time for is passed over.

    The video runs at the source's own pace whatever was passed over or held: a frame stays in it until the next one's
    time. Pauses and jumps are left out. All methods may be called from any thread.

    Attributes:
        path: of the file, which appears when the recording ends. Until then, and after a kill or on a full disk, what
            was recorded is beside it as NAME (unfinished).mkv and can be played.
    """

    def __init__(
        self,
        path: Path,
        *,
        frame_rate: float | None,
        on_failed: Callable[[FacerecError], None],
    ) -> None:
        """Begin; the file is opened with the first frame.

        Args:
            path: ``.mp4``, in a folder that is made where it is missing.
            frame_rate: of the source, None if unknown.
            on_failed: called once, in the recording's thread, when it cannot go on (a full disk).

        Raises:
            OutputWriteError: if the folder cannot be made.
        """
        self.path = path
        self._rate = min(frame_rate or _DEFAULT_RATE, _MOST_RATE)
        self._on_failed = on_failed
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise OutputWriteError(f"{path} cannot be written: {exc.strerror or exc}; choose another place.") from exc
        self._result: FrameResult | None = None
        self._queue: queue.Queue[tuple[Frame, FrameResult | None]] = queue.Queue(_QUEUE_LENGTH)
        self._stopping = threading.Event()
        self._media_s = 0.0
        self._last_s: float | None = None
        self._sink: LastingVideoSink | None = None
        self._size_px = (0, 0)
        self._failure: FacerecError | None = None
        self._thread = threading.Thread(target=self._run, name="recording", daemon=True)
        self._thread.start()

    @property
    def seconds(self) -> float:
        """Length of the video so far."""
        return self._media_s

    @property
    def has_failed(self) -> bool:
        """Whether it had to be given up."""
        return self._failure is not None

    def add_frame(self, frame: Frame) -> None:
        """Offer a frame that is shown; never waits."""
        if self._stopping.is_set() or self._failure is not None:
            return
        try:
            self._queue.put_nowait((frame, self._result))
        except queue.Full:
            return

    def add_result(self, result: FrameResult) -> None:
        """Take the boxes and names for the frames to come."""
        self._result = result

    def stop(self, timeout_s: float = 10.0) -> Path | None:
        """Write what is waiting and finish the file.

        Args:
            timeout_s: how long that may take.

        Returns:
            The file; None if nothing was recorded.

        Raises:
            OutputWriteError: if it could not be written, or is not finished in time.
        """
        self._stopping.set()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            raise OutputWriteError(f"{self.path} is not finished yet; the disk or the encoder is slow.")
        if self._failure is not None:
            raise self._failure
        return self.path if self._sink is not None else None

    def _run(self) -> None:
        try:
            while not (self._stopping.is_set() and self._queue.empty()):
                try:
                    frame, result = self._queue.get(timeout=0.1)
                except queue.Empty:
                    continue
                self._write(frame, result)
            if self._sink is not None:
                self._sink.close()
        except FacerecError as exc:
            self._fail(exc)
        except Exception as exc:
            _LOGGER.exception("Recording failed")
            self._fail(OutputWriteError(f"{self.path} cannot be written: {exc}."))

    def _fail(self, error: FacerecError) -> None:
        self._failure = error
        if self._sink is not None:
            self._sink.abandon()
        if not self._stopping.is_set():
            self._on_failed(error)

    def _write(self, frame: Frame, result: FrameResult | None) -> None:
        if self._sink is None:
            self._sink = LastingVideoSink(self.path, frame_rate=self._rate, size_px=(frame.width_px, frame.height_px))
            self._size_px = (frame.width_px, frame.height_px)
        elapsed_s = frame.timestamp_s - self._last_s if self._last_s is not None else 0.0
        self._last_s = frame.timestamp_s
        self._media_s += elapsed_s if 0.0 < elapsed_s <= _LONGEST_GAP_S else 1.0 / self._rate
        picture = frame.pixels_rgb
        if result is not None and result_fits(result, frame):
            picture = draw_result(replace(result, frame=frame))
        picture = _fitted(picture, self._size_px)
        # At least one, so that a file is never without frames; else up to where the source's time has come.
        wanted = max(round(self._media_s * self._rate), 1)
        while self._sink.frames_written < wanted:
            self._sink.write(picture)


def _fitted(pixels_rgb: UInt8Array, size_px: tuple[int, int]) -> UInt8Array:
    """Return a picture of another shape on a black ground of the video's, its own shape kept."""
    width, height = size_px
    if pixels_rgb.shape[:2] == (height, width):
        return pixels_rgb
    scale = min(width / pixels_rgb.shape[1], height / pixels_rgb.shape[0])
    fitted_px = (max(1, round(pixels_rgb.shape[1] * scale)), max(1, round(pixels_rgb.shape[0] * scale)))
    scaled = cv2.resize(pixels_rgb, fitted_px, interpolation=cv2.INTER_AREA)
    ground = np.zeros((height, width, 3), np.uint8)
    left, top = (width - fitted_px[0]) // 2, (height - fitted_px[1]) // 2
    ground[top : top + fitted_px[1], left : left + fitted_px[0]] = scaled
    return ground
