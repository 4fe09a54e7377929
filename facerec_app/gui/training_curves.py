"""Loss and validation accuracy of a training, epoch by epoch."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from facerec_app.gui.theme import colour

_PLOT_HEIGHT_PX = 96
_MOST_TICKS = 8


class TrainingCurves(QWidget):
    """Two small plots, one above the other; the library that draws them is loaded when the first is wanted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._loss: list[tuple[int, float]] = []
        self._accuracy: list[tuple[int, float]] = []
        self._plots: list[Any] = []
        self._curves: list[Any] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)
        self._titles = [QLabel(self.tr("Loss"), self), QLabel(self.tr("Validation pairs judged rightly, %"), self)]
        for title in self._titles:
            title.setProperty("muted", "true")

    @property
    def epochs(self) -> int:
        """How many epochs are shown."""
        return len(self._loss)

    def clear_curves(self) -> None:
        """Begin anew."""
        self._loss, self._accuracy = [], []
        self._make_plots()
        self._draw()

    def add_epoch(self, epoch: int, loss: float | None, accuracy: float | None) -> None:
        """Add a finished epoch; what is not known is left out."""
        if loss is not None:
            self._loss.append((epoch, loss))
        if accuracy is not None:
            self._accuracy.append((epoch, 100.0 * accuracy))
        self._draw()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._paint_colours()

    def _make_plots(self) -> None:
        if self._plots:
            return
        import pyqtgraph

        for title in self._titles:
            plot = pyqtgraph.PlotWidget(self)
            plot.setFixedHeight(_PLOT_HEIGHT_PX)
            plot.setMouseEnabled(False, False)
            plot.setMenuEnabled(False)
            plot.hideButtons()
            plot.getViewBox().setDefaultPadding(0.12)  # so that the numbers at the ends have room
            plot.getPlotItem().setContentsMargins(0, 4, 6, 0)
            plot.getAxis("left").setWidth(48)
            plot.getAxis("left").setStyle(tickLength=-4, textFillLimits=[(0, 2.0)])
            plot.getAxis("bottom").setHeight(18)
            plot.getAxis("bottom").setStyle(tickLength=-4, tickTextOffset=2)
            self._plots.append(plot)
            self._curves.append(plot.plot())
            self._layout.addWidget(title)
            self._layout.addWidget(plot)
        self._paint_colours()

    def _paint_colours(self) -> None:
        if not self._plots:
            return
        import pyqtgraph

        for plot, curve in zip(self._plots, self._curves, strict=True):
            plot.setBackground(colour("base"))
            for side in ("left", "bottom"):
                axis = plot.getAxis(side)
                axis.setPen(colour("border"))
                axis.setTextPen(colour("muted"))
            curve.setPen(pyqtgraph.mkPen(colour("accent"), width=2))
            curve.setSymbolBrush(colour("accent"))
            curve.setSymbolPen(None)

    def _draw(self) -> None:
        for plot, curve, points in zip(self._plots, self._curves, (self._loss, self._accuracy), strict=False):
            # A single epoch is no line yet.
            curve.setData(
                [epoch for epoch, _ in points],
                [value for _, value in points],
                symbol="o" if len(points) == 1 else None,
                symbolSize=6,
            )
            plot.getAxis("bottom").setTicks([_epoch_ticks([epoch for epoch, _ in points])])
            plot.getAxis("left").setTicks([_value_ticks([value for _, value in points])])


def _epoch_ticks(epochs: list[int]) -> list[tuple[int, str]]:
    """Return at most eight whole epochs with their numbers."""
    step = max(1, -(-len(epochs) // _MOST_TICKS))
    return [(epoch, str(epoch)) for epoch in epochs[::step]]


def _value_ticks(values: list[float]) -> list[tuple[float, str]]:
    """Return the lowest and the highest value with as many digits as it takes to tell them apart."""
    ends = sorted({min(values), max(values)}) if values else []
    for digits in range(2, 6):
        texts = [f"{value:.{digits}g}" for value in ends]
        if len(set(texts)) == len(texts):
            break
    return list(zip(ends, texts, strict=True)) if ends else []
