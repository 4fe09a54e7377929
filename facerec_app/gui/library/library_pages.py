"""The pages of the library in the order of its list."""

from __future__ import annotations

from dataclasses import dataclass

from facerec_app.gui.library.boxes_page import BoxesPage
from facerec_app.gui.library.compare_page import ComparePage
from facerec_app.gui.library.gallery_page import GalleryPage
from facerec_app.gui.library.judge_page import JudgePage
from facerec_app.gui.library.library_page import LibraryPage
from facerec_app.gui.library.search_page import SearchPage
from facerec_app.gui.library.unknown_faces_page import UnknownFacesPage


@dataclass(frozen=True, slots=True)
class PageEntry:
    """One line of the list.

    Attributes:
        name: of the page, for settings and tests.
        title: what the list says.
        icon: drawn beside it, see ``gui/icons.py``.
        page: the class that is made when the page is first shown.
    """

    name: str
    title: str
    icon: str
    page: type[LibraryPage]


PAGES: tuple[PageEntry, ...] = (
    PageEntry("gallery", "Gallery", "library", GalleryPage),
    PageEntry("search", "Search", "search", SearchPage),
    PageEntry("unknown", "Unknown faces", "unknown", UnknownFacesPage),
    PageEntry("compare", "Compare", "compare", ComparePage),
    PageEntry("boxes", "Boxes", "box", BoxesPage),
    PageEntry("judge", "Judge", "judge", JudgePage),
)
