"""The library's page of unknown faces for ``take_window_pictures.py``, on the demonstration's material."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from facerec_app.gui.library.library_window import LibraryWindow
from facerec_app.gui.library.unknown_faces_page import UnknownFacesPage
from facerec_app.gui.tasks import TaskRunner
from facerec_app.services.application import Application

Take = Callable[[str], None]
WaitUntil = Callable[[Callable[[], bool]], None]
_PORTRAITS = ("people/Barack_Obama/obama.jpg", "people/Grace_Hopper/grace_hopper.jpg")
_SOURCES = ("obama2.jpg", "obama3.jpg", "biden.jpg", "astronaut.png")


def take_unknown_faces_pages(
    library: LibraryWindow,
    tasks: TaskRunner,
    application: Application,
    demo: Path,
    folder: Path,
    take: Take,
    wait_until: WaitUntil,
) -> None:
    """Go through the page; the gallery is empty before and afterwards.

    Args:
        library: with an empty gallery.
        tasks: of the library.
        application: behind it.
        demo: the demonstration's folder.
        folder: where pictures may be made.
        take: takes the page that is shown.
        wait_until: lets the window work until something holds.
    """
    page = library.show_page("unknown")
    if not isinstance(page, UnknownFacesPage):
        raise TypeError("unknown")
    wait_until(lambda: bool(page.empty_text))
    take("unknown-empty")
    holidays = folder / "holidays"
    holidays.mkdir()
    for file in (*(demo / name for name in _PORTRAITS), *(demo / "sources" / name for name in _SOURCES)):
        shutil.copy(file, holidays)
    page.add_pictures([holidays])
    wait_until(lambda: len(page.groups_model.entries) == 2 and not tasks.is_busy)
    page.choose_row(0)
    page.detail.naming.field.setText("Barack Obama")
    take("unknown")
    group = page.groups_model.entries[0]
    page.work.name([group.faces[0].face_id], "Barack Obama")
    wait_until(lambda: len(page.groups_model.entries[0].faces) == 2 and not tasks.is_busy)
    page.choose_row(0)
    page.detail.choose_faces([page.groups_model.entries[0].faces[0].face_id])
    page.detail.ask_to_move()
    take("unknown-guess")
    page.work.undo()
    wait_until(lambda: len(page.groups_model.entries[0].faces) == 3 and not tasks.is_busy)
    page.work.remove([face.face_id for entry in page.groups_model.entries for face in entry.faces])
    wait_until(lambda: bool(page.empty_text) and not tasks.is_busy)
    if application.people().everybody():
        raise SystemExit("Somebody is still enrolled whom the page of unknown faces had enrolled.")
