"""``facerec doctor``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from facerec_app.cli.console import err, out, print_json
from facerec_app.cli.context import application
from facerec_app.cli.exit_codes import UNEXPECTED
from facerec_app.core.errors import FacerecError
from facerec_app.services.doctor import Health
from facerec_app.services.stage_measurement import StageSpeed

_MARKS = {Health.GOOD: "[green]good[/]", Health.NOTE: "[yellow]note[/]", Health.FAULT: "[bold red]fault[/]"}


def add_to(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(doctor)


def doctor(
    ctx: typer.Context,
    speed: Annotated[
        bool, typer.Option("--speed/--no-speed", show_default=False, help="Also measure how fast each stage runs here.")
    ] = True,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Check the installation, the model files, the gallery, cameras and speed, and say what to do about each fault.

    Example: facerec doctor
    """
    with application(ctx) as app:
        service = app.doctor()
        checks = service.examine()
        speeds: dict[str, StageSpeed] = {}
        fault: FacerecError | None = None
        if speed:
            try:
                with err.status("Measuring speed ..."):
                    speeds = dict(service.stage_speed())
            except FacerecError as exc:
                fault = exc
    broken = fault is not None or any(check.health is Health.FAULT for check in checks)
    if json:
        print_json(
            {
                "healthy": not broken,
                "checks": [
                    {"what": c.what, "health": c.health.value, "found": c.found, "remedy": c.remedy} for c in checks
                ],
                "stage_ms": {
                    stage: {"median": round(figures.median_ms, 3), "p95": round(figures.p95_ms, 3)}
                    for stage, figures in speeds.items()
                },
                "speed_error": str(fault) if fault is not None else None,
            }
        )
    else:
        table = Table("Checked", "", "Found", "What to do", box=None, header_style="bold")
        for check in checks:
            table.add_row(check.what, _MARKS[check.health], escape(check.found), escape(check.remedy))
        out.print(table)
        if speeds:
            shown = Table("Stage, 640x360 video", "median ms", "95 % below ms", box=None, header_style="bold")
            for stage, figures in speeds.items():
                shown.add_row(stage, f"{figures.median_ms:.1f}", f"{figures.p95_ms:.1f}")
            for column in shown.columns[1:]:
                column.justify = "right"
            out.print()
            out.print(shown)
            out.print(_in_words(speeds))
        if fault is not None:
            out.print(f"[bold red]fault[/] speed could not be measured: {escape(str(fault))}")
    if broken:
        raise typer.Exit(UNEXPECTED)


def _in_words(speeds: dict[str, StageSpeed]) -> str:
    """Return what the table means for a camera."""
    frame_ms = max(speeds["all stages"].median_ms, 1e-3)
    slowest = max((name for name in speeds if name != "all stages"), key=lambda name: speeds[name].p95_ms)
    return (
        f"About {1e3 / frame_ms:.0f} frames a second with one stage at a time; a camera gives 30. "
        f"The longest waits are for: {slowest}."
    )
