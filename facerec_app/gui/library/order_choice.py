"""In which order the gallery's page shows faces."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget

from facerec_app.gallery.face_filter import FaceOrder, ListedFace

_MOST_WIDTH_PX = 210


class OrderChoice(QComboBox):
    """The orders there are; likeness to a face is one while a face was given for it."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._like: ListedFace | None = None
        self.setAccessibleName(self.tr("Order"))
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.setMaximumWidth(_MOST_WIDTH_PX)
        self._fill(FaceOrder.NEWEST)
        self.currentIndexChanged.connect(self._take)

    @property
    def order(self) -> FaceOrder:
        """What comes first; by likeness, the order of those that have no features."""
        chosen = self.currentData()
        return chosen if isinstance(chosen, FaceOrder) else FaceOrder.NEWEST

    @property
    def like_face_id(self) -> str | None:
        """The face whose likes come first; None for ``order``."""
        return self._like.face.face_id if self._like is not None else None

    def sort_like(self, face: ListedFace) -> None:
        """Put the faces most like this one first."""
        self._like = face
        self._fill(None)
        self.changed.emit()

    def _fill(self, chosen: FaceOrder | None) -> None:
        self.blockSignals(True)
        self.clear()
        if self._like is not None:
            self.addItem(self.tr("Most like {0}").format(self._like.name), None)
        for text, value in (
            (self.tr("Newest first"), FaceOrder.NEWEST),
            (self.tr("Oldest first"), FaceOrder.OLDEST),
            (self.tr("By name"), FaceOrder.NAME),
            (self.tr("Best first"), FaceOrder.BEST),
            (self.tr("Worst first"), FaceOrder.WORST),
        ):
            self.addItem(text, value)
        self.setCurrentIndex(0 if chosen is None else self.findData(chosen))
        self.blockSignals(False)

    def _take(self, _: int) -> None:
        chosen = self.currentData()
        if self._like is not None and isinstance(chosen, FaceOrder):
            self._like = None
            self._fill(chosen)
        self.changed.emit()
