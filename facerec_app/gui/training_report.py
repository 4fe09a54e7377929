"""The comparison of a new network with the present one, and what to do about it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from facerec_app.gui.training_words import change_lines, figure_rows, headline, sentences
from facerec_app.services.training_result import TrainingResult


class TrainingReport(QFrame):
    """A card under the curves."""

    promote_asked = Signal(str)  # version
    rollback_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._result: TrainingResult | None = None
        self._title = QLabel(self)
        font = self._title.font()
        font.setWeight(font.Weight.DemiBold)
        self._title.setFont(font)
        self._words = QLabel(self)
        self._changes = QLabel(self)
        self._changes_title = QLabel(self.tr("What changes"), self)
        self._changes_title.setProperty("muted", "true")
        for label in (self._title, self._words, self._changes):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._figures = QGridLayout()
        self._figures.setHorizontalSpacing(10)
        self._figures.setVerticalSpacing(3)
        self._figures.setColumnStretch(0, 1)
        self._promote = QPushButton(self.tr("Use it anyway"), self)
        self._promote.clicked.connect(self._ask_promote)
        self._keep = QPushButton(self.tr("Keep present"), self)
        self._keep.clicked.connect(self.hide)
        self._rollback = QPushButton(self.tr("Roll back"), self)
        self._rollback.setToolTip(self.tr("Use the network of before again"))
        self._rollback.clicked.connect(self.rollback_asked)
        self._lay_out()
        self.hide()

    @property
    def result(self) -> TrainingResult | None:
        """What is shown."""
        return None if self.isHidden() else self._result

    @property
    def words(self) -> str:
        """Headline and paragraph."""
        return f"{self._title.text()}. {self._words.text()}"

    def show_result(self, result: TrainingResult) -> None:
        """Show what came of a training."""
        self._result = result
        self._title.setText(headline(result))
        self._words.setText(sentences(result))
        self._show_figures(result)
        lines = change_lines(result)
        self._changes.setText("\n".join(lines))
        self._changes.setVisible(bool(lines))
        self._changes_title.setVisible(bool(lines))
        self._promote.setVisible(result.outcome == "kept")
        self._keep.setVisible(result.outcome == "kept")
        self._rollback.setVisible(result.outcome == "promoted")
        self.show()

    def _ask_promote(self) -> None:
        if self._result is not None and self._result.version_id is not None:
            self.promote_asked.emit(self._result.version_id)

    def _show_figures(self, result: TrainingResult) -> None:
        while (item := self._figures.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        rows = figure_rows(result)
        for column, title in ((1, self.tr("before")), (2, self.tr("after"))):
            self._cell(0, column, title, "muted")
        for number, row in enumerate(rows, start=1):
            self._cell(number, 0, row.title, "")
            self._cell(number, 1, row.before, "muted")
            kind = "" if row.is_better is None else "good" if row.is_better else "bad"
            self._cell(number, 2, row.after, kind)

    def _cell(self, row: int, column: int, text: str, kind: str) -> None:
        label = QLabel(text, self)
        if kind:
            label.setProperty(kind, "true")
        if column:
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        else:
            label.setWordWrap(True)
        self._figures.addWidget(label, row, column)

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in (self._keep, self._promote, self._rollback):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(8)
        layout.addWidget(self._title)
        layout.addWidget(self._words)
        layout.addLayout(self._figures)
        layout.addWidget(self._changes_title)
        layout.addWidget(self._changes)
        layout.addLayout(buttons)
