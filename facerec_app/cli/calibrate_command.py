"""``facerec calibrate``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from facerec_app.cli.console import out, print_json
from facerec_app.cli.context import application
from facerec_app.core.errors import ConfigError
from facerec_app.services.calibration import CalibrationOverview, Trade

_MOST_BARS = 10


def add_to(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(calibrate)


def calibrate(
    ctx: typer.Context,
    stranger_rate: Annotated[
        float | None, typer.Option(help="Share of strangers that may be given a name (0.001 = one in 1,000).")
    ] = None,
    save: Annotated[bool, typer.Option("--save", help="Keep that stranger rate for every later start.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Show what naming fewer strangers costs: how many people of your gallery would be missed at each setting.

    Strangers are as measured on thousands of people when the network was calibrated; misses are those of your own
    enrolled faces, each asked about as if it were not enrolled.

    Example: facerec calibrate --stranger-rate 0.0001 --save
    """
    if save and stranger_rate is None:
        raise ConfigError("--save needs the rate to keep; give it with --stranger-rate.")
    with application(ctx, stranger_rate=stranger_rate) as app:
        service = app.calibration()
        overview = service.overview()
        file = service.save(stranger_rate, ctx.obj.settings_file) if save and stranger_rate is not None else None
    if json:
        print_json({**overview.to_json(), "saved_to": str(file) if file is not None else None})
        return
    _print(overview)
    if file is not None:
        out.print(f"One stranger in {_one_in(overview.present_rate)} is kept in {escape(str(file))}.")


def _print(overview: CalibrationOverview) -> None:
    table = Table(
        "Strangers named", "Threshold (log odds)", "Enrolled faces missed", "95 % interval", "Wrong name",
        box=None, header_style="bold",
    )  # fmt: skip
    for trade in _shown(overview):
        present = trade.stranger_rate == overview.present_rate
        cells = (f"1 in {_one_in(trade.stranger_rate)}{' (now)' if present else ''}", *_cells(trade))
        table.add_row(*cells, style="bold" if present else None)
    out.print(table)
    out.print(
        f"[dim]{overview.people} people, {overview.faces} faces; a name also needs a lead of {overview.min_lead:.1f} "
        "over the next person[/]"
    )
    for bar in overview.raised_bars[:_MOST_BARS]:
        out.print(f"{escape(bar.name)}: bar raised by {bar.raised:.1f}; most like {escape(bar.lookalike)}")
    left = len(overview.raised_bars) - _MOST_BARS
    if left > 0:
        out.print(f"[dim]and {left} more people whose bar is raised (all of them with --json)[/]")
    for limit in overview.limits:
        out.print(f"[yellow]note:[/] {escape(limit)}")


def _shown(overview: CalibrationOverview) -> list[Trade]:
    rates = {trade.stranger_rate: trade for trade in (*overview.trades, overview.present)}
    return [rates[rate] for rate in sorted(rates, reverse=True)]


def _cells(trade: Trade) -> tuple[str, str, str, str]:
    threshold = f"{round(trade.threshold, 2) + 0.0:.2f}{' (beyond the data)' if trade.beyond_data else ''}"
    if trade.missed_share is None or trade.missed_interval is None:
        return threshold, "not known", "", ""
    low, high = trade.missed_interval
    missed = f"{trade.missed} of {trade.probes} ({trade.missed_share:.1%})"
    return threshold, missed, f"{low:.1%} to {high:.1%}", str(trade.wrong)


def _one_in(rate: float) -> str:
    return f"{round(1 / rate):,}"
