"""From a face or a picture in the live view to the page that searches for what is like it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject

from facerec_app.gui.live_view import LiveView
from facerec_app.gui.name_face_popover import NameFacePopover
from facerec_app.gui.source_info import source_title
from facerec_app.gui.why_card import WhyCard

if TYPE_CHECKING:
    from facerec_app.gui.library.library_page import FacePicked
    from facerec_app.gui.library.library_window import LibraryWindow


class OpensLibrary(Protocol):
    """Whoever can bring the library to the front."""

    def show_library(self) -> LibraryWindow: ...


class FaceSearchHandover(QObject):
    """Listens to the cards beside a face; the menu asks for the whole picture.

    Args:
        view: whose picture is handed over.
        popover, why: the cards with "Search this face".
        opener: brings the library to the front.
    """

    def __init__(self, view: LiveView, popover: NameFacePopover, why: WhyCard, opener: OpensLibrary) -> None:
        super().__init__(popover)
        self._view = view
        self._popover = popover
        self._why = why
        self._opener = opener
        popover.search_asked.connect(self.search_face)
        why.search_asked.connect(self.search_face)

    def search_face(self) -> None:
        """Search for the face whose card is open, by the best picture of it."""
        from facerec_app.gui.library.library_page import FacePicked

        picture = next(iter(self._popover.pictures), None)
        if picture is None:
            return
        title = self._popover.shown_name or self.tr("Face in the live view")
        self._popover.hide()
        self._why.hide()
        self._hand_over(FacePicked(title, picture_rgb=picture.pixels_rgb))

    def search_picture(self) -> None:
        """Search for the faces of the picture in view; the page asks which one is meant."""
        from facerec_app.gui.library.library_page import FacePicked

        frame = self._view.frame
        if frame is not None:
            self._hand_over(FacePicked(source_title(frame.source_id), picture_rgb=frame.pixels_rgb))

    def _hand_over(self, face: FacePicked) -> None:
        from facerec_app.gui.library.search_page import SearchPage

        page = self._opener.show_library().show_page("search")
        if isinstance(page, SearchPage):
            page.take_face(face)
