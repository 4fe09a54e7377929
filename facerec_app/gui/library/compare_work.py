"""Comparisons made in the background."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from PySide6.QtCore import QObject, QSize, Signal

from facerec_app.core.types import UInt8Array
from facerec_app.gui.library.library_page import FacePicked
from facerec_app.gui.library.picture_input import GivenPicture
from facerec_app.gui.picture_conversion import scaled_image
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import TaskRunner
from facerec_app.services.picture_comparison import ComparedPicture, FaceComparison, PictureComparisonService

_SHOWN_PX = 1400
T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class SidePicture:
    """One of the two pictures.

    Attributes:
        title: what to call it.
        compared: the picture with its faces.
        shown_rgb: ``(h, w, 3)`` uint8, a copy no larger than a screen shows.
        scale: of that copy.
    """

    title: str
    compared: ComparedPicture
    shown_rgb: UInt8Array
    scale: float


class CompareWork(QObject):
    """Reads pictures and compares them; an answer that was overtaken by another question is not given."""

    read = Signal(int, object)  # side, SidePicture
    judged = Signal(object)  # FaceComparison
    agreed = Signal(object)  # PictureAgreement
    read_failed = Signal(int, str)
    failed = Signal(str)

    def __init__(self, services: SharedServices, tasks: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._tasks = tasks
        self._asked: dict[str, int] = {}

    def read_given(self, side: int, picture: GivenPicture) -> None:
        """Look for faces in a picture that the user gave."""
        self._read(side, lambda service: _side(service.read_picture(picture.read(), picture.title), picture.title))

    def read_picked(self, side: int, face: FacePicked) -> None:
        """Take a face that another page handed over."""
        pixels = face.picture_rgb
        if face.face_id or pixels is None:
            self._read(side, lambda service: _side(service.read_enrolled(face.face_id, face.title), face.title))
        else:
            self._read(side, lambda service: _side(service.read_picture(pixels, face.title), face.title))

    def judge(self, left: ComparedPicture, right: ComparedPicture, left_face: int, right_face: int) -> None:
        """Compare two faces."""
        self.forget("agree")
        self._start(
            "judge",
            lambda service: service.compare_faces(left, right, left_face, right_face),
            self.judged.emit,
            self.failed.emit,
        )

    def agree(self, left: ComparedPicture, right: ComparedPicture, faces: FaceComparison | None) -> None:
        """Find which parts agree."""
        self._start("agree", lambda service: service.agreement(left, right, faces), self.agreed.emit, self.failed.emit)

    def forget(self, what: str) -> None:
        """Do not give the answer to ``judge`` or ``agree`` any more."""
        self._asked[what] = self._asked.get(what, 0) + 1

    def _read(self, side: int, work: Callable[[PictureComparisonService], SidePicture]) -> None:
        self.forget("judge")
        self.forget("agree")
        self._start(
            f"read {side}",
            work,
            lambda picture: self.read.emit(side, picture),
            lambda message: self.read_failed.emit(side, message),
        )

    def _start(
        self,
        what: str,
        work: Callable[[PictureComparisonService], T],
        take: Callable[[T], None],
        fail: Callable[[str], None],
    ) -> None:
        self.forget(what)
        asked = self._asked[what]

        def done(value: T) -> None:
            if asked == self._asked[what]:
                take(value)

        def failed(message: str) -> None:
            if asked == self._asked[what]:
                fail(message)

        self._tasks.start(
            lambda _: work(self._services.library().picture_comparison()), done=done, failed=failed, urgent=True
        )


def _side(compared: ComparedPicture, title: str) -> SidePicture:
    height, width = compared.pixels_rgb.shape[:2]
    scale = min(1.0, _SHOWN_PX / max(height, width))
    size = QSize(max(1, round(width * scale)), max(1, round(height * scale)))
    shown = np.asarray(scaled_image(compared.pixels_rgb, size).pixels_rgb, np.uint8)
    return SidePicture(title, compared, shown, scale)
