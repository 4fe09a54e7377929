"""Selfies to faces: a second run adds only what is new, whatever the pictures are called."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from facerec_app.capture.images import write_jpeg
from facerec_app.core.types import FaceDetections, UInt8Array
from facerec_app.services.selfie_faces import SelfieFaces


class MiddleDetector:
    """Finds one large face in the middle of every picture."""

    name = "middle"

    def detect(self, pixels_rgb: UInt8Array) -> FaceDetections:
        height, width = pixels_rgb.shape[:2]
        box = np.array([[width / 4, height / 4, 3 * width / 4, 3 * height / 4]], np.float32)
        return FaceDetections(box, np.zeros((1, 5, 2), np.float32), np.ones(1, np.float32))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
@pytest.mark.parametrize("name", [b"J\xf6rg.jpg", "two\u2028lines.jpg".encode(), "two\x85lines.jpg".encode()])
def test_a_second_run_adds_nothing_whatever_the_picture_is_called(tmp_path: Path, name: bytes) -> None:
    selfie = tmp_path / "selfies" / os.fsdecode(name)
    selfie.parent.mkdir()
    write_jpeg(selfie, np.full((400, 400, 3), (200, 90, 60), np.uint8))
    first = SelfieFaces(MiddleDetector()).make(selfie.parent, tmp_path / "faces")
    second = SelfieFaces(MiddleDetector()).make(selfie.parent, tmp_path / "faces")
    assert (len(first.files), len(second.files), second.known) == (1, 0, 1)
    assert len(list((tmp_path / "faces").glob("*.jpg"))) == 1
