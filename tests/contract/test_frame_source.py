"""What every source of frames promises, on one and the same sequence of real pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

import cv2
import numpy as np
import pytest

from facerec_app.capture.camera_source import CameraSource
from facerec_app.capture.image_folder_source import ImageFolderSource
from facerec_app.capture.images import read_image, write_png
from facerec_app.capture.stream_source import StreamSource
from facerec_app.capture.video_file_sink import VideoFileSink
from facerec_app.capture.video_file_source import VideoFileSource
from facerec_app.core.protocols import FrameSource, SeekableSource
from facerec_app.core.types import Frame, UInt8Array
from tests.contract.fake_camera import FakeCamera
from tests.contract.fake_capture import FakeCapture
from tests.contract.loopback_stream_server import LoopbackStreamServer

PICTURE = Path(__file__).parents[2] / "assets" / "demo" / "people" / "Barack_Obama" / "obama.jpg"
FRAMES = 12
Maker = Callable[[], FrameSource]


@pytest.fixture(scope="module")
def pictures() -> list[UInt8Array]:
    """A portrait with a red corner, moving to the right from frame to frame."""
    portrait = np.asarray(cv2.resize(read_image(PICTURE), (320, 240), interpolation=cv2.INTER_AREA), np.uint8)
    moved = [np.roll(portrait, 8 * index, axis=1) for index in range(FRAMES)]
    for picture in moved:
        picture[:64, :64] = (255, 0, 0)
    return moved


@pytest.fixture(scope="module")
def video_file(pictures: list[UInt8Array], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "portrait.mp4"
    sink = VideoFileSink(path, frame_rate=25.0, size_px=(320, 240))
    for picture in pictures:
        sink.write(picture)
    sink.close()
    return path


@pytest.fixture(scope="module")
def picture_folder(pictures: list[UInt8Array], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for index, picture in enumerate(pictures):
        write_png(folder / f"portrait{index}.png", picture)
    return folder


@pytest.fixture(scope="module")
def server(pictures: list[UInt8Array]) -> Iterator[LoopbackStreamServer]:
    jpegs = [cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1].tobytes() for picture in pictures]
    server = LoopbackStreamServer(jpegs)
    yield server
    server.stop()


@pytest.fixture(params=["video file", "folder", "camera", "fake camera", "stream"])
def source(
    request: pytest.FixtureRequest,
    pictures: list[UInt8Array],
    video_file: Path,
    picture_folder: Path,
    server: LoopbackStreamServer,
) -> Iterator[FrameSource]:
    makers: dict[str, Maker] = {
        "video file": lambda: VideoFileSource(video_file),
        "folder": lambda: ImageFolderSource(picture_folder),
        "camera": lambda: CameraSource(0, open_capture=lambda _number: FakeCapture(pictures)),
        "fake camera": lambda: FakeCamera(pictures),
        "stream": lambda: StreamSource(server.address),
    }
    opened = makers[request.param]()
    yield opened
    opened.close()


@pytest.fixture(params=["video file", "folder"])
def seekable(request: pytest.FixtureRequest, video_file: Path, picture_folder: Path) -> Iterator[SeekableSource]:
    opened: SeekableSource
    opened = VideoFileSource(video_file) if request.param == "video file" else ImageFolderSource(picture_folder)
    yield opened
    opened.close()


def read_some(source: FrameSource, count: int = 6) -> list[Frame]:
    frames = [source.read() for _ in range(count)]
    return [frame for frame in frames if frame is not None]


def test_frames_are_contiguous_rgb_with_growing_indices_and_times(source: FrameSource) -> None:
    frames = read_some(source)
    assert isinstance(source, FrameSource)
    assert len(frames) == 6
    for frame in frames:
        assert frame.pixels_rgb.shape == (240, 320, 3)
        assert frame.pixels_rgb.dtype == np.uint8
        assert frame.pixels_rgb.flags.c_contiguous
        red, green, blue = frame.pixels_rgb[16:48, 16:48].reshape(-1, 3).mean(axis=0)
        assert red > 200
        assert max(green, blue) < 60
    indices = [frame.index for frame in frames]
    times = [frame.timestamp_s for frame in frames]
    assert indices == sorted(set(indices))
    assert times == sorted(times)
    assert times[-1] > times[0] >= 0.0
    if not source.is_live:
        assert indices == list(range(6))


def test_it_says_what_it_is(source: FrameSource) -> None:
    assert source.source_id
    assert source.frame_rate is None or 1.0 < source.frame_rate <= 1000.0
    assert (source.frame_count is None) == source.is_live


def test_a_source_with_an_end_gives_every_frame_and_then_none_for_ever(source: FrameSource) -> None:
    if source.is_live:
        assert source.frame_count is None
        assert len(read_some(source, 2 * FRAMES)) == 2 * FRAMES
        return
    count = 0
    while source.read() is not None:
        count += 1
    assert count == source.frame_count == FRAMES
    assert source.read() is None


def test_a_frame_keeps_its_pixels_when_the_next_ones_are_read(source: FrameSource) -> None:
    first = source.read()
    assert first is not None
    before = first.pixels_rgb.copy()
    read_some(source)
    assert np.array_equal(first.pixels_rgb, before)


def test_after_close_there_are_no_frames_and_closing_again_does_nothing(source: FrameSource) -> None:
    assert source.read() is not None
    source.close()
    source.close()
    assert source.read() is None


def test_close_from_another_thread_ends_a_reader_soon(source: FrameSource) -> None:
    reading, ended = Event(), Event()

    def read_until_closed() -> None:
        while source.read() is not None:
            reading.set()
        ended.set()

    reader = Thread(target=read_until_closed)
    reader.start()
    assert reading.wait(10.0)
    source.close()
    assert ended.wait(2.0)
    reader.join()


@pytest.mark.parametrize("target", [7, 2, 11, 0])
def test_a_frame_jumped_to_is_the_one_read_in_order(seekable: SeekableSource, target: int) -> None:
    in_order = read_some(seekable, FRAMES)
    seekable.seek(target)
    frame = seekable.read()
    assert frame is not None
    assert frame.index == target
    assert np.array_equal(frame.pixels_rgb, in_order[target].pixels_rgb)
    assert frame.timestamp_s == pytest.approx(in_order[target].timestamp_s)


def test_a_jump_beyond_the_range_is_clipped(seekable: SeekableSource) -> None:
    seekable.seek(10_000)
    last = seekable.read()
    assert last is not None
    assert last.index == FRAMES - 1
    assert seekable.read() is None
    seekable.seek(-5)
    first = seekable.read()
    assert first is not None
    assert first.index == 0
