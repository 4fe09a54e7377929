"""The commands of ``facerec people`` that change who a face belongs to."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from facerec_app.cli.consent_options import AgreedBy, Purpose, Until, consent_from
from facerec_app.cli.console import out, print_warning
from facerec_app.cli.context import application
from facerec_app.cli.exit_codes import INTERRUPTED
from facerec_app.core.errors import ConfigError
from facerec_app.gallery.records import FaceState
from facerec_app.services.people import PeopleService

Who = Annotated[str, typer.Argument(help="Name or identifier.")]
Faces = Annotated[list[str], typer.Argument(help="Identifiers of faces or their first letters (see people show).")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def add_to(people: typer.Typer) -> None:
    """Add the commands to the group."""
    people.command()(merge)
    people.command()(split)
    people.command()(move)
    people.command(name="remove-faces")(remove_faces)
    people.command()(portrait)
    people.command()(exclude)
    people.command()(include)
    people.command()(consent)
    people.command(name="last-seen")(last_seen)


def merge(
    ctx: typer.Context,
    who: Annotated[str, typer.Argument(help="Who goes: name or identifier.")],
    into: Annotated[str, typer.Argument(help="Who stays, with the pictures of both.")],
    yes: Yes = False,
) -> None:
    """Make two people one: the second keeps name and consent and gets the pictures of the first.

    Example: facerec people merge "Ada Byron" "Ada Lovelace"
    """
    with application(ctx) as app:
        source, target = app.people().find(who), app.people().find(into)
        _confirm(f"Merge {source.name} into {target.name}?", yes)
        person = app.people().merge(source.person_id, target.person_id)
    out.print(f"[green]{escape(person.name)}[/] has {_faces(person.face_count)} now.")


def split(
    ctx: typer.Context,
    new_name: Annotated[str, typer.Argument(help="Name of the new person.")],
    faces: Faces,
) -> None:
    """Make some faces of one person a new person.

    Example: facerec people split "Grace Hopper" 3f2a91c0 77b0e1d2
    """
    with application(ctx) as app:
        people = app.people()
        person = people.split(_face_ids(people, faces), new_name)
    out.print(f"[green]{escape(person.name)}[/] has {_faces(person.face_count)}.")


def move(
    ctx: typer.Context,
    who: Annotated[str, typer.Argument(help="Whose they are: name or identifier.")],
    faces: Faces,
) -> None:
    """Give faces to another person.

    Example: facerec people move "Grace Hopper" 3f2a91c0
    """
    with application(ctx) as app:
        people = app.people()
        person = people.move_faces(_face_ids(people, faces), who)
    out.print(f"[green]{escape(person.name)}[/] has {_faces(person.face_count)} now.")


def remove_faces(ctx: typer.Context, faces: Faces, yes: Yes = False) -> None:
    """Delete faces with their pictures and features; from the command line this cannot be undone.

    Example: facerec people remove-faces 3f2a91c0
    """
    with application(ctx) as app:
        people = app.people()
        face_ids = _face_ids(people, faces)
        _confirm(f"Delete {_faces(len(face_ids))} for good?", yes)
        people.remove_faces(face_ids)
    out.print(f"Deleted {_faces(len(face_ids))}.")


def portrait(
    ctx: typer.Context, face: Annotated[str, typer.Argument(help="Identifier of a face or its first letters.")]
) -> None:
    """Let a face stand for its person in lists.

    Example: facerec people portrait 3f2a91c0
    """
    with application(ctx) as app:
        people = app.people()
        person = people.set_portrait(people.find_face(face).face_id)
    out.print(f"The portrait of [green]{escape(person.name)}[/] was changed.")


def exclude(ctx: typer.Context, faces: Faces) -> None:
    """Keep faces but let them take no part in recognition.

    Example: facerec people exclude 3f2a91c0
    """
    _set_state(ctx, faces, FaceState.EXCLUDED)


def include(ctx: typer.Context, faces: Faces) -> None:
    """Let faces take part in recognition again.

    Example: facerec people include 3f2a91c0
    """
    _set_state(ctx, faces, FaceState.ACTIVE)


def consent(
    ctx: typer.Context,
    who: Who,
    purpose: Purpose = None,
    agreed_by: AgreedBy = None,
    until: Until = None,
    clear: Annotated[bool, typer.Option("--clear", help="Record none.")] = False,
) -> None:
    """Record what a person agreed to.

    Example: facerec people consent "Ada Lovelace" --purpose "door camera" --agreed-by "Ada Lovelace"
    """
    given = consent_from(purpose, agreed_by, until)
    if clear == (given is not None):
        raise ConfigError("Give either --purpose and --agreed-by, or --clear.")
    with application(ctx) as app:
        person = app.people().set_consent(who, given)
    out.print(f"Recorded for [green]{escape(person.name)}[/].")


def last_seen(
    ctx: typer.Context,
    keep: Annotated[str | None, typer.Argument(metavar="[on|off]", help="Whether to keep it; off also erases.")] = None,
) -> None:
    """Say whether the window keeps when people were last in front of a camera, or change that.

    Example: facerec people last-seen on
    """
    if keep not in {None, "on", "off"}:
        raise ConfigError(f"'{keep}' is neither on nor off; say which.")
    with application(ctx) as app:
        seen = app.people().last_seen
        if keep is not None:
            seen.keep(keep == "on")
        kept = seen.is_kept
    out.print(
        "When people were last seen is kept, one time a person." if kept else "When people were last seen is not kept."
    )


def _set_state(ctx: typer.Context, faces: list[str], state: FaceState) -> None:
    with application(ctx) as app:
        people = app.people()
        people.set_face_state(_face_ids(people, faces), state)
    part = "take" if state is FaceState.ACTIVE else "take no"
    out.print(f"{_faces(len(faces))}: {part} part in recognition.")


def _face_ids(people: PeopleService, beginnings: list[str]) -> list[str]:
    return [people.find_face(beginning).face_id for beginning in beginnings]


def _confirm(question: str, yes: bool) -> None:
    if not yes and not typer.confirm(question, err=True):
        print_warning("Nothing was changed.")
        raise typer.Exit(INTERRUPTED)


def _faces(count: int) -> str:
    return "1 face" if count == 1 else f"{count} faces"
