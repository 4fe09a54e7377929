"""``facerec search``."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from facerec_app.cli.console import out, print_json
from facerec_app.cli.context import application
from facerec_app.cli.sighting_table import percent
from facerec_app.core.source_guard import refuse_source
from facerec_app.services.face_search import FaceSearchResult

_COLUMNS = ("face", "rank", "name", "probability", "cosine", "source", "face_id")


def add_to(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(search)


def search(
    ctx: typer.Context,
    image: Annotated[Path, typer.Argument(help="Picture; every face in it is searched for, from left to right.")],
    top: Annotated[int, typer.Option(help="How many enrolled faces to show for each.")] = 5,
    csv_rows: Annotated[bool, typer.Option("--csv", help="Print rows for a spreadsheet.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
    sheet: Annotated[Path | None, typer.Option(help="Write a picture of the results (.jpg or .png).")] = None,
    profile: Annotated[str | None, typer.Option(help="Recognition profile (see models list).")] = None,
) -> None:
    """Find the faces that are most like the faces of a picture.

    Example: facerec search stranger.jpg --top 10 --sheet found.png
    """
    refuse_source(sheet, image)
    with application(ctx, profile=profile) as app:
        service = app.library().face_search()
        results = service.search_file(image, top=top)
        if sheet is not None:
            service.write_sheet(results, image, sheet)
    if json:
        print_json([_record(result) for result in results])
    elif csv_rows:
        _print_csv(results)
    else:
        _print_tables(results, image)


def _record(result: FaceSearchResult) -> dict[str, object]:
    hits = [
        {
            "name": hit.name or None,
            "probability": round(hit.probability, 6),
            "cosine": round(hit.cosine, 6),
            "source": hit.source,
            "person_id": hit.person_id or None,
            "face_id": hit.face_id,
        }
        for hit in result.hits
    ]
    return {"box_xyxy": [round(float(value), 1) for value in result.box_xyxy], "hits": hits}


def _print_csv(results: Sequence[FaceSearchResult]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for face, result in enumerate(results, start=1):
        for rank, hit in enumerate(result.hits, start=1):
            figures = (f"{hit.probability:.6f}", f"{hit.cosine:.6f}")
            writer.writerow((face, rank, hit.name, *figures, hit.source, hit.face_id))


def _print_tables(results: Sequence[FaceSearchResult], image: Path) -> None:
    if not results[0].hits:
        out.print("Nobody is enrolled yet; add people with 'facerec enrol' or 'facerec import'.")
        return
    for face, result in enumerate(results, start=1):
        title = f"Face {face} of {len(results)} in {escape(image.name)}" if len(results) > 1 else escape(image.name)
        table = Table("", "Name", "Same person", "Cosine", "Enrolled from", box=None, header_style="bold", title=title)
        table.title_justify = "left"
        for rank, hit in enumerate(result.hits, start=1):
            where = escape("/".join(Path(hit.source).parts[-2:]))
            table.add_row(
                str(rank),
                escape(hit.name) or "[dim]no name yet[/]",
                percent(hit.probability),
                f"{hit.cosine:.3f}",
                where,
            )
        out.print(table)
