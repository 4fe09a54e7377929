"""How strict names are, in plain words, with what each choice means for the people who are enrolled."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from facerec_app.services.calibration import STRANGER_RATES, CalibrationOverview, Trade


class StrictnessSlider(QWidget):
    """Few names at the right, many at the left."""

    chosen = Signal(float)  # stranger rate

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._trades: dict[float, Trade] = {}
        self._limits: tuple[str, ...] = ()
        self._slider = QSlider(Qt.Orientation.Horizontal, self)
        self._slider.setRange(0, len(STRANGER_RATES) - 1)
        self._slider.setPageStep(1)
        self._slider.setAccessibleName(self.tr("Strictness"))
        self._words = QLabel(self)
        font = self._words.font()
        font.setWeight(font.Weight.DemiBold)
        self._words.setFont(font)
        self._effect = QLabel(self)
        self._effect.setProperty("muted", "true")
        self._effect.setMinimumHeight(2 * self._effect.fontMetrics().lineSpacing())
        for label in (self._words, self._effect):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        ends = QHBoxLayout()
        for text, side in ((self.tr("More names"), Qt.AlignmentFlag.AlignLeft), (self.tr("Fewer mistakes"), None)):
            label = QLabel(text, self)
            label.setProperty("muted", "true")
            label.setAlignment(side if side is not None else Qt.AlignmentFlag.AlignRight)
            ends.addWidget(label)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._words)
        layout.addWidget(self._slider)
        layout.addLayout(ends)
        layout.addWidget(self._effect)
        self._slider.valueChanged.connect(self._show)
        self._slider.valueChanged.connect(self._tell_unless_sliding)
        self._slider.sliderReleased.connect(self._tell)
        self._show()

    @property
    def rate(self) -> float:
        """The stranger rate that is chosen."""
        return STRANGER_RATES[self._slider.value()]

    @property
    def effect(self) -> str:
        """What the choice means for the user's own gallery."""
        return self._effect.text()

    @property
    def words(self) -> str:
        """The choice in plain words."""
        return self._words.text()

    def set_rate(self, rate: float) -> None:
        """Show a stranger rate, the nearest one there is; nothing is told."""
        nearest = min(range(len(STRANGER_RATES)), key=lambda place: abs(_decades(STRANGER_RATES[place], rate)))
        self._slider.blockSignals(True)
        self._slider.setValue(nearest)
        self._slider.blockSignals(False)
        self._show()

    def move_to(self, rate: float) -> None:
        """Slide to one of the rates, as the user would."""
        self._slider.setValue(STRANGER_RATES.index(rate))

    def show_overview(self, overview: CalibrationOverview) -> None:
        """Take what was measured on the present gallery."""
        self._trades = {trade.stranger_rate: trade for trade in overview.trades}
        self._limits = overview.limits
        self._show()

    def _show(self) -> None:
        self._words.setText(self.tr("One stranger in {0:,} is given a name").format(round(1 / self.rate)))
        trade = self._trades.get(self.rate)
        if trade is None:
            self._effect.setText(self.tr("Measuring what this means for your people ..."))
        elif trade.missed_share is None:
            self._effect.setText(self._limits[0] if self._limits else "")
        else:
            of = (
                self.tr("{1} of your {0} faces that can be tested would not be named ({2:.0%})").format(
                    trade.probes, trade.missed, trade.missed_share
                )
                if trade.missed
                else self.tr("All of your {0} faces that can be tested would be named").format(trade.probes)
            )
            wrong = self.tr(" and {0} would get another's name.").format(trade.wrong) if trade.wrong else "."
            beyond = self.tr(" So rare a rate is estimated, not measured.") if trade.beyond_data else ""
            self._effect.setText(of + wrong + beyond)

    def _tell_unless_sliding(self) -> None:
        if not self._slider.isSliderDown():
            self._tell()

    def _tell(self) -> None:
        self.chosen.emit(self.rate)


def _decades(one: float, other: float) -> float:
    return math.log10(one / other)
