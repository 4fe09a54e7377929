"""``facerec demo``."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from facerec_app.cli.console import err, out, print_json, progress_bar, stop_on_interrupt
from facerec_app.cli.context import application
from facerec_app.cli.exit_codes import INTERRUPTED, UNEXPECTED
from facerec_app.cli.sighting_table import print_sightings, sighting_record
from facerec_app.services.demonstration import DemonstrationReport


def add_to(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(demo)


def demo(
    ctx: typer.Context,
    out_dir: Annotated[Path, typer.Option("--out", help="Where to leave the results.")] = Path("demo-output"),
    window: Annotated[
        bool | None, typer.Option("--window/--no-window", help="Open the window on the video afterwards.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    profile: Annotated[str | None, typer.Option(help="Recognition profile (see models list).")] = None,
    detector: Annotated[str | None, typer.Option(help="mtcnn or yunet; default is the profile's.")] = None,
) -> None:
    """Enrol people from one photograph each and name them in a video made of others.

    Leaves an annotated video, a contact sheet and the events in --out; your own gallery is not touched. Where there
    is a display, the window opens on the video.

    Example: facerec demo --no-window
    """
    with (
        tempfile.TemporaryDirectory(prefix="facerec-demo-") as gallery,
        application(ctx, database_dir=Path(gallery), profile=profile, detector=detector) as app,
    ):
        service = app.demonstration()
        with stop_on_interrupt() as stop:
            names = service.enrol()
            if not json:
                err.print(f"Enrolled from one photograph each: {escape(', '.join(names))}")
            with progress_bar("Watching the video", shown=not json) as report:
                result = service.run(out_dir, progress=report, cancelled=stop)
        if json:
            print_json(_record(result))
        else:
            _print(result, names)
        if result.run.stopped:
            raise typer.Exit(INTERRUPTED)
        if window if window is not None else (_has_display() and not json):
            from facerec_app.gui.application_window import run_window

            run_window(app, str(service.video))
    if not result.succeeded:
        raise typer.Exit(UNEXPECTED)


def _print(result: DemonstrationReport, enrolled: Sequence[str]) -> None:
    print_sightings(result.run.sightings, result.run.faces)
    for name, share in result.named_share.items():
        out.print(f"{escape(name)}: named in {share:.1%} of the frames that show the face")
    for name in enrolled:
        if name not in result.named_share:
            out.print(f"{escape(name)}: enrolled, but not in the video")
    wrong = "nobody was named wrongly" if result.wrong_names == 0 else f"{result.wrong_names} faces were named wrongly"
    out.print(f"{wrong}; {result.run.frames} frames, {result.run.frames_per_s:.0f} a second")
    for what, path in (("Video", result.video), ("Contact sheet", result.sheet), ("Events", result.events)):
        out.print(f"[dim]{what}:[/] {escape(str(path))}")


def _record(result: DemonstrationReport) -> dict[str, Any]:
    return {
        "succeeded": result.succeeded,
        "named_share": {name: round(share, 4) for name, share in result.named_share.items()},
        "wrong_names": result.wrong_names,
        "frames": result.run.frames,
        "frames_per_s": round(result.run.frames_per_s, 2),
        "stage_ms": {stage: round(value, 3) for stage, value in result.run.stage_ms.items()},
        "sightings": [sighting_record(sighting) for sighting in result.run.sightings],
        "video": str(result.video),
        "contact_sheet": str(result.sheet),
        "events": str(result.events),
    }


def _has_display() -> bool:
    if sys.platform in {"win32", "darwin"}:
        return sys.stdout.isatty()
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
