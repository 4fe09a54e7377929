"""``facerec dataset``."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from facerec_app.cli.console import err, out, print_json, print_warning, progress_bar, stop_on_interrupt
from facerec_app.cli.context import application
from facerec_app.cli.exit_codes import INTERRUPTED, PARTIAL
from facerec_app.cli.report_output import check_outputs
from facerec_app.core.errors import ConfigError
from facerec_app.detection.window_sampling import WindowSettings
from facerec_app.services.dataset_check import DatasetReport
from facerec_app.services.dataset_making import DatasetResult, DatasetTask
from facerec_app.training.face_set import FaceSetSettings

Profile = Annotated[str | None, typer.Option(help="Recognition profile (see models list).")]
Detector = Annotated[str | None, typer.Option(help="mtcnn or yunet; default is the profile's.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
_ROWS_SHOWN = 40
_COLOURED = {
    "wrong person": "[red]wrong person: [/]",
    "two people": "[red]two people:   [/]",
    "copy": "[yellow]copy:         [/]",
    "unreadable": "[yellow]unreadable:   [/]",
    "no face": "no face:      ",
    "several faces": "several faces:",
    "no person": "no person:    ",
}


class DatasetTaskName(Enum):
    """Kinds of sets."""

    FACES = "faces"
    CROPS = "crops"
    BOXES = "boxes"


def add_to(cli: typer.Typer) -> None:
    """Add the group of commands."""
    dataset = typer.Typer(help="Make training and test sets, and find what is wrong with one.", no_args_is_help=True)
    dataset.command()(make)
    dataset.command()(check)
    cli.add_typer(dataset, name="dataset")


def make(
    ctx: typer.Context,
    source: Annotated[
        Path | None, typer.Argument(help="A folder that holds a folder of pictures for each person.")
    ] = None,
    target: Annotated[Path, typer.Option("--out", help="A new or empty folder, or the set to go on with.")] = ...,  # type: ignore[assignment]
    gallery: Annotated[bool, typer.Option("--gallery", help="Make it from the enrolled faces instead.")] = False,
    task: Annotated[DatasetTaskName, typer.Option(help="What to make.")] = DatasetTaskName.FACES,
    seed: Annotated[int, typer.Option(min=0, help="Of everything drawn at random.")] = 20,
    shares: Annotated[str, typer.Option(help="People for training, validation, test (faces).")] = "0.8,0.1,0.1",
    mirrored: Annotated[
        bool, typer.Option("--mirrored/--no-mirrored", help="Each training face mirrored too (faces).")
    ] = True,
    cropped: Annotated[int, typer.Option(help="Smaller cuts of each training face (faces).")] = 1,
    samples: Annotated[int, typer.Option(help="Windows on faces and beside them, a picture (crops, boxes).")] = 5,
    size_px: Annotated[int, typer.Option("--size", help="Side of the crops, px (crops, boxes).")] = 224,
    test_share: Annotated[float, typer.Option(help="Kept for testing (crops, boxes).")] = 0.05,
    json: AsJson = False,
    profile: Profile = None,
    detector: Detector = None,
) -> None:
    """Make training and test sets: the same command on the same pictures gives the same bytes.

    Aligned faces with pairs and triplets (faces), crops on faces and of background (crops), or crops on faces with the
    way to the face's box (boxes). A set that was interrupted goes on where it stopped.

    Example: facerec dataset make people/ --out sets/faces
    """
    if gallery == (source is not None):
        raise ConfigError("Give either a folder of people or --gallery.")
    window_settings = WindowSettings(seed=seed, size_px=size_px, samples=samples, test_share=test_share)
    face_settings = FaceSetSettings(seed=seed, shares=_shares(shares), mirrored=mirrored, cropped=cropped)
    with application(ctx, profile=profile, detector=detector) as app, stop_on_interrupt() as stop:
        service = app.library().dataset_making()

        def making() -> DatasetTask:
            if task is DatasetTaskName.FACES:
                return service.face_set(face_settings)
            return service.window_set("boxes" if task is DatasetTaskName.BOXES else "crops", window_settings)

        with progress_bar("Making the set", shown=not json) as progress:
            result = service.make(source, target, making, progress=progress, cancelled=stop)
    if json:
        left_out = [{"picture": name, "error": why} for name, why in result.left_out]
        print_json({"complete": result.record is not None, "counts": dict(result.counts), "left_out": left_out})
    else:
        _print_made(result)
    if result.record is None:
        print_warning("Stopped; what was made is kept. The same command goes on from here.")
        raise typer.Exit(INTERRUPTED)
    if result.left_out:
        raise typer.Exit(PARTIAL)


def _shares(text: str) -> tuple[float, float, float]:
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    if len(values) != 3:
        raise ConfigError(f"--shares is '{text}'; give three numbers such as 0.8,0.1,0.1.")
    return values[0], values[1], values[2]


def _print_made(result: DatasetResult) -> None:
    for name, why in result.left_out:
        err.print(f"[yellow]left out:[/] {escape(why or name)}")
    if result.record is None:
        return
    first = next(iter(result.counts.values()))
    table = Table("Part", *(str(word).replace("_", " ").capitalize() for word in first), box=None, header_style="bold")
    for part, counts in result.counts.items():
        table.add_row(part, *(str(value) for value in counts.values()))
    out.print(table)
    out.print(f"Record with seed, settings and the SHA-256 of every file: {escape(str(result.record))}")


def check(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(help="A folder that holds a folder of pictures for each person.")],
    json: AsJson = False,
    sheet: Annotated[Path | None, typer.Option(help="Write a picture of the findings (.jpg or .png).")] = None,
    cache: Annotated[bool, typer.Option("--cache/--no-cache", help="Keep features for the next check.")] = True,
    profile: Profile = None,
    detector: Detector = None,
) -> None:
    """Find copies, faces under the wrong person, unreadable files and pictures without a face. Changes nothing.

    Example: facerec dataset check people/ --sheet findings.png
    """
    if sheet is not None and sheet.resolve().is_relative_to(folder.resolve()):
        raise ConfigError(f"The sheet {sheet} would lie among the pictures of {folder}; give another place.")
    check_outputs(sheet)
    with application(ctx, profile=profile, detector=detector) as app, stop_on_interrupt() as stop:
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
    for what, picture, why in rows[:_ROWS_SHOWN]:
        # No table: a file's name is to be found and copied whole, however long it is.
        out.print(f"{_COLOURED[what]} {escape(picture)} [dim]{escape(why)}[/]")
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
        yield "wrong person", name[face.row], whom
    for left, right in report.labels.disagreeing:
        yield "two people", name[left], f"and {name[right]} are the only faces of their folder and of two people"
    for copy in report.copies:
        yield "copy", name[copy.copy_row], f"{copy.kind.value} as {name[copy.kept_row]}"
    for row in report.unreadable:
        yield "unreadable", name[row], report.inspected.faults[row]
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
