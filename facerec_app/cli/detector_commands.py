"""``facerec train-detector`` and ``facerec detectors``."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from facerec_app.cli.console import out, print_json, print_warning, progress_bar, stop_on_interrupt
from facerec_app.cli.context import application
from facerec_app.cli.detection_command import BoxesOption
from facerec_app.cli.exit_codes import INTERRUPTED
from facerec_app.cli.native_output import quiet_native_output
from facerec_app.core.errors import TrainingCancelledError
from facerec_app.services.progress import Progress
from facerec_app.training.detector_tuning_options import DetectorTuningOptions

_STAGES = {"cutting": "cutting windows", "learning": "learning", "comparing": "comparing on held-out pictures"}
_DEFAULTS = DetectorTuningOptions()
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Version = Annotated[str, typer.Argument(help="Name of the tuned detector, or its first letters (detectors list).")]


def add_to(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.command("train-detector")(train_detector)
    detectors = typer.Typer(help="Tuned detectors: which is in use, go back, delete.", no_args_is_help=True)
    detectors.command("list")(list_versions)
    detectors.command()(promote)
    detectors.command()(rollback)
    detectors.command()(remove)
    cli.add_typer(detectors, name="detectors")


def train_detector(
    ctx: typer.Context,
    boxes: BoxesOption = None,
    epochs: Annotated[int, typer.Option(help="At most so many.")] = _DEFAULTS.epochs,
    batch: Annotated[int, typer.Option(help="Windows in a step.")] = _DEFAULTS.batch,
    learning_rate: Annotated[float, typer.Option(help="Of Adam.")] = _DEFAULTS.learning_rate,
    start_pull: Annotated[float, typer.Option(help="How strongly weights are held where they are.")] = (
        _DEFAULTS.start_pull
    ),
    held_out: Annotated[float, typer.Option(help="Share of the pictures that judges.")] = _DEFAULTS.held_out,
    seed: Annotated[int, typer.Option(min=0, help="Of everything random.")] = _DEFAULTS.seed,
    json: Json = False,
) -> None:
    """Tune MTCNN's last stage on corrected boxes; in use afterwards only if it finds faces better.

    Every face of the pictures must have a box: what has none is learnt as background.

    Example: facerec train-detector --boxes faces/
    """
    options = replace(
        _DEFAULTS, epochs=epochs, batch=batch, learning_rate=learning_rate, start_pull=start_pull, held_out=held_out,
        seed=seed,
    )  # fmt: skip
    try:
        with (
            application(ctx) as app,
            quiet_native_output(),
            stop_on_interrupt() as stop,
            progress_bar("Tuning", shown=not json) as report,
        ):
            library = app.library()
            if boxes is None:
                dataset = library.box_data_sets().dataset()
            else:
                from facerec_app.training.box_dataset import read_box_dataset

                dataset = read_box_dataset(boxes)

            def on_stage(stage: str, done: int, total: int) -> None:
                report(Progress(done, total, _STAGES.get(stage, stage)))

            result = library.detector_tuning().tune(dataset, options, on_stage=on_stage, cancelled=stop)
    except TrainingCancelledError as exc:
        print_warning(str(exc))
        raise typer.Exit(INTERRUPTED) from exc
    if json:
        print_json(result.to_json())
    else:
        _print_comparison(result.to_json())
        out.print(escape(result.sentence))
    for fault in result.faults:
        print_warning(fault)


def list_versions(ctx: typer.Context, json: Json = False) -> None:
    """List the tuned detectors; a star marks the one in use.

    Example: facerec detectors list
    """
    with application(ctx) as app:
        versions = app.library().detector_tuning().versions
        all_versions, present = versions.all(), versions.present()
    in_use = present.version_id if present is not None else None
    if json:
        print_json(
            [
                {
                    "version": one.version_id,
                    "in_use": one.version_id == in_use,
                    "created_at": one.created_at,
                    "start": one.start or "shipped",
                    "pictures": one.pictures,
                    "held_out": one.held_out,
                    **dict(one.figures),
                }
                for one in all_versions
            ]
        )
        return
    table = Table("", "Version", "From", "Pictures", "Average precision", box=None, header_style="bold")
    table.add_row("" if in_use else "*", "shipped", "", "", "")
    for one in all_versions:
        before, after = (one.figures.get(name) for name in ("average_precision_before", "average_precision"))
        change = f"{100 * before:.2f} % -> {100 * after:.2f} %" if before is not None and after is not None else ""
        mark = "*" if one.version_id == in_use else ""
        table.add_row(mark, one.version_id, one.start or "shipped", str(one.pictures), change)
    out.print(table)


def promote(ctx: typer.Context, version: Version) -> None:
    """Bring a tuned detector into use.

    Example: facerec detectors promote 20270105
    """
    with application(ctx) as app:
        versions = app.library().detector_tuning().versions
        chosen = versions.find(version).version_id
        versions.promote(chosen)
    out.print(f"{chosen} is in use from the next start on.")


def rollback(ctx: typer.Context) -> None:
    """Go back to the detector that was in use before.

    Example: facerec detectors rollback
    """
    with application(ctx) as app:
        before = app.library().detector_tuning().rollback()
    out.print(f"{before or 'The shipped detector'} is in use from the next start on.")


def remove(ctx: typer.Context, version: Version) -> None:
    """Delete a tuned detector that is not in use.

    Example: facerec detectors remove 20270105
    """
    with application(ctx) as app:
        versions = app.library().detector_tuning().versions
        chosen = versions.find(version).version_id
        versions.remove(chosen)
    out.print(f"Removed {chosen}.")


def _print_comparison(result: dict[str, object]) -> None:
    rows = (
        ("average precision, overlap 0.5", "average_precision"),
        ("average precision, overlap 0.75", "average_precision_0.75"),
        ("recall in use", "recall"),
        ("precision in use", "precision"),
        ("mean overlap of the faces found", "mean_overlap"),
    )
    table = Table("Held-out pictures", "present", "tuned", box=None, header_style="bold")
    for title, name in rows:
        table.add_row(title, *(_percent(result[side], name) for side in ("present", "tuned")))
    out.print(table)


def _percent(figures: object, name: str) -> str:
    value = figures.get(name) if isinstance(figures, dict) else None
    return f"{100 * value:.2f} %" if isinstance(value, float) else "-"
