"""How far a search through pictures has come, with a button that ends it; hidden while there is none."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from facerec_app.services.progress import Progress


class AddingProgress(QWidget):
    """One line with a bar."""

    stop_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = QLabel(self)
        self._text.setProperty("muted", "true")
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        self.stop = QPushButton(self.tr("Stop"), self)
        self.stop.clicked.connect(lambda _=False: self.stop_asked.emit())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._text)
        row.addWidget(self._bar, 1)
        row.addWidget(self.stop)
        self.hide()

    def begin(self) -> None:
        """Show that it has begun; how much there is to do is not known yet."""
        self._bar.setRange(0, 0)
        self._text.setText(self.tr("Searching for faces ..."))
        self.show()

    def show_progress(self, progress: Progress) -> None:
        """Show how far it has come."""
        self._bar.setRange(0, progress.total or 0)
        self._bar.setValue(progress.done)
        self._text.setText(self.tr("{0} of {1} pictures").format(progress.done, progress.total))
