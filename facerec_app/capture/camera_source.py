"""Frames of a camera that is attached to this computer."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Lock
from typing import Any, Protocol

import cv2
import numpy as np

from facerec_app.capture.retry import retry_delays_s
from facerec_app.core.errors import SourceLostError, SourceOpenError
from facerec_app.core.types import Frame, UInt8Array

StatusCallback = Callable[[str], None]


class VideoCaptureLike(Protocol):
    """The part of ``cv2.VideoCapture`` that a camera needs."""

    def isOpened(self) -> bool: ...

    def read(self) -> tuple[bool, Any]: ...

    def get(self, propId: int) -> float: ...

    def set(self, propId: int, value: float) -> bool: ...

    def release(self) -> None: ...


@dataclass(frozen=True, slots=True)
class CameraDescription:
    """A camera that the system knows.

    Attributes:
        number: what ``CameraSource`` opens.
        name: the maker's name.
    """

    number: int
    name: str


def _backend() -> int:
    """Return the backend whose camera numbers ``list_cameras`` gives: numbers differ between backends."""
    return {"win32": cv2.CAP_DSHOW, "darwin": cv2.CAP_AVFOUNDATION}.get(sys.platform, cv2.CAP_V4L2)


def list_cameras() -> tuple[CameraDescription, ...]:
    """Return the cameras that the system knows, by number; none where it has no way to tell."""
    from cv2_enumerate_cameras import enumerate_cameras

    try:
        found = enumerate_cameras(_backend())
    except (NotImplementedError, OSError):
        return ()
    return tuple(CameraDescription(int(c.index), str(c.name)) for c in sorted(found, key=lambda c: c.index))


def _open_capture(number: int) -> VideoCaptureLike:
    return cv2.VideoCapture(number, _backend())


class CameraSource:
    """Live frames of a camera; one that stops is opened again with growing delays."""

    def __init__(
        self,
        number: int,
        *,
        size_px: tuple[int, int] = (1280, 720),
        frame_rate: float = 30.0,
        give_up_after_s: float = 60.0,
        on_status: StatusCallback | None = None,
        open_capture: Callable[[int], VideoCaptureLike] = _open_capture,
    ) -> None:
        """Open the camera and wait for its first frame.

        Args:
            number: 0 is the first camera; ``list_cameras`` tells which there are.
            size_px: width and height to ask for; the camera decides.
            frame_rate: frames per second to ask for; the camera decides.
            give_up_after_s: how long a camera that stopped is tried again.
            on_status: takes one line when the camera is lost and when it is back.
            open_capture: opens a capture of that number (OpenCV's, unless a test brings its own).

        Raises:
            SourceOpenError: the camera is not there, in use or forbidden; says what to do.
        """
        self._number = number
        self._size_px = size_px
        self._wanted_rate = frame_rate
        self._give_up_after_s = give_up_after_s
        self._on_status = on_status
        self._open_capture = open_capture
        self._closed = Event()
        self._lock = Lock()
        self._next_index = 0
        self._opened_at_s = time.monotonic()
        capture, pixels = self._open()
        if capture is None:
            raise SourceOpenError(_absent_message(number))
        self._capture: VideoCaptureLike | None = capture
        self._pending: UInt8Array | None = pixels
        rate = float(capture.get(cv2.CAP_PROP_FPS))
        self._frame_rate = rate if 0.0 < rate < 1000.0 else None

    @property
    def source_id(self) -> str:
        return f"camera {self._number}"

    @property
    def is_live(self) -> bool:
        return True

    @property
    def frame_rate(self) -> float | None:
        return self._frame_rate

    @property
    def frame_count(self) -> int | None:
        return None

    def read(self) -> Frame | None:
        """Return the next frame, or None after ``close``.

        Raises:
            SourceLostError: the camera stopped and did not come back in ``give_up_after_s``.
        """
        with self._lock:
            try:
                pixels = self._next_pixels()
            finally:
                if self._closed.is_set():
                    self._release()
        if pixels is None:
            return None
        frame = Frame(pixels, self._next_index, time.monotonic() - self._opened_at_s, self.source_id)
        self._next_index += 1
        return frame

    def close(self) -> None:
        """Release the camera; a ``read`` that is under way releases it itself as soon as its frame is in."""
        self._closed.set()
        if self._lock.acquire(blocking=False):
            try:
                self._release()
            finally:
                self._lock.release()

    def _next_pixels(self) -> UInt8Array | None:
        if self._closed.is_set():
            return None
        pixels, self._pending = self._pending, None
        if pixels is None and self._capture is not None:
            pixels = _read_rgb(self._capture)
        if pixels is None and not self._closed.is_set():
            pixels = self._reopen()
        return pixels if not self._closed.is_set() else None

    def _reopen(self) -> UInt8Array | None:
        self._release()
        self._report(f"The {self.source_id} stopped; trying to open it again.")
        for delay_s in retry_delays_s(self._give_up_after_s):
            if self._closed.wait(delay_s):
                return None
            self._capture, pixels = self._open()
            if pixels is not None:
                self._report(f"The {self.source_id} is back.")
                return pixels
        raise SourceLostError(f"The {self.source_id} stopped and did not come back; plug it in again and restart.")

    def _open(self) -> tuple[VideoCaptureLike, UInt8Array] | tuple[None, None]:
        """Open the device and read one frame: some drivers open and never deliver."""
        try:
            capture = self._open_capture(self._number)
        except cv2.error:
            return None, None
        if capture.isOpened():
            # Compressed first: uncompressed 720p does not fit through USB 2 at 30 frames/s.
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, self._size_px[0])
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self._size_px[1])
            capture.set(cv2.CAP_PROP_FPS, self._wanted_rate)
            pixels = _read_rgb(capture)
            if pixels is not None:
                return capture, pixels
        capture.release()
        return None, None

    def _release(self) -> None:
        if self._capture is not None:
            self._capture.release()
        self._capture = None

    def _report(self, message: str) -> None:
        if self._on_status is not None:
            self._on_status(message)


def _read_rgb(capture: VideoCaptureLike) -> UInt8Array | None:
    """Return the next frame as RGB, or None if the device gives none."""
    try:
        ok, pixels_bgr = capture.read()
    except cv2.error:  # an unplugged device makes some backends throw instead of saying no
        return None
    if not ok or pixels_bgr is None or pixels_bgr.size == 0:
        return None
    return np.asarray(cv2.cvtColor(pixels_bgr, cv2.COLOR_BGR2RGB), np.uint8)


def _absent_message(number: int) -> str:
    cameras = list_cameras()
    if not cameras:
        return (
            f"Camera {number} does not answer and the system knows no camera; plug one in, or allow the program to use "
            "it, or give a video file, an address or a folder of pictures instead."
        )
    known = ", ".join(f"{camera.number} ({camera.name})" for camera in cameras)
    if number in {camera.number for camera in cameras}:
        return f"Camera {number} does not answer; close other programs that use it and check its permission."
    return f"There is no camera {number}; the system knows {known}."
