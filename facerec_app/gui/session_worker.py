"""The only place where the threads of a live session meet Qt."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Protocol

from PySide6.QtCore import QObject, Qt, Signal

from facerec_app.core.errors import CaptureError, FacerecError
from facerec_app.core.protocols import FrameSource, GalleryIndex
from facerec_app.core.types import Embeddings, Frame, FrameResult
from facerec_app.gui.source_info import SourceInfo, source_title
from facerec_app.gui.tasks import Task, TaskRunner
from facerec_app.pipeline.track_album import FacePicture
from facerec_app.services.live_session import NO_FEATURES, FramePipeline, LiveSession, SessionFigures

StatusCallback = Callable[[str], None]
_BACKGROUND_INTERVAL_S = 0.2


class OpenSource(Protocol):
    """Opens what the user named."""

    def __call__(self, spec: str, *, on_status: StatusCallback | None = None) -> FrameSource: ...


class FrameTap(Protocol):
    """Takes what is shown as well, in the session's threads, and never waits."""

    def add_frame(self, frame: Frame) -> None: ...

    def add_result(self, result: FrameResult) -> None: ...


class PlayState(Enum):
    """What the view is doing."""

    EMPTY = "empty"
    OPENING = "opening"
    PLAYING = "playing"
    PAUSED = "paused"
    ENDED = "ended"
    FAILED = "failed"


class _Listener:
    """Hands a session's events on with the number of the session, so that late ones of an old session are known."""

    def __init__(self, worker: SessionWorker, generation: int) -> None:
        self._worker = worker
        self._generation = generation

    def on_frame(self, frame: Frame) -> None:
        self._worker.store(self._generation, frame=frame)

    def on_result(self, result: FrameResult) -> None:
        self._worker.store(self._generation, result=result)

    def on_end(self) -> None:
        self._worker.store(self._generation, event=self._worker.note_end)

    def on_error(self, error: FacerecError) -> None:
        self._worker.store(
            self._generation, event=partial(self._worker.note_error, str(error), isinstance(error, CaptureError))
        )

    def on_status(self, message: str) -> None:
        self._worker.store(self._generation, event=partial(self._worker.status.emit, message))


class SessionWorker(QObject):
    """Opens, runs and ends one live session at a time.

    Every signal is emitted in the thread that made the worker. Frames and results are never queued: the newest of
    each is stored and one wake-up asked for. Opening and ending, which can take seconds, happen in a thread.
    """

    state_changed = Signal(object)  # PlayState
    opening = Signal(str)  # what is being opened
    opened = Signal(object)  # SourceInfo
    frame_changed = Signal()  # a newer frame, ``newest_frame``
    result_changed = Signal()  # a newer result, ``newest_result``
    failed = Signal(str)
    status = Signal(str)
    speed_changed = Signal(float)
    _wake = Signal()

    def __init__(
        self,
        open_source: OpenSource,
        make_pipeline: Callable[[FrameSource], FramePipeline],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._open_source = open_source
        self._make_pipeline = make_pipeline
        self._control = TaskRunner("session-control", self)
        self._session: LiveSession | None = None
        self._state = PlayState.EMPTY
        self._info: SourceInfo | None = None
        self._lock = threading.Lock()
        self._generation = 0
        self._frame: Frame | None = None
        self._result: FrameResult | None = None
        self._fresh: set[str] = set()
        self._events: list[Callable[[], None]] = []
        self._wake_pending = False
        self._tap: FrameTap | None = None
        self._speed = 1.0
        self._open_at: int | None = None
        self._opens_paused = False
        self._in_background = False
        self._is_source_lost = False
        self._wake.connect(self._drain, Qt.ConnectionType.QueuedConnection)

    @property
    def state(self) -> PlayState:
        return self._state

    @property
    def is_source_lost(self) -> bool:
        """Whether the last failure was the source's, which may come back, and not recognition's."""
        return self._is_source_lost

    @property
    def info(self) -> SourceInfo | None:
        """The source in the view, None while there is none."""
        return self._info

    @property
    def newest_frame(self) -> Frame | None:
        return self._frame

    @property
    def newest_result(self) -> FrameResult | None:
        """The newest result that belongs to what is shown; None after a jump until the new place was looked at."""
        return self._result

    def open(self, spec: str, *, at: int | None = None) -> None:
        """End what is running and open a source, a file at a frame if given; ``opened`` or ``failed`` follows."""
        old = self._begin(PlayState.OPENING)
        self._open_at = at
        self.opening.emit(spec)
        generation = self._generation
        last = [old] if old is not None else []
        self._control.start(
            partial(self._open, last, spec, generation),
            done=partial(self._start, spec, generation, old is not None),
            failed=partial(self._note_open_failed, generation),
        )

    def pause_when_open(self) -> None:
        """Hold the first picture of the source that is being opened."""
        self._opens_paused = self._state is PlayState.OPENING

    def close(self) -> None:
        """End what is running and show nothing."""
        old = self._begin(PlayState.EMPTY)
        if old is not None:
            self._control.start(partial(_stop, old), done=lambda _: None, failed=self.failed.emit)

    def shut_down(self, timeout_s: float = 2.5) -> bool:
        """End everything for good; return whether every thread has ended."""
        deadline_s = time.monotonic() + timeout_s
        old = self._begin(PlayState.EMPTY)
        ended = old.stop(timeout_s) if old is not None else True
        return self._control.stop(max(0.0, deadline_s - time.monotonic())) and ended

    def toggle(self) -> None:
        """Play when paused, pause when playing, start again at the end."""
        if self._state is PlayState.PLAYING:
            self.pause()
        else:
            self.play()

    def play(self) -> None:
        """Go on; at the end of a file start again; a source that failed is opened anew."""
        if self._state is PlayState.FAILED and self._info is not None:
            self.open(self._info.spec)
        if self._session is None or self._state not in {PlayState.PAUSED, PlayState.ENDED}:
            return
        if self._state is PlayState.ENDED:
            if not self._is_seekable:
                return
            self._jump(0)
        self._session.resume()
        self._set_state(PlayState.PLAYING)

    def pause(self) -> None:
        """Hold the picture."""
        if self._session is not None and self._state is PlayState.PLAYING:
            self._session.pause()
            self._set_state(PlayState.PAUSED)

    def step(self) -> None:
        """Show one more frame and stay paused."""
        if self._session is not None and self._state in {PlayState.PLAYING, PlayState.PAUSED}:
            self._session.step()
            self._set_state(PlayState.PAUSED)

    def seek(self, index: int) -> None:
        """Jump to a frame of a file; a file that had ended is then paused."""
        if self._session is None or not self._is_seekable:
            return
        if self._state is PlayState.ENDED:
            self._set_state(PlayState.PAUSED)
        self._jump(index)

    @property
    def speed(self) -> float:
        """How fast a file plays; 1 is its own pace."""
        return self._speed

    def set_speed(self, speed: float) -> None:
        """Play a file faster or slower, until another source is opened."""
        if self._session is not None and self._info is not None and not self._info.is_live:
            self._session.set_speed(speed)
            self._speed = speed
            self.speed_changed.emit(speed)

    def set_in_background(self, in_background: bool) -> None:
        """Look at a few frames a second only while nobody sees the picture."""
        self._in_background = in_background
        if self._session is not None:
            self._session.set_recognition_interval(_BACKGROUND_INTERVAL_S if in_background else 0.0)

    def set_tap(self, tap: FrameTap | None) -> None:
        """Give everything that is shown from now on to a recording as well; None ends that."""
        if tap is not None and self._result is not None:
            tap.add_result(self._result)
        self._tap = tap

    def use_gallery(self, index: GalleryIndex) -> None:
        """Judge the faces in view by a new state of the gallery."""
        if self._session is not None:
            self._session.use_gallery(index)

    def track_pictures(self, track_id: int) -> list[FacePicture]:
        """Return the best pictures of a face in view, best first; none if it has gone."""
        return self._session.track_pictures(track_id) if self._session is not None else []

    def track_features(self, track_id: int, best: int | None = None) -> Embeddings:
        """Return the features of the looks at a face in view, best first; zero rows if it has gone."""
        return self._session.track_features(track_id, best) if self._session is not None else NO_FEATURES

    def figures(self) -> SessionFigures | None:
        """Return how the session is doing; None without one."""
        return self._session.figures() if self._session is not None else None

    def store(
        self,
        generation: int,
        *,
        frame: Frame | None = None,
        result: FrameResult | None = None,
        event: Callable[[], None] | None = None,
    ) -> None:
        """Take what a session's thread has; called from any thread."""
        with self._lock:
            if generation != self._generation:
                return
            if frame is not None:
                self._frame = frame
                self._fresh.add("frame")
            if result is not None:
                self._result = result
                self._fresh.add("result")
            if event is not None:
                self._events.append(event)
            tap = self._tap
            if not self._wake_pending:
                self._wake_pending = True
                self._wake.emit()
        if tap is not None and result is not None:
            tap.add_result(result)
        if tap is not None and frame is not None:
            tap.add_frame(frame)

    def note_end(self) -> None:
        """The source came to its end."""
        # A jump back that was asked for meanwhile has already started the source again.
        if self._state is PlayState.PLAYING:
            if self._session is not None:
                self._session.pause()  # a held picture is judged again when the gallery changes
            self._set_state(PlayState.ENDED)

    def note_error(self, message: str, is_of_source: bool = True) -> None:
        """The session failed and is over; of the source if that is lost or cannot be opened."""
        self._is_source_lost = is_of_source
        self._set_state(PlayState.FAILED)
        self.failed.emit(message)

    @property
    def _is_seekable(self) -> bool:
        return self._info is not None and self._info.is_seekable

    def _begin(self, state: PlayState) -> LiveSession | None:
        """Let go of the present session and forget what it showed; return it to be ended."""
        with self._lock:
            self._generation += 1
            self._frame = self._result = None
            self._fresh.clear()
            self._events.clear()
        self._open_at, self._opens_paused = None, False
        old, self._session, self._info = self._session, None, None
        self._speed = 1.0
        self._set_state(state)
        return old

    def _open(self, last: list[LiveSession], spec: str, generation: int, _: Task) -> LiveSession | None:
        """Runs in the control thread; None if something else has been asked for meanwhile.

        ``last`` holds the session to be ended, if there is one, and lets go of it before the next is made.
        """
        while last:
            last.pop().stop()
        if generation != self._generation:
            return None
        listener = _Listener(self, generation)
        source = self._open_source(spec, on_status=listener.on_status)
        return LiveSession(source, partial(self._make_pipeline, source), listener)

    def _start(self, spec: str, generation: int, was_another: bool, session: LiveSession | None) -> None:
        if session is None:
            return
        if was_another:
            gc.collect()  # its networks hang in cycles of few objects, which the interpreter would leave for very long
        if generation != self._generation:
            self._control.start(partial(_stop, session), done=lambda _: None, failed=self.failed.emit)
            return
        source = session.source
        self._session = session
        self._info = SourceInfo(
            spec,
            source_title(spec),
            source.is_live,
            source.frame_rate,
            source.frame_count,
            not source.is_live and source.frame_count is not None and hasattr(source, "seek"),
        )
        self.opened.emit(self._info)
        self._set_state(PlayState.PLAYING)
        if self._open_at is not None and self._is_seekable:
            self._jump(self._open_at)
        if self._opens_paused:
            self.pause()
        self.set_in_background(self._in_background)
        session.start()

    def _note_open_failed(self, generation: int, message: str) -> None:
        if generation == self._generation:
            self.note_error(message)

    def _jump(self, index: int) -> None:
        with self._lock:
            self._result = None
            self._fresh.discard("result")
        if self._session is not None:
            self._session.seek(index)
        self.result_changed.emit()

    def _set_state(self, state: PlayState) -> None:
        if state is not self._state:
            self._state = state
            self.state_changed.emit(state)

    def _drain(self) -> None:
        with self._lock:
            self._wake_pending = False
            fresh, self._fresh = self._fresh, set()
            events, self._events = self._events, []
        if "frame" in fresh:
            self.frame_changed.emit()
        if "result" in fresh:
            self.result_changed.emit()
        for event in events:
            event()


def _stop(session: LiveSession, _: Task) -> bool:
    return session.stop()
