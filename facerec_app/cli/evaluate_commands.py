"""``facerec evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from facerec_app.cli.console import out, print_json, progress_bar, stop_on_interrupt
from facerec_app.cli.context import application
from facerec_app.services.verification import VerificationReport


def add_to(cli: typer.Typer) -> None:
    """Add the group of commands."""
    evaluate = typer.Typer(help="Measure accuracy the way the field does.", no_args_is_help=True)

    # A group of one command would be taken for the command itself.
    @evaluate.callback()
    def group() -> None:
        """Measure accuracy the way the field does."""

    evaluate.command()(verification)
    cli.add_typer(evaluate, name="evaluate")


def verification(
    ctx: typer.Context,
    root: Annotated[Path, typer.Option(help="Folder that holds a folder of pictures for each person.")],
    pairs: Annotated[Path, typer.Option(help="Pair list in the format of Labeled Faces in the Wild.")],
    profile: Annotated[str | None, typer.Option(help="Recognition profile (see models list).")] = None,
    detector: Annotated[str | None, typer.Option(help="mtcnn or yunet; default is the profile's.")] = None,
    min_face_px: Annotated[int | None, typer.Option(help="Smallest face looked for, px.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Tell pairs of pictures of one person from pairs of two, with the shipped threshold.

    The threshold was chosen on other people; a face that is not found counts as an error.

    Example: facerec evaluate verification --root lfw/ --pairs pairs.txt
    """
    with (
        application(ctx, profile=profile, detector=detector, min_face_px=min_face_px) as app,
        stop_on_interrupt() as stop,
        progress_bar("Embedding", shown=not json) as progress,
    ):
        report = app.verification().evaluate(root, pairs, on_progress=progress, cancelled=stop)
    if json:
        print_json(report.to_json())
    else:
        _print(report)


def _print(report: VerificationReport) -> None:
    table = Table("", "similarity network", "cosine", box=None, header_style="bold")
    for row in report.table_rows():
        table.add_row(*row)
    out.print(table)
    out.print(
        f"[dim]{report.pairs} pairs, {report.pictures} pictures, {len(report.not_detected)} without a face found "
        "(counted as errors); standard errors by person[/]"
    )
    for name in report.not_detected[:10]:
        out.print(f"[dim]no face found in {escape(name)}[/]")
