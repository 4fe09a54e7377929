"""Frames on their way from a slot through a pipeline."""

from __future__ import annotations

import threading
from typing import Any, cast

import numpy as np
import pytest

from facerec_app.capture.newest_frame_slot import NewestFrameSlot
from facerec_app.core.errors import InferenceError
from facerec_app.core.types import Frame
from facerec_app.pipeline.recognition_pipeline import RecognitionPipeline
from facerec_app.services.frame_path import FindAhead, FrameFeed


def frame(index: int) -> Frame:
    return Frame(np.zeros((4, 4, 3), np.uint8), index, index / 30.0, "test")


class TwoHalves:
    """Notes in which thread which half of which frame was done."""

    def __init__(self, fails_at: int | None = None) -> None:
        self.found: list[int] = []
        self.judged: list[int] = []
        self.threads: set[str] = set()
        self.second_found = threading.Event()
        self._fails_at = fails_at

    def find(self, frame: Frame) -> Any:
        if frame.index == self._fails_at:
            raise InferenceError("The network failed.")
        self.threads.add(threading.current_thread().name)
        self.found.append(frame.index)
        if frame.index == 1:
            self.second_found.set()
        return frame

    def judge(self, found: Any) -> Any:
        if found.index == 0:
            assert self.second_found.wait(5.0), "the second frame is not looked at while the first is judged"
        self.judged.append(found.index)
        return found


def run_through(pipeline: TwoHalves, count: int) -> FindAhead:
    slot = NewestFrameSlot()
    path = FindAhead(FrameFeed(slot), cast(RecognitionPipeline, pipeline))

    def feed() -> None:
        for index in range(count):
            slot.put_when_free(frame(index), 5.0)
        slot.close()

    feeder = threading.Thread(target=feed)
    feeder.start()
    path.start()
    try:
        while not path.finished:
            path.next_result(5.0)
    finally:
        slot.close()
        path.stop()
        feeder.join()
    return path


def test_the_next_frame_is_looked_at_while_one_is_judged_and_order_is_kept() -> None:
    pipeline = TwoHalves()
    run_through(pipeline, 20)
    assert pipeline.found == pipeline.judged == list(range(20))
    assert pipeline.threads == {"find-faces"}


def test_an_error_while_finding_comes_out_where_results_are_awaited() -> None:
    pipeline = TwoHalves(fails_at=5)
    with pytest.raises(InferenceError, match="The network failed"):
        run_through(pipeline, 20)
    assert pipeline.judged == [0, 1, 2, 3, 4]


def test_stopping_before_the_end_leaves_no_thread_behind() -> None:
    slot = NewestFrameSlot()
    path = FindAhead(FrameFeed(slot), cast(RecognitionPipeline, TwoHalves()))
    path.start()
    slot.put_when_free(frame(7), 5.0)
    slot.put_when_free(frame(8), 5.0)
    path.stop()
    assert "find-faces" not in {thread.name for thread in threading.enumerate()}
