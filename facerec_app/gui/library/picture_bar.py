"""Above the picture: what is gone through, which picture is in view, and on to others."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from facerec_app.gui.library.picture_queue import PictureQueue
from facerec_app.gui.tool_buttons import tool_button


class PictureBar(QWidget):
    """Asks for the gallery or a folder, for the next picture, and for those alone that nobody looked at."""

    gallery_asked = Signal()
    folder_asked = Signal()
    step_asked = Signal(int)
    filter_asked = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        gallery = tool_button(self, "library", self.tr("Pictures of the gallery"), self.gallery_asked.emit)
        folder = tool_button(self, "folder", self.tr("Open a folder (Ctrl+O)"), self.folder_asked.emit)
        self._title = QLabel(self)
        self._title.setProperty("heading", "true")
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.only_new = QPushButton(self.tr("Not looked at yet"), self)
        self.only_new.setToolTip(self.tr("Show only pictures that nobody looked at yet"))
        self.only_new.setCheckable(True)
        self.only_new.toggled.connect(self._filter)
        self._back = tool_button(self, "back", self.tr("Picture before (Page up)"), lambda: self.step_asked.emit(-1))
        self._progress = QLabel(self)
        self._progress.setProperty("muted", "true")
        self._progress.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._forward = tool_button(
            self, "forward", self.tr("Next picture (Page down)"), lambda: self.step_asked.emit(1)
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(gallery)
        row.addWidget(folder)
        row.addSpacing(4)
        row.addWidget(self._title, 1)
        row.addWidget(self.only_new)
        row.addSpacing(8)
        for part in (self._back, self._progress, self._forward):
            row.addWidget(part)

    @property
    def progress(self) -> str:
        """Which picture of how many is in view."""
        return self._progress.text()

    def _filter(self, wanted: bool) -> None:
        self.only_new.setProperty("primary", "true" if wanted else "false")
        self.only_new.style().polish(self.only_new)
        self.filter_asked.emit(wanted)

    def show_title(self, title: str) -> None:
        """Say what the picture is called."""
        self._title.setText(title)

    def show_queue(self, queue: PictureQueue) -> None:
        """Say which picture of how many is in view and what can be gone to."""
        count = len(queue.shown)
        if not count:
            self._title.clear()
        self._progress.setText(self.tr("{0} of {1}").format(queue.number, count) if count else "")
        self._progress.setToolTip(self.tr("{0} of {1} pictures were looked at").format(queue.looked_at, queue.total))
        self._back.setEnabled(queue.can_step(-1))
        self._forward.setEnabled(queue.can_step(1))
        self.only_new.setEnabled(queue.total > 0)
