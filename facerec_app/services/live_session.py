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

import numpy as np

from facerec_app.capture.capture_thread import CaptureThread
from facerec_app.capture.image_folder_source import ImageFolderSource
from facerec_app.capture.newest_frame_slot import NewestFrameSlot
from facerec_app.core.errors import FacerecError, InferenceError
from facerec_app.core.protocols import FrameSource, GalleryIndex
from facerec_app.core.thread_priority import lower_thread_priority
from facerec_app.core.types import Embeddings, Frame, FrameResult
from facerec_app.pipeline.track_album import FacePicture, TrackAlbum
from facerec_app.pipeline.track_looks import TrackLooks

_LOGGER = logging.getLogger(__name__)
_RATE_WINDOW_S = 2.0
# While paused no frame comes: a picture that is held is looked at as often as a verdict needs.
_REVIEW_LOOKS = 4
_SHOW_STILL_S = 0.5  # a picture that took long to judge is still shown with its names for a moment
_GIVES_WAY_STEPS = 3  # the picture comes first: it is to move at the source's rate whatever recognition takes
_JUDGE_STILL_S = 30.0  # longer than this no picture is waited for


class FramePipeline(Protocol):
    """What a session needs of a pipeline; one thread owns it, ``album`` and ``looks`` may be read from others."""

    @property
    def album(self) -> TrackAlbum: ...

    @property
    def looks(self) -> TrackLooks: ...

    def process(self, frame: Frame) -> FrameResult:
        """Return what is to be said of a frame."""
        ...

    def judge_again(self) -> FrameResult | None:
        """Return what is now to be said of the latest frame."""
        ...

    def use_gallery(self, index: GalleryIndex) -> None:
        """Take a new state of the gallery."""
        ...

    def reset(self) -> None:
        """Forget every track."""
        ...


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


NO_FEATURES = Embeddings(np.zeros((0, 0), np.float32), "")


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
    """Shows every frame to the listener on its way to recognition.

    Of pictures (``one_by_one``) the next is shown only when the last has been judged: none is passed over, and names
    belong to what is shown.
    """

    def __init__(self, on_frame: Callable[[Frame], None], *, one_by_one: bool) -> None:
        super().__init__()
        self._on_frame = on_frame
        self._one_by_one = one_by_one
        self._ended = threading.Event()
        self._judged = threading.Event()
        self._judged.set()
        self.arrivals = _RateMeter()
        self._arrived_s: deque[tuple[int, float]] = deque(maxlen=256)

    def put(self, frame: Frame) -> None:
        if self._one_by_one:
            if not self._judged.is_set() and self._judged.wait(_JUDGE_STILL_S):
                self._ended.wait(_SHOW_STILL_S)
            self._judged.clear()
        self._observe(frame)
        super().put(frame)

    def note_judged(self) -> None:
        """The frame that was taken has its result."""
        self._judged.set()

    def clear(self) -> None:
        super().clear()
        self._judged.set()

    def close(self) -> None:
        super().close()
        self._ended.set()
        self._judged.set()

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
        make_pipeline: Callable[[], FramePipeline],
        listener: SessionListener,
    ) -> None:
        self.source = source
        self._make_pipeline = make_pipeline
        self._listener = listener
        self._slot = _ObservedSlot(listener.on_frame, one_by_one=isinstance(source, ImageFolderSource))
        self._capture = CaptureThread(
            source, self._slot, paced=True, on_end=listener.on_end, on_error=listener.on_error
        )
        self._commands: queue.SimpleQueue[Callable[[FramePipeline], None]] = queue.SimpleQueue()
        self._pipeline: FramePipeline | None = None
        self._results = _RateMeter()
        self._delay_ms = 0.0
        self._interval_s = 0.0
        self._next_s = 0.0
        self._hurry = threading.Event()
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

    def set_speed(self, speed: float) -> None:
        """Play a file faster or slower; 1 is its own pace."""
        self._capture.set_speed(speed)

    def set_recognition_interval(self, seconds: float) -> None:
        """Recognise at most one frame in so many seconds; with 0, every frame that there is time for."""
        self._interval_s = seconds
        if seconds > 0.0:
            self._hurry.clear()
        else:
            self._hurry.set()

    def use_gallery(self, index: GalleryIndex) -> None:
        """Judge the faces in view by a new state of the gallery, at once."""
        self._commands.put(lambda pipeline: pipeline.use_gallery(index))

    def track_pictures(self, track_id: int) -> list[FacePicture]:
        """Return the best pictures of a face in view, best first."""
        pipeline = self._pipeline
        return pipeline.album.pictures(track_id) if pipeline is not None else []

    def track_features(self, track_id: int, best: int | None = None) -> Embeddings:
        """Return the features of the looks at a face in view, best first; zero rows if it has gone."""
        pipeline = self._pipeline
        return pipeline.looks.features(track_id, best=best) if pipeline is not None else NO_FEATURES

    def figures(self) -> SessionFigures:
        """Return how the session is doing."""
        return SessionFigures(self._slot.arrivals.rate(), self._results.rate(), self._delay_ms, self._slot.dropped)

    def stop(self, timeout_s: float = 5.0) -> bool:
        """Ask both threads to end and wait for them; return whether they did."""
        deadline_s = time.monotonic() + timeout_s
        self._hurry.set()
        ended = self._capture.stop(timeout_s)
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join(max(0.0, deadline_s - time.monotonic()))
        return ended and not self._thread.is_alive()

    def _run(self) -> None:
        lower_thread_priority(_GIVES_WAY_STEPS)
        try:
            pipeline = self._pipeline = self._make_pipeline()
            newest: Frame | None = None
            reviews = 0
            while not self._slot.finished:
                self._keep_interval()
                frame = self._slot.take(0.0 if reviews > 0 and self.is_paused else 0.25)
                if self._obey_commands(pipeline):
                    self._tell(pipeline.judge_again())
                if frame is not None:
                    reviews = _REVIEW_LOOKS
                else:
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

    def _keep_interval(self) -> None:
        """Wait until another frame may be recognised, or until every frame is to be again."""
        wait_s = self._next_s - time.monotonic()
        if self._interval_s > 0.0 and wait_s > 0.0:
            self._hurry.wait(wait_s)
        self._next_s = time.monotonic() + self._interval_s

    def _fail(self, error: FacerecError) -> None:
        try:
            self._capture.stop(0.0)  # lets go of the source: a camera can only be opened again when it is free
        finally:
            self._listener.on_error(error)

    def _recognise(self, pipeline: FramePipeline, frame: Frame) -> None:
        result = pipeline.process(frame)
        self._results.tick()
        self._delay_ms = self._slot.delay_ms(frame)
        self._tell(result)
        self._slot.note_judged()

    def _tell(self, result: FrameResult | None) -> None:
        if result is not None:
            self._listener.on_result(result)

    def _obey_commands(self, pipeline: FramePipeline) -> bool:
        """Carry out what was asked for; return whether there was anything."""
        obeyed = False
        while True:
            try:
                command = self._commands.get_nowait()
            except queue.Empty:
                return obeyed
            command(pipeline)
            obeyed = True
