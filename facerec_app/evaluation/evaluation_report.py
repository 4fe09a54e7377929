"""What every evaluation hands to terminal, page and file: sentences, tables, plots and pictures as plain values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

SCHEMA = 1
Scale = Literal["linear", "log", "probit"]


@dataclass(frozen=True, slots=True)
class ReportTable:
    """Rows of text under a header; every row is as long as the header."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One line of a plot: ``(P,)`` values each; ``bars`` draws them as the outline of bars of equal width."""

    label: str
    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    bars: bool = False


@dataclass(frozen=True, slots=True)
class ReportPlot:
    """A plot as values, drawn only when a page is asked for.

    Attributes:
        title: says what is shown.
        x_label, y_label: of the axes, with units.
        curves: at most six, told apart by line style as well as colour.
        x_scale, y_scale: ``probit`` is the normal deviate of detection error trade-off curves.
        note: what to look for, one sentence.
        diagonal: whether to draw the line of equality.
        marks: x positions of vertical lines with their labels.
    """

    title: str
    x_label: str
    y_label: str
    curves: tuple[Curve, ...]
    x_scale: Scale = "linear"
    y_scale: Scale = "linear"
    note: str = ""
    diagonal: bool = False
    marks: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PictureRow:
    """Pictures side by side: their files, a caption each, and what is wrong or right with them."""

    files: tuple[Path, ...]
    captions: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class PictureGroup:
    """Rows of pictures under a title."""

    title: str
    rows: tuple[PictureRow, ...]


@dataclass(frozen=True, slots=True, eq=False)
class EvaluationReport:
    """The result of one evaluation.

    Attributes:
        command: ``verification``, ``identification`` and so on.
        title: a heading.
        sentences: the result in plain words.
        tables, plots, pictures: for people.
        figures: for scripts; plain JSON values.
        hashes: SHA-256 of models, preprocessing and data, and versions.
        remarks: what the user should know besides (a cache that could not be used).
    """

    command: str
    title: str
    sentences: tuple[str, ...]
    tables: tuple[ReportTable, ...]
    plots: tuple[ReportPlot, ...]
    pictures: tuple[PictureGroup, ...]
    figures: Mapping[str, Any]
    hashes: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the figures ready for ``json.dumps(allow_nan=False)``; values that are not numbers become null."""
        return {
            "evaluation": self.command,
            "schema": SCHEMA,
            **{key: plain(value) for key, value in self.figures.items()},
            "hashes": dict(self.hashes),
        }


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: arrays as lists, NaN and infinities as null."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def percent(value: float | None, digits: int = 2) -> str:
    """Return a share as people read it; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return "-"
    return f"{100 * value:.{digits}f} %"


def bare_range(bounds: tuple[float, float] | None, digits: int = 2) -> str:
    """Return an interval of shares in per cent for a column that says so; a dash where there is none."""
    return percent_range(bounds, digits).removesuffix(" %").replace(" to ", "-")


def percent_range(bounds: tuple[float, float] | None, digits: int = 2) -> str:
    """Return an interval of shares as people read it; a dash where there is none."""
    if bounds is None or not all(math.isfinite(bound) for bound in bounds):
        return "-"
    return f"{100 * bounds[0]:.{digits}f} to {100 * bounds[1]:.{digits}f} %"
