"""The library's pages Gallery and Search for ``take_window_pictures.py``, on the demonstration's material."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from people_pages import enrol_people
from PySide6.QtCore import QItemSelectionModel

from facerec_app.capture.images import read_image, write_jpeg
from facerec_app.gui.library.gallery_page import GalleryPage
from facerec_app.gui.library.library_window import LibraryWindow
from facerec_app.gui.library.picture_input import GivenPicture
from facerec_app.gui.library.search_page import SearchPage
from facerec_app.gui.tasks import TaskRunner
from facerec_app.services.application import Application

Take = Callable[[str], None]
WaitUntil = Callable[[Callable[[], bool]], None]


def take_search_pages(
    library: LibraryWindow,
    tasks: TaskRunner,
    application: Application,
    demo: Path,
    folder: Path,
    take: Take,
    wait_until: WaitUntil,
) -> None:
    """Go through both pages.

    Args:
        library: with an empty gallery or that of the demonstration.
        tasks: of the library.
        application: behind it.
        demo: the demonstration's folder.
        folder: where a picture may be made.
        take: takes the page that is shown.
        wait_until: lets the window work until something holds.
    """
    if not application.people().everybody():
        enrol_people(application, demo)
    _take_gallery(library, tasks, take, wait_until)
    _take_search(library, tasks, demo, folder, take, wait_until)


def _take_gallery(library: LibraryWindow, tasks: TaskRunner, take: Take, wait_until: WaitUntil) -> None:
    page = library.show_page("gallery")
    if not isinstance(page, GalleryPage):
        raise TypeError("gallery")
    wait_until(lambda: page.view is not None and not tasks.is_busy and not page.model.without_picture)
    page.grid.selectionModel().select(page.model.index(0, 0), QItemSelectionModel.SelectionFlag.Select)
    page.sort_by_likeness()
    wait_until(lambda: page.view is not None and bool(page.view.likeness) and not tasks.is_busy)
    page.grid.clearSelection()
    for row in (4, 5):
        page.grid.selectionModel().select(page.model.index(row, 0), QItemSelectionModel.SelectionFlag.Select)
    take("gallery")


def _take_search(
    library: LibraryWindow, tasks: TaskRunner, demo: Path, folder: Path, take: Take, wait_until: WaitUntil
) -> None:
    page = library.show_page("search")
    if not isinstance(page, SearchPage):
        raise TypeError("search")
    take("search-empty")
    left, right = (read_image(demo / "sources" / name) for name in ("biden.jpg", "obama3.jpg"))
    height = min(left.shape[0], right.shape[0])
    file = folder / "both of us.jpg"
    write_jpeg(file, np.concatenate([part[:height, : round(height * 0.8)] for part in (left, right)], axis=1))
    page.take_picture(GivenPicture(file.name, file))
    wait_until(lambda: bool(page.hits) and not tasks.is_busy and not page.model.without_picture)
    page.query.face_chosen.emit(1)
    wait_until(lambda: not tasks.is_busy and not page.model.without_picture)
    take("search")
