"""``facerec people different`` and ``facerec people same``: corrections that a retraining learns from."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer
from rich.markup import escape

from facerec_app.cli.console import out
from facerec_app.cli.context import application
from facerec_app.core.errors import PersonNotFoundError
from facerec_app.gallery.records import Person
from facerec_app.services.people import PeopleService

WhoOrFace = Annotated[str, typer.Argument(help="Name of a person, or the first letters of a face's identifier.")]
Face = Annotated[str, typer.Argument(help="First letters of a face's identifier (see people show).")]
By = Annotated[str | None, typer.Option("--by", help="Who says so.", show_default="your user name")]


def add_to(people: typer.Typer) -> None:
    """Add the commands to the group."""
    people.command()(different)
    people.command()(same)


def different(ctx: typer.Context, one: WhoOrFace, other: WhoOrFace, by: By = None) -> None:
    """Say that two people who are confused are two, or that two faces are.

    Example: facerec people different "Ada Lovelace" "Mary Somerville"
    """
    with application(ctx) as app:
        people, corrections = app.people(), app.corrections()
        left, right = _person(people, one), _person(people, other)
        if left is not None and right is not None:
            app.gallery().embed_missing()
            pairs = corrections.judge_people(left.person_id, right.person_id, decided_by=_name(by))
        else:
            faces = [people.find_face(face).face_id for face in (one, other)]
            corrections.judge_faces(faces[0], faces[1], same_person=False, decided_by=_name(by))
            pairs = 1
    what = "pair of faces" if pairs == 1 else "pairs of faces"
    out.print(f"{escape(one)} and {escape(other)} are two people: {pairs} {what} to learn from. Now: facerec train")


def same(ctx: typer.Context, one: Face, other: Face, by: By = None) -> None:
    """Say that two faces show one person.

    Example: facerec people same 3fa9 81cc
    """
    with application(ctx) as app:
        faces = [app.people().find_face(face).face_id for face in (one, other)]
        app.corrections().judge_faces(faces[0], faces[1], same_person=True, decided_by=_name(by))
    out.print("These two faces are one person: something to learn from. Now: facerec train")


def _person(people: PeopleService, name: str) -> Person | None:
    try:
        return people.find(name)
    except PersonNotFoundError:
        return None


def _name(by: str | None) -> str:
    return by if by else getpass.getuser()
