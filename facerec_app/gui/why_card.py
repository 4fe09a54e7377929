"""Why a face has its name, or none: in plain words first, with the figures beside them."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from facerec_app.core.types import IdentityDecision, UInt8Array, Verdict
from facerec_app.gui.beside_face import place_beside
from facerec_app.gui.library.face_cards import share_words
from facerec_app.gui.picture_conversion import portrait, rounded_pixmap
from facerec_app.gui.theme import colour
from facerec_app.services.name_explanation import NameExplanation, PersonStanding

_WIDTH_PX = 348
_PICTURE_PX = 52
_MOST_FACES = 4
_LEAST_LOG_ODDS, _MOST_LOG_ODDS = -6.0, 15.0


class LikenessBar(QWidget):
    """How alike a face and a person are, with a mark where a name begins to be shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value = self._needed = 0.0
        self.setFixedHeight(18)

    def show_likeness(self, log_odds: float, threshold: float) -> None:
        """Show a likeness beside what is needed, both as log odds."""
        self._value, self._needed = _share(log_odds), _share(threshold)
        self.setAccessibleName(self.tr("Likeness {0:.0%}, needed {1:.0%}").format(self._value, self._needed))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(160, 18)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            groove = QRectF(0, self.height() / 2 - 4, self.width(), 8)
            painter.setBrush(colour("pressed"))
            painter.drawRoundedRect(groove, 4, 4)
            filled = QRectF(groove.left(), groove.top(), max(8.0, groove.width() * self._value), groove.height())
            painter.setBrush(colour("accent" if self._value >= self._needed else "disabled"))
            painter.drawRoundedRect(filled, 4, 4)
            painter.setBrush(colour("text"))
            painter.drawRect(QRectF(groove.width() * self._needed - 1, 1, 2, self.height() - 2))


class _FaceRow(QWidget):
    """A heading and a row of enrolled faces with how alike each is."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._heading = QLabel(self)
        self._heading.setTextFormat(Qt.TextFormat.PlainText)
        self._pictures = [QLabel(self) for _ in range(_MOST_FACES)]
        self._figures = [QLabel(self) for _ in range(_MOST_FACES)]
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        grid.addWidget(self._heading, 0, 0, 1, _MOST_FACES + 1)
        for column, (picture, figure) in enumerate(zip(self._pictures, self._figures, strict=True)):
            picture.setFixedSize(_PICTURE_PX, _PICTURE_PX)
            figure.setProperty("muted", "true")
            figure.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            grid.addWidget(picture, 1, column)
            grid.addWidget(figure, 2, column)
        grid.setColumnStretch(_MOST_FACES, 1)

    def show_person(self, heading: str, standing: PersonStanding) -> None:
        self._heading.setText(heading)
        for number in range(_MOST_FACES):
            there = number < len(standing.faces)
            self._pictures[number].setVisible(there)
            self._figures[number].setVisible(there)
            if there:
                face = standing.faces[number]
                pixels = portrait(face.pixels_rgb, face.detection.boxes_xyxy[0])
                self._pictures[number].setPixmap(rounded_pixmap(pixels, _PICTURE_PX, self.devicePixelRatioF()))
                self._pictures[number].setToolTip(self.tr("cosine {0:.2f}").format(face.cosine))
                self._figures[number].setText(share_words(face.probability))


class WhyCard(QFrame):
    """A card beside the face; the video goes on behind it."""

    search_asked = Signal()

    def __init__(self, stage: QWidget) -> None:
        super().__init__(stage)
        self.setObjectName("card")
        self._stage = stage
        self._track_id = -1
        self._face = QLabel(self)
        self._face.setFixedSize(_PICTURE_PX, _PICTURE_PX)
        self._title = QLabel(self)
        font = self._title.font()
        font.setPointSizeF(font.pointSizeF() * 1.2)
        font.setWeight(font.Weight.DemiBold)
        self._title.setFont(font)
        self._words = QLabel(self)
        self._best, self._next = _FaceRow(self), _FaceRow(self)
        self._bar = LikenessBar(self)
        self._bar_words = QLabel(self)
        self._figures = QLabel(self)
        self._figures.setProperty("muted", "true")
        self._bar_words.setProperty("muted", "true")
        for label in (self._title, self._words, self._bar_words, self._figures):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self._close = QPushButton(self.tr("Close"), self)
        self._close.clicked.connect(self.hide)
        self._search = QPushButton(self.tr("Search this face"), self)
        self._search.setProperty("link", "true")
        self._search.setCursor(Qt.CursorShape.PointingHandCursor)
        self._search.clicked.connect(lambda _=False: self.search_asked.emit())
        self._lay_out()
        self.setFixedWidth(_WIDTH_PX)
        self.hide()

    @property
    def track_id(self) -> int:
        """Whose name is explained; -1 while closed."""
        return -1 if self.isHidden() else self._track_id

    @property
    def words(self) -> str:
        """What the card says in plain words."""
        return self._words.text()

    @property
    def figures(self) -> str:
        """The figures behind the words."""
        return self._figures.text()

    @property
    def faces_shown(self) -> int:
        """How many enrolled faces are shown."""
        rows = (row for row in (self._best, self._next) if not row.isHidden())
        return sum(not picture.isHidden() for row in rows for picture in row._pictures)

    def explain(
        self,
        track_id: int,
        decision: IdentityDecision,
        face_rgb: UInt8Array | None,
        explanation: NameExplanation,
        anchor: QRect,
    ) -> None:
        """Open beside a face.

        Args:
            track_id: of the face.
            decision: what is said of it now.
            face_rgb: ``(S, S, 3)`` uint8, the face itself; None where there is no picture.
            explanation: what speaks for and against.
            anchor: where the face is, in coordinates of the stage.
        """
        self._track_id = track_id
        known = decision.verdict is Verdict.KNOWN
        best = explanation.standings[0] if explanation.standings else None
        runner_up = explanation.standings[1] if len(explanation.standings) > 1 else None
        self._face.setVisible(face_rgb is not None)
        if face_rgb is not None:
            self._face.setPixmap(rounded_pixmap(face_rgb, _PICTURE_PX, self.devicePixelRatioF()))
        self._title.setText(self.tr("Why {0}?").format(best.name) if known and best else self.tr("Why no name?"))
        self._words.setText(self._sentence(decision, explanation))
        self._best.setVisible(best is not None)
        self._next.setVisible(runner_up is not None)
        for part in (self._bar, self._bar_words, self._figures):
            part.setVisible(best is not None)
        if best is not None:
            self._best.show_person(self.tr("Compared with {0}").format(best.name), best)
            self._show_bar(best, runner_up, explanation)
        if runner_up is not None:
            self._next.show_person(self.tr("Next most alike: {0}").format(runner_up.name), runner_up)
        self.adjustSize()
        place_beside(self, self._stage, anchor)
        self.show()
        self.raise_()
        self._close.setFocus(Qt.FocusReason.PopupFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)

    def _sentence(self, decision: IdentityDecision, explanation: NameExplanation) -> str:
        refused = self.tr(" or ").join(explanation.refused_names)
        said = self.tr("You said that this is not {0}. ").format(refused) if refused else ""
        if not explanation.standings:
            nobody = self.tr("Nobody is enrolled, so there is no name to give.")
            other = self.tr("Nobody else is enrolled.")
            return said + (other if refused else nobody)
        best = explanation.standings[0]
        votes = self.tr("In {0} of {1} looks the face is most like {2}. ").format(
            best.looks_won, explanation.looks, best.name
        )
        if decision.verdict is Verdict.KNOWN:
            return said + votes + self.tr("A stranger hardly ever comes so close.")
        if decision.verdict is Verdict.UNDECIDED:
            return said + votes + self.tr("That is not enough to decide yet.")
        if best.log_odds >= explanation.threshold and len(explanation.standings) > 1:
            also = explanation.standings[1].name
            return said + votes + self.tr("But {0} is nearly as likely, so neither name is shown.").format(also)
        return said + votes + self.tr("But a stranger could come as close, so no name is shown.")

    def _show_bar(self, best: PersonStanding, runner_up: PersonStanding | None, explanation: NameExplanation) -> None:
        self._bar.show_likeness(best.log_odds, explanation.threshold)
        enough = best.log_odds >= explanation.threshold
        people = explanation.people
        crowd = self.tr("1 person") if people == 1 else self.tr("{0} people").format(people)
        self._bar_words.setText(
            self.tr("Beyond the mark that a name needs among {0}").format(crowd)
            if enough
            else self.tr("Short of the mark that a name needs among {0}").format(crowd)
        )
        parts = [self.tr("score {0:.1f}, needed {1:.1f}").format(best.log_odds, explanation.threshold)]
        if runner_up is not None:
            lead = best.log_odds - runner_up.log_odds
            parts.append(self.tr("lead {0:.1f}, needed {1:.1f}").format(lead, explanation.lead_needed))
        figures = "  ·  ".join(parts)
        if best.faces:
            figures += "\n" + self.tr("nearest face: cosine {0:.2f}").format(best.faces[0].cosine)
        self._figures.setText(figures)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self._face)
        head.addWidget(self._title, 1)
        likeness = QVBoxLayout()
        likeness.setSpacing(2)
        likeness.addWidget(self._bar)
        likeness.addWidget(self._bar_words)
        buttons = QHBoxLayout()
        buttons.addWidget(self._search)
        buttons.addStretch(1)
        buttons.addWidget(self._close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(10)
        layout.addLayout(head)
        layout.addWidget(self._words)
        layout.addWidget(self._best)
        layout.addWidget(self._next)
        layout.addLayout(likeness)
        layout.addWidget(self._figures)
        layout.addLayout(buttons)


def _share(log_odds: float) -> float:
    """Return where log odds lie on the bar, 0 to 1."""
    return min(max((log_odds - _LEAST_LOG_ODDS) / (_MOST_LOG_ODDS - _LEAST_LOG_ODDS), 0.0), 1.0)
