"""The page that compares two pictures, for ``take_window_pictures.py``, on the demonstration's material."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from facerec_app.gui.library.compare_page import ComparePage
from facerec_app.gui.library.library_window import LibraryWindow
from facerec_app.gui.library.picture_input import GivenPicture

Take = Callable[[str], None]
WaitUntil = Callable[[Callable[[], bool]], None]


def take_compare_pages(library: LibraryWindow, demo: Path, take: Take, wait_until: WaitUntil) -> None:
    """Go through the page: empty, one person, which parts agree, two people."""
    sources = demo / "sources"
    page = library.show_page("compare")
    if not isinstance(page, ComparePage):
        raise TypeError(type(page).__name__)
    take("compare-empty")
    for name in ("obama2.jpg", "obama3.jpg"):
        page.take_picture(page.next_side, GivenPicture(name, sources / name))
    wait_until(lambda: "same person" in page.verdict)
    take("compare")
    page.parts.click()
    wait_until(lambda: "agree, most" in page.details)
    take("compare-parts")
    page.take_picture(1, GivenPicture("biden.jpg", sources / "biden.jpg"))
    wait_until(lambda: "two people" in page.verdict and "outside" in page.details)
    take("compare-others")
