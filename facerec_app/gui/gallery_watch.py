"""Changes of the gallery, told in the window's thread."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal

from facerec_app.core.protocols import GalleryIndex
from facerec_app.services.gallery_session import GallerySession


class GalleryWatch(QObject):
    """Observes a gallery, which announces from whichever thread changed it."""

    changed = Signal(object)  # GalleryIndex
    _announced = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._gallery: GallerySession | None = None
        self._announced.connect(self.changed, Qt.ConnectionType.QueuedConnection)

    def attach(self, gallery: GallerySession) -> None:
        """Begin to observe, instead of the gallery before; may be called from any thread, one at a time."""
        self.stop()
        gallery.observe(self._observe)
        self._gallery = gallery

    def stop(self) -> None:
        """Observe no longer."""
        gallery, self._gallery = self._gallery, None
        if gallery is not None:
            gallery.forget(self._observe)

    def _observe(self, index: GalleryIndex) -> None:
        self._announced.emit(index)
