"""What the window shows before anything is open."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from facerec_app.gui.icons import draw_icon, set_icon
from facerec_app.gui.theme import colour

_SIGN_PX = 72


class WelcomePage(QWidget):
    """One sentence and the ways to begin."""

    camera_asked = Signal()
    file_asked = Signal()
    demonstration_asked = Signal()
    enrol_asked = Signal()

    def __init__(self, *, has_demonstration: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sign = QLabel(self)
        self._sign.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title = QLabel(self.tr("Open a camera or a video"), self)
        font = self._title.font()
        font.setPointSizeF(font.pointSizeF() * 1.5)
        font.setWeight(font.Weight.DemiBold)
        self._title.setFont(font)
        self._title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._detail = QLabel(
            self.tr("Faces get names as soon as you have named them once: click a face and type who it is."), self
        )
        self._detail.setProperty("muted", "true")
        self._detail.setWordWrap(True)
        self._detail.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._camera = self._button("camera", self.tr("Camera"))
        self._camera.clicked.connect(self.camera_asked)
        file = self._button("file", self.tr("Open file ..."))
        file.clicked.connect(self.file_asked)
        demonstration = self._button("play", self.tr("Demonstration"))
        demonstration.clicked.connect(self.demonstration_asked)
        demonstration.setVisible(has_demonstration)
        self._enrol = QPushButton(self.tr("Enrol somebody from pictures instead"), self)
        self._enrol.setProperty("link", "true")
        self._enrol.setCursor(Qt.CursorShape.PointingHandCursor)
        self._enrol.clicked.connect(self.enrol_asked)
        self._buttons = QWidget(self)
        row = QHBoxLayout(self._buttons)
        row.setSpacing(10)
        row.addStretch(1)
        for button in (self._camera, file, demonstration):
            row.addWidget(button)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(32, 32, 32, 32)
        layout.setSpacing(10)
        layout.addStretch(2)
        for widget in (self._sign, self._title, self._detail, self._buttons):
            layout.addWidget(widget)
        layout.addWidget(self._enrol, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)
        self.refresh_icons()

    def show_opening(self, title: str) -> None:
        """Say that a source is being opened."""
        self._title.setText(self.tr("Opening {0} ...").format(title))
        self._detail.hide()
        self._buttons.hide()
        self._enrol.hide()

    def show_invitation(self) -> None:
        """Offer the ways to begin."""
        self._title.setText(self.tr("Open a camera or a video"))
        self._detail.show()
        self._buttons.show()
        self._enrol.show()

    def refresh_icons(self) -> None:
        """Draw the sign in the colours of the theme."""
        self._sign.setPixmap(draw_icon("face", colour("accent"), _SIGN_PX, self.devicePixelRatioF()))

    def _button(self, icon: str, text: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setIconSize(QSize(18, 18))
        set_icon(button, icon)
        return button
