"""Loss and validation accuracy of a training, epoch by epoch."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from facerec_app.gui.theme import colour

_PLOT_HEIGHT_PX = 96


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
        self._titles = [QLabel(self.tr("Loss"), self), QLabel(self.tr("Validation pairs told rightly, %"), self)]
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
            plot.getPlotItem().setContentsMargins(0, 4, 6, 0)
            plot.getAxis("left").setWidth(38)
            plot.getAxis("bottom").setHeight(18)
            plot.getAxis("bottom").setStyle(tickTextOffset=2)
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
        for curve, points in zip(self._curves, (self._loss, self._accuracy), strict=False):
            # A single epoch is no line yet.
            curve.setData(
                [epoch for epoch, _ in points],
                [value for _, value in points],
                symbol="o" if len(points) == 1 else None,
                symbolSize=6,
            )
