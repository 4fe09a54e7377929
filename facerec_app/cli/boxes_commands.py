"""``facerec boxes``: what the box editor keeps, in and out of the gallery."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.markup import escape
from rich.table import Table

from facerec_app.cli.console import out, print_json, print_warning, progress_bar, stop_on_interrupt
from facerec_app.cli.context import application
from facerec_app.cli.exit_codes import INTERRUPTED, PARTIAL
from facerec_app.core.errors import ConfigError
from facerec_app.core.face_annotations import FaceAnnotations
from facerec_app.core.types import Float32Array
from facerec_app.gallery.box_rows import CorrectedPicture
from facerec_app.services.box_data_sets import BoxFormat, BoxTransfer
from facerec_app.services.progress import CancelCheck, ProgressCallback

Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def add_to(cli: typer.Typer) -> None:
    """Add the group of commands."""
    boxes = typer.Typer(help="Where the faces of pictures are, corrected by hand.", no_args_is_help=True)
    boxes.command("list")(list_pictures)
    boxes.command()(show)
    boxes.command("set")(set_boxes)
    boxes.command()(remove)
    boxes.command()(export)
    boxes.command("import")(import_boxes)
    cli.add_typer(boxes, name="boxes")


def list_pictures(ctx: typer.Context, json: Json = False) -> None:
    """List the pictures whose boxes somebody looked at.

    Example: facerec boxes list
    """
    with application(ctx) as app:
        pictures = app.library().box_data_sets().pictures()
    if json:
        print_json([_record(picture) for picture in pictures])
        return
    if not pictures:
        out.print("No picture was looked at yet; open the library's page Boxes, or 'facerec boxes import'.")
        return
    table = Table("Picture", "Faces", "Names", "Saved", "SHA-256", box=None, header_style="bold")
    for picture in pictures:
        names = ", ".join(name for name in picture.faces.names if name)
        where = Path(picture.location).name if picture.location else "enrolled"
        day = f"{picture.saved_at.astimezone():%Y-%m-%d %H:%M}"
        table.add_row(escape(where), str(len(picture.faces)), escape(names), day, picture.sha256[:12])
    out.print(table)


def show(
    ctx: typer.Context,
    picture: Annotated[Path, typer.Argument(help="Picture file.")],
    json: Json = False,
) -> None:
    """Show the boxes of a picture: what was saved, else what the detector proposes.

    Example: facerec boxes show party.jpg --json
    """
    with application(ctx) as app:
        opened = app.library().box_editing().open_file(picture)
    if json:
        source = "proposed" if opened.is_proposal else "saved"
        print_json({"picture": str(picture), "sha256": opened.sha256, "source": source, "faces": _faces(opened.faces)})
        return
    kind = "proposed by the detector, nobody looked at them yet" if opened.is_proposal else "saved"
    out.print(f"{escape(picture.name)}: {_count(len(opened.faces), 'face')}, {kind}")
    table = Table("", "Left", "Top", "Right", "Bottom", "Landmarks", "Name", box=None, header_style="bold")
    for row, name in enumerate(opened.faces.names):
        sides = [f"{value:.1f}" for value in opened.faces.boxes_xyxy[row]]
        known = "yes" if opened.faces.has_landmarks[row] else "no"
        remark = f"{name} (difficult)" if opened.faces.difficult[row] else name
        table.add_row(str(row + 1), *sides, known, escape(remark.strip()))
    out.print(table)


def set_boxes(
    ctx: typer.Context,
    picture: Annotated[Path, typer.Argument(help="Picture file.")],
    box: Annotated[
        list[str] | None,
        typer.Option(help="LEFT,TOP,RIGHT,BOTTOM in px, or with a name after a colon; once for each face."),
    ] = None,
    difficult: Annotated[list[int] | None, typer.Option(help="Number of a box that should not count.")] = None,
) -> None:
    """Say where all faces of a picture are; without --box, that there is none.

    Landmarks of a box that was there before move with it; those of a new one are looked for.

    Example: facerec boxes set party.jpg --box 40,30,140,160:Ada --box 300,52,390,170
    """
    drawn = [_box(text) for text in box or []]
    with application(ctx) as app:
        editing = app.library().box_editing()
        opened = editing.open_file(picture)
        from facerec_app.services.box_editing import same_face_row

        boxes = np.array([one for one, _ in drawn], np.float32).reshape(-1, 4)
        landmarks: list[Float32Array] = []
        for one in boxes:
            row = same_face_row(opened.faces, one)
            if row is not None and np.allclose(opened.faces.boxes_xyxy[row], one, atol=0.5):
                landmarks.append(opened.faces.landmarks_xy[row])
                continue
            found = editing.landmarks_in(opened.pixels_rgb, one)
            landmarks.append(found if found is not None else np.full((5, 2), np.nan, np.float32))
        marked = [number + 1 in (difficult or []) for number in range(len(boxes))]
        points = np.array(landmarks, np.float32).reshape(-1, 5, 2)
        faces = FaceAnnotations.of(boxes, points, [name for _, name in drawn], marked)
        enrolled = None
        if opened.enrolled_row is not None:
            enrolled = same_face_row(faces, opened.faces.boxes_xyxy[opened.enrolled_row])
        changed = editing.save(opened, faces, enrolled)
    again = "; the enrolled face's features were computed again" if changed else ""
    out.print(f"{escape(picture.name)}: {_count(len(boxes), 'face')} saved{again}.")


def remove(
    ctx: typer.Context,
    picture: Annotated[str, typer.Argument(help="File name, path, or the first letters of a SHA-256 (boxes list).")],
) -> None:
    """Forget the boxes of a picture; the picture itself and enrolled faces stay as they are.

    Example: facerec boxes remove party.jpg
    """
    with application(ctx) as app:
        service = app.library().box_data_sets()
        found = service.find(picture)
        service.remove(found)
    out.print(f"Forgot the boxes of {_count(len(found), 'picture')}.")


def export(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Option("--out", help="New or empty folder.")],
    kind: Annotated[str, typer.Option("--format", help="coco or voc.")] = "coco",
    json: Json = False,
) -> None:
    """Write all corrected pictures and their boxes as a detection data set.

    Example: facerec boxes export --format voc --out faces/
    """
    if kind not in {"coco", "voc"}:
        raise ConfigError(f"There is no format '{kind}'; choose coco or voc.")
    chosen: BoxFormat = "voc" if kind == "voc" else "coco"
    with application(ctx) as app, _working("Exporting", json) as (progress, stop):
        done = app.library().box_data_sets().export(chosen, folder, on_progress=progress, cancelled=stop)
    what = f"{_count(done.pictures, 'picture')} with {_count(done.faces, 'face')}"
    _report(done, json, f"Wrote {what} to {escape(str(folder))}", "exported")


def import_boxes(
    ctx: typer.Context,
    dataset: Annotated[Path, typer.Argument(help="COCO's JSON file, or the folder of a COCO or VOC data set.")],
    json: Json = False,
) -> None:
    """Take over the boxes of a detection data set; the same command goes on where it stopped.

    Pictures stay where they are. A picture of an enrolled face corrects that face.

    Example: facerec boxes import faces/
    """
    with application(ctx) as app, _working("Importing", json) as (progress, stop):
        done = app.library().box_data_sets().take_over(dataset, on_progress=progress, cancelled=stop)
    same = f"; {done.unchanged} said the same already" if done.unchanged else ""
    what = f"{_count(done.pictures, 'picture')} with {_count(done.faces, 'face')}"
    _report(done, json, f"Took over {what}{same}", "imported")


@contextmanager
def _working(title: str, json: bool) -> Iterator[tuple[ProgressCallback, CancelCheck]]:
    with stop_on_interrupt() as stop, progress_bar(title, shown=not json) as progress:
        yield progress, stop


def _report(done: BoxTransfer, json: bool, sentence: str, what: str) -> None:
    if json:
        print_json(
            {
                what: done.pictures,
                "faces": done.faces,
                "unchanged": done.unchanged,
                "left_out": list(done.faults),
                "complete": done.is_complete,
            }
        )
    elif done.is_complete:
        out.print(f"{sentence}.")
    for fault in done.faults:
        print_warning(fault)
    if not done.is_complete:
        print_warning("Ended before everything was done; the same command goes on.")
        raise typer.Exit(INTERRUPTED)
    if done.faults:
        raise typer.Exit(PARTIAL)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _box(text: str) -> tuple[Sequence[float], str]:
    sides, _, name = text.partition(":")
    try:
        values = [float(side) for side in sides.split(",")]
    except ValueError:
        values = []
    if len(values) != 4:
        raise ConfigError(f"'{text:.60}' is no box; write LEFT,TOP,RIGHT,BOTTOM, such as 40,30,140,160:Ada.")
    return values, " ".join(name.split())


def _record(picture: CorrectedPicture) -> dict[str, Any]:
    return {
        "sha256": picture.sha256,
        "file": picture.location or None,
        "face_id": picture.face_id,
        "width": picture.width_px,
        "height": picture.height_px,
        "saved_at": picture.saved_at.isoformat(),
        "faces": _faces(picture.faces),
    }


def _faces(faces: FaceAnnotations) -> list[dict[str, Any]]:
    return [
        {
            "box_xyxy": [round(float(value), 2) for value in faces.boxes_xyxy[row]],
            "landmarks_xy": np.round(faces.landmarks_xy[row].astype(float), 2).tolist()
            if faces.has_landmarks[row]
            else None,
            "name": faces.names[row],
            "difficult": bool(faces.difficult[row]),
        }
        for row in range(len(faces))
    ]
