"""The device behind a camera, for tests: what OpenCV's capture does, with pictures for a sensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2

from facerec_app.core.types import UInt8Array


class FakeCapture:
    """Stands in for ``cv2.VideoCapture`` of a camera: BGR frames, until it is unplugged."""

    def __init__(self, pictures_rgb: Sequence[UInt8Array], *, frames_until_unplugged: int | None = None) -> None:
        self._pictures = [cv2.cvtColor(picture, cv2.COLOR_RGB2BGR) for picture in pictures_rgb]
        self._left = frames_until_unplugged
        self._next = 0
        self.released = False
        self.settings: dict[int, float] = {}

    def isOpened(self) -> bool:
        return bool(self._pictures) and not self.released

    def read(self) -> tuple[bool, Any]:
        if self.released or self._left == 0:
            return False, None
        if self._left is not None:
            self._left -= 1
        picture = self._pictures[self._next % len(self._pictures)]
        self._next += 1
        return True, picture

    def get(self, propId: int) -> float:
        return 30.0 if propId == cv2.CAP_PROP_FPS else 0.0

    def set(self, propId: int, value: float) -> bool:
        self.settings[propId] = value
        return True

    def release(self) -> None:
        self.released = True
