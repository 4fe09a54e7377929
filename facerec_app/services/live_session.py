"""One source being watched: a capture thread, the newest-frame slot and the one thread that owns the pipeline."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from facerec_app.capture.capture_thread import CaptureThread
from facerec_app.capture.newest_frame_slot import NewestFrameSlot
from facerec_app.core.errors import FacerecError, InferenceError
from facerec_app.core.protocols import FrameSource, GalleryIndex
from facerec_app.core.types import Frame, FrameResult
from facerec_app.pipeline.recognition_pipeline import RecognitionPipeline
from facerec_app.pipeline.track_album import FacePicture

_LOGGER = logging.getLogger(__name__)
_RATE_WINDOW_S = 2.0
# While paused no frame comes: a picture that is held is looked at as often as a verdict needs, and again after a change
# of the gallery.
_REVIEW_LOOKS = 4


class SessionListener(Protocol):
    """Hears what happens; called from the session's threads, so it must only pass on."""

    def on_frame(self, frame: Frame) -> None:
        """A frame arrived (at the source's own rate, whatever recognition takes)."""
        ...

    def on_result(self, result: FrameResult) -> None:
        """A frame was recognised."""
        ...

    def on_end(self) -> None:
        """The source came to its end; a file may still be jumped back in."""
        ...

    def on_error(self, error: FacerecError) -> None:
        """The source or a network failed; the session is over."""
        ...


@dataclass(frozen=True, slots=True)
class SessionFigures:
    """How a session is doing, over the last two seconds.

    Attributes:
        frames_per_s: frames that arrived.
        recognitions_per_s: frames that were recognised.
        delay_ms: from a frame's arrival to its result, the latest.
        dropped: frames not recognised since the start, because newer ones came.
    """

    frames_per_s: float
    recognitions_per_s: float
    delay_ms: float
    dropped: int


class _RateMeter:
    """Events a second over a short window; used from one thread, read from any."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=400)

    def tick(self) -> None:
        self._times.append(time.monotonic())

    def rate(self) -> float:
        now_s = time.monotonic()
        recent = sum(1 for t in list(self._times) if now_s - t <= _RATE_WINDOW_S)
        return recent / _RATE_WINDOW_S


class _ObservedSlot(NewestFrameSlot):
    """Shows every frame to the listener on its way to recognition."""

    def __init__(self, on_frame: Callable[[Frame], None]) -> None:
        super().__init__()
        self._on_frame = on_frame
        self.arrivals = _RateMeter()
        self._arrived_s: deque[tuple[int, float]] = deque(maxlen=256)

    def put(self, frame: Frame) -> None:
        self._observe(frame)
        super().put(frame)

    def put_when_free(self, frame: Frame, timeout_s: float | None = None) -> bool:
        self._observe(frame)
        return super().put_when_free(frame, timeout_s)

    def delay_ms(self, frame: Frame) -> float:
        """Return the time since this frame arrived."""
        now_s = time.monotonic()
        return next(((now_s - t) * 1e3 for index, t in reversed(self._arrived_s) if index == frame.index), 0.0)

    def _observe(self, frame: Frame) -> None:
        self.arrivals.tick()
        self._arrived_s.append((frame.index, time.monotonic()))
        self._on_frame(frame)


class LiveSession:
    """Runs recognition beside a view that shows every frame.

    Started once, stopped once. All methods may be called from any thread; the pipeline is touched by the inference
    thread only.
    """

    def __init__(
        self,
        source: FrameSource,
        make_pipeline: Callable[[], RecognitionPipeline],
        listener: SessionListener,
    ) -> None:
        self.source = source
        self._make_pipeline = make_pipeline
        self._listener = listener
        self._slot = _ObservedSlot(listener.on_frame)
        self._capture = CaptureThread(
            source, self._slot, paced=True, on_end=listener.on_end, on_error=listener.on_error
        )
        self._commands: queue.SimpleQueue[Callable[[RecognitionPipeline], None]] = queue.SimpleQueue()
        self._pipeline: RecognitionPipeline | None = None
        self._results = _RateMeter()
        self._delay_ms = 0.0
        self._thread = threading.Thread(target=self._run, name="inference", daemon=True)

    def start(self) -> None:
        """Begin to read and to recognise."""
        self._thread.start()
        self._capture.start()

    def pause(self) -> None:
        """Hold the picture."""
        self._capture.pause()

    def resume(self) -> None:
        """Go on."""
        self._capture.resume()

    def step(self) -> None:
        """Show one more frame of a file and stay paused."""
        self._capture.step()

    def seek(self, index: int) -> None:
        """Jump in a file; tracks and votes start anew."""
        self._capture.seek(index)
        self._commands.put(lambda pipeline: pipeline.reset())

    @property
    def is_paused(self) -> bool:
        return self._capture.is_paused

    def use_gallery(self, index: GalleryIndex) -> None:
        """Judge the faces in view by a new state of the gallery, from the next frame on."""
        self._commands.put(lambda pipeline: pipeline.use_gallery(index))

    def track_pictures(self, track_id: int) -> list[FacePicture]:
        """Return the best pictures of a face in view, best first."""
        pipeline = self._pipeline
        return pipeline.album.pictures(track_id) if pipeline is not None else []

    def figures(self) -> SessionFigures:
        """Return how the session is doing."""
        return SessionFigures(self._slot.arrivals.rate(), self._results.rate(), self._delay_ms, self._slot.dropped)

    def stop(self, timeout_s: float = 5.0) -> bool:
        """Ask both threads to end and wait for them; return whether they did."""
        deadline_s = time.monotonic() + timeout_s
        ended = self._capture.stop(timeout_s)
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join(max(0.0, deadline_s - time.monotonic()))
        return ended and not self._thread.is_alive()

    def _run(self) -> None:
        try:
            pipeline = self._pipeline = self._make_pipeline()
            newest: Frame | None = None
            reviews = 0
            while not self._slot.finished:
                frame = self._slot.take(0.0 if reviews > 0 and self.is_paused else 0.25)
                if self._obey_commands(pipeline) or frame is not None:
                    reviews = _REVIEW_LOOKS
                if frame is None:
                    if newest is None or reviews == 0 or not self.is_paused:
                        continue
                    frame, reviews = newest, reviews - 1
                newest = frame
                self._recognise(pipeline, frame)
        except FacerecError as exc:
            self._fail(exc)
        except Exception as exc:
            _LOGGER.exception("Recognition failed")
            self._fail(InferenceError(f"Recognition stopped: {exc}. Run 'facerec doctor' to check the installation."))

    def _fail(self, error: FacerecError) -> None:
        self._slot.close()
        self._listener.on_error(error)

    def _recognise(self, pipeline: RecognitionPipeline, frame: Frame) -> None:
        result = pipeline.process(frame)
        self._results.tick()
        self._delay_ms = self._slot.delay_ms(frame)
        self._listener.on_result(result)

    def _obey_commands(self, pipeline: RecognitionPipeline) -> bool:
        """Carry out what was asked for; return whether there was anything."""
        obeyed = False
        while True:
            try:
                command = self._commands.get_nowait()
            except queue.Empty:
                return obeyed
            command(pipeline)
            obeyed = True
