"""What the gallery's page asks in the background: lists, pages of them, pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from facerec_app.core.types import UInt8Array
from facerec_app.gallery.face_filter import FaceListing, ListedFace
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import Task, TaskRunner
from facerec_app.services.gallery_browser import FACES_A_PAGE, FaceQuery, FaceSuspicion, GalleryBrowser


@dataclass(frozen=True, slots=True, eq=False)
class GalleryView:
    """One page of a list.

    Attributes:
        query: what was asked for.
        listing: all faces that it selects.
        number: of the page, from 0.
        faces: on it.
        likeness: probability of being the same person as the chosen face, by face id; empty without one.
        resembled: name of whom a face is more like than its own person, by face id; empty unless that was asked for.
    """

    query: FaceQuery
    listing: FaceListing
    number: int
    faces: tuple[ListedFace, ...]
    likeness: Mapping[str, float]
    resembled: Mapping[str, str]

    @property
    def pages(self) -> int:
        """How many there are; an empty list has one."""
        return max(1, -(-len(self.listing) // FACES_A_PAGE))


class GalleryReader(QObject):
    """Asks for one thing at a time: an answer that was overtaken by another question is not given."""

    shown = Signal(object)  # GalleryView
    pictures = Signal(object)  # (S, S, 3) uint8 by face id
    progressed = Signal(object)  # Progress, while doubtful faces are looked for
    failed = Signal(str)

    def __init__(self, services: SharedServices, tasks: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._tasks = tasks
        self._task: Task | None = None
        self._view: GalleryView | None = None
        self._wanted = 0

    @property
    def is_busy(self) -> bool:
        """Whether a list or a page is on its way."""
        return self._task is not None

    def open(self, query: FaceQuery, number: int = 0) -> None:
        """Look up a list and read a page of it; the last one if there are not so many."""
        self._start(lambda browser, task: _read(browser, query, _find(browser, query, task), number))

    def turn(self, number: int) -> None:
        """Read another page of the same list."""
        view = self._view
        if view is not None:
            self._start(lambda browser, _: _read(browser, view.query, view.listing, number))

    def cancel(self) -> None:
        """Give up what is being looked for."""
        if self._task is not None:
            self._task.cancel()

    def all_ids(self, done: Callable[[tuple[str, ...]], None]) -> None:
        """Read the identifiers of the whole list."""
        view = self._view
        if view is not None:
            self._tasks.start(
                lambda _: self._browser().face_ids(view.listing), done=done, failed=self.failed.emit, urgent=True
            )

    def _start(self, read: Callable[[GalleryBrowser, Task], GalleryView]) -> None:
        self.cancel()
        self._wanted += 1
        asked = self._wanted

        def done(view: GalleryView) -> None:
            if asked == self._wanted:
                self._task = None
                self._view = view
                self.shown.emit(view)
                self._read_pictures(view, asked)

        def failed(message: str) -> None:
            if asked == self._wanted:
                self._task = None
                self.failed.emit(message)

        self._task = self._tasks.start(
            lambda task: read(self._browser(), task),
            done=done,
            failed=failed,
            progress=self.progressed.emit,
            urgent=True,
        )

    def _read_pictures(self, view: GalleryView, asked: int) -> None:
        faces = [listed.face for listed in view.faces]

        def done(found: dict[str, UInt8Array]) -> None:
            if asked == self._wanted:
                self.pictures.emit(found)

        self._tasks.start(lambda _: self._browser().thumbnails(faces), done=done, failed=self.failed.emit, urgent=True)

    def _browser(self) -> GalleryBrowser:
        return self._services.library().gallery_browser()


def _find(browser: GalleryBrowser, query: FaceQuery, task: Task) -> FaceListing:
    return browser.find(query, progress=task.report, cancelled=task.is_cancelled)


def _read(browser: GalleryBrowser, query: FaceQuery, listing: FaceListing, number: int) -> GalleryView:
    view = GalleryView(query, listing, 0, (), {}, {})
    within = min(max(0, number), view.pages - 1)
    faces = browser.page(listing, within)
    ids = [listed.face.face_id for listed in faces]
    likeness = browser.likeness(ids, query.like_face_id) if query.like_face_id is not None else {}
    resembled = browser.resembled(ids) if query.suspicion is FaceSuspicion.WRONG_PERSON else {}
    return GalleryView(query, listing, within, faces, likeness, resembled)
