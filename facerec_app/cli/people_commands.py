"""``facerec people``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from facerec_app.cli import faces_command, judgement_commands, people_edit_commands
from facerec_app.cli.console import out, print_json, print_warning
from facerec_app.cli.context import application
from facerec_app.cli.exit_codes import INTERRUPTED
from facerec_app.gallery.person_contents import PersonContents
from facerec_app.gallery.records import EnrolledFace, FaceState, Person

Who = Annotated[str, typer.Argument(help="Name or identifier.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def add_to(cli: typer.Typer) -> None:
    """Add the group of commands."""
    people = typer.Typer(
        help="Who is enrolled: list, show, rename, merge, split, move, remove, export.", no_args_is_help=True
    )
    people.command(name="list")(list_people)
    people.command()(show)
    people.command()(rename)
    people.command()(remove)
    people.command()(export)
    faces_command.add_to(people)
    people_edit_commands.add_to(people)
    judgement_commands.add_to(people)
    cli.add_typer(people, name="people")


def list_people(ctx: typer.Context, json: AsJson = False) -> None:
    """List everybody who is enrolled.

    Example: facerec people list --json
    """
    with application(ctx) as app:
        people, seen = app.people().everybody(), app.people().last_seen.times()
    if json:
        print_json([_person_record(person, seen.get(person.person_id)) for person in people])
    elif not people:
        out.print("Nobody is enrolled yet. Enrol somebody: facerec enrol NAME PICTURE...")
    else:
        table = Table("Name", "Faces", "Enrolled", "Agreed until", "Last seen", box=None, header_style="bold")
        for person in people:
            table.add_row(
                escape(person.name),
                str(person.face_count),
                f"{person.created_at:%Y-%m-%d}",
                _until(person),
                _time(seen.get(person.person_id)),
            )
        out.print(table)


def show(ctx: typer.Context, who: Who, json: AsJson = False) -> None:
    """Show one person with all their faces.

    Example: facerec people show "Ada Lovelace"
    """
    with application(ctx) as app:
        person, faces = app.people().find(who), app.people().faces(who)
    if json:
        print_json({**_person_record(person), "faces": [_face_record(face) for face in faces]})
        return
    out.print(f"[bold]{escape(person.name)}[/]  [dim]{person.person_id}[/]")
    if person.consent is not None:
        consent = person.consent
        out.print(f"Agreed by {escape(consent.agreed_by)} for {escape(consent.purpose)}, until {_until(person)}")
    table = Table("Face", "From", "Size px", "Sharp", "Turned", "Enrolled", "", box=None, header_style="bold")
    for face in faces:
        marks = ["portrait"] if face.face_id == person.portrait_face_id else []
        marks += ["not used"] if face.state is FaceState.EXCLUDED else []
        table.add_row(
            face.face_id[:8],
            escape(face.source),
            f"{face.size_px:.0f}",
            f"{face.sharpness:.2f}",
            f"{face.yaw_deg:+.0f} deg",
            f"{face.created_at:%Y-%m-%d %H:%M}",
            ", ".join(marks),
        )
    out.print(table)


def rename(ctx: typer.Context, who: Who, new_name: Annotated[str, typer.Argument(help="The new name.")]) -> None:
    """Give a person another name.

    Example: facerec people rename "Ada Byron" "Ada Lovelace"
    """
    with application(ctx) as app:
        person = app.people().rename(who, new_name)
    out.print(f"Renamed to [green]{escape(person.name)}[/].")


def remove(
    ctx: typer.Context,
    who: Who,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    keep_versions: Annotated[
        bool, typer.Option(help="Keep networks trained on their faces, without their identifiers.")
    ] = False,
) -> None:
    """Delete a person with every picture and feature of theirs; this cannot be undone.

    Versions of the similarity network that were trained on their faces are deleted too.

    Example: facerec people remove "Ada Lovelace"
    """
    with application(ctx) as app:
        contents = app.people().contents(who)
        person, whom = contents.person, _whom(contents)
        trained = app.people().trained_versions(person.person_id)
        if trained and not keep_versions:
            print_warning(_trained_line(person.name, trained, app.versions().present_id()))
        if not yes and not typer.confirm(f"Delete {whom} for good?", err=True):
            print_warning("Nothing was deleted.")
            raise typer.Exit(INTERRUPTED)
        app.people().remove(person.person_id, keep_versions=keep_versions)
    out.print(f"Deleted {escape(whom)}.")


def _trained_line(name: str, versions: tuple[str, ...], present: str | None) -> str:
    """Return what deleting somebody does to the networks that their faces took part in."""
    one = len(versions) == 1
    what = f"Version {versions[0]} of the network was" if one else f"{len(versions)} versions of the network were"
    line = f"{what} trained on {name}'s faces too and will be deleted (--keep-versions keeps {'it' if one else 'them'})"
    if present in versions:
        line += "; the one before comes into use again, 'facerec train' makes a new one"
    return f"{line}."


def export(
    ctx: typer.Context, who: Who, folder: Annotated[Path, typer.Argument(help="A new or empty folder.")]
) -> None:
    """Write a person's pictures and record into a folder.

    Example: facerec people export "Ada Lovelace" ada-export/
    """
    with application(ctx) as app:
        files = app.people().export(who, folder)
    out.print(f"{len(files)} files written to {escape(str(folder))}")


def _whom(contents: PersonContents) -> str:
    """Return exactly what a deletion removes."""
    judgements = contents.judgements + contents.rejections
    parts = [
        f"{contents.pictures} {'picture' if contents.pictures == 1 else 'pictures'}",
        f"{contents.features} feature {'vector' if contents.features == 1 else 'vectors'}",
    ]
    parts += [f"{judgements} {'correction' if judgements == 1 else 'corrections'}"] if judgements else []
    return f"{contents.person.name} with {' and '.join([', '.join(parts[:-1]), parts[-1]])}"


def _time(seen_at: datetime | None) -> str:
    return f"{seen_at.astimezone():%Y-%m-%d %H:%M}" if seen_at is not None else ""


def _until(person: Person) -> str:
    if person.consent is None:
        return ""
    return person.consent.until.isoformat() if person.consent.until is not None else "no end"


def _person_record(person: Person, seen_at: datetime | None = None) -> dict[str, Any]:
    consent = person.consent
    return {
        "person_id": person.person_id,
        "name": person.name,
        "faces": person.face_count,
        "created_at": person.created_at.isoformat(),
        "last_seen": seen_at.isoformat() if seen_at is not None else None,
        "consent": None
        if consent is None
        else {
            "purpose": consent.purpose,
            "agreed_by": consent.agreed_by,
            "until": consent.until.isoformat() if consent.until is not None else None,
        },
    }


def _face_record(face: EnrolledFace) -> dict[str, Any]:
    return {
        "face_id": face.face_id,
        "source": face.source,
        "picture": str(face.picture_file),
        "box_xyxy": [round(float(v), 1) for v in face.box_xyxy],
        "size_px": round(face.size_px, 1),
        "sharpness": round(face.sharpness, 3),
        "yaw_deg": round(face.yaw_deg, 1),
        "brightness": round(face.brightness, 3),
        "created_at": face.created_at.isoformat(),
        "state": face.state.value,
    }
