"""Annotated video and events, written beside recognition."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from facerec_app.capture.video_file_sink import VideoFileSink
from facerec_app.core.errors import OutputWriteError
from facerec_app.core.types import FaceDetections, Frame, FrameResult, IdentityDecision, Verdict
from facerec_app.pipeline.event_log import EventLog
from facerec_app.services.result_writer import ResultWriter
from tests.unit.services.demo_application import frames_and_rate


def result(index: int, timestamp_s: float | None = None) -> FrameResult:
    box = FaceDetections(
        np.array([[10, 10, 40, 50]], np.float32), np.zeros((1, 5, 2), np.float32), np.ones(1, np.float32)
    )
    decision = IdentityDecision(1, Verdict.KNOWN, "p1", 0.97, 0.5, "")
    at_s = index / 25 if timestamp_s is None else timestamp_s
    frame = Frame(np.full((96, 128, 3), 90, np.uint8), index, at_s, "test")
    return FrameResult(frame, box, np.array([1]), (decision,), {}, 1, {"p1": "Ann"})


def test_video_and_events_hold_every_result(tmp_path: Path) -> None:
    video, events = tmp_path / "new" / "named.mp4", tmp_path / "other" / "events.jsonl"
    writer = ResultWriter(video=video, events=events, frame_rate=25.0)
    for index in range(40):
        writer.add(result(index))
    writer.close()
    lines = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
    assert [line["frame"] for line in lines] == list(range(40))
    assert {"frame", "timestamp_s", "track_id", "box_xyxy", "verdict", "person", "probability"} <= set(lines[0])
    assert (lines[0]["person"], lines[0]["verdict"]) == ("Ann", "known")
    capture = cv2.VideoCapture(str(video))
    assert int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) == 40
    capture.release()


@pytest.mark.parametrize(
    ("times_s", "frames"),
    [
        ([number / 10 for number in range(21)], 61),  # two thirds of the frames were passed over
        ([number / 60 for number in range(121)], 61),  # the camera is twice as fast as it says
        ([0.0, 0.5, 0.4, 0.9, 60.9, 61.9], 61),  # it was lost for a minute, and began to count anew
        ([7.0], 1),
    ],
)
def test_the_video_of_a_live_source_lasts_as_long_as_was_watched(
    tmp_path: Path, times_s: list[float], frames: int
) -> None:
    video = tmp_path / "named.mp4"
    writer = ResultWriter(video=video, events=None, frame_rate=30.0, holds=True)
    for index, at_s in enumerate(times_s):
        writer.add(result(index, at_s))
    writer.close()
    assert frames_and_rate(video) == (frames, 30.0)


@pytest.mark.timeout(30)
def test_an_error_that_nobody_foresaw_ends_the_run_with_one_line_and_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_sink: VideoFileSink, _pixels: object) -> None:
        raise FileNotFoundError("the stick\nwas pulled out")

    monkeypatch.setattr(VideoFileSink, "write", fail)
    writer = ResultWriter(video=tmp_path / "named.mp4", events=tmp_path / "events.jsonl", frame_rate=25.0)
    with pytest.raises(OutputWriteError, match="the stick was pulled out") as error:
        for index in range(100):  # many more than may wait
            writer.add(result(index))
    assert "\n" not in str(error.value)
    writer.close()
    assert {file.name for file in tmp_path.iterdir()} == {"events.jsonl"}


def test_events_that_cannot_be_finished_are_said_unless_something_went_wrong_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    close = EventLog.close

    def fail(log: EventLog) -> None:
        close(log)
        raise OSError("no space is left")

    monkeypatch.setattr(EventLog, "close", fail)
    writer = ResultWriter(video=None, events=tmp_path / "events.jsonl", frame_rate=None)
    writer.add(result(0))
    with pytest.raises(OutputWriteError, match="no space is left"):
        writer.close()
    monkeypatch.setattr(EventLog, "add", lambda *_: EventLog(tmp_path))  # a folder takes no events
    writer = ResultWriter(video=None, events=tmp_path / "events.jsonl", frame_rate=None)
    writer.add(result(0))
    with pytest.raises(OutputWriteError, match="Cannot write events"):
        writer.close()


def test_a_failure_reaches_the_one_who_adds_and_the_events_so_far_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    write = VideoFileSink.write

    def full_after_ten(sink: VideoFileSink, pixels_rgb: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> None:
        written.append(1)
        if len(written) > 10:
            raise OutputWriteError("The disk is full.")
        write(sink, pixels_rgb)

    monkeypatch.setattr(VideoFileSink, "write", full_after_ten)
    (tmp_path / "named.mp4").write_bytes(b"an earlier video")
    writer = ResultWriter(video=tmp_path / "named.mp4", events=tmp_path / "events.jsonl", frame_rate=None)
    with pytest.raises(OutputWriteError, match="disk is full"):
        for index in range(100):
            writer.add(result(index))
    writer.close()
    assert len(written) == 11, "nothing more is drawn after the failure"
    lines = (tmp_path / "events.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["frame"] for line in lines] == list(range(11))
    assert (tmp_path / "named.mp4").read_bytes() == b"an earlier video"
    assert {file.name for file in tmp_path.iterdir()} == {"named.mp4", "events.jsonl"}


def test_a_failure_of_the_last_result_is_raised_by_close(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_sink: VideoFileSink, _pixels: object) -> None:
        raise OutputWriteError("The disk is full.")

    monkeypatch.setattr(VideoFileSink, "write", fail)
    writer = ResultWriter(video=tmp_path / "named.mp4", events=None, frame_rate=25.0)
    writer.add(result(0))
    with pytest.raises(OutputWriteError):
        writer.close()


def test_a_place_that_takes_no_file_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    for place in (tmp_path / "file" / "events.jsonl", tmp_path / "folder"):
        with pytest.raises(OutputWriteError, match=str(place.name)):
            ResultWriter(video=None, events=place, frame_rate=None)
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"
