"""``facerec cluster``: faces without a name, grouped by person."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from facerec_app.cli.consent_options import AgreedBy, Purpose, Until, consent_from
from facerec_app.cli.console import err, out, print_json, print_warning, progress_bar, stop_on_interrupt
from facerec_app.cli.context import application
from facerec_app.cli.exit_codes import INTERRUPTED, PARTIAL, exit_code_of
from facerec_app.gallery.unnamed_face import UnnamedFace
from facerec_app.gallery.unnamed_faces import count_of_faces
from facerec_app.services.face_groups import SHEET_GROUPS, FaceGroup, GroupedFaces, write_groups_sheet
from facerec_app.services.unknown_collection import CollectionReport
from facerec_app.services.unknown_faces import UnknownFacesService

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Profile = Annotated[str | None, typer.Option(help="Recognition profile (see models list).")]
Which = Annotated[list[str], typer.Argument(help="Groups (as in cluster) or faces (as in cluster --faces).")]
_SHOWN_GROUPS = 40


def add_to(cli: typer.Typer) -> None:
    """Add the group of commands."""
    cluster = typer.Typer(help="Faces without a name, grouped by person: show, add, name, move, ignore, remove.")
    cluster.callback(invoke_without_command=True)(show)
    cluster.command()(add)
    cluster.command()(name)
    cluster.command()(move)
    cluster.command()(ignore)
    cluster.command()(ask)
    cluster.command()(remove)
    cluster.command()(keep)
    cli.add_typer(cluster, name="cluster")


def show(
    ctx: typer.Context,
    json: AsJson = False,
    sheet: Annotated[Path | None, typer.Option(help="Write a picture of the groups (.jpg or .png).")] = None,
    faces: Annotated[bool, typer.Option("--faces", help="List every face, not only the groups.")] = False,
    profile: Profile = None,
) -> None:
    """Show the faces that nobody has named, grouped by person, the biggest group first.

    Example: facerec cluster --sheet unknown.png
    """
    if ctx.invoked_subcommand is not None:
        return
    with application(ctx, profile=profile) as app, progress_bar("Looking", shown=not json) as progress:
        service = app.library().unknown_faces()
        grouped = service.grouped(progress=progress)
        if sheet is not None:
            write_groups_sheet(grouped, service.picture, sheet)
    if sheet is not None and len(grouped.groups) > SHEET_GROUPS:
        print_warning(f"The sheet shows the biggest {SHEET_GROUPS} of {len(grouped.groups)} groups.")
    if json:
        print_json(_grouped_record(grouped))
    elif faces:
        _print_faces(grouped)
    else:
        _print_groups(grouped)


def add(
    ctx: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Pictures, and folders of pictures with all that is in them.")],
    again: Annotated[bool, typer.Option("--again", help="Also search pictures that were searched before.")] = False,
    json: AsJson = False,
    profile: Profile = None,
) -> None:
    """Keep the faces of pictures that nobody enrolled has, to be named by and by.

    Pictures that were searched before are passed over, so an interrupted command goes on where it stopped.

    Example: facerec cluster add holidays/
    """
    with (
        application(ctx, profile=profile) as app,
        stop_on_interrupt() as stop,
        progress_bar("Searching", shown=not json) as progress,
    ):
        report = app.library().unknown_collection().add_pictures(paths, again=again, progress=progress, cancelled=stop)
    if json:
        print_json(_collection_record(report))
    else:
        _print_collection(report)
    if report.cancelled:
        raise typer.Exit(INTERRUPTED)
    if report.refused:
        done = report.pictures + report.searched_before
        raise typer.Exit(PARTIAL if done else exit_code_of(report.refused[0].error))


def name(
    ctx: typer.Context,
    group: Annotated[str, typer.Argument(help="Group (as in cluster) or face (as in cluster --faces).")],
    person: Annotated[str, typer.Argument(metavar="NAME", help="Who it is; somebody who is enrolled gets the faces.")],
    purpose: Purpose = None,
    agreed_by: AgreedBy = None,
    until: Until = None,
    profile: Profile = None,
) -> None:
    """Enrol a whole group as one person.

    Example: facerec cluster name g3fa85f64 "Ada Lovelace"
    """
    with application(ctx, profile=profile) as app:
        service = app.library().unknown_faces()
        chosen = _ids(service.find(group))
        who = service.name(chosen, person, consent=consent_from(purpose, agreed_by, until))
    out.print(f"[green]{escape(who.name)}[/]: {count_of_faces(chosen)} enrolled, {who.face_count} in all")


def move(
    ctx: typer.Context,
    faces: Which,
    to: Annotated[
        str | None, typer.Option(help="Group they belong to; without it they become one of their own.")
    ] = None,
    profile: Profile = None,
) -> None:
    """Put faces into another group.

    Both groups are kept from then on: the two never become one again by themselves.

    Example: facerec cluster move 77b0e1d2 --to g3fa85f64
    """
    with application(ctx, profile=profile) as app:
        service = app.library().unknown_faces()
        chosen = _find_all(service, faces)
        service.move(chosen, to)
        after = next(g for g in service.grouped().everything if chosen[0] in g.face_ids)
    out.print(f"{after.group_id}: {count_of_faces(after.faces)} now.")


def ignore(ctx: typer.Context, which: Which, profile: Profile = None) -> None:
    """Never ask about faces again, nor about new ones that are like them.

    Example: facerec cluster ignore g3fa85f64
    """
    with application(ctx, profile=profile) as app:
        service = app.library().unknown_faces()
        chosen = _find_all(service, which)
        service.ignore(chosen)
    out.print(f"{count_of_faces(chosen)} will not be asked about; 'facerec cluster ask FACE' or '--all' takes it back.")


def ask(
    ctx: typer.Context,
    which: Annotated[list[str] | None, typer.Argument(help="Ignored faces (as in cluster --faces).")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every ignored face.")] = False,
    profile: Profile = None,
) -> None:
    """Ask about faces after all that were to be ignored.

    Example: facerec cluster ask 77b0e1d2
    """
    with application(ctx, profile=profile) as app:
        service = app.library().unknown_faces()
        chosen = _ids(service.grouped().ignored) if everything else _find_all(service, which or [])
        if everything and not chosen:
            out.print("No faces are ignored.")
            return
        service.ask_again(chosen)
    out.print(f"{count_of_faces(chosen)} will be asked about.")


def remove(
    ctx: typer.Context,
    which: Annotated[
        list[str] | None, typer.Argument(help="Groups (as in cluster) or faces (as in cluster --faces).")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every unnamed face, also ignored ones.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    profile: Profile = None,
) -> None:
    """Delete unnamed faces with their pictures and features.

    Example: facerec cluster remove --all
    """
    with application(ctx, profile=profile) as app:
        service = app.library().unknown_faces()
        chosen = _every_id(service.grouped()) if everything else _find_all(service, which or [])
        if everything and not chosen:
            out.print("There are no unnamed faces.")
            return
        if chosen and not yes and not typer.confirm(f"Delete {count_of_faces(chosen)} without a name?", err=True):
            print_warning("Nothing was deleted.")
            raise typer.Exit(INTERRUPTED)
        service.remove(chosen)
    out.print(f"{count_of_faces(chosen)} deleted.")


def keep(
    ctx: typer.Context,
    wanted: Annotated[str | None, typer.Argument(metavar="[on|off]", help="Without it, say how it stands.")] = None,
) -> None:
    """Keep faces of live sources that nobody could name, or no longer; off unless you switch it on.

    Tell the people in front of the camera first. What was kept stays until it is named or removed.

    Example: facerec cluster keep on
    """
    if wanted not in {None, "on", "off"}:
        raise typer.BadParameter(f"'{wanted}' is neither on nor off.")
    with application(ctx) as app:
        service = app.library().unknown_collection()
        if wanted is not None:
            service.keep_live(wanted == "on")
        state = service.keeps_live
    out.print(f"Unknown faces of live sources are {'kept' if state else 'not kept'}.")


def _find_all(service: UnknownFacesService, which: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(face.face_id for one in which for face in service.find(one)))


def _ids(faces: Sequence[UnnamedFace]) -> list[str]:
    return [face.face_id for face in faces]


def _every_id(grouped: GroupedFaces) -> list[str]:
    return [face_id for group in grouped.everything for face_id in group.face_ids] + _ids(grouped.ignored)


def _print_groups(grouped: GroupedFaces) -> None:
    if not grouped.everything:
        out.print("There are no unnamed faces. Take some from pictures: facerec cluster add FOLDER")
    if grouped.groups:
        table = Table("Group", "Faces", "Perhaps", "From", box=None, header_style="bold")
        for group in grouped.groups[:_SHOWN_GROUPS]:
            table.add_row(group.group_id, str(len(group.faces)), escape(_guess(group)), escape(_sources(group)))
        out.print(table)
    more = len(grouped.groups) - _SHOWN_GROUPS
    if more > 0:
        out.print(f"... and {more} more groups; --json lists them all")
    if grouped.alone:
        out.print(f"{count_of_faces(grouped.alone)} by {'itself' if len(grouped.alone) == 1 else 'themselves'}")
    if grouped.ignored:
        out.print(f"{count_of_faces(grouped.ignored)} never asked about")


def _print_faces(grouped: GroupedFaces) -> None:
    table = Table("Group", "Face", "From", box=None, header_style="bold")
    for group in grouped.everything:
        for face in group.faces:
            table.add_row(group.group_id if len(group.faces) > 1 else "", face.face_id[:8], escape(face.source))
    for face in grouped.ignored:
        table.add_row("ignored", face.face_id[:8], escape(face.source))
    out.print(table)


def _guess(group: FaceGroup) -> str:
    if group.suggestion is None:
        return ""
    return f"{group.suggestion.name} ({min(group.suggestion.probability, 0.99):.0%})"


def _sources(group: FaceGroup) -> str:
    names = list(dict.fromkeys(Path(face.source).name for face in group.faces))
    return names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else "")


def _print_collection(report: CollectionReport) -> None:
    pictures = "1 picture" if report.pictures == 1 else f"{report.pictures} pictures"
    out.print(f"{pictures} searched: {count_of_faces([None] * report.added)} without a name added")
    for count, words in (
        (report.known, "of people who are enrolled"),
        (report.poor, "too small, blurred, dark or turned away"),
        (report.unwanted, "like one that is never asked about"),
    ):
        if count:
            out.print(f"  left out: {count_of_faces([None] * count)} {words}")
    if report.searched_before:
        out.print(f"  passed over: {report.searched_before} searched before (--again searches them too)")
    for refused in report.refused:
        err.print(f"[yellow]left out:[/] {escape(str(refused.error))}")
    if report.cancelled:
        print_warning("Stopped; what was added is kept. The same command goes on from here.")


def _collection_record(report: CollectionReport) -> dict[str, Any]:
    return {
        "pictures": report.pictures,
        "added": report.added,
        "known": report.known,
        "poor": report.poor,
        "unwanted": report.unwanted,
        "searched_before": report.searched_before,
        "refused": [{"file": str(one.path), "error": str(one.error)} for one in report.refused],
        "stopped": report.cancelled,
    }


def _grouped_record(grouped: GroupedFaces) -> dict[str, Any]:
    return {
        "groups": [
            {
                "group": group.group_id,
                "made_by_hand": group.kept_id is not None,
                "perhaps": group.suggestion.name if group.suggestion is not None else None,
                "probability": round(group.suggestion.probability, 6) if group.suggestion is not None else None,
                "faces": [_face_record(face) for face in group.faces],
            }
            for group in grouped.groups
        ],
        "alone": [_face_record(group.faces[0]) for group in grouped.alone],
        "ignored": [_face_record(face) for face in grouped.ignored],
    }


def _face_record(face: UnnamedFace) -> dict[str, Any]:
    return {
        "face_id": face.face_id,
        "source": face.source,
        "origin": face.origin.value,
        "picture": str(face.picture_file),
        "created_at": face.created_at.isoformat(),
    }
