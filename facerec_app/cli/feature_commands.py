"""``facerec features``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.markup import escape

from facerec_app.cli.console import out, print_error, print_json, progress_bar, stop_on_interrupt
from facerec_app.cli.context import application
from facerec_app.cli.exit_codes import ENROLMENT, INTERRUPTED, PARTIAL
from facerec_app.cli.match_command import MapName, Network, Projection
from facerec_app.services.local_extractors import LocalFeatureChoice


def add_to(cli: typer.Typer) -> None:
    """Add the group of commands."""
    features = typer.Typer(help="Features of the enrolled faces, and local features of pictures.", no_args_is_help=True)

    features.command()(stats)
    features.command()(extract)
    cli.add_typer(features, name="features")


def stats(
    ctx: typer.Context,
    profile: Annotated[str | None, typer.Option(help="Recognition profile (see models list).")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts, with every value.")] = False,
) -> None:
    """Print and store mean and spread of the gallery's features.

    Example: facerec features stats
    """
    with application(ctx, profile=profile) as app:
        service = app.feature_report()
        report = service.measure()
    if json:
        print_json(asdict(report))
        return
    mean, std = np.array(report.mean), np.array(report.std)
    out.print(f"{report.faces} faces of {report.people} people, {len(mean)} values each, {report.extractor_version}")
    out.print(f"mean of a value: {mean.min():+.4f} to {mean.max():+.4f}; length of the mean {report.mean_length:.3f}")
    out.print(f"standard deviation of a value: {std.min():.4f} to {std.max():.4f}")
    if report.between_spread is not None and report.within_spread is not None:
        out.print(
            f"spread between people {report.between_spread:.3f}, of a person's faces {report.within_spread:.3f} "
            f"(ratio {report.between_spread / max(report.within_spread, 1e-9):.2f})"
        )
    else:
        out.print("Spread within and between people needs two people, one of them with two faces.")
    out.print(f"[dim]All values: {escape(str(service.file))}[/]")


def extract(
    ctx: typer.Context,
    listing: Annotated[
        Path, typer.Argument(metavar="LIST", help="Text file with a picture's path a line, or a folder of pictures.")
    ],
    folder: Annotated[Path, typer.Option("--out", help="Folder for the files, one a picture.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
    map_name: MapName = "conv3",
    network: Network = None,
    projection: Projection = None,
) -> None:
    """Write the local features of many pictures; files that are there already are skipped, Ctrl-C loses nothing.

    Example: facerec features extract pictures.txt --out features/
    """
    from facerec_app.services.local_feature_files import extract_to_files, listed_pictures
    from facerec_app.services.picture_files import expand_pictures

    pictures = expand_pictures([listing]) if listing.is_dir() else listed_pictures(listing)
    with (
        application(ctx) as app,
        stop_on_interrupt() as stop,
        progress_bar("Extracting", shown=not json) as report,
    ):
        extractor = app.library().local_extractors().get(LocalFeatureChoice(map_name, network, projection))
        done = extract_to_files(extractor, pictures, folder, progress=report, cancelled=stop)
    for error in done.errors:
        print_error(str(error))
    if json:
        print_json({**asdict(done), "errors": [str(error) for error in done.errors], "extractor": extractor.version})
    else:
        out.print(f"{done.written} written, {done.skipped} there already, {len(done.errors)} not read: {folder}")
    if done.stopped:
        raise typer.Exit(INTERRUPTED)
    if done.errors:
        raise typer.Exit(PARTIAL if done.written + done.skipped else ENROLMENT)
