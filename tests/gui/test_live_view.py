"""Where faces are in the widget, and that only the newest frame is rendered."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QSize
from pytestqt.qtbot import QtBot

from facerec_app.core.types import FaceDetections, Frame, FrameResult, IdentityDecision, Verdict
from facerec_app.gui.frame_renderer import FrameRenderer, Rendering
from facerec_app.gui.live_view import LiveView
from facerec_app.pipeline.overlay import result_fits

WAIT_MS = 5000


def frame_at(timestamp_s: float, *, index: int = 0, size_px: tuple[int, int] = (640, 360)) -> Frame:
    width, height = size_px
    return Frame(np.full((height, width, 3), index % 256, np.uint8), index, timestamp_s, "video")


def result_on(frame: Frame, boxes: list[tuple[float, float, float, float]]) -> FrameResult:
    count = len(boxes)
    detections = FaceDetections(
        np.array(boxes, np.float32).reshape(count, 4), np.zeros((count, 5, 2), np.float32), np.ones(count, np.float32)
    )
    decisions = tuple(IdentityDecision(i, Verdict.UNKNOWN, None, 0.1, 0.0, "") for i in range(count))
    return FrameResult(frame, detections, np.arange(count), decisions, {}, 1, {})


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[LiveView]:
    made = LiveView()
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    yield made
    assert made.stop()


def show(qtbot: QtBot, view: LiveView, frame: Frame, result: FrameResult) -> None:
    view.show_frame(frame)
    view.show_result(result)
    qtbot.waitUntil(lambda: view.frame is frame, timeout=WAIT_MS)


def test_boxes_scale_with_the_picture_and_stay_centred(qtbot: QtBot, view: LiveView) -> None:
    frame = frame_at(0.0)
    show(qtbot, view, frame, result_on(frame, [(100, 50, 200, 150)]))
    rect = view.face_rect(0)
    assert rect is not None
    # 640x360 in 1280x800: twice as large, 40 px of black above and below.
    assert (rect.left(), rect.top(), rect.width(), rect.height()) == (200, 140, 200, 200)


def test_mirror_moves_boxes_with_the_picture(qtbot: QtBot, view: LiveView) -> None:
    frame = frame_at(0.0)
    show(qtbot, view, frame, result_on(frame, [(100, 50, 200, 150)]))
    view.set_mirrored(True)
    rect = view.face_rect(0)
    assert rect is not None
    assert (rect.left(), rect.width()) == (1280 - 400, 200)


def test_smallest_of_overlapping_faces_is_hit(qtbot: QtBot, view: LiveView) -> None:
    frame = frame_at(0.0)
    show(qtbot, view, frame, result_on(frame, [(0, 0, 400, 300), (100, 100, 150, 150)]))
    assert view.face_at(QPointF(250, 290)) == 1
    assert view.face_at(QPointF(20, 60)) == 0
    assert view.face_at(QPointF(1270, 790)) is None


def test_boxes_of_another_scene_are_not_shown(qtbot: QtBot, view: LiveView) -> None:
    old, new = frame_at(1.0, index=25), frame_at(20.0, index=500)
    assert not result_fits(result_on(old, []), new)
    show(qtbot, view, new, result_on(old, [(100, 50, 200, 150)]))
    assert view.result is None
    assert view.face_at(QPointF(250, 200)) is None


def test_frames_that_come_too_fast_are_passed_over(qtbot: QtBot) -> None:
    renderer = FrameRenderer()
    frames = [frame_at(i / 100, index=i, size_px=(1920, 1080)) for i in range(100)]
    painted: list[int] = []

    def note() -> None:
        if renderer.newest is not None:
            painted.append(renderer.newest.frame.index)

    renderer.ready.connect(note)
    for frame in frames:
        renderer.request(Rendering(frame, QSize(960, 540)))
    qtbot.waitUntil(lambda: bool(painted) and painted[-1] == 99, timeout=WAIT_MS)
    assert len(painted) < len(frames)
    assert painted == sorted(painted)
    assert renderer.stop()


def marked(view: LiveView) -> bool:
    """Return whether a line, which may be dashed, runs down the left side of the box at (200, 140) to (400, 340)."""
    image = view.grab().toImage()
    return any(image.pixelColor(200, y).value() > 60 for y in range(160, 320))


def test_boxes_are_drawn_where_they_can_be_pointed_at(qtbot: QtBot, view: LiveView) -> None:
    frame = frame_at(0.0)
    show(qtbot, view, frame, result_on(frame, [(100, 50, 200, 150)]))
    rect = view.face_rect(0)
    assert rect is not None
    assert rect.left() == 200
    qtbot.waitUntil(lambda: marked(view), timeout=WAIT_MS)
    assert view.grab().toImage().pixelColor(300, 240).value() == 0, "nothing is drawn inside the box"


def test_result_that_comes_later_marks_the_picture_that_is_held(qtbot: QtBot, view: LiveView) -> None:
    frame = frame_at(0.0)
    view.show_frame(frame)
    qtbot.waitUntil(lambda: view.frame is frame, timeout=WAIT_MS)
    assert not marked(view)
    view.show_result(result_on(frame, [(100, 50, 200, 150)]))
    qtbot.waitUntil(lambda: marked(view), timeout=WAIT_MS)
