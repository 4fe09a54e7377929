"""The window of facerec capture, on the demonstration's photographs in front of a camera of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from facerec_app.alignment.five_point_aligner import FivePointAligner
from facerec_app.alignment.templates import TEMPLATES
from facerec_app.capture.images import read_image
from facerec_app.core.errors import SourceOpenError
from facerec_app.core.protocols import FrameSource
from facerec_app.core.types import UInt8Array
from facerec_app.detection.yunet_detector import YunetDetector
from facerec_app.gui.capture_window import CaptureWindow
from facerec_app.models.model_store import ModelStore
from facerec_app.services.face_capture import FaceCapture
from facerec_app.services.face_folder import FaceFolder
from tests.contract.fake_camera import FakeCamera
from tests.gui.conftest import WAIT_MS

Windows = Iterator["MakeCaptureWindow"]


class MakeCaptureWindow:
    """Makes windows on a source and remembers them."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        self._qtbot = qtbot
        self.folder = FaceFolder(folder)
        self.made: list[CaptureWindow] = []

    def __call__(self, source: FrameSource | None) -> CaptureWindow:
        def open_source() -> FrameSource:
            if source is None:
                raise SourceOpenError("Camera 7 does not answer; plug one in.")
            return source

        def make_capture() -> FaceCapture:
            return FaceCapture(YunetDetector(ModelStore()), FivePointAligner(TEMPLATES["arcface_112"], 112))

        window = CaptureWindow(open_source, make_capture, self.folder, self.folder.open())
        self.made.append(window)
        self._qtbot.addWidget(window)
        window.show()
        return window


@pytest.fixture
def make_capture_window(qtbot: QtBot, tmp_path: Path) -> Windows:
    maker = MakeCaptureWindow(qtbot, tmp_path / "faces")
    yield maker
    for window in maker.made:
        window.close()
        assert window.has_ended


@pytest.fixture(scope="module")
def portrait(demo_dir: Path) -> UInt8Array:
    return read_image(demo_dir / "sources" / "obama2.jpg")


def state(window: CaptureWindow) -> str:
    return window._state.text()


def test_space_saves_the_only_face_and_numbers_go_on(
    qtbot: QtBot, make_capture_window: MakeCaptureWindow, portrait: UInt8Array
) -> None:
    (make_capture_window.folder.path).mkdir()
    (make_capture_window.folder.path / "0007.jpg").write_bytes(b"kept")
    window = make_capture_window(FakeCamera([portrait], frame_rate=30.0))
    qtbot.waitUntil(lambda: "One face" in state(window), timeout=WAIT_MS)
    QTest.keyClick(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: len(window.files) == 1, timeout=WAIT_MS)
    assert window.files[0].name == "0008.jpg"
    assert "Saved as 0008.jpg" in state(window)
    assert window._count.text() == "1 saved, 2 in the folder"
    assert read_image(window.files[0]).shape[0] > 100
    assert (make_capture_window.folder.path / "0007.jpg").read_bytes() == b"kept"
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not window.isVisible()
    assert window.has_ended


def test_a_face_saved_just_before_closing_is_saved(
    qtbot: QtBot, make_capture_window: MakeCaptureWindow, portrait: UInt8Array
) -> None:
    window = make_capture_window(FakeCamera([portrait], frame_rate=30.0))
    qtbot.waitUntil(window._button.isEnabled, timeout=WAIT_MS)
    QTest.keyClick(window, Qt.Key.Key_Space)
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert [file.name for file in window.files] == ["0001.jpg"]
    assert window.files[0].is_file()


def test_nothing_is_saved_while_two_faces_or_none_are_in_view(
    qtbot: QtBot, make_capture_window: MakeCaptureWindow, portrait: UInt8Array
) -> None:
    window = make_capture_window(FakeCamera([np.concatenate([portrait, portrait], axis=1)], frame_rate=30.0))
    qtbot.waitUntil(lambda: "2 faces" in state(window), timeout=WAIT_MS)
    assert not window._button.isEnabled()
    QTest.keyClick(window, Qt.Key.Key_Space)
    empty = make_capture_window(FakeCamera([np.zeros((240, 320, 3), np.uint8)], frame_rate=30.0))
    qtbot.waitUntil(lambda: "No face" in state(empty), timeout=WAIT_MS)
    assert window.files == ()
    assert list(make_capture_window.folder.path.iterdir()) == []


def test_a_camera_that_does_not_answer_is_explained_in_the_picture(
    qtbot: QtBot, make_capture_window: MakeCaptureWindow
) -> None:
    window = make_capture_window(None)
    qtbot.waitUntil(lambda: "Nothing more" in state(window), timeout=WAIT_MS)
    assert "Camera 7 does not answer" in window._view._words
    assert not window._button.isEnabled()


def test_a_full_disk_is_said_and_the_window_goes_on(
    qtbot: QtBot, make_capture_window: MakeCaptureWindow, portrait: UInt8Array
) -> None:
    window = make_capture_window(FakeCamera([portrait], frame_rate=30.0))
    qtbot.waitUntil(window._button.isEnabled, timeout=WAIT_MS)
    make_capture_window.folder.path.rmdir()
    window.save()
    qtbot.waitUntil(lambda: "cannot be" in state(window), timeout=WAIT_MS)
    make_capture_window.folder.path.mkdir()
    window.save()
    qtbot.waitUntil(lambda: len(window.files) == 1, timeout=WAIT_MS)
