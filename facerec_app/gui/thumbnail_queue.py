"""Likenesses of picture files, a few at a time: what the user asks for meanwhile goes before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QSize

from facerec_app.capture.images import IMAGE_SUFFIXES, read_image
from facerec_app.core.errors import FacerecError
from facerec_app.core.types import UInt8Array
from facerec_app.gui.picture_conversion import portrait, scaled_image
from facerec_app.gui.tasks import TaskRunner

_AT_ONCE = 8
_SIDE_PX = 96


class ThumbnailQueue:
    """Reads small squares in the background.

    Args:
        tasks: where they are read.
        show: takes each, ``(S, S, 3)`` uint8, with its file.
        failed: takes one line if reading failed altogether.
    """

    def __init__(
        self, tasks: TaskRunner, show: Callable[[Path, UInt8Array], None], failed: Callable[[str], None]
    ) -> None:
        self._tasks = tasks
        self._show = show
        self._failed = failed
        self._waiting: list[Path] = []

    def add(self, paths: Sequence[Path]) -> None:
        """Ask for the likenesses of files; what is no picture is passed over."""
        idle = not self._waiting
        self._waiting += [path for path in paths if path.suffix.lower() in IMAGE_SUFFIXES]
        if idle:
            self._load()

    def clear(self) -> None:
        """Ask for nothing any more."""
        self._waiting.clear()

    def _load(self) -> None:
        batch, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
        if not batch:
            return

        def done(found: dict[Path, UInt8Array]) -> None:
            for path, thumbnail in found.items():
                self._show(path, thumbnail)
            self._load()

        self._tasks.start(lambda _: _read(batch), done=done, failed=self._failed)


def _read(paths: Sequence[Path]) -> dict[Path, UInt8Array]:
    """Return small squares of the pictures that can be read; enrolment says what is wrong with the others."""
    found: dict[Path, UInt8Array] = {}
    for path in paths:
        try:
            square = portrait(read_image(path))
        except FacerecError:
            continue
        found[path] = scaled_image(square, QSize(_SIDE_PX, _SIDE_PX)).pixels_rgb
    return found
