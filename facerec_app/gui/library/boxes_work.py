"""What the page of boxes asks for in the background."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal

from facerec_app.core.errors import FacerecError
from facerec_app.core.face_annotations import FaceAnnotations
from facerec_app.core.types import Float32Array
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import TaskRunner
from facerec_app.services.box_editing import PictureBoxes, PictureEntry

_LOGGER = logging.getLogger(__name__)


class BoxesWork(QObject):
    """Lists, opens and saves pictures; an answer that was overtaken by another question is not given."""

    listed = Signal(object)  # tuple of PictureEntry
    not_listed = Signal(str)
    names_read = Signal(list)  # names of everybody
    opened = Signal(object, object)  # PictureEntry, PictureBoxes
    not_opened = Signal(object, str)  # PictureEntry, why
    saved = Signal(object, object, bool)  # PictureBoxes, FaceAnnotations, whether a face got other features
    not_saved = Signal(str)
    landmarks_found = Signal(object, int, object)  # PictureBoxes, row, (5, 2) or None
    failed = Signal(str)

    def __init__(self, services: SharedServices, tasks: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._tasks = tasks
        self._lists = self._openings = 0
        self._has_ended = False

    def list_gallery(self) -> None:
        """Ask for the pictures of everybody enrolled."""
        self._list(None)

    def list_files(self, paths: Sequence[Path]) -> None:
        """Ask for the pictures of files and folders."""
        self._list(list(paths))

    def open(self, entry: PictureEntry) -> None:
        """Ask for a picture and the faces in it."""
        self._openings += 1
        number = self._openings

        def done(picture: PictureBoxes) -> None:
            if number == self._openings:
                self.opened.emit(entry, picture)

        def failed(why: str) -> None:
            if number == self._openings:
                self.not_opened.emit(entry, why)

        self._tasks.start(
            lambda _: self._services.library().box_editing().open(entry), done=done, failed=failed, urgent=True
        )

    def save(self, picture: PictureBoxes, faces: FaceAnnotations, enrolled_row: int | None) -> None:
        """Have the faces of a picture kept."""
        self._tasks.start(
            lambda _: self._services.library().box_editing().save(picture, faces, enrolled_row),
            done=lambda changed: self.saved.emit(picture, faces, changed),
            failed=self.not_saved.emit,
            urgent=True,
        )

    def save_last(
        self, picture: PictureBoxes, faces: FaceAnnotations, enrolled_row: int | None, timeout_s: float
    ) -> bool:
        """Have the faces of a picture kept before everything ends, and wait for it; return whether it has ended.

        Whoever asks again does not wait: no job is begun any more.
        """
        if self._has_ended:
            return True
        self._has_ended, ended = True, threading.Event()

        def work(_: object) -> None:
            try:
                self._services.library().box_editing().save(picture, faces, enrolled_row)
            except FacerecError as exc:  # there is no window any more that could say so
                _LOGGER.warning("The last corrections of boxes were not kept: %s", exc)
            finally:
                ended.set()

        self._tasks.start(work, done=lambda _: None, failed=lambda _: None, urgent=True)
        return ended.wait(timeout_s)

    def find_landmarks(self, picture: PictureBoxes, row: int, box_xyxy: Float32Array) -> None:
        """Look for eyes, nose and mouth in a box that was drawn."""
        box = np.array(box_xyxy, np.float32)
        self._tasks.start(
            lambda _: self._services.library().box_editing().landmarks_in(picture.pixels_rgb, box),
            done=lambda found: self.landmarks_found.emit(picture, row, found),
            failed=self.failed.emit,
            urgent=True,
        )

    def _list(self, paths: list[Path] | None) -> None:
        self._lists += 1
        number = self._lists

        def work(_: object) -> tuple[tuple[PictureEntry, ...], list[str]]:
            editing = self._services.library().box_editing()
            found = editing.gallery_pictures() if paths is None else editing.picture_files(paths)
            return found, [person.name for person in self._services.people().everybody()]

        def done(answer: tuple[tuple[PictureEntry, ...], list[str]]) -> None:
            if number == self._lists:
                self.names_read.emit(answer[1])
                self.listed.emit(answer[0])

        def failed(why: str) -> None:
            if number == self._lists:
                self.not_listed.emit(why)

        self._tasks.start(work, done=done, failed=failed, urgent=True)
