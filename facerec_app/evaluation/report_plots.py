"""Plots of evaluation reports, drawn for print: black first, line styles that survive a photocopier."""

from __future__ import annotations

import io
from statistics import NormalDist
from typing import Any

import numpy as np

from facerec_app.evaluation.evaluation_report import Curve, ReportPlot, Scale
from facerec_app.training.verification_metrics import Float64Array

_COLOURS = ("#000000", "#0050a0", "#b04000", "#207040", "#7a3080", "#707070")
_STYLES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (7, 2, 1.5, 2)), (0, (1, 1)), (0, (10, 3)))
_PROBIT_TICKS = (1e-5, 1e-4, 1e-3, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 0.999)
_SETTINGS: Any = {
    "font.size": 9, "axes.linewidth": 0.7, "axes.grid": True, "grid.color": "#d8d8d8", "grid.linewidth": 0.5,
    "axes.axisbelow": True, "svg.hashsalt": "facerec", "svg.fonttype": "path", "legend.frameon": True,
    "legend.framealpha": 1.0, "legend.edgecolor": "#c0c0c0", "legend.fancybox": False,
}  # fmt: skip


def draw_plot(plot: ReportPlot, kind: str = "svg") -> bytes:
    """Return a plot as the content of an SVG or PNG file; the same values give the same bytes.

    matplotlib is imported here, not before: it takes a second and most runs draw nothing.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(5.6, 3.9), layout="constrained")
        axes = figure.add_subplot()
        for number, curve in enumerate(plot.curves):
            _draw_curve(axes, curve, number, plot)
        for position, label in plot.marks:
            axes.axvline(_placed(np.array([position]), plot.x_scale)[0], color="#404040", linewidth=0.8, linestyle=":")
            axes.annotate(label, (position, 0.98), xycoords=("data", "axes fraction"), xytext=(3, 0),
                          textcoords="offset points", rotation=90, va="top", fontsize=7)  # fmt: skip
        if plot.diagonal:
            axes.plot([0, 1], [0, 1], color="#909090", linewidth=0.8, zorder=1)
        _set_scale(axes.xaxis, axes.set_xscale, plot.x_scale)
        if plot.x_scale == "linear" and all((curve.x == np.round(curve.x)).all() for curve in plot.curves):
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        _set_scale(axes.yaxis, axes.set_yscale, plot.y_scale)
        axes.set_xlabel(plot.x_label)
        axes.set_ylabel(plot.y_label)
        if len(plot.curves) > 1:
            axes.legend(loc="best", handlelength=3.2)
        buffer = io.BytesIO()
        # No date and no version inside: a report made again is the same file.
        metadata = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
        figure.savefig(buffer, format=kind, dpi=150, metadata=metadata)
        return buffer.getvalue()


def _draw_curve(axes: Any, curve: Curve, number: int, plot: ReportPlot) -> None:
    style = {
        "color": _COLOURS[number % len(_COLOURS)], "linestyle": _STYLES[number % len(_STYLES)],
        "linewidth": 1.5, "label": curve.label,
    }  # fmt: skip
    x, y = _placed(curve.x, plot.x_scale), _placed(curve.y, plot.y_scale)
    if curve.bars:
        axes.stairs(y, _edges(x), **style)
        return
    few = len(x) <= 24
    axes.plot(x, y, marker="os^Dvx"[number % 6] if few else None, markersize=3.5, **style)


def _edges(middles: Float64Array) -> Float64Array:
    half = 0.5 * (middles[1] - middles[0]) if len(middles) > 1 else 0.5
    return np.append(middles - half, middles[-1] + half)


def _placed(values: Float64Array, scale: Scale) -> Float64Array:
    if scale == "probit":
        return np.array([NormalDist().inv_cdf(min(max(value, 1e-6), 1 - 1e-6)) for value in values.tolist()])
    if scale == "log":
        return np.where(values > 0, values, np.nan)
    return values


def _set_scale(axis: Any, set_scale: Any, scale: Scale) -> None:
    if scale == "log":
        set_scale("log")
    if scale == "probit":
        low, high = axis.get_view_interval()
        shown = [share for share in _PROBIT_TICKS if low - 0.1 <= NormalDist().inv_cdf(share) <= high + 0.1]
        axis.set_ticks([NormalDist().inv_cdf(share) for share in shown], [f"{100 * share:g}" for share in shown])
