"""Outputs that would overwrite what they are made from."""

from __future__ import annotations

from pathlib import Path

from facerec_app.core.errors import ConfigError


def is_same_file(one: Path, other: Path) -> bool:
    """Return whether both names lead to one file."""
    try:
        return one.resolve() == other.resolve() or one.samefile(other)
    except OSError:  # one of them is no file (yet), or no path at all
        return False


def refuse_source(output: Path | None, *sources: Path) -> None:
    """Refuse an output that is one of its own sources; None is no output.

    Raises:
        ConfigError: names the output.
    """
    if output is not None and any(is_same_file(output, source) for source in sources):
        raise ConfigError(f"{output} is the source itself and would be lost; write to another file.")
