"""Pictures as frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from facerec_app.capture.images import iter_image_files, read_image
from facerec_app.core.errors import SourceOpenError, UnreadableImageError
from facerec_app.core.types import Frame


def _ignore(_message: str) -> None:
    """Take a status message that nobody asked for."""


class ImageFolderSource:
    """The pictures of a folder in the natural order of their names, or a single picture.

    Frames carry their own file's path as ``source_id`` and their number in seconds as time stamp. A picture that
    cannot be read is passed over, reported through ``on_status`` and kept in ``skipped``.
    """

    def __init__(self, path: Path, *, on_status: Callable[[str], None] | None = None) -> None:
        """Find the pictures.

        Raises:
            SourceOpenError: there is nothing of that name, no picture in the folder, or the one picture is unreadable.
        """
        self._path = path
        self._on_status = on_status or _ignore
        self._skipped: list[tuple[Path, str]] = []
        self._closed = False
        self._next = 0
        try:
            self._files = [path] if path.is_file() else list(iter_image_files(path))
            if path.is_file():
                read_image(path)
        except UnreadableImageError as exc:
            raise SourceOpenError(str(exc)) from exc
        if not self._files:
            raise SourceOpenError(f"The folder {path} holds no pictures (JPEG, PNG, WebP, BMP, TIFF, HEIC).")

    @property
    def source_id(self) -> str:
        return str(self._path)

    @property
    def is_live(self) -> bool:
        return False

    @property
    def frame_rate(self) -> float | None:
        return None

    @property
    def frame_count(self) -> int | None:
        return len(self._files)

    @property
    def skipped(self) -> tuple[tuple[Path, str], ...]:
        """Files that could not be read so far, with the reason."""
        return tuple(self._skipped)

    def read(self) -> Frame | None:
        """Return the next readable picture, or None at the end or after ``close``."""
        while not self._closed and self._next < len(self._files):
            index = self._next
            file = self._files[index]
            self._next += 1
            try:
                pixels_rgb = read_image(file)
            except UnreadableImageError as exc:
                self._skipped.append((file, str(exc)))
                self._on_status(str(exc))
                continue
            return Frame(pixels_rgb, index, float(index), str(file))
        return None

    def seek(self, index: int) -> None:
        """Make the picture of that index the next one read; clipped to the folder's range."""
        self._next = max(0, min(index, len(self._files) - 1))

    def close(self) -> None:
        self._closed = True
