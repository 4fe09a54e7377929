"""Click a face, say who it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRect, QStringListModel, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCompleter, QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from facerec_app.core.types import IdentityDecision, Verdict
from facerec_app.gui.beside_face import place_beside
from facerec_app.gui.picture_conversion import portrait, rounded_pixmap
from facerec_app.pipeline.track_album import FacePicture

_PICTURE_PX = 44
_WIDTH_PX = 316
_MOST_PICTURES = 5


def name_completer(names: QStringListModel, parent: QWidget) -> QCompleter:
    """Return a completer that finds a name by any part of it."""
    completer = QCompleter(names, parent)
    completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    completer.setFilterMode(Qt.MatchFlag.MatchContains)
    return completer


class NameFacePopover(QFrame):
    """A small card beside the face; the video goes on behind it."""

    named = Signal(int, str)  # track id, name
    refused = Signal(int, str)  # track id, identifier of the person it is not
    taken_back = Signal(str)  # identifier of a correction
    why_asked = Signal(int)  # track id
    search_asked = Signal()

    def __init__(self, names: QStringListModel, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._names = names
        self._stage = parent
        self._track_id = -1
        self._pictures: list[FacePicture] = []
        self._person_id: str | None = None
        self._rejection_id: str | None = None
        self._decision: IdentityDecision | None = None
        self._shown_name = ""
        self._anchor = QRect()
        self._build()
        self.setFixedWidth(_WIDTH_PX)
        self.hide()

    @property
    def track_id(self) -> int:
        """Whose name is asked for; -1 while closed."""
        return -1 if self.isHidden() else self._track_id

    @property
    def decision(self) -> IdentityDecision | None:
        """What was said of the face when the question was asked; None before the first."""
        return self._decision

    @property
    def shown_name(self) -> str:
        """The name that the face had then; empty if none."""
        return self._shown_name

    @property
    def anchor(self) -> QRect:
        """Where the face was when the question was asked, in coordinates of the stage."""
        return self._anchor

    @property
    def stage(self) -> QWidget:
        """What the card lies on; anchors are in its coordinates."""
        return self._stage

    @property
    def pictures(self) -> Sequence[FacePicture]:
        """The pictures that the face will be enrolled from."""
        return self._pictures

    @property
    def message(self) -> str:
        """What is wrong; empty when nothing is."""
        return self._error.text()

    def ask(
        self,
        track_id: int,
        decision: IdentityDecision,
        name: str | None,
        pictures: Sequence[FacePicture],
        anchor: QRect,
    ) -> None:
        """Open beside a face.

        Args:
            track_id: of the face.
            decision: what is said of it now.
            name: display name behind the decision, if there is one.
            pictures: the best pictures of the track so far.
            anchor: where the face is, in coordinates of the parent.
        """
        self._track_id = track_id
        self._decision, self._shown_name = decision, name or ""
        known = decision.verdict is Verdict.KNOWN and name is not None
        self._title.setText(name if known and name is not None else self.tr("Who is this?"))
        sure = self.tr("{0:.0%} sure. Somebody else? Type who.").format(min(decision.probability, 0.99))
        self._detail.setText(sure if known else self.tr("Type a name, or pick somebody who is enrolled."))
        self._person_id = decision.person_id if known else None
        self._refuse.setText(self.tr("This is not {0}").format(self._short(name or "")))
        self._refuse.setVisible(known)
        self._refuse.setEnabled(True)
        self._why.setText(self.tr("Why this name?") if known else self.tr("Why no name?"))
        self._show_correction(None, "")
        self.use_pictures(pictures)
        self._edit.clear()
        self._error.hide()
        self._error.clear()
        self.set_busy(False)
        self._anchor = anchor
        self._fit()
        self.show()
        self.raise_()
        self._edit.setFocus(Qt.FocusReason.PopupFocusReason)

    def use_pictures(self, pictures: Sequence[FacePicture]) -> None:
        """Show the pictures that would be enrolled."""
        self._pictures = list(pictures)[:_MOST_PICTURES]
        for label, picture in zip(self._thumbnails, self._pictures, strict=False):
            pixels = portrait(picture.pixels_rgb, picture.detection.boxes_xyxy[0])
            label.setPixmap(rounded_pixmap(pixels, _PICTURE_PX, self.devicePixelRatioF()))
        for number, label in enumerate(self._thumbnails):
            label.setVisible(number < len(self._pictures))

    def set_busy(self, busy: bool) -> None:
        """Show that the face is being enrolled."""
        self._edit.setEnabled(not busy)
        self._save.setText(self.tr("Saving ...") if busy else self.tr("Save"))
        self._save.setEnabled(not busy and bool(self._edit.text().strip()))

    def show_refused(self, rejection_id: str, name: str) -> None:
        """Say that the name was taken from the face, and offer to take that back."""
        self._title.setText(self.tr("Who is this?"))
        self._detail.setText(self.tr("Type a name, or pick somebody who is enrolled."))
        self._refuse.hide()
        self._show_correction(rejection_id, self.tr("Noted: not {0}.").format(self._short(name)))

    def show_taken_back(self) -> None:
        """Say that a correction no longer holds."""
        self._show_correction(None, self.tr("Taken back."))

    def show_error(self, message: str) -> None:
        """Say what is wrong and let the user try again."""
        self.set_busy(False)
        self._refuse.setEnabled(True)
        self._error.setText(message)
        self._error.show()
        self._fit()
        self._edit.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)

    def _build(self) -> None:
        self._title = QLabel(self)
        font = self._title.font()
        font.setPointSizeF(font.pointSizeF() * 1.2)
        font.setWeight(font.Weight.DemiBold)
        self._title.setFont(font)
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._title.setWordWrap(True)
        self._detail = self._line("muted")
        self._error = self._line("bad")
        self._refuse = self._link(self._ask_refused)
        self._why = self._link(lambda: self.why_asked.emit(self._track_id))
        self._noted = self._line("muted")
        self._undo = self._link(self._ask_taken_back)
        self._undo.setText(self.tr("Undo"))
        self._thumbnails = [QLabel(self) for _ in range(_MOST_PICTURES)]
        self._edit = QLineEdit(self)
        self._edit.setPlaceholderText(self.tr("Name"))
        self._edit.setAccessibleName(self.tr("Name of the person"))
        self._edit.setMaxLength(250)
        self._edit.setCompleter(name_completer(self._names, self))
        self._save = QPushButton(self.tr("Save"), self)
        self._edit.textChanged.connect(self._update_save)
        self._edit.returnPressed.connect(self._submit)
        self._save.setProperty("primary", "true")
        self._save.clicked.connect(self._submit)
        self._cancel = QPushButton(self.tr("Cancel"), self)
        self._cancel.clicked.connect(self.hide)
        self._search = self._link(self.search_asked.emit)
        self._search.setText(self.tr("Search this face"))
        self._lay_out()

    def _lay_out(self) -> None:
        pictures = QHBoxLayout()
        pictures.setSpacing(6)
        for label in self._thumbnails:
            label.setFixedSize(_PICTURE_PX, _PICTURE_PX)
            pictures.addWidget(label)
        pictures.addStretch(1)
        links = QHBoxLayout()
        links.setSpacing(14)
        links.addWidget(self._refuse)
        links.addWidget(self._why)
        links.addStretch(1)
        correction = QHBoxLayout()
        correction.setSpacing(8)
        correction.addWidget(self._noted, 1)
        correction.addWidget(self._undo)
        buttons = QHBoxLayout()
        buttons.addWidget(self._search)
        buttons.addStretch(1)
        buttons.addWidget(self._cancel)
        buttons.addWidget(self._save)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(8)
        layout.addWidget(self._title)
        layout.addWidget(self._detail)
        layout.addLayout(pictures)
        layout.addLayout(links)
        layout.addLayout(correction)
        layout.addWidget(self._edit)
        layout.addWidget(self._error)
        layout.addLayout(buttons)

    def _fit(self) -> None:
        self.adjustSize()
        place_beside(self, self._stage, self._anchor)

    def _link(self, action: Callable[[], None]) -> QPushButton:
        button = QPushButton(self)
        button.setProperty("link", "true")
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(lambda _=False: action())
        return button

    def _short(self, name: str) -> str:
        return self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, _WIDTH_PX // 2 - 44)

    def _ask_refused(self) -> None:
        if self._person_id is not None:
            self._refuse.setEnabled(False)
            self.refused.emit(self._track_id, self._person_id)

    def _ask_taken_back(self) -> None:
        if self._rejection_id is not None:
            self.taken_back.emit(self._rejection_id)

    def _show_correction(self, rejection_id: str | None, text: str) -> None:
        self._rejection_id = rejection_id
        self._noted.setText(text)
        self._noted.setVisible(bool(text))
        self._undo.setVisible(rejection_id is not None)
        self._fit()

    def _line(self, kind: str) -> QLabel:
        label = QLabel(self)
        label.setProperty(kind, "true")
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        return label

    def _update_save(self, text: str) -> None:
        self._save.setEnabled(bool(text.strip()))

    def _submit(self) -> None:
        name = self._edit.text().strip()
        if name and self._edit.isEnabled():
            self._error.hide()
            self.set_busy(True)
            self.named.emit(self._track_id, name)
