"""``facerec dataset``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from facerec_app.cli.console import out, print_json, print_warning, progress_bar, stop_on_interrupt
from facerec_app.cli.context import application
from facerec_app.cli.exit_codes import INTERRUPTED
from facerec_app.cli.report_output import check_outputs
from facerec_app.services.dataset_check import DatasetReport

Profile = Annotated[str | None, typer.Option(help="Recognition profile (see models list).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
_ROWS_SHOWN = 40


def add_to(cli: typer.Typer) -> None:
    """Add the group of commands."""
    dataset = typer.Typer(help="Make training and test sets, and find what is wrong with one.", no_args_is_help=True)
    dataset.command()(check)
    cli.add_typer(dataset, name="dataset")


def check(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(help="A folder that holds a folder of pictures for each person.")],
    json: AsJson = False,
    sheet: Annotated[Path | None, typer.Option(help="Write a picture of the findings (.jpg or .png).")] = None,
    cache: Annotated[bool, typer.Option("--cache/--no-cache", help="Keep features for the next check.")] = True,
    profile: Profile = None,
) -> None:
    """Find copies, faces under the wrong person, unreadable files and pictures without a face. Changes nothing.

    Example: facerec dataset check people/ --sheet findings.png
    """
    check_outputs(sheet)
    with application(ctx, profile=profile) as app, stop_on_interrupt() as stop:
        service = app.library().dataset_check(keep_features=cache)
        with progress_bar("Looking at pictures", shown=not json) as progress:
            report = service.check(folder, progress=progress, cancelled=stop)
        if sheet is not None:
            service.write_sheet(report, sheet)
    if json:
        print_json(_record(report))
    else:
        _print(report, folder)
    if not report.complete:
        print_warning("Stopped; this is what was found so far. The same command goes on from here.")
        raise typer.Exit(INTERRUPTED)


def _print(report: DatasetReport, folder: Path) -> None:
    rows = list(_findings(report))
    if rows:
        table = Table("What", "Picture", "Why", box=None, header_style="bold")
        table.columns[1].overflow = "fold"
        for what, picture, why in rows[:_ROWS_SHOWN]:
            table.add_row(what, escape(picture), escape(why))
        out.print(table)
    if len(rows) > _ROWS_SHOWN:
        out.print(f"[dim]and {len(rows) - _ROWS_SHOWN} more; --json has all[/]")
    people = len({person for person in report.inspected.people if person})
    looked_at = int((report.inspected.rows.file_sha256 != "").sum()) + len(report.unreadable)
    wrong = len(report.labels.misfiled) + len(report.labels.disagreeing)
    out.print(
        f"{looked_at} pictures of {people} people in {escape(str(folder))}: {len(report.copies)} copies, {wrong} under "
        f"the wrong person, {len(report.unreadable)} unreadable, {len(report.faceless)} without a face, "
        f"{len(report.unclear)} with several faces, {len(report.unassigned)} in no person's folder"
    )


def _findings(report: DatasetReport) -> Iterator[tuple[str, str, str]]:
    """Yield what, which picture and why, most serious first."""
    name = report.inspected.pictures
    for face in report.labels.misfiled:
        whom = f"looks like {face.suggested}" if face.suggested is not None else "unlike the others of this folder"
        yield "[red]wrong person[/]", name[face.row], whom
    for left, right in report.labels.disagreeing:
        yield "[red]two people[/]", name[left], f"and {name[right]} are the only faces here, of two people"
    for copy in report.copies:
        yield "[yellow]copy[/]", name[copy.copy_row], f"{copy.kind.value} as {name[copy.kept_row]}"
    for row in report.unreadable:
        yield "[yellow]unreadable[/]", name[row], report.inspected.faults[row]
    for row in report.faceless:
        yield "no face", name[row], "nobody to be seen"
    for row in report.unclear:
        yield "several faces", name[row], f"{report.inspected.rows.face_counts[row]} faces, none clearly meant"
    for row in report.unassigned:
        yield "no person", name[row], "lies in no person's folder; looked at for copies only"


def _record(report: DatasetReport) -> dict[str, Any]:
    name, rows = report.inspected.pictures, report.inspected.rows
    return {
        "pictures": len(name),
        "complete": report.complete,
        "wrong_person": [
            {
                "picture": name[face.row],
                "person": report.inspected.people[face.row],
                "looks_like": face.suggested,
                "log_odds_own": None if face.own_log_odds is None else round(face.own_log_odds, 3),
                "log_odds_other": None if face.other_log_odds == float("-inf") else round(face.other_log_odds, 3),
            }
            for face in report.labels.misfiled
        ],
        "two_people": [[name[left], name[right]] for left, right in report.labels.disagreeing],
        "copies": [
            {
                "picture": name[copy.copy_row],
                "of": name[copy.kept_row],
                "kind": copy.kind.name.lower(),
                "cosine": round(copy.cosine, 4),
            }
            for copy in report.copies
        ],
        "unreadable": [{"picture": name[row], "error": report.inspected.faults[row]} for row in report.unreadable],
        "no_face": [name[row] for row in report.faceless],
        "several_faces": [{"picture": name[row], "faces": int(rows.face_counts[row])} for row in report.unclear],
        "no_person": [name[row] for row in report.unassigned],
    }
