"""``facerec models``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from facerec_app.cli.console import out, print_error, print_json
from facerec_app.cli.context import application
from facerec_app.cli.exit_codes import MODEL

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def add_to(cli: typer.Typer) -> None:
    """Add the group of commands."""
    models = typer.Typer(help="The model files that ship with the program: list, check.", no_args_is_help=True)
    models.command(name="list")(list_models)
    models.command()(check)
    cli.add_typer(models, name="models")


def list_models(ctx: typer.Context, json: AsJson = False) -> None:
    """List the model files and the recognition profiles that use them.

    Example: facerec models list
    """
    with application(ctx) as app:
        manifest = app.models().manifest
    if json:
        print_json(
            {
                "default_profile": manifest.default_profile,
                "files": {
                    name: {
                        "file": entry.file,
                        "sha256": entry.sha256,
                        "bytes": entry.size_bytes,
                        "source": entry.source,
                        "licence": entry.licence,
                        "measured": dict(entry.measured),
                    }
                    for name, entry in manifest.files.items()
                },
                "profiles": {
                    name: {
                        "detector": p.detector,
                        "extractor": list(manifest.extractor_files(p)),
                        "measured": dict(p.measured),
                    }
                    for name, p in manifest.profiles.items()
                },
            }
        )
        return
    table = Table("Model", "File", "MB", "Licence", box=None, header_style="bold")
    for name, entry in manifest.files.items():
        table.add_row(name, entry.file, f"{entry.size_bytes / 1e6:.2f}", escape(entry.licence.partition(";")[0]))
    out.print(table)
    profiles = Table("Profile", "Detector", "Extractor", "Measured", box=None, header_style="bold")
    for name, profile in manifest.profiles.items():
        measured = ", ".join(f"{key} {value}" for key, value in profile.measured.items())
        shown = f"{name} (default)" if name == manifest.default_profile else name
        profiles.add_row(shown, profile.detector, " + ".join(manifest.extractor_files(profile)), escape(measured))
    out.print()
    out.print(profiles)
    out.print("\n[dim]Sources, licences in full and hashes: --json. What the models are good for: docs/models.md[/]")


def check(ctx: typer.Context, json: AsJson = False) -> None:
    """Compare every model file with its recorded SHA-256.

    Example: facerec models check
    """
    with application(ctx) as app:
        states = app.models().check()
    faults = {name: str(error) for name, error in states.items() if error is not None}
    if json:
        print_json({name: faults.get(name) for name in states})
    else:
        for fault in faults.values():
            print_error(fault)
        out.print(f"{len(states) - len(faults)} of {len(states)} model files are whole.")
    if faults:
        raise typer.Exit(MODEL)
