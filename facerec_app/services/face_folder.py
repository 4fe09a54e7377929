"""A folder of face pictures with numbers for names, which go on where they stopped."""

from __future__ import annotations

import re
from pathlib import Path

from facerec_app.capture.images import write_jpeg
from facerec_app.core.errors import OutputWriteError
from facerec_app.core.types import UInt8Array

_NUMBERED = re.compile(r"([0-9]{4,9})\.jpg", re.IGNORECASE)


class FaceFolder:
    """Adds pictures to a folder as 0001.jpg, 0002.jpg, ...; what is there is never overwritten.

    Args:
        path: made where it is missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._made: list[Path] = []

    def open(self) -> int:
        """Make the folder and return the number of pictures in it.

        Raises:
            OutputWriteError: if it cannot be made or is a file.
        """
        try:
            self._made = [folder for folder in (self.path, *self.path.parents) if not folder.exists()]
            self.path.mkdir(parents=True, exist_ok=True)
            return len(self._numbers())
        except OSError as exc:
            raise OutputWriteError(f"The folder {self.path} cannot be made: {exc.strerror or exc}.") from exc

    def close(self) -> None:
        """Remove the folders that ``open`` made, as far as they are still empty."""
        for folder in self._made:
            try:
                folder.rmdir()
            except OSError:  # something is in it, or it is gone
                return

    def add(self, pixels_rgb: UInt8Array) -> Path:
        """Write an ``(H, W, 3)`` uint8 picture under the number after the highest, and return its file.

        Raises:
            OutputWriteError: if it cannot be written.
        """
        try:
            number = max(self._numbers(), default=0) + 1
        except OSError as exc:
            raise OutputWriteError(f"The folder {self.path} cannot be read: {exc.strerror or exc}.") from exc
        file = self.path / f"{number:04d}.jpg"
        write_jpeg(file, pixels_rgb)
        return file

    def _numbers(self) -> list[int]:
        found = (_NUMBERED.fullmatch(entry.name) for entry in self.path.iterdir())
        return [int(match.group(1)) for match in found if match]
