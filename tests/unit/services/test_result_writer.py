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
from facerec_app.services.result_writer import ResultWriter


def result(index: int) -> FrameResult:
    box = FaceDetections(
        np.array([[10, 10, 40, 50]], np.float32), np.zeros((1, 5, 2), np.float32), np.ones(1, np.float32)
    )
    decision = IdentityDecision(1, Verdict.KNOWN, "p1", 0.97, 0.5, "")
    frame = Frame(np.full((96, 128, 3), 90, np.uint8), index, index / 25, "test")
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
