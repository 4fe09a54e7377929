"""A camera made of pictures, behind the protocol of the real ones."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Event

from facerec_app.core.types import Frame, UInt8Array


class FakeCamera:
    """Delivers given pictures round and round at a fixed rate, for ever, like a camera."""

    def __init__(self, pictures_rgb: Sequence[UInt8Array], *, frame_rate: float = 100.0) -> None:
        self._pictures = list(pictures_rgb)
        self._frame_rate = frame_rate
        self._closed = Event()
        self._next = 0

    @property
    def source_id(self) -> str:
        return "fake camera"

    @property
    def is_live(self) -> bool:
        return True

    @property
    def frame_rate(self) -> float | None:
        return self._frame_rate

    @property
    def frame_count(self) -> int | None:
        return None

    def read(self) -> Frame | None:
        if self._closed.wait(1.0 / self._frame_rate):
            return None
        index, self._next = self._next, self._next + 1
        pixels = self._pictures[index % len(self._pictures)].copy()
        return Frame(pixels, index, index / self._frame_rate, self.source_id)

    def close(self) -> None:
        self._closed.set()
