"""The page of boxes of the library for ``take_window_pictures.py``, on the demonstration's material."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from facerec_app.capture.images import read_image, write_jpeg
from facerec_app.core.types import UInt8Array
from facerec_app.gui.library.boxes_page import BoxesPage
from facerec_app.gui.library.library_window import LibraryWindow
from facerec_app.gui.tasks import TaskRunner

Take = Callable[[str], None]
WaitUntil = Callable[[Callable[[], bool]], None]
_HEIGHT_PX = 900


def make_pictures(demo: Path, folder: Path) -> list[Path]:
    """Put a few pictures into a folder, the first of them with several faces."""
    folder.mkdir()
    names = ("biden.jpg", "astronaut.png", "obama3.jpg")
    parts = [_of_height(read_image(demo / "sources" / name)) for name in names]
    narrow = [part[:, round(part.shape[1] * 0.15) : round(part.shape[1] * 0.85)] for part in parts]
    write_jpeg(folder / "reception.jpg", np.concatenate(narrow, axis=1))
    for name in ("obama2.jpg", "biden.jpg", "astronaut.png"):
        shutil.copy(demo / "sources" / name, folder / name)
    return sorted(folder.iterdir())


def take_boxes_pages(
    library: LibraryWindow, tasks: TaskRunner, demo: Path, folder: Path, take: Take, wait_until: WaitUntil
) -> None:
    """Go through a folder: as the detector proposes it, a landmark held, a name asked for, a new box."""
    pictures = make_pictures(demo, folder / "party")
    page = library.show_page("boxes")
    if not isinstance(page, BoxesPage):
        raise TypeError(type(page).__name__)
    page.open_paths([folder / "party"])
    wait_until(lambda: page.picture is not None and not tasks.is_busy)
    for _ in pictures[1:]:
        page.go(1)
        wait_until(lambda: not tasks.is_busy)
    document = page.canvas.document
    if document is None:
        raise SystemExit("No picture was opened.")
    document.choose(1)
    document.rename("Eileen Collins")
    document.choose(0)
    document.rename("Joe Biden")
    document.choose(1)
    page.canvas.changed.emit()
    take("boxes")
    document.choose(1, 2)
    page.canvas.zoom_by(2.4)
    take("boxes-landmark")
    page.canvas.zoom_by(0.01)
    document.choose(2)
    page.ask_for_name()
    take("boxes-name")
    page.question.dismiss()


def _of_height(pixels_rgb: UInt8Array) -> UInt8Array:
    height, width = pixels_rgb.shape[:2]
    size = (round(width * _HEIGHT_PX / height), _HEIGHT_PX)
    return np.asarray(cv2.resize(pixels_rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
