"""What is known of the source in the view."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What is known of the source in the view.

    Attributes:
        spec: what was asked for; opens it again.
        title: short name for people.
        is_live: frames come at the world's pace.
        frame_rate: frames per second, if known.
        frame_count: length, if there is an end and it is known.
        is_seekable: one can jump in it.
    """

    spec: str
    title: str
    is_live: bool
    frame_rate: float | None
    frame_count: int | None
    is_seekable: bool


def source_title(spec: str) -> str:
    """Return a short name for a source: a file's name, a camera's number, an address without its password."""
    if spec.isdigit():
        return f"Camera {spec}"
    scheme, separator, rest = spec.partition("://")
    if separator and scheme.lower() != "file":
        return f"{scheme}://{rest.rpartition('@')[2]}"
    return Path(spec).name or spec
