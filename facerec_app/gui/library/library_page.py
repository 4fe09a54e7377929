"""What every page of the library is, and how one page sends the user to another."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from facerec_app.core.types import UInt8Array
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import TaskRunner


@dataclass(frozen=True, slots=True, eq=False)
class FacePicked:
    """A face that a page hands to another.

    Attributes:
        title: what to call it: a name, or the file it comes from.
        face_id: of the enrolled face; empty if it is not enrolled.
        picture_rgb: ``(H, W, 3)`` uint8, the picture to look for faces in; None for an enrolled face.
    """

    title: str
    face_id: str = ""
    picture_rgb: UInt8Array | None = None


class LibraryLinks(QObject):
    """Ways from one page to another; the library's window shows the page that is meant."""

    search_asked = Signal(object)  # FacePicked: show what is like it
    comparison_asked = Signal(object)  # FacePicked: put it beside another one
    person_asked = Signal(str)  # name: show that person's page in the main window


class LibraryPage(QWidget):
    """One page. It is made when it is first shown, and told each time it is.

    Args:
        services: asked in background jobs only; they load networks when first used.
        tasks: does background work of the whole program, one job after another; what the user waits for is urgent.
        links: ways to the other pages.
    """

    def __init__(
        self, services: SharedServices, tasks: TaskRunner, links: LibraryLinks, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._services = services
        self._tasks = tasks
        self._links = links

    def activate(self) -> None:
        """The page has come into view: show the present state of what it is about."""

    def gallery_changed(self) -> None:
        """The gallery has changed while the page is in view."""

    def shut_down(self, timeout_s: float) -> bool:
        """End threads and processes of the page's own; return whether they have ended."""
        return True
