"""``facerec extractors``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from facerec_app.cli.console import out, print_json
from facerec_app.cli.context import application

Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Version = Annotated[str, typer.Argument(help="Name of the fine-tuned extractor, or its first letters.")]


def add_to(cli: typer.Typer) -> None:
    """Add the group of commands."""
    extractors = typer.Typer(
        help="Fine-tuned extractors of profile resnet50: which is in use, go back, delete.", no_args_is_help=True
    )
    extractors.command("list")(list_versions)
    extractors.command()(promote)
    extractors.command()(rollback)
    extractors.command()(remove)
    cli.add_typer(extractors, name="extractors")


def list_versions(ctx: typer.Context, json: Json = False) -> None:
    """List the fine-tuned extractors; a star marks the one in use.

    Example: facerec extractors list
    """
    with application(ctx) as app:
        versions = app.library().extractor_finetuning().versions
        all_versions, present = versions.all(), versions.present()
        serves = versions.file_in_use() is not None  # a damaged one does not, and a warning says so
    in_use = present.version_id if present is not None and serves else None
    if json:
        print_json(
            [
                {
                    "version": one.version_id,
                    "in_use": one.version_id == in_use,
                    "created_at": one.created_at,
                    "pictures": one.pictures,
                    "held_out": one.held_out,
                    "options": dict(one.options),
                    **dict(one.figures),
                }
                for one in all_versions
            ]
        )
        return
    table = Table("", "Version", "Pictures", "Own people, TAR", "Others, TAR", box=None, header_style="bold")
    table.add_row("" if in_use else "*", "shipped", "", "", "")
    for one in all_versions:
        mark = "*" if one.version_id == in_use else ""
        changes = (_change(one.figures, name) for name in ("own_tar", "others_tar"))
        table.add_row(mark, one.version_id, str(one.pictures), *changes)
    out.print(table)


def promote(ctx: typer.Context, version: Version) -> None:
    """Bring a fine-tuned extractor into use for profile resnet50.

    Example: facerec extractors promote 20270105
    """
    with application(ctx) as app:
        versions = app.library().extractor_finetuning().versions
        chosen = versions.find(version).version_id
        versions.promote(chosen)
    out.print(f"{chosen} is in use for profile resnet50 from the next start on.")


def rollback(ctx: typer.Context) -> None:
    """Go back to the extractor that was in use before.

    Example: facerec extractors rollback
    """
    with application(ctx) as app:
        before = app.library().extractor_finetuning().rollback()
    out.print(f"{before or 'The shipped extractor'} is in use for profile resnet50 from the next start on.")


def remove(ctx: typer.Context, version: Version) -> None:
    """Delete a fine-tuned extractor that is not in use.

    Example: facerec extractors remove 20270105
    """
    with application(ctx) as app:
        versions = app.library().extractor_finetuning().versions
        chosen = versions.find(version).version_id
        versions.remove(chosen)
    out.print(f"Removed {chosen}.")


def _change(figures: object, name: str) -> str:
    values = figures if isinstance(figures, dict) else {}
    before, after = values.get(f"{name}_before"), values.get(name)
    if not isinstance(before, float) or not isinstance(after, float):
        return "-"
    return f"{100 * before:.1f} % -> {100 * after:.1f} %"
