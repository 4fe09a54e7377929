"""Where evaluation reports go: the terminal, a JSON file or standard output, a page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table
from typer.core import TyperCommand

from facerec_app import __version__
from facerec_app.cli.console import out, print_json, print_warning
from facerec_app.evaluation.evaluation_report import EvaluationReport, ReportTable
from facerec_app.evaluation.report_page import require_writable, write_report_page, write_text_file

STANDARD_OUTPUT = Path("-")
_ROWS_SHOWN = 40

JsonOption = Annotated[
    Path | None,
    typer.Option("--json", metavar="[FILE]", help="Write the figures as JSON; without FILE, print them instead."),
]
HtmlOption = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write a page with tables, curves and pictures.")
]


class ReportCommand(TyperCommand):
    """A command whose ``--json`` may stand alone, meaning standard output."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        given = list(args)
        for place in reversed([index for index, arg in enumerate(given) if arg == "--json"]):
            following = given[place + 1] if place + 1 < len(given) else "--"
            if following.startswith("-") and following != "-":
                given.insert(place + 1, "-")
        return super().parse_args(ctx, given)


def check_outputs(*files: Path | None) -> None:
    """Refuse files that cannot be written before the work begins.

    Raises:
        OutputWriteError: names the file.
    """
    for file in files:
        if file is not None and file != STANDARD_OUTPUT:
            require_writable(file)


def give_report(report: EvaluationReport, json_file: Path | None, html_file: Path | None) -> None:
    """Print the report, or its JSON alone where that goes to standard output, and write what was asked for.

    Raises:
        OutputWriteError: if a file cannot be written.
    """
    values = report.to_json()
    if json_file == STANDARD_OUTPUT:
        print_json(values)
    else:
        _print(report)
        if json_file is not None:
            write_text_file(json_file, json.dumps(values, ensure_ascii=False, indent=2, allow_nan=False) + "\n")
    if html_file is not None:
        write_report_page(report, __version__, html_file)
    for remark in report.remarks:
        print_warning(remark)


def _print(report: EvaluationReport) -> None:
    for table in report.tables:
        _print_table(table)
    for sentence in report.sentences:
        out.print(escape(sentence))


def _print_table(table: ReportTable) -> None:
    shown = Table(title=escape(table.title), title_justify="left", title_style="bold", box=None, header_style="bold")
    for number, cell in enumerate(table.header):
        shown.add_column(escape(cell), overflow="fold", no_wrap=number == 0 and len(table.header) > 1)
    for row in table.rows[:_ROWS_SHOWN]:
        shown.add_row(*(escape(cell) for cell in row))
    out.print(shown)
    if len(table.rows) > _ROWS_SHOWN:
        out.print(f"[dim]and {len(table.rows) - _ROWS_SHOWN} more; --json and --html have all[/]")
    if table.note:
        out.print(f"[dim]{escape(table.note)}[/]")
    out.print()
