"""Frames of a network stream (RTSP camera, HTTP motion JPEG)."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event, Lock
from urllib.parse import urlsplit, urlunsplit

from facerec_app.capture.retry import retry_delays_s
from facerec_app.capture.stream_connection import StreamConnection
from facerec_app.core.errors import SourceLostError, SourceOpenError
from facerec_app.core.types import Frame, UInt8Array

STREAM_SCHEMES = frozenset({"rtsp", "rtsps", "http", "https"})


class StreamSource:
    """Live frames of an address; a stream that is lost or hangs is opened again with growing delays.

    The reading happens in a child process, because a read of a lost stream can hang for ever. An address that turns
    out to be a video file is read whole and ends.
    """

    def __init__(
        self,
        address: str,
        *,
        open_timeout_s: float = 10.0,
        read_timeout_s: float = 5.0,
        give_up_after_s: float | None = 600.0,
        on_status: Callable[[str], None] | None = None,
    ) -> None:
        """Open the stream.

        Args:
            address: ``rtsp://``, ``rtsps://``, ``http://`` or ``https://``, with name and password if need be.
            open_timeout_s: how long to wait for the stream to open.
            read_timeout_s: a stream that gives no frame for this long counts as lost.
            give_up_after_s: how long a lost stream is tried again, None for ever.
            on_status: takes one line when the stream is lost, before each attempt, and when it is back.

        Raises:
            SourceOpenError: the address is none that can be opened, or nothing answers there.
        """
        self._address = address
        self._shown = without_password(address)
        self._open_timeout_s = open_timeout_s
        self._read_timeout_s = read_timeout_s
        self._give_up_after_s = give_up_after_s
        self._on_status = on_status
        self._closed = Event()
        self._ended = False
        self._connection_lock = Lock()
        self._first_index = 0
        self._next_index = 0
        self._frame_rate: float | None = None
        self._frame_count: int | None = None
        self._opened_at_s = time.monotonic()
        self._connection: StreamConnection | None = None
        if not self._connect():
            raise SourceOpenError(
                f"The stream {self._shown} does not open; check the address, the password and that the camera is on."
            )

    @property
    def source_id(self) -> str:
        """The address without its password."""
        return self._shown

    @property
    def is_live(self) -> bool:
        return self._frame_count is None

    @property
    def frame_rate(self) -> float | None:
        return self._frame_rate

    @property
    def frame_count(self) -> int | None:
        return self._frame_count

    def read(self) -> Frame | None:
        """Return the newest frame, or None after ``close`` (or at the end of a file behind an address).

        Raises:
            SourceLostError: the stream was lost and did not come back in ``give_up_after_s``.
        """
        while not self._ended:
            connection = self._connection
            if connection is None or self._closed.is_set():
                self._ended = True
                break
            event, pixels, index = connection.next_frame()
            if pixels is not None:
                return self._frame(pixels, index)
            connection.end()
            if event == "end":
                self._ended = True
            elif not self._closed.is_set():
                self._reconnect()
        return None

    def close(self) -> None:
        """End the child process; a waiting ``read`` returns at once."""
        self._closed.set()
        with self._connection_lock:
            connection = self._connection
        if connection is not None:
            connection.end()

    def _frame(self, pixels_rgb: UInt8Array, index: int) -> Frame:
        """Number the frame on from those before the stream was lost."""
        index = self._first_index + index
        self._next_index = index + 1
        return Frame(pixels_rgb, index, time.monotonic() - self._opened_at_s, self._shown)

    def _connect(self) -> bool:
        """Start a child and wait until it has opened the stream."""
        connection = StreamConnection(
            self._address, open_timeout_s=self._open_timeout_s, read_timeout_s=self._read_timeout_s
        )
        with self._connection_lock:
            self._connection = connection
        if self._closed.is_set():  # closed while the child started: close() saw the connection before this one
            connection.end()
            return False
        # The child needs about a second to start before its own limit begins to run.
        description = connection.wait_until_open(self._open_timeout_s + 5.0)
        if description is None:
            connection.end()
            return False
        rate = float(description["frame_rate"])
        self._frame_rate = rate if 0.0 < rate < 1000.0 else None
        self._frame_count = description["frame_count"]
        self._first_index = self._next_index
        return True

    def _reconnect(self) -> None:
        for delay_s in retry_delays_s(self._give_up_after_s):
            self._report(f"The stream {self._shown} was lost; trying again in {delay_s:.1f} s.")
            if self._closed.wait(delay_s):
                return
            if self._connect():
                self._report(f"The stream {self._shown} is back.")
                return
            if self._closed.is_set():
                return
        raise SourceLostError(f"The stream {self._shown} was lost and did not come back; check the camera and network.")

    def _report(self, message: str) -> None:
        if self._on_status is not None:
            self._on_status(message)


def without_password(address: str) -> str:
    """Return an address that may be shown and logged: a name and password in it are left out."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
