"""The thread that reads a source so that nobody else has to wait for it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Condition, Thread, current_thread

from facerec_app.capture.newest_frame_slot import NewestFrameSlot
from facerec_app.core.errors import FacerecError, SourceLostError
from facerec_app.core.protocols import FrameSource
from facerec_app.core.types import Frame

_LOGGER = logging.getLogger(__name__)
_LATE_S = 1.0


class CaptureThread:
    """Reads a source into a slot until it ends, fails or is stopped.

    A live source, and a file that is paced to its media time, overwrite the slot: the view shows the present and what
    was not taken in time is dropped. A file that is not paced waits for the slot: every frame is delivered.

    A paced file that has ended keeps its thread, so that one can jump back; any other source's end closes the slot and
    the source.
    """

    def __init__(
        self,
        source: FrameSource,
        slot: NewestFrameSlot,
        *,
        paced: bool = False,
        on_end: Callable[[], None] | None = None,
        on_error: Callable[[FacerecError], None] | None = None,
    ) -> None:
        """Take over the source: only this thread reads and closes it from now on.

        Args:
            source: an open source.
            slot: where the frames go.
            paced: deliver the frames of a file at the pace of their time stamps; live sources pace themselves.
            on_end: called in the capture thread at the end of the source.
            on_error: called in the capture thread when the source fails; the thread ends after it.
        """
        self._source = source
        self._slot = slot
        self._paced = paced and not source.is_live
        self._on_end = on_end
        self._on_error = on_error
        self._state = Condition()
        self._stopping = False
        self._paused = False
        self._at_end = False
        self._steps = 0
        self._seek_to: int | None = None
        self._anchor: tuple[float, float] | None = None
        self._speed = 1.0
        self._speed_changes = 0
        self._thread = Thread(target=self._run, name="capture", daemon=True)

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    @property
    def is_paused(self) -> bool:
        """Whether frames are held back until ``resume`` or ``step``."""
        return self._paused

    @property
    def speed(self) -> float:
        """How fast a paced file plays; 1 is the pace of its time stamps."""
        return self._speed

    def set_speed(self, speed: float) -> None:
        """Play a paced file faster (up to what can be decoded) or slower; live sources have their own pace."""
        with self._state:
            self._speed = speed
            self._anchor = None
            self._speed_changes += 1
            self._state.notify_all()

    @property
    def is_at_end(self) -> bool:
        """Whether the source's last frame has been delivered."""
        return self._at_end

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def pause(self) -> None:
        """Hold frames back; a live source is read on and its frames are dropped, so that it does not fall behind."""
        self._change(paused=True)

    def resume(self) -> None:
        """Deliver frames again."""
        self._change(paused=False)

    def step(self) -> None:
        """Deliver one more frame and stay paused."""
        with self._state:
            self._paused = True
            self._steps += 1
            self._state.notify_all()

    def seek(self, index: int) -> None:
        """Jump; when paused, the frame jumped to is delivered. Without effect on a source that cannot seek."""
        with self._state:
            self._seek_to = index
            self._state.notify_all()

    def stop(self, timeout_s: float = 5.0) -> bool:
        """Ask the thread to end and wait for it.

        Returns:
            Whether it has ended. A thread that hangs in a driver is left alone (it is a daemon), never terminated.
        """
        with self._state:
            self._stopping = True
            self._state.notify_all()
        self._slot.close()
        self._source.close()
        if self._thread.ident is None or self._thread is current_thread():
            return not self._thread.is_alive()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _change(self, *, paused: bool) -> None:
        with self._state:
            self._paused = paused
            self._anchor = None
            self._state.notify_all()

    def _run(self) -> None:
        try:
            while self._wait_for_turn():
                frame = self._source.read()
                if frame is None:
                    if not self._handle_end():
                        break
                else:
                    self._deliver(frame)
        except FacerecError as exc:
            self._fail(exc)
        except Exception as exc:
            _LOGGER.exception("Reading %s failed", self._source.source_id)
            self._fail(SourceLostError(f"Reading {self._source.source_id} failed: {exc}"))
        finally:
            self._slot.close()
            self._source.close()

    def _fail(self, error: FacerecError) -> None:
        if self._on_error is not None and not self._stopping:
            self._on_error(error)

    def _wait_for_turn(self) -> bool:
        """Wait while paused or at the end; carry out a jump; return False when asked to stop."""
        with self._state:
            self._state.wait_for(self._may_read)
            if self._stopping:
                return False
            target, self._seek_to = self._seek_to, None
            if target is not None:
                self._at_end = False
                self._anchor = None
                self._steps += int(self._paused)
        if target is not None:
            self._seek_source(target)
        return True

    def _may_read(self) -> bool:
        if self._stopping or self._seek_to is not None:
            return True
        if self._at_end:
            self._steps = 0
            return False
        return not self._paused or self._steps > 0 or self._source.is_live

    def _seek_source(self, index: int) -> None:
        seek = getattr(self._source, "seek", None)
        if seek is not None:
            seek(index)
            self._slot.clear()

    def _handle_end(self) -> bool:
        """Return whether the thread stays for a jump back."""
        with self._state:
            if self._stopping:
                return False
            self._at_end = True
        if self._on_end is not None:
            self._on_end()
        return self._paced and hasattr(self._source, "seek")

    def _deliver(self, frame: Frame) -> None:
        with self._state:
            stepping = self._steps > 0
            if stepping:
                self._steps -= 1
            elif self._paced:
                self._wait_until_due(frame.timestamp_s)
            if self._stopping or self._seek_to is not None or (self._paused and not stepping and self._source.is_live):
                return
        if self._paced or self._source.is_live or stepping:
            self._slot.put(frame)
        else:
            self._slot.put_when_free(frame)

    def _wait_until_due(self, timestamp_s: float) -> None:
        """Wait for the frame's moment; after a pause, a jump or a hold-up the clock starts anew from this frame."""
        now_s = time.monotonic()
        anchor = self._anchor
        if anchor is None or now_s - self._due_s(anchor, timestamp_s) > _LATE_S:
            self._anchor = (now_s, timestamp_s)
            return
        changes = self._speed_changes
        self._state.wait_for(
            lambda: self._stopping or self._seek_to is not None or self._speed_changes != changes,
            max(0.0, self._due_s(anchor, timestamp_s) - now_s),
        )

    def _due_s(self, anchor: tuple[float, float], timestamp_s: float) -> float:
        return anchor[0] + (timestamp_s - anchor[1]) / self._speed
