"""The library's window: pages are made when they are wanted, and told when they come into view."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from facerec_app.gui.library.library_page import FacePicked, LibraryLinks, LibraryPage
from facerec_app.gui.library.library_pages import PageEntry
from facerec_app.gui.library.library_window import LibraryWindow
from facerec_app.gui.main_window import MainWindow
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import TaskRunner
from facerec_app.services.application import Application


class CountingPage(LibraryPage):
    """Counts how often it came into view."""

    shown = 0
    changes = 0
    taken: FacePicked | None = None

    def activate(self) -> None:
        self.shown += 1

    def gallery_changed(self) -> None:
        self.changes += 1

    def take_face(self, face: FacePicked) -> None:
        self.taken = face


ENTRIES = (
    PageEntry("gallery", "Gallery", "library", CountingPage),
    PageEntry("search", "Search", "search", CountingPage),
    PageEntry("compare", "Compare", "face", CountingPage),
)


@pytest.fixture
def links() -> LibraryLinks:
    return LibraryLinks()


@pytest.fixture
def library(qtbot: QtBot, application: Application, links: LibraryLinks, tmp_path: Path) -> LibraryWindow:
    settings = QSettings(str(tmp_path / "library.ini"), QSettings.Format.IniFormat)
    window = LibraryWindow(SharedServices(application), TaskRunner("library-test"), links, settings, ENTRIES)
    qtbot.addWidget(window)
    return window


def counting(library: LibraryWindow, name: str) -> CountingPage:
    page = library.page(name)
    assert isinstance(page, CountingPage)
    return page


def test_page_is_told_once_when_the_window_opens_and_once_when_it_is_chosen(library: LibraryWindow) -> None:
    library.show()
    assert counting(library, "gallery").shown == 1
    library.show_page("search")
    assert counting(library, "search").shown == 1
    assert counting(library, "gallery").shown == 1


def test_hidden_library_opens_at_the_page_that_is_asked_for_and_tells_it_once(library: LibraryWindow) -> None:
    library.show_page("search")
    assert counting(library, "search").shown == 1
    assert library.current_page is library.page("search")


def test_face_goes_to_the_page_that_is_meant(library: LibraryWindow, links: LibraryLinks) -> None:
    face = FacePicked("Ada", face_id="1")
    links.search_asked.emit(face)
    assert counting(library, "search").taken is face
    links.comparison_asked.emit(face)
    assert counting(library, "compare").taken is face
    assert library.current_page is library.page("compare")


def test_only_the_page_in_view_hears_of_changes(library: LibraryWindow) -> None:
    library.gallery_changed()
    assert counting(library, "gallery").changes == 0
    library.show()
    library.gallery_changed()
    assert counting(library, "gallery").changes == 1
    assert counting(library, "search").changes == 0


def test_last_page_comes_back(library: LibraryWindow, application: Application, tmp_path: Path, qtbot: QtBot) -> None:
    library.show_page("compare")
    library.close()
    settings = QSettings(str(tmp_path / "library.ini"), QSettings.Format.IniFormat)
    again = LibraryWindow(SharedServices(application), TaskRunner("again"), LibraryLinks(), settings, ENTRIES)
    qtbot.addWidget(again)
    again.show()
    assert again.current_page is again.page("compare")


def test_library_opens_from_the_window_and_closes_with_it(window: MainWindow) -> None:
    library = window.show_library()
    assert library.isVisible()
    window.close()
    assert not library.isVisible()
