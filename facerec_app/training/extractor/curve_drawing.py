"""Drawing the training curve as SVG, from the log alone."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from facerec_app.core.errors import NotEnoughDataError

WIDTH, HEIGHT, MARGIN = 720, 400, 60
COLOURS = ("#1f5fa8", "#c2571a", "#2c7a4b", "#7a4ba0")

Series = list[tuple[float, float]]


def read_series(log: Path, columns: Sequence[str]) -> dict[str, Series]:
    """Return the points (pictures seen, value) of each column of a log, empty cells left out."""
    if not log.is_file():
        msg = f"{log} does not exist; train first"
        raise NotEnoughDataError(msg)
    with log.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {column: [(float(row["seen"]), float(row[column])) for row in rows if row.get(column)] for column in columns}


def draw_curve(series: dict[str, Series], title: str) -> str:
    """Return an SVG line chart of values in percent against thousands of pictures seen.

    Raises:
        NotEnoughDataError: if there is nothing to draw.
    """
    points = [point for line in series.values() for point in line]
    if not points:
        msg = "the log holds no measurement yet; train further"
        raise NotEnoughDataError(msg)
    first, last = min(x for x, _ in points), max(x for x, _ in points)
    settled = [y for x, y in points if x >= first + (last - first) / 10]  # where it begins would flatten the rest
    low = min(settled) // 0.05 * 0.05
    span = (0.0 if first < last / 5 else first, last)  # a course that began late is drawn from its beginning
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{MARGIN}" y="24" font-size="16">{escape(title)}</text>',
        *_grid(span, low),
    ]
    for number, (name, line) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{_x(x, span):.1f},{_y(y, low):.1f}" for x, y in line)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        left = WIDTH - MARGIN - 240
        top = HEIGHT - MARGIN - 18 * (len(series) - number)
        parts.append(f'<text x="{left}" y="{top}" font-size="13" fill="{colour}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _x(value: float, span: tuple[float, float]) -> float:
    return MARGIN + (WIDTH - 2 * MARGIN) * (value - span[0]) / max(span[1] - span[0], 1.0)


def _y(value: float, low: float) -> float:
    return HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * max(value - low, 0) / (1 - low)


def _grid(span: tuple[float, float], low: float) -> list[str]:
    """Return lines and numbers of both axes."""
    parts = []
    for step in range(6):
        y_value, x_value = low + (1 - low) * step / 5, span[0] + (span[1] - span[0]) * step / 5
        y, x = _y(y_value, low), _x(x_value, span)
        parts.append(f'<line x1="{MARGIN}" y1="{y:.1f}" x2="{WIDTH - MARGIN}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(
            f'<text x="{MARGIN - 8}" y="{y + 4:.1f}" font-size="12" text-anchor="end">{100 * y_value:.0f} %</text>'
        )
        base = HEIGHT - MARGIN + 20
        parts.append(f'<text x="{x:.1f}" y="{base}" font-size="12" text-anchor="middle">{x_value / 1000:.0f} k</text>')
    parts.append(
        f'<text x="{WIDTH / 2:.0f}" y="{HEIGHT - 14}" font-size="12" text-anchor="middle">pictures seen</text>'
    )
    return parts
