"""Answers that cannot all be true, each with its chain of pictures and a way to take one of them back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from facerec_app.core.types import UInt8Array
from facerec_app.gallery.judgement_contradictions import Contradiction, Said
from facerec_app.gallery.judgement_entry import FaceOwner, MoreAlike, answer_of
from facerec_app.gui.icons import draw_icon
from facerec_app.gui.library.judgement_words import contradiction_words, name_of
from facerec_app.gui.picture_conversion import rounded_pixmap
from facerec_app.gui.relative_time import ago
from facerec_app.gui.theme import colour
from facerec_app.services.judgements import JudgementState

_FACE_PX, _NAME_PX = 72, 88
_MOST_SHOWN = 30
_MOST_FACES = 7
"""Pictures of one row; a longer chain is shown by its beginning, and the count says how much more there is."""


class ContradictionList(QScrollArea):
    """One card a contradiction."""

    take_back_asked = Signal(object)  # Answer
    person_asked = Signal(str)  # name
    pictures_asked = Signal(object)  # list of face ids

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setAccessibleName(self.tr("Contradictions"))
        self._pictures: dict[str, UInt8Array] = {}
        self._labels: dict[str, list[QLabel]] = {}
        self._shown: tuple[Contradiction, ...] = ()
        self._cards: list[QFrame] = []

    @property
    def shown(self) -> tuple[Contradiction, ...]:
        """What is listed."""
        return self._shown

    @property
    def buttons(self) -> list[QPushButton]:
        """Every button that takes an answer back, from top to bottom."""
        return self.findChildren(QPushButton, "take-back")

    def show_state(self, state: JudgementState) -> None:
        """List the contradictions of the present."""
        self._labels = {}
        self._shown = state.contradictions
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 6, 0)
        column.setSpacing(8)
        if not self._shown:
            none = QLabel(self.tr("No answers contradict each other."), inside)
            none.setProperty("muted", "true")
            none.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addStretch(1)
            column.addWidget(none)
        for found in self._shown[:_MOST_SHOWN]:
            column.addWidget(self._card(found, state.owners, inside))
        if len(self._shown) > _MOST_SHOWN:
            more = QLabel(self.tr("and {0} more").format(len(self._shown) - _MOST_SHOWN), inside)
            more.setProperty("muted", "true")
            column.addWidget(more)
        column.addStretch(1)
        self.setWidget(inside)
        wanted = [face_id for face_id in self._labels if face_id not in self._pictures]
        self._pictures = {face_id: self._pictures[face_id] for face_id in self._labels if face_id in self._pictures}
        self._draw(self._pictures)
        if wanted:
            self.pictures_asked.emit(wanted)

    def add_pictures(self, pictures: Mapping[str, UInt8Array]) -> None:
        """Show pictures, ``(S, S, 3)`` uint8 by face id."""
        self._pictures.update(pictures)
        self._draw(pictures)

    def _card(self, found: Contradiction, owners: Mapping[str, FaceOwner], parent: QWidget) -> QFrame:
        card = QFrame(parent)
        card.setObjectName("card")
        column = QVBoxLayout(card)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(8)
        heading = QLabel(contradiction_words(found, owners), card)
        heading.setTextFormat(Qt.TextFormat.PlainText)
        heading.setWordWrap(True)
        heading.setProperty("heading", "true")
        column.addWidget(heading)
        if found.kind in {"likeness_circle", "likeness_filed"}:
            for said in found.answers:
                column.addWidget(self._likeness(said, owners, card))
        else:
            column.addWidget(self._chain(found, owners, card))
        names = dict.fromkeys(name_of(face_id, owners) for face_id in found.face_ids if face_id in owners)
        if found.kind != "likeness_circle":
            column.addLayout(self._open_buttons(list(names)[:3], card))
        return card

    def _chain(self, found: Contradiction, owners: Mapping[str, FaceOwner], card: QFrame) -> QWidget:
        """Return picture, what was said, picture ... ending with the picture that it began with."""
        faces = [*found.face_ids, found.face_ids[0]] if found.kind == "chain" else list(found.face_ids)
        parts: list[QWidget] = [self._face(faces[0], owners, card)]
        for number, said in enumerate(found.answers):
            if number >= _MOST_FACES - 2 and number < len(found.answers) - 1:
                if number == _MOST_FACES - 2:
                    parts.append(QLabel(self.tr("{0} more").format(len(found.answers) - number - 1), card))
                continue
            parts += [self._link(said, card), self._face(faces[number + 1], owners, card)]
        return self._strip(parts, card)

    def _strip(self, parts: Sequence[QWidget], card: QFrame) -> QWidget:
        """Return widgets side by side; many of them scroll."""
        strip = QWidget(card)
        strip.setLayout(self._row_of(parts))
        if len(parts) <= 5:
            return strip
        scroll = QScrollArea(card)
        scroll.setWidget(strip)
        scroll.setWidgetResizable(True)
        scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFixedHeight(strip.sizeHint().height() + 14)
        return scroll

    def _likeness(self, said: Said, owners: Mapping[str, FaceOwner], card: QFrame) -> QWidget:
        if not isinstance(said, MoreAlike):
            raise TypeError("A contradiction of likeness holds an answer about a pair.")
        words = [self.tr("is more like"), self.tr("than like")]
        faces = [said.face_id, said.nearer_face_id, said.farther_face_id]
        parts: list[QWidget] = [self._face(faces[0], owners, card)]
        for word, face_id in zip(words, faces[1:], strict=True):
            label = QLabel(word, card)
            label.setProperty("muted", "true")
            parts += [label, self._face(face_id, owners, card)]
        return self._strip([*parts, self._take_back(said, card)], card)

    def _row_of(self, parts: Sequence[QWidget]) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for part in parts:
            row.addWidget(part, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        return row

    def _face(self, face_id: str, owners: Mapping[str, FaceOwner], parent: QWidget) -> QWidget:
        whole = QWidget(parent)
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        picture = QLabel(whole)
        picture.setFixedSize(_FACE_PX, _FACE_PX)
        picture.setPixmap(draw_icon("picture", colour("muted"), _FACE_PX, self.devicePixelRatioF()))
        self._labels.setdefault(face_id, []).append(picture)
        text = name_of(face_id, owners)
        name = QLabel(whole)
        name.setTextFormat(Qt.TextFormat.PlainText)
        name.setFixedWidth(_NAME_PX)
        name.setAlignment(Qt.AlignmentFlag.AlignCenter)
        name.setText(self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, _NAME_PX))
        whole.setToolTip(self.tr("Filed as {0}").format(text))
        column.addWidget(picture, 0, Qt.AlignmentFlag.AlignCenter)
        column.addWidget(name)
        return whole

    def _link(self, said: Said, parent: QWidget) -> QWidget:
        same = answer_of(said).kind == "same"
        whole = QWidget(parent)
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        words = QLabel(self.tr("one person") if same else self.tr("two people"), whole)
        words.setProperty("good" if same else "bad", "true")
        who = QLabel(self.tr("{0}, {1}").format(said.decided_by, ago(said.decided_at)), whole)
        who.setTextFormat(Qt.TextFormat.PlainText)
        who.setProperty("muted", "true")
        for label in (words, who):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        column.addWidget(self._take_back(said, whole), 0, Qt.AlignmentFlag.AlignCenter)
        return whole

    def _take_back(self, said: Said, parent: QWidget) -> QPushButton:
        answer = answer_of(said)
        button = self._button(self.tr("Take this back"), lambda: self.take_back_asked.emit(answer), parent)
        button.setObjectName("take-back")
        return button

    def _open_buttons(self, names: Sequence[str], parent: QWidget) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(12)
        hint = QLabel(self.tr("Or correct a name:"), parent)
        hint.setProperty("muted", "true")
        row.addWidget(hint)
        for name in names:
            shown = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, 130)
            asks = self._button(self.tr("Open {0}").format(shown), partial(self.person_asked.emit, name), parent)
            row.addWidget(asks)
        row.addStretch(1)
        return row

    def _button(self, text: str, action: Callable[[], None], parent: QWidget) -> QPushButton:
        button = QPushButton(text.replace("&", "&&"), parent)
        button.setProperty("link", "true")
        button.clicked.connect(lambda _=False: action())
        return button

    def _draw(self, pictures: Mapping[str, UInt8Array]) -> None:
        for face_id, pixels in pictures.items():
            for label in self._labels.get(face_id, ()):
                drawn: QPixmap = rounded_pixmap(pixels, _FACE_PX, self.devicePixelRatioF())
                label.setPixmap(drawn)
