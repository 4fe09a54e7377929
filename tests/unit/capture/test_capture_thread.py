"""The thread that reads a source, and the slot between it and the consumer."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest

from facerec_app.capture.capture_thread import CaptureThread
from facerec_app.capture.newest_frame_slot import NewestFrameSlot
from facerec_app.capture.video_file_source import VideoFileSource
from facerec_app.core.errors import FacerecError, SourceLostError
from facerec_app.core.types import Frame

VIDEO = Path(__file__).parents[3] / "assets" / "demo" / "demo.mp4"


def frame(index: int) -> Frame:
    return Frame(np.zeros((2, 2, 3), np.uint8), index, float(index), "test")


def index_of(taken: Frame | None) -> int:
    assert taken is not None
    return taken.index


class ScriptedSource:
    """Gives frames when the test says so."""

    source_id = "scripted"
    frame_rate = None
    frame_count = None

    def __init__(self, *, is_live: bool = True, fail_after: int | None = None, error: Exception | None = None) -> None:
        self.is_live = is_live
        self.asked = Event()
        self.closed = Event()
        self._gate = Event()
        self._next = 0
        self._fail_after = fail_after
        self._error = error

    def let_all_through(self) -> None:
        self._gate.set()

    def read(self) -> Frame | None:
        self.asked.set()
        while not self._gate.wait(0.01):
            if self.closed.is_set():
                return None
        if self.closed.is_set():
            return None
        if self._error is not None and self._next == self._fail_after:
            raise self._error
        self._next += 1
        return frame(self._next - 1)

    def close(self) -> None:
        self.closed.set()


def test_a_frame_that_nobody_took_is_overwritten_and_counted() -> None:
    slot = NewestFrameSlot()
    for index in range(5):
        slot.put(frame(index))
    assert index_of(slot.take(0.0)) == 4
    assert slot.dropped == 4
    assert slot.take(0.0) is None


def test_take_waits_for_a_frame_and_close_wakes_it() -> None:
    slot = NewestFrameSlot()
    taken: list[Frame | None] = []
    taker = Thread(target=lambda: taken.extend([slot.take(10.0), slot.take(10.0)]))
    taker.start()
    slot.put_when_free(frame(1))
    assert slot.put_when_free(frame(2), 10.0)
    taker.join(10.0)
    assert [index_of(item) for item in taken] == [1, 2]
    waiter = Thread(target=lambda: taken.append(slot.take(60.0)))
    waiter.start()
    slot.close()
    waiter.join(5.0)
    assert not waiter.is_alive()
    assert taken[-1] is None
    assert slot.finished


def test_the_last_frame_can_be_taken_after_close() -> None:
    slot = NewestFrameSlot()
    slot.put(frame(7))
    slot.close()
    slot.put(frame(8))
    assert not slot.finished
    assert index_of(slot.take(0.0)) == 7
    assert slot.finished


def test_a_waiting_producer_loses_nothing_and_is_woken_by_close() -> None:
    slot = NewestFrameSlot()
    assert slot.put_when_free(frame(0))
    assert not slot.put_when_free(frame(1), 0.01)
    outcome: list[bool] = []
    producer = Thread(target=lambda: outcome.append(slot.put_when_free(frame(1))))
    producer.start()
    slot.close()
    producer.join(5.0)
    assert outcome == [False]
    assert index_of(slot.take(0.0)) == 0
    assert slot.dropped == 0


def test_a_file_without_pace_delivers_every_frame_to_a_slow_consumer() -> None:
    source = VideoFileSource(VIDEO)
    slot, ended = NewestFrameSlot(), Event()
    thread = CaptureThread(source, slot, on_end=ended.set)
    thread.start()
    indices = []
    while not slot.finished:
        taken = slot.take(5.0)
        if taken is not None:
            indices.append(taken.index)
    assert indices == list(range(source.frame_count or 0))
    assert slot.dropped == 0
    assert ended.is_set()
    assert thread.stop()
    assert not thread.is_alive


def test_a_paced_file_keeps_to_its_own_clock() -> None:
    source = VideoFileSource(VIDEO)
    rate = source.frame_rate or 25.0
    slot = NewestFrameSlot()
    thread = CaptureThread(source, slot, paced=True)
    thread.start()
    began_s = time.monotonic()
    last = -1
    while last < rate / 2:
        last = index_of(slot.take(5.0))
    took_s = time.monotonic() - began_s
    assert thread.stop()
    assert last / rate - 0.1 < took_s < 4.0 + last / rate


def test_a_paused_file_steps_and_jumps_frame_by_frame() -> None:
    source = VideoFileSource(VIDEO)
    slot = NewestFrameSlot()
    thread = CaptureThread(source, slot, paced=True)
    thread.pause()
    thread.start()
    assert slot.take(0.2) is None
    thread.step()
    assert index_of(slot.take(5.0)) == 0
    thread.step()
    assert index_of(slot.take(5.0)) == 1
    thread.seek(40)
    assert index_of(slot.take(5.0)) == 40
    thread.step()
    assert index_of(slot.take(5.0)) == 41
    assert slot.take(0.1) is None
    thread.resume()
    assert index_of(slot.take(5.0)) == 42
    assert thread.stop()


def test_after_its_end_a_paced_file_can_be_jumped_back_into() -> None:
    source = VideoFileSource(VIDEO)
    count = source.frame_count or 0
    slot, ended = NewestFrameSlot(), Event()
    thread = CaptureThread(source, slot, paced=True, on_end=ended.set)
    thread.start()
    thread.seek(count - 2)
    assert ended.wait(10.0)
    assert thread.is_alive
    assert thread.is_at_end
    slot.clear()
    thread.pause()
    thread.seek(3)
    assert index_of(slot.take(5.0)) == 3
    assert thread.stop()


def test_a_live_source_overwrites_the_slot() -> None:
    source = ScriptedSource()
    slot = NewestFrameSlot()
    thread = CaptureThread(source, slot)
    thread.start()
    source.let_all_through()
    wait_for(lambda: slot.dropped > 10)
    newest = index_of(slot.take(1.0))
    assert newest >= 10
    assert thread.stop()


def test_a_paused_live_source_is_drained_and_shows_the_present_when_resumed() -> None:
    source = ScriptedSource()
    slot = NewestFrameSlot()
    thread = CaptureThread(source, slot)
    thread.pause()
    thread.start()
    source.let_all_through()
    assert slot.take(0.1) is None
    thread.resume()
    assert index_of(slot.take(5.0)) > 0
    assert thread.stop()


@pytest.mark.parametrize("error", [SourceLostError("gone"), RuntimeError("driver")])
def test_a_failure_is_reported_once_and_closes_slot_and_source(error: Exception) -> None:
    source = ScriptedSource(fail_after=2, error=error)
    slot = NewestFrameSlot()
    reported: list[FacerecError] = []
    thread = CaptureThread(source, slot, on_error=reported.append)
    source.let_all_through()
    thread.start()
    wait_for(lambda: not thread.is_alive)
    assert len(reported) == 1
    assert isinstance(reported[0], SourceLostError)
    assert slot.closed
    assert source.closed.is_set()


def test_stop_ends_a_reader_that_waits_and_works_before_start_and_twice() -> None:
    idle = CaptureThread(ScriptedSource(), NewestFrameSlot())
    assert idle.stop()
    source = ScriptedSource()
    thread = CaptureThread(source, NewestFrameSlot())
    thread.start()
    assert source.asked.wait(5.0)
    assert thread.stop(5.0)
    assert thread.stop(5.0)


def test_stop_reports_a_thread_that_hangs_in_a_driver() -> None:
    release = Event()

    class HangingSource(ScriptedSource):
        def read(self) -> Frame | None:
            self.asked.set()
            release.wait(30.0)
            return None

    source = HangingSource()
    thread = CaptureThread(source, NewestFrameSlot())
    thread.start()
    assert source.asked.wait(5.0)
    assert not thread.stop(0.05)
    release.set()
    assert thread.stop(5.0)


def wait_for(condition: Callable[[], bool], timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    pause = Event()
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        pause.wait(0.005)
