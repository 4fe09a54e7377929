"""``facerec evaluate detection``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facerec_app.capture.images import write_jpeg, write_png
from facerec_app.cli.console import print_warning, progress_bar, stop_on_interrupt
from facerec_app.cli.context import application
from facerec_app.cli.exit_codes import INTERRUPTED
from facerec_app.cli.report_output import (
    STANDARD_OUTPUT,
    HtmlOption,
    JsonOption,
    ReportCommand,
    check_outputs,
    give_report,
)
from facerec_app.core.errors import TrainingCancelledError

BoxesOption = Annotated[
    Path | None,
    typer.Option(help="Detection data set: COCO's JSON file, or a COCO or VOC folder.", show_default="your own boxes"),
]


def add_to(evaluate: typer.Typer) -> None:
    """Add the command to the group."""
    evaluate.command(cls=ReportCommand)(detection)


def detection(
    ctx: typer.Context,
    boxes: BoxesOption = None,
    detector: Annotated[str | None, typer.Option(help="mtcnn or yunet; default is the profile's.")] = None,
    min_face_px: Annotated[int, typer.Option(help="Smallest face looked for, px (mtcnn).")] = 20,
    sheet: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the mistakes (PNG or JPEG).")] = None,
    json: JsonOption = None,
    html: HtmlOption = None,
) -> None:
    """Tell whether faces are found: average precision at an overlap of 0.5, recall, misses and false alarms.

    Without --boxes, the pictures whose boxes you corrected are the truth.

    Example: facerec evaluate detection --boxes faces/ --detector yunet --sheet misses.png
    """
    check_outputs(sheet, json, html)
    try:
        with (
            application(ctx) as app,
            stop_on_interrupt() as stop,
            progress_bar("Detecting", shown=json != STANDARD_OUTPUT) as progress,
        ):
            library = app.library()
            if boxes is None:
                dataset = library.box_data_sets().dataset()
            else:
                from facerec_app.training.box_dataset import read_box_dataset

                dataset = read_box_dataset(boxes)
            result = library.detection_evaluation().evaluate(
                dataset, detector, min_face_px=min_face_px, on_progress=progress, cancelled=stop
            )
    except TrainingCancelledError as exc:
        print_warning(str(exc))
        raise typer.Exit(INTERRUPTED) from exc
    if sheet is not None:
        (write_png if sheet.suffix.lower() == ".png" else write_jpeg)(sheet, result.sheet())
    give_report(result.report, json, html)
