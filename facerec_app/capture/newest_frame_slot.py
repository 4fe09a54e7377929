"""The hand-over between a source that cannot wait and a consumer that may be slower."""

from __future__ import annotations

import time
from threading import Condition

from facerec_app.core.types import Frame


class NewestFrameSlot:
    """Room for one frame; safe for one producer and any number of consumers.

    A live view must show the present: a frame that was not taken in time is overwritten and counted, so memory never
    grows and the view never lags behind by more than one frame.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._frame: Frame | None = None
        self._closed = False
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """Frames that were overwritten before anybody took them."""
        return self._dropped

    @property
    def closed(self) -> bool:
        """Whether the producer has finished; a last frame may still wait to be taken."""
        return self._closed

    @property
    def finished(self) -> bool:
        """Whether the producer has finished and the last frame has been taken: nothing will come any more."""
        with self._changed:
            return self._closed and self._frame is None

    def put(self, frame: Frame) -> None:
        """Offer a frame, overwriting one that nobody took; ignored after ``close``."""
        with self._changed:
            if self._closed:
                return
            if self._frame is not None:
                self._dropped += 1
            self._frame = frame
            self._changed.notify_all()

    def put_when_free(self, frame: Frame, timeout_s: float | None = None) -> bool:
        """Wait until the last frame was taken, then offer this one; for sources of which no frame may be lost.

        Returns:
            False if the time ran out or the slot was closed, and the frame was not placed.
        """
        with self._changed:
            free = self._changed.wait_for(lambda: self._frame is None or self._closed, timeout_s)
            if not free or self._closed:
                return False
            self._frame = frame
            self._changed.notify_all()
            return True

    def take(self, timeout_s: float | None = None) -> Frame | None:
        """Take the frame, waiting for one up to ``timeout_s`` (None: for ever).

        Returns:
            None if the time ran out or the slot was closed and is empty (``finished`` tells which).
        """
        with self._changed:
            self._changed.wait_for(lambda: self._frame is not None or self._closed, timeout_s)
            frame, self._frame = self._frame, None
            if frame is not None:
                self._changed.notify_all()
            return frame

    def wait_until_taken(self, timeout_s: float) -> bool:
        """Wait until the slot is empty; True if it is."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            return self._changed.wait_for(lambda: self._frame is None, max(0.0, deadline - time.monotonic()))

    def clear(self) -> None:
        """Discard a waiting frame (the source jumped)."""
        with self._changed:
            self._frame = None
            self._changed.notify_all()

    def close(self) -> None:
        """Say that no more frames come, and wake everybody who waits; calling it again does nothing."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
