"""Recordings that survive a kill, on the demonstration's video."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from facerec_app.capture import lasting_video_sink
from facerec_app.capture.lasting_video_sink import LastingVideoSink
from facerec_app.capture.video_file_source import VideoFileSource
from facerec_app.core.errors import OutputWriteError
from facerec_app.core.types import UInt8Array

DEMO = Path(__file__).parents[3] / "assets" / "demo" / "demo.mp4"


def frames_of(video: Path, most: int = 10_000) -> list[UInt8Array]:
    source = VideoFileSource(video)
    frames: list[UInt8Array] = []
    while len(frames) < most and (frame := source.read()) is not None:
        frames.append(frame.pixels_rgb)
    source.close()
    return frames


@pytest.fixture(scope="module")
def pictures() -> list[UInt8Array]:
    return frames_of(DEMO, 40)


def recorded(path: Path, pictures: list[UInt8Array]) -> LastingVideoSink:
    size = (pictures[0].shape[1], pictures[0].shape[0])
    sink = LastingVideoSink(path, frame_rate=25.0, size_px=size)
    for picture in pictures:
        sink.write(picture)
    return sink


def test_a_finished_recording_holds_every_frame_and_leaves_nothing_beside_it(
    tmp_path: Path, pictures: list[UInt8Array], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LastingVideoSink, "_encode_again", lambda _: pytest.fail("the frames were not copied"))
    recorded(tmp_path / "out.mp4", pictures).close()
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.mp4"]
    shown = frames_of(tmp_path / "out.mp4")
    assert len(shown) == len(pictures)
    errors = [float(np.abs(a.astype(int) - b).mean()) for a, b in zip(shown, pictures, strict=True)]
    assert max(errors) < 4.0


def test_copying_changes_no_pixel(tmp_path: Path, pictures: list[UInt8Array]) -> None:
    sink = recorded(tmp_path / "out.mp4", pictures)
    sink._writer.release()
    copied = lasting_video_sink.copy_encoded_frames(sink.unfinished, tmp_path / "copy.mp4")
    assert copied == len(pictures)
    for ours, theirs in zip(frames_of(tmp_path / "copy.mp4"), frames_of(sink.unfinished), strict=True):
        assert (ours == theirs).all()


def test_what_a_killed_process_recorded_can_be_played(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path\n"
        "from facerec_app.capture.lasting_video_sink import LastingVideoSink\n"
        "from facerec_app.capture.video_file_source import VideoFileSource\n"
        "source = VideoFileSource(Path(sys.argv[1]))\n"
        "sink = LastingVideoSink(Path(sys.argv[2]), frame_rate=25.0, size_px=(640, 360))\n"
        "for _ in range(200):\n    sink.write(source.read().pixels_rgb)\n"
        "print(sink.frames_written, flush=True)\n"
        "os.kill(os.getpid(), getattr(signal, 'SIGKILL', signal.SIGTERM))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(DEMO), str(tmp_path / "out.mp4")],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode != 0
    assert done.stdout.strip() == "200", done.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["out (unfinished).mkv"]
    rescued = frames_of(tmp_path / "out (unfinished).mkv")
    assert len(rescued) > 100  # but for the last 256 KB
    assert rescued[0].shape == (360, 640, 3)


def test_frames_that_cannot_be_copied_are_encoded_again(
    tmp_path: Path, pictures: list[UInt8Array], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lasting_video_sink, "copy_encoded_frames", lambda source, target: 0)
    recorded(tmp_path / "out.mp4", pictures).close()
    assert len(frames_of(tmp_path / "out.mp4")) == len(pictures)
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.mp4"]


def test_on_a_full_disk_what_was_recorded_stays(
    tmp_path: Path, pictures: list[UInt8Array], monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = recorded(tmp_path / "out.mp4", pictures[:30])
    monkeypatch.setattr(lasting_video_sink, "is_disk_full", lambda folder: True)
    with pytest.raises(OutputWriteError, match=r"out \(unfinished\)\.mkv"):
        sink.write(pictures[30])
    assert len(frames_of(sink.unfinished)) == 30


def test_a_recording_without_frames_leaves_no_file(tmp_path: Path) -> None:
    LastingVideoSink(tmp_path / "a.mp4", frame_rate=25.0, size_px=(320, 240)).close()
    LastingVideoSink(tmp_path / "b.mp4", frame_rate=25.0, size_px=(320, 240)).abandon()
    assert not list(tmp_path.iterdir())


def test_what_a_killed_program_left_is_not_touched(tmp_path: Path, pictures: list[UInt8Array]) -> None:
    left = tmp_path / "out (unfinished).mkv"
    left.write_bytes(b"left by a kill")
    sink = recorded(tmp_path / "out.mp4", pictures[:3])
    assert sink.unfinished.name == "out (unfinished 2).mkv"
    sink.close()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["out (unfinished).mkv", "out.mp4"]
    assert left.read_bytes() == b"left by a kill"


def test_an_even_size_is_kept_to(tmp_path: Path, pictures: list[UInt8Array]) -> None:
    odd = np.asarray(cv2.resize(pictures[0], (319, 239)), np.uint8)
    recorded(tmp_path / "out.mp4", [odd] * 3).close()
    assert frames_of(tmp_path / "out.mp4")[0].shape == (238, 318, 3)
