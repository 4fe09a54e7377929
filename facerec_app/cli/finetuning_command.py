"""``facerec train-extractor --finetune``: what it prints."""

from __future__ import annotations

from pathlib import Path

import typer
from rich.markup import escape
from rich.table import Table

from facerec_app.cli.console import out, print_json, print_warning, progress_bar, stop_on_interrupt
from facerec_app.cli.context import application
from facerec_app.cli.exit_codes import INTERRUPTED
from facerec_app.cli.native_output import quiet_native_output
from facerec_app.core.errors import TrainingCancelledError
from facerec_app.services.finetuning_result import FinetuningResult
from facerec_app.services.progress import Progress
from facerec_app.training.extractor.finetuning_options import FinetuningOptions

_STAGES = {
    "reading": "finding faces",
    "looking": "computing maps",
    "learning": "learning",
    "judging": "comparing before and after",
}


def finetune(ctx: typer.Context, folder: Path, options: FinetuningOptions, *, json: bool) -> None:
    """Fine-tune on a folder of people and print what came of it."""
    try:
        with (
            application(ctx) as app,
            quiet_native_output(),
            stop_on_interrupt() as stop,
            progress_bar("Fine-tuning", shown=not json) as report,
        ):

            def on_stage(stage: str, done: int, total: int) -> None:
                report(Progress(done, total, _STAGES[stage]))

            result = app.library().extractor_finetuning().finetune(folder, options, on_stage=on_stage, cancelled=stop)
    except TrainingCancelledError as exc:
        print_warning(str(exc))
        raise typer.Exit(INTERRUPTED) from exc
    if json:
        print_json(result.to_json())
    else:
        _print_comparison(result)
        out.print(escape(result.sentence))
    for fault in result.faults:
        print_warning(fault)


def _print_comparison(result: FinetuningResult) -> None:
    compared = result.comparison
    before, after = compared.before, compared.after
    out.print(
        f"{compared.people} people taught with {compared.training} pictures; {compared.judging} other pictures of "
        f"theirs and {compared.others} of people left out judge."
    )
    table = Table("", "before", "after", box=None, header_style="bold")
    table.add_row("own people, right one nearest", _percent(before.own_rank1), _percent(after.own_rank1))
    table.add_row("own people, TAR at FAR 1e-2", _percent(before.own_tar), _percent(after.own_tar))
    table.add_row("people left out, TAR at FAR 1e-2", _percent(before.others_tar), _percent(after.others_tar))
    who = "strangers" if compared.others else "two own people"
    for number, threshold in enumerate(compared.thresholds):
        rates = (_percent(side.impostor_rates[number], 3) for side in (before, after))
        table.add_row(f"{who} accepted at the threshold for {threshold.rate:g}", *rates)
    out.print(table)


def _percent(value: float | None, digits: int = 1) -> str:
    return "-" if value is None else f"{100 * value:.{digits}f} %"
