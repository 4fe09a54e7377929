"""The program on a gallery of the demonstration's people, and sources that a test holds in its hand."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from facerec_app.composition import ComposedApplication
from facerec_app.config.settings import Settings
from facerec_app.core.types import Frame

DEMO = Path(__file__).parents[3] / "assets" / "demo"
VIDEO = DEMO / "demo.mp4"


def application_with_people(folder: Path) -> ComposedApplication:
    """Return the application with YuNet, the faster detector, and two people enrolled."""
    app = ComposedApplication(Settings(database_dir=folder, detector="yunet", threads=1))
    report = app.enrolment().import_folder(DEMO / "people")
    assert report.enrolled == 2
    return app


def frames_and_rate(video: Path) -> tuple[int, float]:
    """Return how many frames a video file has, and how many of them a second."""
    capture = cv2.VideoCapture(str(video))
    found = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)), float(capture.get(cv2.CAP_PROP_FPS))
    capture.release()
    return found


class EmptyFrames:
    """A source of black frames without anybody in them, ten a second of its own time."""

    source_id = "black frames"

    def __init__(self, count: int, *, is_live: bool = False) -> None:
        self.is_live = is_live
        self.frame_rate = None if is_live else 10.0
        self.frame_count = None if is_live else count
        self.is_closed = False
        self._count = count
        self._next = 0

    def read(self) -> Frame | None:
        """Return the next frame, None at the end."""
        if self.is_closed or self._next == self._count:
            return None
        self._next += 1
        pixels_rgb = np.zeros((120, 160, 3), np.uint8)
        return Frame(pixels_rgb, self._next - 1, (self._next - 1) / 10.0, self.source_id)

    def close(self) -> None:
        """Give nothing more."""
        self.is_closed = True
