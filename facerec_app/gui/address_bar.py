"""Where the address of a stream is typed."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget


class AddressBar(QFrame):
    """A line above the picture, there while it is needed."""

    entered = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self._edit = QLineEdit(self)
        self._edit.setPlaceholderText("rtsp://camera.local/stream")
        self._edit.setAccessibleName(self.tr("Stream address"))
        self._edit.returnPressed.connect(self._submit)
        open_button = QPushButton(self.tr("Open"), self)
        open_button.setProperty("primary", "true")
        open_button.clicked.connect(self._submit)
        cancel = QPushButton(self.tr("Cancel"), self)
        cancel.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 8, 6)
        layout.addWidget(QLabel(self.tr("Address"), self))
        layout.addWidget(self._edit, 1)
        layout.addWidget(cancel)
        layout.addWidget(open_button)
        self.hide()

    def ask(self) -> None:
        """Show the line."""
        self.show()
        self._edit.selectAll()
        self._edit.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)

    def _submit(self) -> None:
        address = self._edit.text().strip()
        if address:
            self.hide()
            self.entered.emit(address)
