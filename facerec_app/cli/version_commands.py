"""``facerec versions``."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from facerec_app.cli.console import out, print_error, print_json, print_warning
from facerec_app.cli.context import application
from facerec_app.cli.exit_codes import INTERRUPTED
from facerec_app.models.version_record import VersionRecord
from facerec_app.services.versions import VersionState

Which = Annotated[str, typer.Argument(help="Version, or the beginning of its name.")]
Profile = Annotated[str | None, typer.Option(help="Recognition profile (see models list).")]


def add_to(cli: typer.Typer) -> None:
    """Add the group of commands."""
    versions = typer.Typer(
        help="Similarity networks trained on this gallery: list, promote, take back, remove.", no_args_is_help=True
    )
    versions.command(name="list")(list_versions)
    versions.command()(promote)
    versions.command()(rollback)
    versions.command()(remove)
    cli.add_typer(versions, name="versions")


def list_versions(
    ctx: typer.Context,
    profile: Profile = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """List the trained versions, oldest first, with every file checked.

    Example: facerec versions list
    """
    with application(ctx, profile=profile) as app:
        states, notice = app.versions().list(), app.versions().notice()
    if json:
        print_json({"notice": notice, "versions": [_values(state) for state in states]})
        return
    if notice:
        print_warning(notice)
    if not states:
        out.print("Nothing was trained on this gallery yet; the shipped network is in use. Train: facerec train")
        return
    titles = ("Version", "", "Objective", "People", "Faces", "Corrections", "Compared with", "Accuracy", "Seed")
    table = Table(*titles, box=None, header_style="bold")
    for state in states:
        table.add_row(*_row(state))
    out.print(table)
    for state in states:
        if state.fault:
            print_error(state.fault)
    if not any(state.is_present for state in states):
        out.print("[dim]The shipped network is in use.[/]")


def promote(ctx: typer.Context, version: Which, profile: Profile = None) -> None:
    """Bring a version into use; a running window or command takes it at once.

    Example: facerec versions promote 20261122-18
    """
    with application(ctx, profile=profile) as app:
        record = app.versions().promote(version)
    out.print(f"In use now: [green]{record.version_id}[/]. Back: facerec versions rollback")


def rollback(ctx: typer.Context, profile: Profile = None) -> None:
    """Go back to what was in use before the present version.

    Example: facerec versions rollback
    """
    with application(ctx, profile=profile) as app:
        earlier = app.versions().rollback()
    out.print(f"In use now: [green]{earlier if earlier is not None else 'the shipped network'}[/].")


def remove(
    ctx: typer.Context,
    version: Which,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a version that is not in use.

    Example: facerec versions remove 20261122-18
    """
    with application(ctx) as app:
        if not yes and not typer.confirm(f"Delete version {version} for good?", err=True):
            print_warning("Nothing was deleted.")
            raise typer.Exit(INTERRUPTED)
        removed = app.versions().remove(version)
    out.print(f"Deleted version {removed}.")


def _row(state: VersionState) -> tuple[str, ...]:
    use = "in use" if state.is_present else "damaged" if state.fault else ""
    record = state.record
    if record is None:
        return (state.version_id, use, *[""] * 7)
    data = record.data
    faces = sum(len(of) for of in data.people.values())
    forgotten = f" ({data.forgotten_people} removed)" if data.forgotten_people else ""
    return (
        state.version_id,
        use,
        escape(record.objective),
        f"{len(data.people)}{forgotten}",
        str(faces),
        str(data.confirmed_pairs),
        record.parent or "shipped",
        _accuracy(record),
        str(record.seed),
    )


def _accuracy(record: VersionRecord) -> str:
    figures = record.metrics.get("own") or record.metrics.get("others")
    if not figures:
        return ""
    return f"{figures['before']['accuracy']:.2%} -> {figures['after']['accuracy']:.2%}"


def _values(state: VersionState) -> dict[str, Any]:
    record = state.record
    known: dict[str, Any] = {}
    if record is not None:
        known = {
            "created_at": record.created_at.isoformat(),
            "objective": record.objective,
            "parent": record.parent,
            "extractor_version": record.extractor_version,
            "scorer_version": record.scorer_version,
            "seed": record.seed,
            "options": dict(record.options),
            "people": {person: list(faces) for person, faces in record.data.people.items()},
            "split": record.data.split,
            "confirmed_pairs": record.data.confirmed_pairs,
            "more_alike": record.data.more_alike,
            "disputed": record.data.disputed,
            "metrics": dict(record.metrics),
            "sha256": dict(record.sha256),
        }
    return {"version": state.version_id, "present": state.is_present, "fault": state.fault or None, **known}
