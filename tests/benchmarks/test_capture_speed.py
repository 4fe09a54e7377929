"""How fast sources deliver: pictures decoded, videos read, streams."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from facerec_app.capture.images import decode_image
from facerec_app.capture.stream_source import StreamSource
from facerec_app.capture.video_file_source import VideoFileSource
from tests.contract.loopback_stream_server import LoopbackStreamServer

pytestmark = pytest.mark.benchmark


def fastest_ms(call: Callable[[], object], runs: int = 5) -> float:
    times = []
    for _ in range(runs):
        began_s = time.perf_counter()
        call()
        times.append(time.perf_counter() - began_s)
    return 1000.0 * min(times)


def with_pillow(data: bytes) -> object:
    with Image.open(io.BytesIO(data)) as image:
        return np.array(image.convert("RGB"))


def test_decoding(test_data_dir: Path) -> None:
    frame = VideoFileSource(test_data_dir / "video" / "opera_1920x1080.mp4").read()
    assert frame is not None
    large = cv2.cvtColor(cv2.resize(frame.pixels_rgb, (4032, 3024)), cv2.COLOR_RGB2BGR)
    materials = {
        "100 LFW pictures, JPEG": [path.read_bytes() for path in sorted(test_data_dir.glob("lfw/*/*.jpg"))[:100]],
        "12-megapixel JPEG": [cv2.imencode(".jpg", large)[1].tobytes()],
        "12-megapixel PNG": [cv2.imencode(".png", large)[1].tobytes()],
        "12-megapixel WebP": [cv2.imencode(".webp", large)[1].tobytes()],
    }
    print()
    for name, pictures in materials.items():
        ours = fastest_ms(lambda pictures=pictures: [decode_image(data, "it") for data in pictures])  # type: ignore[misc]
        pillow = fastest_ms(lambda pictures=pictures: [with_pillow(data) for data in pictures])  # type: ignore[misc]
        count = len(pictures)
        print(f"{name}: read_image {ours / count:.2f} ms, Pillow alone {pillow / count:.2f} ms a picture")
        assert ours < 1.5 * pillow


def test_reading_video(test_data_dir: Path) -> None:
    print()
    for name in ("hamilton_640x360.mp4", "opera_1920x1080.mp4"):

        def read(name: str = name) -> int:
            source = VideoFileSource(test_data_dir / "video" / name)
            count = sum(1 for _ in iter(source.read, None))
            source.close()
            return count

        print(f"{name}: {read() / fastest_ms(read, 3) * 1000:.0f} frames/s")


@pytest.fixture
def hd_server(test_data_dir: Path) -> Iterator[LoopbackStreamServer]:
    frame = VideoFileSource(test_data_dir / "video" / "opera_1920x1080.mp4").read()
    assert frame is not None
    picture = cv2.cvtColor(cv2.resize(frame.pixels_rgb, (1280, 720)), cv2.COLOR_RGB2BGR)
    server = LoopbackStreamServer([cv2.imencode(".jpg", picture)[1].tobytes()])
    yield server
    server.stop()


def test_stream_at_1280x720(hd_server: LoopbackStreamServer) -> None:
    began_s = time.perf_counter()
    source = StreamSource(hd_server.address)
    source.read()
    first_s = time.perf_counter() - began_s
    began_s = time.perf_counter()
    for _ in range(100):
        source.read()
    rate = 100 / (time.perf_counter() - began_s)
    source.close()
    print(f"\nfirst frame after {first_s:.2f} s, then {rate:.0f} frames/s of the server's 50")
