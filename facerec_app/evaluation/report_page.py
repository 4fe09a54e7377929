"""An evaluation report as one page that needs no network, no script and no second file."""

from __future__ import annotations

import base64
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from facerec_app.capture.images import read_image
from facerec_app.core.atomic_file import write_bytes_atomically
from facerec_app.core.errors import OutputWriteError, UnreadableImageError
from facerec_app.core.validation import text_bytes
from facerec_app.evaluation.evaluation_report import EvaluationReport
from facerec_app.evaluation.report_plots import draw_plot

_TEMPLATES = Path(__file__).with_name("templates")
_PICTURE_PX = 150


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["picture"] = _picture_data
    return environment


def report_page(report: EvaluationReport, program_version: str) -> str:
    """Return the page; names of people and files are escaped wherever they stand."""
    plots = [(plot, _data_address(draw_plot(plot), "image/svg+xml")) for plot in report.plots]
    values: dict[str, Any] = {"report": report, "plots": plots, "program_version": program_version}
    return _environment().get_template("report.html.j2").render(values)


def write_report_page(report: EvaluationReport, program_version: str, file: Path) -> None:
    """Write the page to a file, whole or not at all.

    Raises:
        OutputWriteError: if it cannot be written; what stood there is untouched.
    """
    write_text_file(file, report_page(report, program_version))


def write_text_file(file: Path, text: str) -> None:
    """Write a text file, whole or not at all.

    Raises:
        OutputWriteError: if it cannot be written; what stood there is untouched.
    """
    try:
        write_bytes_atomically(file, text_bytes(text))
    except OSError as exc:
        raise OutputWriteError(f"The file {file} cannot be written: {exc.strerror or exc}; choose another.") from exc


def require_writable(file: Path) -> None:
    """Raise ``OutputWriteError`` if a file could not be written: better before an hour's work than after it."""
    if file.is_dir():
        raise OutputWriteError(f"{file} is a folder; give the name of a file.")
    probe = file.with_name(f".{file.name}.facerec-probe")
    try:
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as exc:
        raise OutputWriteError(f"The file {file} cannot be written: {exc.strerror or exc}; choose another.") from exc


def _data_address(data: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _picture_data(file: Path) -> str:
    """Return a small copy of a picture; grey if it cannot be read any more."""
    try:
        pixels = read_image(file)
    except UnreadableImageError:
        pixels = np.full((_PICTURE_PX, _PICTURE_PX, 3), 200, np.uint8)
    height, width = pixels.shape[:2]
    scale = min(_PICTURE_PX / max(height, width), 1.0)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    _, data = cv2.imencode(".jpg", small[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
    return _data_address(data.tobytes(), "image/jpeg")
