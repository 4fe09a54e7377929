"""From what a user types to a source, and cameras that come and go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from facerec_app.capture import camera_source
from facerec_app.capture.camera_source import CameraDescription, CameraSource, VideoCaptureLike, list_cameras
from facerec_app.capture.image_folder_source import ImageFolderSource
from facerec_app.capture.images import read_image
from facerec_app.capture.open_source import open_source
from facerec_app.capture.retry import retry_delays_s
from facerec_app.capture.video_file_source import VideoFileSource
from facerec_app.core.errors import SourceLostError, SourceOpenError
from facerec_app.core.types import UInt8Array

ASSETS = Path(__file__).parents[3] / "assets" / "demo"
PEOPLE = ASSETS / "people"
PICTURE = PEOPLE / "Barack_Obama" / "obama.jpg"


class Device:
    """A camera's device that gives some frames and is then unplugged."""

    def __init__(self, frames: int, picture: UInt8Array) -> None:
        self._frames = frames
        self._picture = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
        self.released = False
        self.settings: dict[int, float] = {}

    def isOpened(self) -> bool:
        return self._frames > 0 and not self.released

    def read(self) -> tuple[bool, object]:
        if self._frames == 0:
            raise cv2.error("device is gone")
        self._frames -= 1
        return True, self._picture

    def get(self, propId: int) -> float:
        return 30.0 if propId == cv2.CAP_PROP_FPS else 0.0

    def set(self, propId: int, value: float) -> bool:
        self.settings[propId] = value
        return True

    def release(self) -> None:
        self.released = True


class Socket:
    """Where devices are plugged in, one after another; None is an empty socket."""

    def __init__(self, devices: Sequence[Device | None]) -> None:
        self._devices = list(devices)
        self.opened: list[Device] = []

    def __call__(self, number: int) -> VideoCaptureLike:
        device = self._devices.pop(0) if self._devices else None
        if device is None:
            device = Device(0, np.zeros((2, 2, 3), np.uint8))
        self.opened.append(device)
        return device


@pytest.fixture(scope="module")
def picture() -> UInt8Array:
    return np.asarray(cv2.resize(read_image(PICTURE), (160, 120)), np.uint8)


def test_kinds_of_sources_are_told_apart(tmp_path: Path) -> None:
    assert isinstance(open_source(str(ASSETS / "demo.mp4")), VideoFileSource)
    assert isinstance(open_source((ASSETS / "demo.mp4").as_uri()), VideoFileSource)
    assert isinstance(open_source(str(PICTURE)), ImageFolderSource)
    assert isinstance(open_source(str(PICTURE.parent)), ImageFolderSource)
    upper = tmp_path / "PICTURE.JPG"
    upper.write_bytes(PICTURE.read_bytes())
    assert isinstance(open_source(f"  {upper} "), ImageFolderSource)


@pytest.mark.parametrize(
    ("spec", "hint"),
    [
        ("", "give a camera number"),
        ("nothing.mp4", "nothing.mp4"),
        ("ftp://host/file", "rtsp://"),
        ("99", "camera 99|Camera 99"),
        ("x" * 5000, "no file or folder"),
        ("a\0b", "no file or folder"),
    ],
)
def test_what_cannot_be_opened_gets_one_line_that_helps(spec: str, hint: str) -> None:
    with pytest.raises(SourceOpenError, match=hint) as error:
        open_source(spec)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 300


def test_folders_without_pictures_and_broken_pictures_are_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    broken = tmp_path / "sub" / "broken.jpg"
    broken.parent.mkdir()
    broken.write_bytes(b"x")
    with pytest.raises(SourceOpenError, match="no pictures"):
        open_source(str(tmp_path))
    with pytest.raises(SourceOpenError, match=r"broken\.jpg"):
        open_source(str(broken))


def test_a_folder_passes_over_a_broken_picture_and_says_so(tmp_path: Path) -> None:
    for name in ("1.jpg", "3.jpg"):
        (tmp_path / name).write_bytes(PICTURE.read_bytes())
    (tmp_path / "2.jpg").write_bytes(b"x")
    said: list[str] = []
    source = ImageFolderSource(tmp_path, on_status=said.append)
    frames = list(iter(source.read, None))
    assert [frame.index for frame in frames] == [0, 2]
    assert [Path(frame.source_id).name for frame in frames] == ["1.jpg", "3.jpg"]
    assert [path.name for path, _ in source.skipped] == ["2.jpg"]
    assert len(said) == 1
    assert "2.jpg" in said[0]


def test_a_camera_is_asked_for_size_and_rate(picture: UInt8Array) -> None:
    socket = Socket([Device(5, picture)])
    source = CameraSource(3, size_px=(640, 480), frame_rate=15.0, open_capture=socket)
    settings = socket.opened[0].settings
    source.close()
    assert settings[cv2.CAP_PROP_FRAME_WIDTH] == 640
    assert settings[cv2.CAP_PROP_FRAME_HEIGHT] == 480
    assert settings[cv2.CAP_PROP_FPS] == 15.0
    assert socket.opened[0].released


def test_a_camera_that_stops_is_opened_again(picture: UInt8Array, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera_source, "retry_delays_s", lambda _limit: iter([0.0] * 5))
    socket = Socket([Device(3, picture), None, None, Device(4, picture)])
    said: list[str] = []
    source = CameraSource(0, open_capture=socket, on_status=said.append)
    indices = []
    for _ in range(7):
        frame = source.read()
        assert frame is not None
        indices.append(frame.index)
    source.close()
    assert indices == list(range(7))
    assert len(said) == 2
    assert "stopped" in said[0]
    assert "is back" in said[1]
    assert all(device.released for device in socket.opened)


def test_a_camera_that_stays_away_is_given_up(picture: UInt8Array, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera_source, "retry_delays_s", lambda _limit: iter([0.0] * 3))
    source = CameraSource(0, open_capture=Socket([Device(1, picture)]))
    assert source.read() is not None
    with pytest.raises(SourceLostError, match="did not come back"):
        source.read()


def test_a_camera_that_opens_but_delivers_nothing_is_refused(
    picture: UInt8Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_source, "list_cameras", lambda: (CameraDescription(0, "Built-in"),))

    class Mute(Device):
        def read(self) -> tuple[bool, object]:
            return False, None

    with pytest.raises(SourceOpenError, match="close other programs"):
        CameraSource(0, open_capture=Socket([Mute(1, picture)]))
    with pytest.raises(SourceOpenError, match=r"the system knows 0 \(Built-in\)"):
        CameraSource(4, open_capture=Socket([]))


def test_listing_cameras_gives_numbers_and_names() -> None:
    for camera in list_cameras():
        assert camera.number >= 0
        assert camera.name


def test_delays_grow_to_a_limit_and_end() -> None:
    endless = retry_delays_s(None)
    assert [next(endless) for _ in range(7)] == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert list(retry_delays_s(0.1)) == [0.1]
    assert list(retry_delays_s(0.0)) == [0.0]
