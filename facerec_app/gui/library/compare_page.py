"""Two pictures side by side: are two faces one person's, and which parts agree?"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from facerec_app.gui.icons import set_icon
from facerec_app.gui.library.compare_words import agreement_words, honest_note, share_words, verdict_words
from facerec_app.gui.library.compare_work import CompareWork, SidePicture
from facerec_app.gui.library.compared_side import ComparedSide
from facerec_app.gui.library.correspondences import Correspondences
from facerec_app.gui.library.library_page import FacePicked, LibraryLinks, LibraryPage
from facerec_app.gui.library.picture_input import GivenPicture
from facerec_app.gui.shared_services import SharedServices
from facerec_app.gui.tasks import TaskRunner
from facerec_app.services.picture_comparison import FaceComparison, PictureAgreement


class ComparePage(LibraryPage):
    """A picture at the left, one at the right, and what is said of them below."""

    def __init__(
        self, services: SharedServices, tasks: TaskRunner, links: LibraryLinks, parent: QWidget | None = None
    ) -> None:
        super().__init__(services, tasks, links, parent)
        self._pictures: list[SidePicture | None] = [None, None]
        self._faces: FaceComparison | None = None
        self._next = 0
        self.work = CompareWork(services, tasks, self)
        self.work.read.connect(self._take_picture)
        self.work.read_failed.connect(self._refuse_picture)
        self.work.judged.connect(self._take_verdict)
        self.work.agreed.connect(self._take_agreement)
        self.work.failed.connect(lambda message: self._say(message, bad=True))
        self._build()
        self._show_nothing()

    @property
    def verdict(self) -> str:
        """What is said of the two faces."""
        return self._verdict.text()

    @property
    def details(self) -> str:
        """The figures, and which parts agree."""
        return self._details.text()

    @property
    def next_side(self) -> int:
        """Where a face that is handed over goes: left (0) or right (1)."""
        return self._next

    def activate(self) -> None:
        empty = next((side for side, picture in enumerate(self._pictures) if picture is None), 0)
        self.sides[empty].focus()

    def take_face(self, face: FacePicked) -> None:
        """Put a face that another page hands over beside the one before."""
        side = self._begin(self._next)
        self.work.read_picked(side, face)

    def take_picture(self, side: int, picture: GivenPicture) -> None:
        """Put a picture at the left (0) or right (1)."""
        self.work.read_given(self._begin(side), picture)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._draw_signs()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "sides"):
            self._draw_signs()

    def _build(self) -> None:
        stage = QWidget(self)
        self.sides = (ComparedSide(self.tr("one picture"), stage), ComparedSide(self.tr("the other picture"), stage))
        both = QHBoxLayout(stage)
        both.setContentsMargins(0, 0, 0, 0)
        both.setSpacing(12)
        for number, side in enumerate(self.sides):
            both.addWidget(side, 1)
            side.given.connect(lambda picture, number=number: self.take_picture(number, picture))
            side.picked.connect(lambda face, number=number: self.work.read_picked(self._begin(number), face))
            side.view.face_chosen.connect(lambda _: self._judge())
        self.lines = Correspondences(self.sides, stage)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 10)
        layout.setSpacing(8)
        layout.addWidget(stage, 1)
        layout.addWidget(self._make_card())
        for keys, number in (("Ctrl+O", 0), ("Ctrl+Shift+O", 1)):
            self._shortcut(keys, self.sides[number].ask)
        self._shortcut(QKeySequence.StandardKey.Paste, self._paste)
        self._shortcut("Ctrl+Shift+P", self.parts.click)

    def _make_card(self) -> QFrame:
        card = QFrame(self)
        card.setObjectName("card")
        self._verdict, self._details, self._note = QLabel(card), QLabel(card), QLabel(honest_note(), card)
        font = self._verdict.font()
        font.setPointSizeF(font.pointSizeF() * 1.25)
        font.setBold(True)
        self._verdict.setFont(font)
        for label in (self._verdict, self._details, self._note):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self._note.setProperty("muted", "true")
        self.parts = QToolButton(card)
        self.parts.setText(self.tr("Which parts agree"))
        self.parts.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        set_icon(self.parts, "alike")
        self.parts.setCheckable(True)
        self.parts.setToolTip(self.tr("Join what agrees in both pictures (Ctrl+Shift+P)"))
        self.parts.toggled.connect(self._switch_parts)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self._verdict, 1)
        head.addWidget(self.parts, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(card)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(6)
        layout.addLayout(head)
        layout.addWidget(self._details)
        layout.addWidget(self._note)
        return card

    def _shortcut(self, keys: str | QKeySequence.StandardKey, action: Callable[[], object]) -> None:
        shortcut = QShortcut(QKeySequence(keys), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(action)

    def _paste(self) -> None:
        """Take the clipboard's picture for the side that has the keyboard."""
        self.sides[1 if self.sides[1].isAncestorOf(self.focusWidget() or self) else 0].paste()

    def _begin(self, side: int) -> int:
        self._next = 1 - side
        self.lines.show_agreement(None)
        self.sides[side].say(self.tr("Looking for faces ..."))
        return side

    def _take_picture(self, side: int, picture: SidePicture) -> None:
        self._pictures[side] = picture
        self.sides[side].show_picture(picture)
        self._judge()

    def _refuse_picture(self, side: int, message: str) -> None:
        self.sides[side].say(message, bad=True)
        self._judge()

    def _judge(self) -> None:
        """Compare the chosen faces, or the pictures alone where one has no face."""
        self._faces = None
        self.lines.show_agreement(None)
        left, right = self._pictures
        if left is None or right is None:
            self._show_nothing()
            return
        rows = [side.view.chosen for side in self.sides]
        self.parts.setEnabled(True)
        if min(rows) >= 0:
            self._say(self.tr("Comparing ..."))
            self.work.judge(left.compared, right.compared, rows[0], rows[1])
        else:
            self._say(self.tr("No two faces to compare"))
            self._details.setText(
                self.tr("A picture has no face in it; which parts of the pictures agree can be seen.")
            )
            self._find_parts()

    def _take_verdict(self, faces: FaceComparison) -> None:
        self._faces = faces
        self._say(verdict_words(faces.verdict))
        self._show_figures("")
        self._find_parts()

    def _switch_parts(self, wanted: bool) -> None:
        if wanted:
            self._find_parts()
        else:
            self.work.forget("agree")
            self.lines.show_agreement(None)
            self._show_figures("")

    def _find_parts(self) -> None:
        left, right = self._pictures
        if self.parts.isChecked() and left is not None and right is not None:
            self._show_figures(self.tr("Looking for parts that agree ..."))
            self.work.agree(left.compared, right.compared, self._faces)

    def _take_agreement(self, agreement: PictureAgreement) -> None:
        self.lines.show_agreement(agreement)
        self._show_figures(agreement_words(agreement))

    def _show_figures(self, parts: str) -> None:
        figures = []
        if self._faces is not None:
            share, cosine = share_words(self._faces.probability), self._faces.cosine
            figures.append(self.tr("{0}, cosine of the features {1:.2f}").format(share, cosine))
        if parts:
            figures.append(parts)
        self._details.setText("\n".join(figures))
        self._details.setVisible(bool(figures))

    def _show_nothing(self) -> None:
        self._say(self.tr("Two pictures side by side"))
        self._details.setText(self.tr("Choose or drop two pictures, or hand over faces from Gallery and Search."))
        self._details.setVisible(True)
        self.parts.setEnabled(False)

    def _say(self, words: str, *, bad: bool = False) -> None:
        self._verdict.setProperty("bad", "true" if bad else "false")
        self._verdict.style().polish(self._verdict)
        self._verdict.setText(words)
        self._details.setText("")
        self._details.hide()

    def _draw_signs(self) -> None:
        for side in self.sides:
            side.redraw_sign()
