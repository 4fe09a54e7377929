"""Video files in and out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from facerec_app.capture.images import read_image
from facerec_app.capture.lasting_video_sink import LastingVideoSink
from facerec_app.capture.video_file_sink import VideoFileSink
from facerec_app.capture.video_file_source import VideoFileSource
from facerec_app.core.errors import OutputWriteError, SourceOpenError
from facerec_app.core.types import UInt8Array

ASSETS = Path(__file__).parents[3] / "assets" / "demo"
PICTURE = ASSETS / "people" / "Barack_Obama" / "obama.jpg"


@pytest.fixture(scope="module")
def portrait() -> UInt8Array:
    """A portrait, 320x240, with a red top left corner."""
    pixels = np.asarray(cv2.resize(read_image(PICTURE), (320, 240), interpolation=cv2.INTER_AREA), np.uint8)
    pixels[:80, :80] = (255, 0, 0)
    return pixels


def write_video(path: Path, pixels: UInt8Array, frames: int = 10) -> None:
    sink = VideoFileSink(path, frame_rate=25.0, size_px=(pixels.shape[1], pixels.shape[0]))
    for _ in range(frames):
        sink.write(pixels)
    sink.close()


def test_times_are_those_of_the_file() -> None:
    source = VideoFileSource(ASSETS / "demo.mp4")
    rate = source.frame_rate
    assert rate is not None
    times = [frame.timestamp_s for frame in iter(source.read, None)]
    source.close()
    assert len(times) == source.frame_count
    assert times == pytest.approx([index / rate for index in range(len(times))], abs=0.002)


def test_every_frame_of_a_shared_video_is_read_and_seeking_is_exact(test_data_dir: Path) -> None:
    source = VideoFileSource(test_data_dir / "video" / "hamilton_640x360.mp4")
    in_order = list(iter(source.read, None))
    assert len(in_order) == 275
    for index in np.random.default_rng(3).permutation(275)[:12]:
        source.seek(int(index))
        frame = source.read()
        assert frame is not None
        assert np.array_equal(frame.pixels_rgb, in_order[index].pixels_rgb)
        assert frame.timestamp_s == pytest.approx(in_order[index].timestamp_s)
    source.close()


@pytest.mark.parametrize(
    ("degrees", "corner"), [(90, (slice(0, 60), slice(-60, None))), (180, (slice(-60, None), slice(-60, None)))]
)
def test_rotation_flags_are_honoured(
    portrait: UInt8Array, tmp_path: Path, degrees: int, corner: tuple[slice, slice]
) -> None:
    upright, turned = tmp_path / "upright.mp4", tmp_path / "turned.mp4"
    write_video(upright, portrait)
    turned.write_bytes(with_rotation(upright.read_bytes(), degrees))
    source = VideoFileSource(turned)
    frame = source.read()
    source.close()
    assert frame is not None
    assert frame.pixels_rgb.shape == ((320, 240, 3) if degrees == 90 else (240, 320, 3))
    red, green, blue = frame.pixels_rgb[corner].reshape(-1, 3).mean(axis=0)
    assert red > 200
    assert max(green, blue) < 60


def with_rotation(data: bytes, degrees: int) -> bytes:
    """Set the display matrix in the track header of an MP4 (ISO 14496-12, section 8.3.2), as telephones do."""
    cosine, sine = {90: (0, 1), 180: (-1, 0)}[degrees]
    one = 1 << 16
    matrix = b"".join(
        value.to_bytes(4, "big", signed=True)
        for value in (cosine * one, sine * one, 0, -sine * one, cosine * one, 0, 0, 0, 1 << 30)
    )
    start = data.index(b"tkhd") + 4 + 40
    return data[:start] + matrix + data[start + 36 :]


@pytest.mark.parametrize("content", [b"", b"no video at all", bytes(range(256)) * 64])
def test_files_that_are_no_videos_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.mp4"
    path.write_bytes(content)
    with pytest.raises(SourceOpenError, match=r"broken\.mp4") as error:
        VideoFileSource(path)
    assert "\n" not in str(error.value)


def test_a_video_without_frames_is_refused(portrait: UInt8Array, tmp_path: Path) -> None:
    path = tmp_path / "whole.mp4"
    write_video(path, portrait)
    data = path.read_bytes()
    media = data.index(b"mdat") + 4
    end = media - 8 + int.from_bytes(data[media - 8 : media - 4], "big")
    empty = tmp_path / "empty.mp4"
    empty.write_bytes(data[:media] + bytes(end - media) + data[end:])  # the index is there, the frames are zeros
    with pytest.raises(SourceOpenError, match=r"empty\.mp4"):
        VideoFileSource(empty)


def test_a_video_that_is_cut_off_is_refused_and_a_missing_one_too(portrait: UInt8Array, tmp_path: Path) -> None:
    path = tmp_path / "whole.mp4"
    write_video(path, portrait)
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(path.read_bytes()[:3000])
    for refused in (cut, tmp_path / "missing.mp4"):
        with pytest.raises(SourceOpenError, match=refused.name):
            VideoFileSource(refused)


def test_a_name_that_is_no_text_is_refused_and_does_not_end_the_program(tmp_path: Path) -> None:
    try:
        path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/M\xfcller.mp4"))
        shutil.copy(ASSETS / "demo.mp4", path)
    except (OSError, UnicodeError) as exc:
        pytest.skip(f"this file system takes no such names: {exc}")
    with pytest.raises(SourceOpenError, match=r"M\\xfcller\.mp4"):
        VideoFileSource(path)
    for sink in (VideoFileSink, LastingVideoSink):
        with pytest.raises(OutputWriteError, match=r"M\\xfcller\.mp4"):
            sink(path, frame_rate=25.0, size_px=(64, 48))
    assert list(tmp_path.iterdir()) == [path]


def test_opencv_and_ffmpeg_say_nothing_on_standard_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(bytes(range(256)) * 64)
    program = (
        "import sys; from pathlib import Path\n"
        "from facerec_app.capture.open_source import open_source\n"
        "from facerec_app.capture.video_file_sink import VideoFileSink\n"
        "from facerec_app.core.errors import CaptureError\n"
        "for spec in sys.argv[1:]:\n"
        "    try:\n        open_source(spec)\n    except CaptureError as error:\n        print(type(error).__name__)\n"
        "VideoFileSink(Path(sys.argv[1]).with_name('out.mp4'), frame_rate=25.0, size_px=(64, 64)).close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(broken), "99", "http://127.0.0.1:9/x"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split() == ["SourceOpenError"] * 3
    assert done.stderr == ""


def test_a_written_video_plays_with_all_its_frames_and_colours(portrait: UInt8Array, tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    write_video(path, portrait, frames=37)
    source = VideoFileSource(path)
    frames = list(iter(source.read, None))
    source.close()
    assert len(frames) == source.frame_count == 37
    assert source.frame_rate == pytest.approx(25.0)
    assert np.abs(frames[20].pixels_rgb.astype(int) - portrait).mean() < 6.0
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.mp4"]


def test_odd_sizes_and_frames_of_other_sizes_are_written(portrait: UInt8Array, tmp_path: Path) -> None:
    path = tmp_path / "odd.mp4"
    sink = VideoFileSink(path, frame_rate=10.0, size_px=(319, 239))
    sink.write(portrait[:239, :319])
    sink.write(np.ascontiguousarray(portrait[:100, :100]))
    sink.close()
    source = VideoFileSource(path)
    first = source.read()
    source.close()
    assert first is not None
    assert first.pixels_rgb.shape == (238, 318, 3)
    assert source.frame_count == 2


def test_until_it_is_closed_the_old_video_stays(portrait: UInt8Array, tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    write_video(path, portrait, frames=3)
    sink = VideoFileSink(path, frame_rate=25.0, size_px=(320, 240))
    for _ in range(5):
        sink.write(portrait)
    assert VideoFileSource(path).frame_count == 3
    sink.close()
    sink.close()
    assert VideoFileSource(path).frame_count == 5


def test_a_discarded_or_empty_video_leaves_nothing(portrait: UInt8Array, tmp_path: Path) -> None:
    sink = VideoFileSink(tmp_path / "a.mp4", frame_rate=25.0, size_px=(320, 240))
    sink.write(portrait)
    sink.discard()
    VideoFileSink(tmp_path / "b.mp4", frame_rate=25.0, size_px=(320, 240)).close()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputWriteError, match="nowhere"):
        VideoFileSink(tmp_path / "nowhere" / "out.mp4", frame_rate=25.0, size_px=(320, 240))


@pytest.mark.skipif(sys.platform == "win32", reason="limits file sizes with setrlimit")
def test_a_video_that_does_not_fit_is_reported_and_the_old_one_stays(tmp_path: Path) -> None:
    old = tmp_path / "out.mp4"
    shutil.copy(ASSETS / "demo.mp4", old)
    before = old.read_bytes()
    program = (
        "import resource, signal, sys; import numpy as np; from pathlib import Path\n"
        "from facerec_app.capture.video_file_sink import VideoFileSink\n"
        "from facerec_app.core.errors import OutputWriteError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))\n"
        "noise = np.random.default_rng(0)\n"
        "try:\n"
        "    sink = VideoFileSink(Path(sys.argv[1]), frame_rate=25.0, size_px=(320, 240))\n"
        "    for _ in range(100):\n"
        "        sink.write(noise.integers(0, 256, (240, 320, 3), dtype=np.uint8))\n"
        "    sink.close()\n"
        "except OutputWriteError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(old)], capture_output=True, text=True, check=True, timeout=60
    )
    assert "The disk is full" in done.stdout
    assert "out.mp4" in done.stdout
    assert old.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.mp4"]
