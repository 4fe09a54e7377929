"""``facerec enrol`` and ``facerec import``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from facerec_app.cli.consent_options import AgreedBy, Purpose, Until, consent_from
from facerec_app.cli.console import err, out, print_json, print_warning, progress_bar, stop_on_interrupt
from facerec_app.cli.context import application
from facerec_app.cli.exit_codes import INTERRUPTED, PARTIAL, exit_code_of
from facerec_app.core.errors import AlreadyEnrolledError, ConfigError
from facerec_app.services.cluster_access import ClusterAccess
from facerec_app.services.dask_workers import DaskWorkers
from facerec_app.services.enrolment import EnrolmentReport, EnrolmentRow, ImportReport
from facerec_app.services.progress import CancelCheck
from facerec_app.services.worker_pool import WorkerPool

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Profile = Annotated[str | None, typer.Option(help="Recognition profile (see models list).")]


def add_to(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.command()(enrol)
    cli.command(name="import")(import_folder)


def enrol(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The person's name.")],
    files: Annotated[list[Path], typer.Argument(help="Pictures, folders of pictures, videos.")],
    purpose: Purpose = None,
    agreed_by: AgreedBy = None,
    until: Until = None,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Enrol also faces that are known as somebody else who is enrolled.")
    ] = False,
    json: AsJson = False,
    profile: Profile = None,
) -> None:
    """Enrol a person; a name that is enrolled already gets the new faces added.

    Of a video, the person it shows most is enrolled.

    Example: facerec enrol "Ada Lovelace" ada.jpg selfies/ --purpose "door camera" --agreed-by "Ada Lovelace"
    """
    with application(ctx, profile=profile) as app, stop_on_interrupt() as stop:
        with progress_bar("Enrolling", shown=not json) as progress:
            report = app.enrolment().enrol_files(
                name,
                files,
                consent=consent_from(purpose, agreed_by, until),
                insist=anyway,
                progress=progress,
                cancelled=stop,
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
    dask: Annotated[
        str | None,
        typer.Option(metavar="tls://HOST:PORT", help="Let a Dask cluster read the pictures (docs/cluster.md)."),
    ] = None,
    dask_ca: Annotated[Path | None, typer.Option(help="Certificate of the cluster's authority (PEM).")] = None,
    dask_cert: Annotated[Path | None, typer.Option(help="This computer's certificate (PEM).")] = None,
    dask_key: Annotated[Path | None, typer.Option(help="The key of that certificate (PEM).")] = None,
    json: AsJson = False,
    profile: Profile = None,
) -> None:
    """Enrol a folder of people: one folder a person, named after them.

    Pictures that were imported before are passed over, so an interrupted import goes on where it stopped.

    Example: facerec import people/
    """
    access = _cluster_access(dask, dask_ca, dask_cert, dask_key)
    with (
        application(ctx, profile=profile) as app,
        stop_on_interrupt() as stop,
        progress_bar("Importing", shown=not json) as progress,
        _cluster(access, stop) as pool,
    ):
        report = app.enrolment().import_folder(
            folder, consent=consent_from(purpose, agreed_by, until), progress=progress, cancelled=stop, pool=pool
        )
    if json:
        print_json(_import_record(report))
    else:
        _print_import(report)
    _exit_for(report.enrolled + report.skipped, report.refused, report.cancelled)


def _cluster_access(
    address: str | None, ca_file: Path | None, cert_file: Path | None, key_file: Path | None
) -> ClusterAccess | None:
    if address is not None:
        return ClusterAccess(address, ca_file, cert_file, key_file)
    if any(file is not None for file in (ca_file, cert_file, key_file)):
        raise ConfigError("Certificates were given but no cluster; name it with --dask tls://HOST:PORT.")
    return None


@contextmanager
def _cluster(access: ClusterAccess | None, stop: CancelCheck) -> Iterator[WorkerPool | None]:
    """Connect to a cluster, if one is asked for, and let it go at the end."""
    if access is None:
        yield None
        return
    pool = DaskWorkers(access)
    finished = False
    try:
        yield pool
        finished = not stop()
    finally:
        pool.close(at_once=not finished)


def _print_person(report: EnrolmentReport) -> None:
    if report.person_id is not None:
        out.print(f"[green]{escape(report.name)}[/]: {report.enrolled} {_faces(report.enrolled)} enrolled")
    for note in report.notes:
        print_warning(note)
    _print_refused(report.refused)
    if any(isinstance(row.error, AlreadyEnrolledError) for row in report.refused):
        print_warning("If they really are two people, give the same command with --anyway.")


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
    whom = "1 person" if people == 1 else f"{people} people"
    enrolled = f"{report.enrolled} {_faces(report.enrolled)} of {whom} enrolled"
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
        "notes": list(report.notes),
    }


def _import_record(report: ImportReport) -> dict[str, Any]:
    return {
        "enrolled": report.enrolled,
        "refused": len(report.refused),
        "imported_before": report.skipped,
        "stopped": report.cancelled,
        "people": [_person_record(person) for person in report.people],
    }


def _exit_for(used: int, refused: Sequence[EnrolmentRow], interrupted: bool) -> None:
    if interrupted:
        raise typer.Exit(INTERRUPTED)
    errors = [row.error for row in refused if row.error is not None]
    if errors:
        raise typer.Exit(PARTIAL if used else exit_code_of(errors[0]))
