"""``facerec enrol`` and ``facerec import``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from facerec_app.cli.console import err, out, print_json, print_warning, progress_bar, stop_on_interrupt
from facerec_app.cli.context import application
from facerec_app.cli.exit_codes import INTERRUPTED, PARTIAL, exit_code_of
from facerec_app.core.errors import ConfigError
from facerec_app.gallery.records import Consent
from facerec_app.services.enrolment import EnrolmentReport, EnrolmentRow, ImportReport

Purpose = Annotated[str | None, typer.Option(help="What the pictures may be used for; kept with the person.")]
AgreedBy = Annotated[str | None, typer.Option(help="Who agreed to it: the person, or somebody for them.")]
Until = Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Last day of the agreement.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Profile = Annotated[str | None, typer.Option(help="Recognition profile (see models list).")]


def add_to(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.command()(enrol)
    cli.command(name="import")(import_folder)


def enrol(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The person's name.")],
    files: Annotated[list[Path], typer.Argument(help="Pictures, folders of pictures, videos of the person alone.")],
    purpose: Purpose = None,
    agreed_by: AgreedBy = None,
    until: Until = None,
    json: AsJson = False,
    profile: Profile = None,
) -> None:
    """Enrol a person; a name that is enrolled already gets the new faces added.

    Example: facerec enrol "Ada Lovelace" ada.jpg selfies/ --purpose "door camera" --agreed-by "Ada Lovelace"
    """
    with application(ctx, profile=profile) as app, stop_on_interrupt() as stop:
        with progress_bar("Enrolling", shown=not json) as progress:
            report = app.enrolment().enrol_files(
                name, files, consent=_consent(purpose, agreed_by, until), progress=progress, cancelled=stop
            )
        interrupted = stop()
    if json:
        print_json(_person_record(report))
    else:
        _print_person(report)
    _exit_for(report.enrolled, report.refused, interrupted)


def import_folder(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(help="A folder that holds a folder of pictures for each person.")],
    purpose: Purpose = None,
    agreed_by: AgreedBy = None,
    until: Until = None,
    json: AsJson = False,
    profile: Profile = None,
) -> None:
    """Enrol a folder of people: one folder a person, named after them.

    Pictures that were imported before are passed over, so an interrupted import goes on where it stopped.

    Example: facerec import people/
    """
    with (
        application(ctx, profile=profile) as app,
        stop_on_interrupt() as stop,
        progress_bar("Importing", shown=not json) as progress,
    ):
        report = app.enrolment().import_folder(
            folder, consent=_consent(purpose, agreed_by, until), progress=progress, cancelled=stop
        )
    if json:
        print_json(_import_record(report))
    else:
        _print_import(report)
    _exit_for(report.enrolled, report.refused, report.cancelled)


def _consent(purpose: str | None, agreed_by: str | None, until: str | None) -> Consent | None:
    if purpose is None and agreed_by is None and until is None:
        return None
    if purpose is None or agreed_by is None:
        raise ConfigError("A consent needs both --purpose and --agreed-by; give the one that is missing.")
    try:
        last_day = date.fromisoformat(until) if until is not None else None
    except ValueError as exc:
        raise ConfigError(f"'{until}' is no date; write the last day of the agreement as 2030-01-31.") from exc
    return Consent(purpose, agreed_by, last_day)


def _print_person(report: EnrolmentReport) -> None:
    if report.person_id is not None:
        out.print(f"[green]{escape(report.name)}[/]: {report.enrolled} {_faces(report.enrolled)} enrolled")
    _print_refused(report.refused)


def _print_import(report: ImportReport) -> None:
    table = Table("Person", "Enrolled", "Left out", box=None, header_style="bold")
    shown = [person for person in report.people if person.rows]
    for person in shown[:40]:
        table.add_row(escape(person.name), str(person.enrolled), str(len(person.refused) or ""))
    if shown:
        out.print(table)
    if len(shown) > 40:
        out.print(f"... and {len(shown) - 40} more people")
    people = sum(person.enrolled > 0 for person in report.people)
    before = f"; {report.skipped} {_faces(report.skipped)} imported before" if report.skipped else ""
    enrolled = f"{report.enrolled} {_faces(report.enrolled)} of {people} people enrolled"
    out.print(f"{enrolled}, {len(report.refused)} left out{before}")
    _print_refused(report.refused)
    if report.cancelled:
        print_warning("Stopped; what was enrolled is kept. The same command goes on from here.")


def _print_refused(rows: Sequence[EnrolmentRow]) -> None:
    for row in rows:
        err.print(f"[yellow]left out:[/] {escape(str(row.error))}")


def _faces(count: int) -> str:
    return "face" if count == 1 else "faces"


def _person_record(report: EnrolmentReport) -> dict[str, Any]:
    return {
        "name": report.name,
        "person_id": report.person_id,
        "enrolled": report.enrolled,
        "pictures": [
            {"file": row.what, "face_id": row.face_id, "error": str(row.error) if row.error is not None else None}
            for row in report.rows
        ],
    }


def _import_record(report: ImportReport) -> dict[str, Any]:
    return {
        "enrolled": report.enrolled,
        "refused": len(report.refused),
        "imported_before": report.skipped,
        "stopped": report.cancelled,
        "people": [_person_record(person) for person in report.people],
    }


def _exit_for(enrolled: int, refused: Sequence[EnrolmentRow], interrupted: bool) -> None:
    if interrupted:
        raise typer.Exit(INTERRUPTED)
    errors = [row.error for row in refused if row.error is not None]
    if errors:
        raise typer.Exit(PARTIAL if enrolled else exit_code_of(errors[0]))
