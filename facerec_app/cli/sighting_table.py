"""Who was seen when, as a table and as records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from facerec_app.cli.console import out
from facerec_app.pipeline.timeline import Sighting


def print_sightings(sightings: Sequence[Sighting], faces: int) -> None:
    """Print the timeline of a run in which so many faces, all frames together, were found."""
    if not sightings:
        out.print("Nobody was in view long enough to tell." if faces else "No faces were seen.")
        return
    table = Table("Who", "From", "To", "Frames", "Sure", box=None, header_style="bold")
    for column in table.columns[1:]:
        column.justify = "right"
    for sighting in sightings:
        known = sighting.person_id is not None
        table.add_row(
            f"[green]{escape(sighting.name)}[/]" if known else f"[yellow]{escape(sighting.name)}[/]",
            clock(sighting.start_s),
            clock(sighting.end_s),
            str(sighting.frames),
            percent(sighting.probability) if known else "",
        )
    out.print(table)


def sighting_record(sighting: Sighting) -> dict[str, Any]:
    """Return a JSON-ready record."""
    return {
        "person": sighting.name if sighting.person_id is not None else None,
        "person_id": sighting.person_id,
        "verdict": "known" if sighting.person_id is not None else "unknown",
        "start_s": round(sighting.start_s, 3),
        "end_s": round(sighting.end_s, 3),
        "frames": sighting.frames,
        "probability": round(sighting.probability, 4),
    }


def percent(probability: float) -> str:
    """Return a probability in whole percent; certainty is never claimed."""
    if probability < 0.01:
        return "< 1%"
    return "> 99%" if probability >= 0.995 else f"{probability:.0%}"


def clock(seconds: float) -> str:
    """Return ``m:ss.t``."""
    minutes, rest = divmod(seconds, 60.0)
    return f"{int(minutes)}:{rest:04.1f}"
