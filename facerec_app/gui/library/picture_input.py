"""A picture from wherever the user has it: a file, the clipboard, something dropped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QCoreApplication, QMimeData, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QFileDialog, QWidget

from facerec_app.capture.images import IMAGE_SUFFIXES, read_image
from facerec_app.core.types import UInt8Array


@dataclass(frozen=True, slots=True, eq=False)
class GivenPicture:
    """A picture to look at: a file that is read later, or pixels.

    Attributes:
        title: what to call it.
        path: of the file; None for pixels.
        pixels_rgb: ``(H, W, 3)`` uint8; None for a file.
    """

    title: str
    path: Path | None = None
    pixels_rgb: UInt8Array | None = None

    def read(self) -> UInt8Array:
        """Return the pixels, ``(H, W, 3)`` uint8.

        Raises:
            UnreadableImageError: the file is no picture, damaged or too large.
        """
        if self.pixels_rgb is not None:
            return self.pixels_rgb
        return read_image(self.path if self.path is not None else Path(self.title))


def picture_of(data: QMimeData | None, title: str) -> GivenPicture | None:
    """Return the picture that is pasted or dropped; None if there is none.

    Args:
        data: of the clipboard, None while that is empty, or of what is dropped; of several files the first counts.
        title: of a picture that has no file name.
    """
    if data is None:
        return None
    for url in data.urls():
        path = Path(url.toLocalFile())
        if url.isLocalFile():
            return GivenPicture(path.name, path)
    image = data.imageData() if data.hasImage() else None
    if isinstance(image, QImage) and not image.isNull():
        return GivenPicture(title, pixels_rgb=pixels_of(image))
    return None


def pixels_of(image: QImage) -> UInt8Array:
    """Return a copy of an image's pixels, ``(H, W, 3)`` uint8 RGB; transparent parts lie over white."""
    opaque = QImage(image.size(), QImage.Format.Format_RGB888)
    opaque.fill(Qt.GlobalColor.white)
    if image.hasAlphaChannel():
        painter = QPainter(opaque)
        painter.drawImage(0, 0, image)
        painter.end()
    else:
        opaque = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(opaque.constBits(), np.uint8).reshape(opaque.height(), opaque.bytesPerLine())
    return rows[:, : 3 * opaque.width()].reshape(opaque.height(), opaque.width(), 3).copy()


def choose_picture(parent: QWidget, take: Callable[[GivenPicture], None]) -> None:
    """Ask for a picture file; the window goes on meanwhile."""
    dialog = QFileDialog(parent, QCoreApplication.translate("PictureInput", "Choose a picture"))
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    patterns = " ".join(f"*{suffix}" for suffix in sorted(IMAGE_SUFFIXES))
    dialog.setNameFilters([QCoreApplication.translate("PictureInput", "Pictures ({0})").format(patterns)])
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(lambda name: take(GivenPicture(Path(name).name, Path(name))))
    dialog.open()
