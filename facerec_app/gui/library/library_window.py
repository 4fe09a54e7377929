"""The library's window: a list of pages at the left, the chosen page beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QByteArray, QEvent, QSettings, QSize
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QStackedWidget, QWidget

from facerec_app.gui.icons import refresh_icons, themed_icon
from facerec_app.gui.library.library_page import FacePicked, LibraryLinks, LibraryPage
from facerec_app.gui.library.library_pages import PAGES, PageEntry
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import TaskRunner

_LIST_WIDTH_PX = 168
_GEOMETRY_KEY = "library/geometry"
_PAGE_KEY = "library/page"


class LibraryWindow(QWidget):
    """A window beside the live one; closing it only hides it, so that it comes back as it was.

    Args:
        services: handed to the pages.
        tasks: handed to the pages.
        links: ways between the pages; those that lead here are followed here.
        settings: keeps place and page.
        pages: what there is.
    """

    def __init__(
        self,
        services: SharedServices,
        tasks: TaskRunner,
        links: LibraryLinks,
        settings: QSettings,
        pages: Sequence[PageEntry] = PAGES,
    ) -> None:
        super().__init__()
        self._services = services
        self._tasks = tasks
        self._links = links
        self._settings = settings
        self._entries = tuple(pages)
        self._pages: dict[str, LibraryPage] = {}
        self.setWindowTitle(self.tr("Library"))
        self.setMinimumSize(720, 480)
        self._list = QListWidget(self)
        self._list.setObjectName("library-list")
        self._list.setAccessibleName(self.tr("Pages of the library"))
        self._list.setFixedWidth(_LIST_WIDTH_PX)
        self._list.setIconSize(QSize(18, 18))
        self._stack = QStackedWidget(self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._list)
        layout.addWidget(self._stack, 1)
        for number, entry in enumerate(self._entries, start=1):
            QListWidgetItem(themed_icon(entry.icon), self.tr(entry.title), self._list)
            keys = QShortcut(QKeySequence(f"Ctrl+{number}"), self)
            keys.activated.connect(lambda name=entry.name: self.show_page(name))
        QShortcut(QKeySequence(QKeySequence.StandardKey.Close), self).activated.connect(self.close)
        self._list.currentRowChanged.connect(self._show_row)
        links.search_asked.connect(lambda face: self._hand_over("search", face))
        links.comparison_asked.connect(lambda face: self._hand_over("compare", face))
        self._restore()

    @property
    def current_page(self) -> LibraryPage | None:
        """The page in view."""
        page = self._stack.currentWidget()
        return page if isinstance(page, LibraryPage) else None

    def page(self, name: str) -> LibraryPage:
        """Return a page, making it if it was never shown."""
        made = self._pages.get(name)
        if made is None:
            entry = next(entry for entry in self._entries if entry.name == name)
            made = self._pages[name] = entry.page(self._services, self._tasks, self._links, self)
            self._stack.addWidget(made)
        return made

    def show_page(self, name: str) -> LibraryPage:
        """Bring the window and one of its pages to the front."""
        page = self.page(name)
        row = next(row for row, entry in enumerate(self._entries) if entry.name == name)
        # Shown before it is chosen, so that the page is told once: when the choice is made, or when it comes into view.
        was_current = self.isVisible() and self._list.currentRow() == row
        self._list.setCurrentRow(row)
        self.bring_to_front()
        if was_current:
            page.activate()
        return page

    def bring_to_front(self) -> None:
        """Show the window above the others."""
        self.show()
        self.raise_()
        self.activateWindow()

    def gallery_changed(self) -> None:
        """Tell the page in view that the gallery has changed."""
        if self.isVisible() and self.current_page is not None:
            self.current_page.gallery_changed()

    def shut_down(self, timeout_s: float) -> bool:
        """End what the pages have running; return whether it has ended."""
        self.close()
        ended = [page.shut_down(timeout_s) for page in self._pages.values()]  # every page, whatever the others say
        return all(ended)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not event.spontaneous() and self.current_page is not None:
            self.current_page.activate()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._settings.setValue(_GEOMETRY_KEY, self.saveGeometry())
        super().closeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.ApplicationPaletteChange}:
            refresh_icons(self)
            for row, entry in enumerate(self._entries):
                self._list.item(row).setIcon(themed_icon(entry.icon))

    def _hand_over(self, name: str, face: FacePicked) -> None:
        page = self.show_page(name)
        if hasattr(page, "take_face"):
            page.take_face(face)

    def _show_row(self, row: int) -> None:
        if row < 0:
            return
        name = self._entries[row].name
        page = self.page(name)
        self._stack.setCurrentWidget(page)
        self._settings.setValue(_PAGE_KEY, name)
        if self.isVisible():
            page.activate()

    def _restore(self) -> None:
        self.resize(1000, 640)
        geometry: Any = self._settings.value(_GEOMETRY_KEY)
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)
        names = [entry.name for entry in self._entries]
        chosen = self._settings.value(_PAGE_KEY, names[0] if names else "", type=str)
        if names:
            self._list.setCurrentRow(names.index(str(chosen)) if chosen in names else 0)
