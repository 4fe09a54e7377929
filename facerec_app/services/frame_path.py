"""How frames get from a slot through a pipeline: one after another, or finding faces while others are judged."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

import numpy as np

from facerec_app.capture.newest_frame_slot import NewestFrameSlot
from facerec_app.core.errors import FacerecError, InferenceError
from facerec_app.core.types import Frame, FrameResult
from facerec_app.pipeline.recognition_pipeline import FoundFaces, RecognitionPipeline

_WAIT_S = 0.2


class FrameFeed:
    """The frames of a slot, at most so many per second of the source's time."""

    def __init__(self, slot: NewestFrameSlot, max_fps: float | None = None) -> None:
        self._slot = slot
        self._interval_s = 1.0 / max_fps if max_fps else 0.0
        self._next_s = -np.inf

    @property
    def finished(self) -> bool:
        """Whether no frame will come any more."""
        return self._slot.finished

    def take(self, timeout_s: float) -> Frame | None:
        """Return the next frame, or None if there was none in time or it came too soon after the last."""
        frame = self._slot.take(timeout_s)
        return frame if frame is not None and self._admits(frame) else None

    def _admits(self, frame: Frame) -> bool:
        # Half a millisecond of grace: media times are rounded.
        if frame.timestamp_s < self._next_s - 5e-4:
            return False
        # Frames that come a little late keep the beat; after a gap, and at the start, a new one begins.
        in_beat = frame.timestamp_s < self._next_s + self._interval_s
        self._next_s = (self._next_s if in_beat else frame.timestamp_s) + self._interval_s
        return True


class InOrder:
    """Each frame is finished before the next is begun, in the thread that asks."""

    def __init__(self, frames: FrameFeed, process: Callable[[Frame], FrameResult]) -> None:
        self._frames = frames
        self._process = process

    def start(self) -> None:
        """Nothing has to be started."""

    def stop(self) -> None:
        """Nothing has to be stopped."""

    @property
    def finished(self) -> bool:
        return self._frames.finished

    def next_result(self, timeout_s: float) -> FrameResult | None:
        """Return the next result, or None if no frame came in time."""
        frame = self._frames.take(timeout_s)
        return self._process(frame) if frame is not None else None


class FindAhead:
    """A thread of its own finds the faces of the next frame while those of the present one are judged.

    Finding takes more than half of a frame's time and needs nothing of what is said of the faces, so two cores work on
    two frames (docs/speed.md). Frames and results stay in order; one frame at most waits between the two.
    """

    def __init__(self, frames: FrameFeed, pipeline: RecognitionPipeline) -> None:
        self._frames = frames
        self._pipeline = pipeline
        self._found: queue.Queue[FoundFaces | FacerecError | None] = queue.Queue(1)
        self._stopping = threading.Event()
        self._finished = False
        self._thread = threading.Thread(target=self._run, name="find-faces", daemon=True)

    def start(self) -> None:
        """Begin to take frames."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what it found and nobody took is dropped."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    @property
    def finished(self) -> bool:
        """Whether the last result was given."""
        return self._finished

    def next_result(self, timeout_s: float) -> FrameResult | None:
        """Return the next result, or None if there was none in time or all are given.

        Raises:
            FacerecError: if finding or judging failed.
        """
        try:
            found = self._found.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if found is None:
            self._finished = True
            return None
        if isinstance(found, FacerecError):
            raise found
        return self._pipeline.judge(found)

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                frame = self._frames.take(_WAIT_S)
                if frame is not None:
                    self._hand_over(self._pipeline.find(frame))
                elif self._frames.finished:
                    break
            self._hand_over(None)
        except FacerecError as exc:
            self._hand_over(exc)
        except Exception as exc:  # noqa: BLE001 - raised again in the thread that waits for the result
            self._hand_over(InferenceError(f"Looking for faces failed: {exc}. Run 'facerec doctor'."))

    def _hand_over(self, found: FoundFaces | FacerecError | None) -> None:
        while not self._stopping.is_set():
            try:
                return self._found.put(found, timeout=_WAIT_S)
            except queue.Full:
                continue
        return None
