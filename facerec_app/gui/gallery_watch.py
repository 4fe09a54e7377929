"""Changes of the gallery, told in the window's thread."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal

from facerec_app.core.protocols import GalleryIndex
from facerec_app.services.gallery_session import GallerySession


class GalleryWatch(QObject):
    """Observes the gallery, which announces from whichever thread changed it."""

    changed = Signal(object)  # GalleryIndex
    _announced = Signal(object)

    def __init__(self, gallery: GallerySession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._gallery = gallery
        self._announced.connect(self.changed, Qt.ConnectionType.QueuedConnection)
        gallery.observe(self._observe)

    def stop(self) -> None:
        """Observe no longer."""
        self._gallery.forget(self._observe)

    def _observe(self, index: GalleryIndex) -> None:
        self._announced.emit(index)
