"""``facerec features``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import numpy as np
import typer
from rich.markup import escape

from facerec_app.cli.console import out, print_json
from facerec_app.cli.context import application


def add_to(cli: typer.Typer) -> None:
    """Add the group of commands."""
    features = typer.Typer(help="The features of the enrolled faces.", no_args_is_help=True)

    # A group of one command would be taken for the command itself.
    @features.callback()
    def group() -> None:
        """The features of the enrolled faces."""

    features.command()(stats)
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
