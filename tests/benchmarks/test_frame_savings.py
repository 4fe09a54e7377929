"""What single savings in the path of a frame bring, each against what it took the place of.

``pytest -s -m benchmark tests/benchmarks/test_frame_savings.py``; processor time of one thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QFont
from pytestqt.qtbot import QtBot

from facerec_app.core.types import FaceDetections, Frame, FrameResult, IdentityDecision, Verdict
from facerec_app.detection.crop_sampling import sample_few_windows, sample_windows
from facerec_app.gui.picture_conversion import ScreenImage
from facerec_app.gui.resting_marks import FaceMarker, MarksLook

pytestmark = pytest.mark.benchmark
RUNS = 100


def milliseconds(work: Callable[[], object]) -> float:
    """Return the best of three means."""
    work()
    means = []
    for _ in range(3):
        began_s = time.thread_time()
        for _ in range(RUNS):
            work()
        means.append((time.thread_time() - began_s) / RUNS * 1e3)
    return min(means)


def test_windows_from_bytes_take_less_than_from_the_whole_picture_as_float() -> None:
    generator = np.random.default_rng(1)
    picture = generator.integers(0, 256, (1080, 1920, 3)).astype(np.uint8)
    centres, halves = generator.uniform([0, 0], [1920, 1080], (30, 2)), generator.uniform(20, 70, (30, 1))
    boxes = np.concatenate([centres - halves, centres + halves], axis=1).astype(np.float32)
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        whole = milliseconds(lambda: sample_windows(np.ascontiguousarray(picture, np.float32), boxes, 48))
        parts = milliseconds(lambda: sample_few_windows(picture, boxes, 48))
    finally:
        cv2.setNumThreads(threads)
    print(f"\n30 windows of 1920x1080: whole picture as float {whole:.2f} ms, parts {parts:.2f} ms")
    assert parts < whole


def test_marks_that_are_kept_take_less_than_drawn_ones(qtbot: QtBot) -> None:
    boxes = np.array([[60, 100, 180, 240], [250, 100, 370, 240], [450, 100, 570, 240]], np.float32)
    detections = FaceDetections(boxes, np.zeros((3, 5, 2), np.float32), np.ones(3, np.float32))
    decisions = tuple(IdentityDecision(i, Verdict.KNOWN, "p1", 0.9, 0.0, "") for i in range(3))
    frame = Frame(np.zeros((360, 640, 3), np.uint8), 0, 0.0, "camera")
    result = FrameResult(frame, detections, np.arange(3), decisions, {}, 1, {"p1": "Ada Lovelace"})
    look = MarksLook(result, QSize(640, 360), 1.0, 640, False, None, QFont())
    picture, marker = ScreenImage(frame.pixels_rgb).image, FaceMarker()
    marker.mark(picture, look)
    kept = milliseconds(lambda: marker.mark(picture, look))
    drawn = milliseconds(lambda: FaceMarker().mark(picture, look))
    print(f"\nmarks of three faces: drawn {drawn:.3f} ms, kept {kept:.3f} ms")
    assert kept < drawn
