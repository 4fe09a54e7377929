"""Who is in the picture now: one card a face."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QAbstractButton, QFrame, QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QWidget

from facerec_app.core.types import FrameResult, IdentityDecision, Verdict
from facerec_app.gui.face_painter import verdict_colour
from facerec_app.gui.picture_conversion import portrait, rounded_pixmap
from facerec_app.gui.theme import colour
from facerec_app.pipeline.overlay import VERDICT_STYLES

_PORTRAIT_PX = 40
_CARD_WIDTH_PX = 172
_CARD_HEIGHT_PX = 52
_MOST_CARDS = 24
# A face's likeness is taken again when it has grown by this factor: nearer faces are easier to know.
_LIKENESS_GROWTH = 1.2


class FaceCard(QAbstractButton):
    """A face in view with its likeness, name and how sure the program is."""

    def __init__(self, track_id: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.track_id = track_id
        self._decision: IdentityDecision | None = None
        self._title = ""
        self._detail = ""
        self._likeness: QPixmap | None = None
        self._likeness_width = 0.0
        self.setFixedSize(_CARD_WIDTH_PX, _CARD_HEIGHT_PX)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def show_face(self, result: FrameResult, row: int) -> None:
        """Take over what a result says of the face."""
        decision = result.decisions[row]
        self._take_likeness(result, row)
        if decision == self._decision and self._title:
            return
        self._decision = decision
        if decision.verdict is Verdict.KNOWN:
            self._title = result.name_of(decision) or self.tr("Removed person")
            self._detail = self.tr("{0:.0%} sure").format(min(decision.probability, 0.99))
        elif decision.verdict is Verdict.UNKNOWN:
            self._title, self._detail = self.tr("Unknown"), self.tr("Click to name")
        else:
            self._title, self._detail = self.tr("Looking ..."), self.tr("Not decided yet")
        self.setAccessibleName(f"{self._title}, {self._detail}")
        self.setToolTip(self._title)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(_CARD_WIDTH_PX, _CARD_HEIGHT_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._decision is None:
            return
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            frame = self.rect().adjusted(1, 1, -1, -1)
            highlighted = self.hasFocus() or self.underMouse()
            painter.setPen(QPen(colour("accent" if highlighted else "border"), 1))
            painter.setBrush(colour("hover" if self.isDown() else "button"))
            painter.drawRoundedRect(frame, 6, 6)
            if self._likeness is not None:
                painter.drawPixmap(6, 6, self._likeness)
            self._paint_mark(painter, self._decision.verdict)
            left = 6 + _PORTRAIT_PX + 14
            width = self.width() - left - 8
            for text, tint, top in ((self._title, "text", 8), (self._detail, "muted", 27)):
                painter.setPen(colour(tint))
                metrics = QFontMetrics(painter.font())
                shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
                painter.drawText(left, top + metrics.ascent(), shown)

    def _paint_mark(self, painter: QPainter, verdict: Verdict) -> None:
        """Draw the verdict's colour and line at the likeness, as around the face in the picture."""
        pen = QPen(verdict_colour(verdict), 3)
        dash_px = VERDICT_STYLES[verdict].dash_px
        if dash_px:
            pen.setDashPattern([max(1.0, dash_px / 4), max(1.0, dash_px / 5)])
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        x = 6 + _PORTRAIT_PX + 5
        painter.drawLine(x, 7, x, 7 + _PORTRAIT_PX - 2)

    def _take_likeness(self, result: FrameResult, row: int) -> None:
        box = result.detections.boxes_xyxy[row]
        width = float(box[2] - box[0])
        if self._likeness is not None and width < self._likeness_width * _LIKENESS_GROWTH:
            return
        pixels = portrait(result.frame.pixels_rgb, box)
        self._likeness = rounded_pixmap(pixels, _PORTRAIT_PX, self.devicePixelRatioF())
        self._likeness_width = width
        self.update()


class InViewStrip(QFrame):
    """A row of cards under the picture, in the order in which the faces came."""

    face_chosen = Signal(int)  # track id

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("strip")
        self._cards: dict[int, FaceCard] = {}
        self._empty = QLabel(self)
        self._empty.setProperty("muted", "true")
        content = QWidget(self)
        self._row = QHBoxLayout(content)
        self._row.setContentsMargins(8, 6, 8, 6)
        self._row.setSpacing(6)
        self._row.addWidget(self._empty)
        self._row.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(content)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)
        scroll_bar = scroll.horizontalScrollBar().sizeHint().height()
        self.setFixedHeight(_CARD_HEIGHT_PX + 13 + scroll_bar // 2)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def names(self) -> list[str]:
        """What the cards say, in order."""
        return [card.accessibleName() for card in self._cards.values()]

    def show_starting(self) -> None:
        """Say that the first result is on its way: the networks are being loaded."""
        self.show_result(None)
        self._empty.setText(self.tr("Recognition is starting ..."))

    def show_result(self, result: FrameResult | None) -> None:
        """Show the faces of a result; None shows nobody."""
        self._empty.setText(self.tr("Nobody in view"))
        tracks = result.track_ids.tolist()[:_MOST_CARDS] if result is not None else []
        for gone in [track_id for track_id in self._cards if track_id not in tracks]:
            card = self._cards.pop(gone)
            self._row.removeWidget(card)
            card.hide()
            card.deleteLater()
        for row, track_id in enumerate(tracks):
            known = self._cards.get(track_id)
            card = known if known is not None else self._add_card(track_id)
            if result is not None:
                card.show_face(result, row)
        self._empty.setVisible(not self._cards)

    def _add_card(self, track_id: int) -> FaceCard:
        card = FaceCard(track_id, self)
        card.clicked.connect(self._on_clicked)
        self._cards[track_id] = card
        self._row.insertWidget(self._row.count() - 1, card)
        return card

    def _on_clicked(self) -> None:
        card = self.sender()
        if isinstance(card, FaceCard):
            self.face_chosen.emit(card.track_id)
