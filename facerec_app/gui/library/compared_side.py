"""One half of the comparison: a place to drop a picture, then the picture with its faces to choose from."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from facerec_app.core.types import Float32Array
from facerec_app.gui.face_dragging import dragged_faces
from facerec_app.gui.icons import draw_icon
from facerec_app.gui.library.compare_work import SidePicture
from facerec_app.gui.library.library_page import FacePicked
from facerec_app.gui.library.picture_input import choose_picture, picture_of
from facerec_app.gui.picture_conversion import ArrayImage, scaled_image
from facerec_app.gui.theme import colour
from facerec_app.gui.tool_buttons import tool_button

_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


class FacesView(QWidget):
    """A picture with its faces; click or arrow keys choose the one that is meant."""

    face_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture: SidePicture | None = None
        self._chosen = -1
        self._scaled: tuple[QSize, ArrayImage] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 100)

    @property
    def chosen(self) -> int:
        """Row of the face that is meant; -1 without any."""
        return self._chosen

    def show_picture(self, picture: SidePicture) -> None:
        """Show a picture; its largest face is chosen."""
        self._picture, self._scaled = picture, None
        self._chosen = picture.compared.largest
        self._say()

    def choose(self, row: int) -> None:
        """Choose a face."""
        if self._picture is not None and row != self._chosen and 0 <= row < len(self._picture.compared.detections):
            self._chosen = row
            self._say()
            self.face_chosen.emit(row)

    def to_widget(self, points_xy: Float32Array) -> Float32Array:
        """Return where ``(N, 2)`` px of the picture are in the widget."""
        place, scale = self._place()
        return np.asarray((points_xy + 0.5) * scale + np.array([place.left(), place.top()]), np.float32)

    def face_rect(self, row: int) -> QRectF:
        """Return where a face is in the widget."""
        if self._picture is None:
            return QRectF()
        corners = self.to_widget(self._picture.compared.detections.boxes_xyxy[row].reshape(2, 2))
        return QRectF(QPointF(*map(float, corners[0])), QPointF(*map(float, corners[1])))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        under = [row for row in range(self._faces()) if self.face_rect(row).contains(event.position())]
        if under and event.button() is Qt.MouseButton.LeftButton:
            self.choose(min(under, key=lambda row: self.face_rect(row).width()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key()))
        if step is None or self._faces() < 2:
            super().keyPressEvent(event)
        else:
            self.choose((self._chosen + step) % self._faces())

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._picture is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place, _ = self._place()
        painter.drawImage(place, self._image(place).image)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for row in range(self._faces()):
            chosen = row == self._chosen
            width = 2.6 if chosen else 1.4
            tint = colour("accent") if chosen else QColor(255, 255, 255, 220)
            for pen in (QPen(QColor(0, 0, 0, 130), width + 1.6), QPen(tint, width)):
                painter.setPen(pen)
                painter.drawRoundedRect(self.face_rect(row), 3, 3)
        if self.hasFocus():
            painter.setPen(QPen(colour("accent"), 1.5))
            painter.drawRect(place.adjusted(0.75, 0.75, -0.75, -0.75))
        painter.end()

    def _faces(self) -> int:
        return len(self._picture.compared.detections) if self._picture is not None else 0

    def _say(self) -> None:
        faces = self._faces()
        one = self.tr("Picture without a face") if faces == 0 else self.tr("Picture with one face")
        name = self.tr("Face {0} of {1}").format(self._chosen + 1, faces) if faces > 1 else one
        self.setAccessibleName(name)
        self.setToolTip(self.tr("Click the face that is meant, or use the arrow keys") if faces > 1 else "")
        self.update()

    def _place(self) -> tuple[QRectF, float]:
        """Return where the picture lies and how many logical px one of its pixels takes."""
        if self._picture is None:
            return QRectF(), 1.0
        height, width = self._picture.compared.pixels_rgb.shape[:2]
        scale = min(self.width() / width, self.height() / height)
        w, h = width * scale, height * scale
        return QRectF((self.width() - w) / 2, (self.height() - h) / 2, w, h), scale

    def _image(self, place: QRectF) -> ArrayImage:
        ratio = self.devicePixelRatioF()
        size = QSize(max(1, round(place.width() * ratio)), max(1, round(place.height() * ratio)))
        if self._scaled is None or self._scaled[0] != size:
            pixels = self._picture.shown_rgb if self._picture is not None else np.zeros((1, 1, 3), np.uint8)
            self._scaled = (size, scaled_image(pixels, size))
        return self._scaled[1]


class ComparedSide(QWidget):
    """Invites to give a picture, shows it, and says in one line what is wrong with it."""

    given = Signal(object)  # GivenPicture
    picked = Signal(object)  # FacePicked

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = FacesView(self)
        self._name = name
        self._title = QLabel(self)
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._words = QLabel(self)
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setWordWrap(True)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self._make_invitation())
        self._pages.addWidget(self.view)
        head = QHBoxLayout()
        head.setSpacing(2)
        head.addWidget(self._title, 1)
        head.addWidget(tool_button(self, "paste", self.tr("Paste {0}").format(name), self.paste))
        head.addWidget(tool_button(self, "picture", self.tr("Choose {0} ...").format(name), self.ask))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self._words)
        self.setAcceptDrops(True)
        self._show_title(name[:1].upper() + name[1:])
        self.say("")

    @property
    def message(self) -> str:
        """What the line below the picture says."""
        return self._words.text()

    def show_picture(self, picture: SidePicture) -> None:
        """Show a picture with its faces."""
        self._show_title(picture.title)
        self.view.show_picture(picture)
        self._pages.setCurrentIndex(1)
        faces = len(picture.compared.detections)
        several = self.tr("One of {0} faces is compared. Click another one.").format(faces) if faces > 1 else ""
        self.say(several if faces else self.tr("No face was found in this picture."))

    def say(self, words: str, *, bad: bool = False) -> None:
        """Write one line below the picture."""
        self._words.setProperty("bad", "true" if bad else "false")
        self._words.setProperty("muted", "false" if bad else "true")
        self._words.style().polish(self._words)
        self._words.setText(words)
        self._words.setVisible(bool(words))

    def ask(self) -> None:
        """Ask for a picture file."""
        choose_picture(self, self.given.emit)

    def paste(self) -> None:
        """Take what is in the clipboard."""
        picture = picture_of(QGuiApplication.clipboard().mimeData(), self.tr("Pasted picture"))
        if picture is not None:
            self.given.emit(picture)
        else:
            self.say(self.tr("There is no picture in the clipboard; copy one first."), bad=True)

    def focus(self) -> None:
        """Put the keyboard where it is of use."""
        (self.view if self._pages.currentIndex() else self._choose).setFocus()

    def redraw_sign(self) -> None:
        """Draw the invitation's picture in the colours of the present theme."""
        self._sign.setPixmap(draw_icon("picture", colour("muted"), 36, self.devicePixelRatioF()))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        data = event.mimeData()
        if data.hasUrls() or data.hasImage() or dragged_faces(data):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        faces = dragged_faces(event.mimeData())
        picture = picture_of(event.mimeData(), self.tr("Dropped picture"))
        if faces:
            self.picked.emit(FacePicked(self.tr("A face"), face_id=faces[0]))
        elif picture is not None:
            self.given.emit(picture)
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def _show_title(self, title: str) -> None:
        self._title.setText(title)
        self._title.setToolTip(title)

    def _make_invitation(self) -> QFrame:
        drop = QFrame(self)
        drop.setObjectName("drop")
        self._sign = QLabel(drop)
        words = QLabel(self.tr("Drop {0} here.").format(self._name), drop)
        words.setProperty("muted", "true")
        words.setWordWrap(True)
        for label in (self._sign, words):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._choose = QPushButton(self.tr("Choose a picture ..."), drop)
        self._choose.setAccessibleName(self.tr("Choose {0} ...").format(self._name))
        self._choose.clicked.connect(lambda _=False: self.ask())
        layout = QVBoxLayout(drop)
        layout.setSpacing(12)
        layout.addStretch(1)
        layout.addWidget(self._sign)
        layout.addWidget(words)
        layout.addWidget(self._choose, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(1)
        return drop
