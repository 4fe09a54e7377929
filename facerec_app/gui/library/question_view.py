"""One question: the face that is asked about at the left, its nearest ones beside it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from facerec_app.core.types import UInt8Array
from facerec_app.gallery.judgement_entry import Answer
from facerec_app.gui.library.judge_work import ShownQuestion
from facerec_app.gui.library.question_grid import DIFFERENT, LESS, MORE, SAME, QuestionGrid
from facerec_app.gui.picture_conversion import rounded_pixmap

_WIDE_PX = 700
_LARGE_PX, _SMALL_PX = 200, 124


class QuestionView(QWidget):
    """Turns marks into answers; whoever keeps them says so, and undo takes the last one back."""

    answered = Signal(object)  # Answer
    next_asked = Signal()
    undo_asked = Signal(int)  # number of a line of the log

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: ShownQuestion | None = None
        self._given: list[tuple[int, Answer, str | None]] = []
        self._replaced: dict[Answer, str | None] = {}
        self._build()

    @property
    def shown(self) -> ShownQuestion | None:
        """The question in view."""
        return self._shown

    @property
    def can_undo(self) -> bool:
        """Whether an answer was given here that can be taken back."""
        return bool(self._given)

    @property
    def answers_here(self) -> int:
        """Number of marks on the present question's faces that say same or different."""
        return sum(bool(self.grid.faces.marks(face.face_id) & {SAME, DIFFERENT}) for face in self.grid.faces.faces)

    def show_question(self, shown: ShownQuestion) -> None:
        """Put another question into view."""
        self._shown = shown
        question = shown.question
        self._name.setText(question.name)
        self._draw_reference(shown.reference_rgb)
        self.grid.faces.show(question.neighbours, shown.pictures)
        self.grid.setCurrentIndex(self.grid.faces.index(0, 0))
        self.grid.setFocus()

    def mark(self, face_id: str, mark: str) -> None:
        """Mark a face; an answer is given as soon as a mark is one."""
        shown, faces = self._shown, self.grid.faces
        if shown is None or mark in faces.marks(face_id):
            return
        reference = shown.question.face_id
        if mark in {SAME, DIFFERENT}:
            said = Answer("same" if mark == SAME else "different", reference, face_id)
            self._replaced[said] = next((m for m in (SAME, DIFFERENT) if m in faces.marks(face_id)), None)
            faces.set_mark(face_id, mark)
            self.answered.emit(said)
            self.grid.go_on()
            return
        if faces.marked(MORE) is not None and faces.marked(LESS) is not None:
            faces.clear_likeness()  # that answer is complete: a new one begins
        faces.clear_likeness(mark)
        faces.set_mark(face_id, mark)
        more, less = faces.marked(MORE), faces.marked(LESS)
        if more is not None and less is not None:
            self.answered.emit(Answer("more_alike", reference, more, less))

    def note_kept(self, said: Answer, number: int) -> None:
        """An answer was kept under a number."""
        self._given.append((number, said, self._replaced.pop(said, None)))

    def note_refused(self, said: Answer) -> None:
        """An answer could not be kept: its marks go."""
        self._unmark(said, self._replaced.pop(said, None))

    def undo(self) -> None:
        """Take the last answer that was given here back; a half-given one about likeness just goes."""
        faces = self.grid.faces
        half = (faces.marked(MORE) is None) != (faces.marked(LESS) is None)
        if half:
            faces.clear_likeness()
        elif self._given:
            number, said, replaced = self._given.pop()
            self._unmark(said, replaced)
            self.undo_asked.emit(number)

    def forget(self) -> None:
        """Nothing given before can be undone here any more: it was changed elsewhere."""
        self._given.clear()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        side = _LARGE_PX if self.width() >= _WIDE_PX else _SMALL_PX
        if side != self._picture.width():
            self._picture.setFixedSize(side, side)
            self._left.setFixedWidth(side)
            if self._shown is not None:
                self._draw_reference(self._shown.reference_rgb)

    def _unmark(self, said: Answer, replaced: str | None) -> None:
        if self._shown is None or said.face_id != self._shown.question.face_id:
            return  # about a question that is no longer in view
        faces = self.grid.faces
        if said.kind == "more_alike":
            faces.clear_likeness()
        elif replaced is not None:
            faces.set_mark(said.other_face_id, replaced)
        else:
            faces.set_mark(said.other_face_id, said.kind, given=False)

    def _draw_reference(self, pixels_rgb: UInt8Array | None) -> None:
        if pixels_rgb is None:
            self._picture.setText(self.tr("This picture\ncannot be read."))
        else:
            self._picture.setPixmap(rounded_pixmap(pixels_rgb, self._picture.width(), self.devicePixelRatioF(), 8.0))

    def _build(self) -> None:
        self.grid = QuestionGrid(self)
        self.grid.setAccessibleName(self.tr("The most similar faces"))
        self.grid.mark_asked.connect(self.mark)
        self.grid.next_asked.connect(self.next_asked)
        self._left = QWidget(self)
        self._left.setFixedWidth(_LARGE_PX)
        side = QVBoxLayout(self._left)
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(6)
        self._picture = QLabel(self._left)
        self._picture.setFixedSize(_LARGE_PX, _LARGE_PX)
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._picture.setProperty("muted", "true")
        self._name = self._label("")
        font = QFont(self.font())
        font.setBold(True)
        self._name.setFont(font)
        side.addWidget(self._picture)
        side.addWidget(self._name)
        side.addWidget(self._label(self.tr("Which of these show the same person?"), muted=True))
        side.addSpacing(4)
        for text in (
            self.tr("S  same, D  different"),
            self.tr("+ more, − less like this face"),
            self.tr("Arrow keys: from face to face"),
        ):
            side.addWidget(self._label(text, muted=True))
        side.addStretch(1)
        self.next = QPushButton(self.tr("Next (Return)"), self._left)
        self.next.setProperty("primary", "true")
        self.next.clicked.connect(self.next_asked)
        side.addWidget(self.next)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self._left)
        layout.addWidget(self.grid, 1)

    def _label(self, text: str, *, muted: bool = False) -> QLabel:
        label = QLabel(text, self._left)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        if muted:
            label.setProperty("muted", "true")
        return label
