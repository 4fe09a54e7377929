"""Frames of a video file."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

import cv2
import numpy as np

from facerec_app.core.errors import SourceOpenError
from facerec_app.core.types import Frame
from facerec_app.core.validation import is_text, readable_path


class VideoFileSource:
    """Frames of a video file with their media times, upright (rotation flags are honoured), with seeking.

    FFmpeg's seeking in OpenCV is exact to the frame: a frame that was jumped to equals the one that is read in order.
    """

    def __init__(self, path: Path) -> None:
        """Open the file and decode its first frame.

        Raises:
            SourceOpenError: there is no such file, it is no video, or it has no frames.
        """
        self._path = path
        try:
            is_there = path.is_file()
        except OSError:  # a name that is too long
            is_there = False
        if not is_there:
            raise SourceOpenError(f"There is no video file {path}; check the name.")
        if not is_text(path.resolve()):
            raise SourceOpenError(f"The path {readable_path(path)} holds bytes that are no UTF-8; rename the file.")
        # Absolute, so that no name can be taken for one of FFmpeg's protocols ("concat:...").
        self._capture = cv2.VideoCapture(str(path.resolve()), cv2.CAP_FFMPEG)
        self._lock = Lock()
        self._closed = False
        self._next_index = 0
        self._last_timestamp_s = -1.0
        if not self._capture.isOpened():
            self._capture.release()
            raise SourceOpenError(f"{path} is no video that can be read, or it is damaged; try to play or convert it.")
        self._capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        rate = float(self._capture.get(cv2.CAP_PROP_FPS))
        count = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self._frame_rate = rate if 0.0 < rate < 1000.0 else None
        self._frame_count = count if count > 0 else None
        self._pending = self._decode()
        if self._pending is None:
            self._capture.release()
            raise SourceOpenError(f"The video {path} has no frames that can be decoded; try to play or convert it.")

    @property
    def source_id(self) -> str:
        return str(self._path)

    @property
    def is_live(self) -> bool:
        return False

    @property
    def frame_rate(self) -> float | None:
        return self._frame_rate

    @property
    def frame_count(self) -> int | None:
        """Number of frames as the container says; a damaged file may end earlier."""
        return self._frame_count

    def read(self) -> Frame | None:
        """Return the next frame, or None at the end or after ``close``."""
        with self._lock:
            if self._closed:
                return None
            frame, self._pending = self._pending, None
            return frame if frame is not None else self._decode()

    def seek(self, index: int) -> None:
        """Make the frame of that index the next one read; clipped to the file's range."""
        with self._lock:
            if self._closed:
                return
            last = self._frame_count - 1 if self._frame_count is not None else index
            target = max(0, min(index, last))
            self._pending = None
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, target)
            self._next_index = target
            self._last_timestamp_s = -1.0

    def close(self) -> None:
        with self._lock:
            if not self._closed:
                self._closed = True
                self._pending = None
                self._capture.release()

    def _decode(self) -> Frame | None:
        ok, pixels_bgr = self._capture.read()
        if not ok or pixels_bgr is None:
            return None
        timestamp_s = self._timestamp_s()
        pixels_rgb = np.asarray(cv2.cvtColor(pixels_bgr, cv2.COLOR_BGR2RGB), np.uint8)
        frame = Frame(pixels_rgb, self._next_index, timestamp_s, self.source_id)
        self._next_index += 1
        self._last_timestamp_s = timestamp_s
        return frame

    def _timestamp_s(self) -> float:
        """Return the media time of the frame just decoded, counted from the frame rate where the file has none."""
        timestamp_s = float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000.0
        interval_s = 1.0 / (self._frame_rate or 25.0)
        if self._next_index > 0 and timestamp_s <= 0.0:
            timestamp_s = self._next_index * interval_s
        if timestamp_s <= self._last_timestamp_s:
            timestamp_s = self._last_timestamp_s + interval_s
        return max(0.0, timestamp_s)
