"""One line above the picture: what went wrong with the source, or what it is waiting for."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from facerec_app.gui.icons import draw_icon, set_icon
from facerec_app.gui.theme import colour


class NoticeBar(QFrame):
    """Shown while there is something to say; the user or the next good news takes it away."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self._sign = QLabel(self)
        self._text = QLabel(self)
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        dismiss = QToolButton(self)
        dismiss.setToolTip(self.tr("Dismiss"))
        dismiss.setAccessibleName(self.tr("Dismiss"))
        set_icon(dismiss, "close")
        dismiss.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 8, 6)
        layout.setSpacing(8)
        layout.addWidget(self._sign)
        layout.addWidget(self._text)
        layout.addWidget(dismiss, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    @property
    def message(self) -> str:
        """What is being said; empty when nothing is."""
        return "" if self.isHidden() else self._text.text()

    def show_message(self, message: str) -> None:
        """Say what is wrong, instead of what was said before."""
        self._show(message, "warning", "bad")

    def show_hint(self, message: str) -> None:
        """Say what one could do next."""
        self._show(message, "face", "accent")

    def _show(self, message: str, icon: str, tint: str) -> None:
        self._sign.setPixmap(draw_icon(icon, colour(tint), 18, self.devicePixelRatioF()))
        self._text.setText(message)
        self.show()
