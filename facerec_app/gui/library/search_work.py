"""Searches made in the background."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, QSize, Signal

from facerec_app.core.geometry import box_areas
from facerec_app.core.types import Embeddings, UInt8Array
from facerec_app.gui.library.library_page import FacePicked
from facerec_app.gui.library.picture_input import GivenPicture
from facerec_app.gui.library.search_steps import SearchStep
from facerec_app.gui.picture_conversion import scaled_image
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import Task, TaskRunner
from facerec_app.services.face_search import FaceSearchService

HITS = 40
_PICTURES_AT_ONCE = 20
_MOST_SIDE_PX = 720
"""Of the picture that stays in the list of searches; the search itself had the whole one."""


class SearchWork(QObject):
    """Asks for one search at a time; an answer that was overtaken by another question is not given."""

    found = Signal(object)  # SearchStep, a new one
    renewed = Signal(object)  # SearchStep, the one that was given, as the gallery is now
    pictures = Signal(object)  # (S, S, 3) uint8 by face id
    failed = Signal(str)

    def __init__(self, services: SharedServices, tasks: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._tasks = tasks
        self._asked = 0
        self._busy = False

    @property
    def is_busy(self) -> bool:
        """Whether a search is under way."""
        return self._busy

    def search_given(self, picture: GivenPicture) -> None:
        """Search for the faces of a picture that the user gave."""
        self._start(lambda service: _of_picture(service, picture.read(), picture.title), self.found.emit)

    def search_face(self, face: FacePicked) -> None:
        """Search for a face that is kept, or for those of a picture that another page handed over."""
        pixels = face.picture_rgb
        if face.face_id or pixels is None:
            self._start(lambda service: _of_face(service, face.face_id, face.title), self.found.emit)
        else:
            self._start(lambda service: _of_picture(service, pixels, face.title), self.found.emit)

    def renew(self, step: SearchStep) -> None:
        """Search once more for what a step was about."""
        self._start(lambda service: _again(service, step), self.renewed.emit)

    def load_pictures(self, face_ids: Sequence[str]) -> None:
        """Read the pictures of faces, some at a time, the first ones first."""
        for start in range(0, len(face_ids), _PICTURES_AT_ONCE):
            part = list(face_ids[start : start + _PICTURES_AT_ONCE])
            read = partial(self._read_pictures, part)
            self._tasks.start(read, done=self.pictures.emit, failed=self.failed.emit, urgent=True)

    def _read_pictures(self, face_ids: Sequence[str], _: Task) -> dict[str, UInt8Array]:
        return self._services.library().gallery_browser().thumbnails_of(face_ids)

    def _start(self, work: Callable[[FaceSearchService], SearchStep], take: Callable[[SearchStep], None]) -> None:
        self._asked += 1
        self._busy = True
        asked = self._asked

        def done(step: SearchStep) -> None:
            if asked == self._asked:
                self._busy = False
                take(step)

        def failed(message: str) -> None:
            if asked == self._asked:
                self._busy = False
                self.failed.emit(message)

        self._tasks.start(lambda _: work(self._services.library().face_search()), done=done, failed=failed, urgent=True)


def _of_picture(service: FaceSearchService, pixels_rgb: UInt8Array, title: str) -> SearchStep:
    results = service.search_picture(pixels_rgb, title, top=HITS)
    boxes = np.stack([result.box_xyxy for result in results]).astype(np.float32)
    small, scale = _made_small(pixels_rgb)
    features = Embeddings(
        np.concatenate([result.features.vectors for result in results]), results[0].features.extractor_version
    )
    hits = tuple(result.hits for result in results)
    return SearchStep(title, "", small, boxes * scale, features, hits, int(np.argmax(box_areas(boxes))))


def _of_face(service: FaceSearchService, face_id: str, title: str) -> SearchStep:
    result = service.search_face(face_id, top=HITS)
    small, scale = _made_small(result.picture_rgb)
    return SearchStep(title, face_id, small, result.box_xyxy[None] * scale, result.features, (result.hits,), 0)


def _again(service: FaceSearchService, step: SearchStep) -> SearchStep:
    found = service.search_features(step.features, top=HITS + 1)
    return replace(step, hits=tuple(tuple(hit for hit in hits if hit.face_id != step.face_id)[:HITS] for hits in found))


def _made_small(pixels_rgb: UInt8Array) -> tuple[UInt8Array, np.float32]:
    """Return a copy of a picture that is not larger than is shown, and how much smaller it is."""
    height, width = pixels_rgb.shape[:2]
    scale = min(1.0, _MOST_SIDE_PX / max(height, width))
    size = QSize(max(1, round(width * scale)), max(1, round(height * scale)))
    return scaled_image(pixels_rgb, size).pixels_rgb.copy(), np.float32(scale)
