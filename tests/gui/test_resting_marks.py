"""Marks that are kept look as marks that are drawn anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QFont, QImage
from pytestqt.qtbot import QtBot

from facerec_app.core.types import FaceDetections, Frame, FrameResult, IdentityDecision, UInt8Array, Verdict
from facerec_app.gui.picture_conversion import ScreenImage
from facerec_app.gui.resting_marks import FaceMarker, MarksLook

# One face inside another's box, one whose name has no room above it, one at the edge.
BOXES = [(100, 50, 300, 250), (150, 100, 200, 150), (400, 2, 500, 102), (560, 200, 700, 330)]
GREY = 90


def look_of(boxes: list[tuple[int, int, int, int]], *, device_ratio: float = 1.0, mirrored: bool = False) -> MarksLook:
    count = len(boxes)
    detections = FaceDetections(
        np.array(boxes, np.float32).reshape(count, 4), np.zeros((count, 5, 2), np.float32), np.ones(count, np.float32)
    )
    verdicts = (Verdict.KNOWN, Verdict.UNKNOWN, Verdict.UNDECIDED, Verdict.KNOWN)
    decisions = tuple(
        IdentityDecision(i, verdicts[i], "p1" if verdicts[i] is Verdict.KNOWN else None, 0.9, 0.0, "")
        for i in range(count)
    )
    frame = Frame(np.zeros((360, 640, 3), np.uint8), 0, 0.0, "video")
    result = FrameResult(frame, detections, np.arange(count), decisions, {}, 1, {"p1": "Ada"})
    return MarksLook(result, QSize(640, 360), device_ratio, 640, mirrored, None, QFont())


def marked(marker: FaceMarker, look: MarksLook | None) -> UInt8Array:
    screen = ScreenImage(np.full((360, 640, 3), GREY, np.uint8))
    marker.mark(screen.image, look)
    image = screen.image.convertToFormat(QImage.Format.Format_RGBA8888)
    return np.frombuffer(image.constBits(), np.uint8).reshape(360, 640, 4)[:, :, :3].copy()


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("device_ratio", [1.0, 2.0])
def test_marks_that_rest_look_as_marks_drawn_anew(qtbot: QtBot, device_ratio: float, mirrored: bool) -> None:
    look = look_of(BOXES, device_ratio=device_ratio, mirrored=mirrored)
    marker = FaceMarker()
    drawn, *kept = (marked(marker, replace(look)) for _ in range(4))
    assert (drawn != GREY).any()
    for picture in kept:
        assert np.abs(picture.astype(int) - drawn).max() <= 2, "edges are rounded once more"


def test_marks_follow_a_face_that_moves_after_a_rest(qtbot: QtBot) -> None:
    marker = FaceMarker()
    for _ in range(3):
        marked(marker, look_of(BOXES[:1]))
    rested = look_of(BOXES[:1])
    for _ in range(3):
        marked(marker, rested)
    moved = look_of([(400, 50, 600, 250)])
    assert np.array_equal(marked(marker, moved), marked(FaceMarker(), moved))


def test_marks_are_gone_with_the_faces(qtbot: QtBot) -> None:
    marker, look = FaceMarker(), look_of(BOXES)
    for _ in range(3):
        marked(marker, look)
    assert (marked(marker, None) == GREY).all()
    assert (marked(marker, look) != GREY).any()
