"""How long work reports and is ended: plain callbacks, no framework."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a piece of work has come.

    Attributes:
        done: units finished.
        total: units in all, None when unknown (a live source).
        what: a few words on the present unit, such as a file name.
    """

    done: int
    total: int | None
    what: str = ""


ProgressCallback = Callable[[Progress], None]
CancelCheck = Callable[[], bool]
"""Returns True when the user wants the work to end; it is asked between units."""


def no_progress(_: Progress) -> None:
    """Report to nobody."""


def never_cancelled() -> bool:
    """Work to the end."""
    return False
