"""``facerec judge``: the similarity editor for the command line."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from facerec_app.cli.console import out, print_json
from facerec_app.cli.context import application
from facerec_app.cli.sighting_table import percent
from facerec_app.gallery.judgement_contradictions import Contradiction
from facerec_app.gallery.judgement_entry import Answer, AnswerKind, FaceOwner, JudgementEntry, answer_of
from facerec_app.services.judgements import JudgementCounts, JudgementState
from facerec_app.services.similarity_questions import SimilarityQuestion

Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Face = Annotated[str, typer.Argument(help="First letters of a face's identifier (see people show).")]
By = Annotated[str | None, typer.Option("--by", help="Who says so.", show_default="your user name")]
_WORDS = {"same": "one person", "different": "two people", "more_alike": "more alike"}
_KINDS = {
    "chain": "Said to be one person all along, and yet two",
    "filed_apart": "Said to be one person, filed under two names",
    "filed_together": "Said to be two people, filed under one name",
    "likeness_circle": "Each more alike than the next, all the way round",
    "likeness_filed": "Somebody else said to be more alike than a picture of the person",
}


def add_to(cli: typer.Typer) -> None:
    """Add the group of commands."""
    judge = typer.Typer(help="Say which faces are one person; the next training learns from it.", no_args_is_help=True)
    judge.command("next")(next_question)
    judge.command()(same)
    judge.command()(different)
    judge.command("more-alike")(more_alike)
    judge.command()(log)
    judge.command()(undo)
    judge.command()(contradictions)
    cli.add_typer(judge, name="judge")


def next_question(
    ctx: typer.Context,
    seed: Annotated[int, typer.Option(min=0, help="Of the faces looked through in a large gallery.")] = 0,
    sheet: Annotated[Path | None, typer.Option(help="Write the pictures of the question (.jpg or .png).")] = None,
    json: Json = False,
    profile: Annotated[str | None, typer.Option(help="Recognition profile (see models list).")] = None,
) -> None:
    """Show the face whose comparison with its nearest ones would teach the network most.

    Example: facerec judge next --sheet question.png
    """
    with application(ctx, profile=profile) as app:
        library = app.library()
        question = library.similarity_questions().next(seed=seed)
        if sheet is not None:
            library.similarity_questions().write_sheet(question, sheet)
    if json:
        print_json(_question_record(question))
        return
    out.print(f"[bold]{escape(question.name)}[/]  {question.face_id[:8]}")
    table = Table("", "Face", "Filed as", "Same person", "Said", box=None, header_style="bold")
    for number, face in enumerate(question.neighbours, start=1):
        said = _WORDS[face.answer] if face.answer else ""
        table.add_row(str(number), face.face_id[:8], escape(face.name), percent(face.probability), said)
    out.print(table)
    out.print(f"To answer: facerec judge same {question.face_id[:8]} FACE, or different, or more-alike")


def same(ctx: typer.Context, one: Face, other: Face, by: By = None) -> None:
    """Say that two faces show one person.

    Example: facerec judge same 3fa9 81cc
    """
    _note(ctx, "same", (one, other), by)


def different(ctx: typer.Context, one: Face, other: Face, by: By = None) -> None:
    """Say that two faces show two people.

    Example: facerec judge different 3fa9 81cc
    """
    _note(ctx, "different", (one, other), by)


def more_alike(
    ctx: typer.Context,
    face: Face,
    nearer: Annotated[str, typer.Argument(help="The face that is more like it (H+).")],
    farther: Annotated[str, typer.Argument(help="The face that is less like it (H-).")],
    by: By = None,
) -> None:
    """Say that a face is more like one than like another.

    Example: facerec judge more-alike 3fa9 81cc 07de
    """
    _note(ctx, "more_alike", (face, nearer, farther), by)


def log(
    ctx: typer.Context,
    top: Annotated[int, typer.Option(help="How many lines, newest first; 0 for all.", min=0)] = 20,
    json: Json = False,
) -> None:
    """List who said what and when, also what was taken back.

    Example: facerec judge log --top 50
    """
    with application(ctx) as app:
        state = app.library().judgements().state(most=top or -1)
    if json:
        print_json([_entry_record(entry) for entry in state.entries])
        return
    table = Table("", "When", "Who", "What", "", box=None, header_style="bold")
    for entry in state.entries:
        mark = f"takes back {entry.takes_back}" if entry.takes_back else "taken back" if entry.is_taken_back else ""
        when = entry.decided_at.astimezone().strftime("%Y-%m-%d %H:%M")
        table.add_row(str(entry.number), when, escape(entry.decided_by), _said(entry.said, state.owners), mark)
    out.print(table if state.entries else "Nothing has been said of faces yet; begin with 'facerec judge next'.")
    if state.entries:
        out.print(_summary(state.counts))


def undo(
    ctx: typer.Context,
    number: Annotated[int | None, typer.Argument(help="Line of the log; default is the newest answer.")] = None,
    by: By = None,
) -> None:
    """Take an answer back; an older one about the same faces is in force again.

    Example: facerec judge undo
    """
    with application(ctx) as app:
        service = app.library().judgements()
        undone = service.undo(decided_by=_name(by)) if number is None else service.take_back(
            number, decided_by=_name(by)
        )  # fmt: skip
        state = service.state(most=0)
    if undone is None:
        out.print("There is nothing to take back.")
        return
    out.print(f"Taken back: {_said(undone.said, state.owners)}. {_summary(state.counts)}")


def contradictions(ctx: typer.Context, json: Json = False) -> None:
    """Show answers that cannot all be true; no training uses them until one is taken back.

    Example: facerec judge contradictions
    """
    with application(ctx) as app:
        state = app.library().judgements().state(most=-1)
    numbers = _numbers(state)
    if json:
        print_json([_contradiction_record(found, numbers) for found in state.contradictions])
        return
    if not state.contradictions:
        out.print("No answers contradict each other.")
        return
    for found in state.contradictions:
        out.print(f"[bold]{_KINDS[found.kind]}[/]")
        for said in found.answers:
            answer, when = answer_of(said), said.decided_at.astimezone().strftime("%Y-%m-%d %H:%M")
            out.print(
                f"  {numbers[answer]:>5}  {_said(answer, state.owners)}  [dim]{escape(said.decided_by)}, {when}[/]"
            )
    out.print("To settle one, take back the wrong answer: facerec judge undo NUMBER; or correct the name of a picture.")


def _note(ctx: typer.Context, kind: AnswerKind, faces: tuple[str, ...], by: str | None) -> None:
    with application(ctx) as app:
        said = Answer(kind, *(app.people().find_face(face).face_id for face in faces))
        app.library().judgements().note([said], decided_by=_name(by))
        state = app.library().judgements().state(most=0)
    out.print(f"Noted: {_said(said, state.owners)}. {_summary(state.counts)}")


def _summary(counts: JudgementCounts) -> str:
    words = f"{counts.total} answer{'' if counts.total == 1 else 's'} to learn from. Now: facerec train"
    if counts.disputed:
        words += f" ({counts.disputed} left out; see facerec judge contradictions)"
    return words


def _said(said: Answer, owners: Mapping[str, FaceOwner]) -> str:
    faces = [_face(face_id, owners) for face_id in said.face_ids]
    if said.kind == "more_alike":
        return f"{faces[0]} is more like {faces[1]} than like {faces[2]}"
    return f"{faces[0]} and {faces[1]} are {_WORDS[said.kind]}"


def _face(face_id: str, owners: Mapping[str, FaceOwner]) -> str:
    owner = owners.get(face_id)
    return f"{escape(owner.name)} {face_id[:8]}" if owner is not None else face_id[:8]


def _numbers(state: JudgementState) -> dict[Answer, int]:
    """Return the line of each answer in force as ``answer_of`` gives it."""
    numbers: dict[Answer, int] = {}
    for entry in state.entries:
        if entry.takes_back is None and not entry.is_taken_back:
            said = entry.said
            if said.kind != "more_alike":
                said = Answer(said.kind, *sorted(said.face_ids))
            numbers.setdefault(said, entry.number)
    return numbers


def _question_record(question: SimilarityQuestion) -> dict[str, object]:
    return {
        "face_id": question.face_id,
        "name": question.name,
        "person_id": question.person_id,
        "worth": round(question.worth, 6),
        "neighbours": [
            {
                "face_id": face.face_id,
                "name": face.name,
                "person_id": face.person_id,
                "probability": round(face.probability, 6),
                "cosine": round(face.cosine, 6),
                "answer": face.answer,
            }
            for face in question.neighbours
        ],
    }


def _entry_record(entry: JudgementEntry) -> dict[str, object]:
    return {
        "number": entry.number,
        "answer": entry.said.kind,
        "face_ids": list(entry.said.face_ids),
        "decided_by": entry.decided_by,
        "decided_at": entry.decided_at.isoformat(),
        "takes_back": entry.takes_back,
        "is_taken_back": entry.is_taken_back,
    }


def _contradiction_record(found: Contradiction, numbers: Mapping[Answer, int]) -> dict[str, object]:
    answers = [
        {
            "number": numbers[answer_of(said)],
            "answer": answer_of(said).kind,
            "face_ids": list(answer_of(said).face_ids),
            "decided_by": said.decided_by,
            "decided_at": said.decided_at.isoformat(),
        }
        for said in found.answers
    ]
    return {"kind": found.kind, "face_ids": list(found.face_ids), "answers": answers}


def _name(by: str | None) -> str:
    return by if by else getpass.getuser()
