"""``facerec models``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Column, Table

from facerec_app.cli.console import out, print_error, print_json
from facerec_app.cli.context import application
from facerec_app.cli.exit_codes import MODEL
from facerec_app.services.model_comparison import ComparedProfile

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def add_to(cli: typer.Typer) -> None:
    """Add the group of commands."""
    models = typer.Typer(help="The model files that ship with the program: list, check, compare.", no_args_is_help=True)
    models.command(name="list")(list_models)
    models.command()(check)
    models.command()(compare)
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
    table = Table("File", Column("Size", justify="right"), "Licence", box=None, header_style="bold")
    for entry in manifest.files.values():
        table.add_row(entry.file, _size_text(entry.size_bytes), escape(entry.licence.partition(";")[0]))
    out.print(table)
    profiles = Table(
        "Profile", "Detector", "Extractor", "LFW pairs", "found at FAR 1e-3", box=None, header_style="bold"
    )
    for name, profile in manifest.profiles.items():
        shown = f"{name} (default)" if name == manifest.default_profile else name
        figures = [_percent(profile.measured.get(key)) for key in ("lfw_test_accuracy", "lfw_test_tar_at_far_1e-3")]
        profiles.add_row(shown, profile.detector, " + ".join(manifest.extractor_files(profile)), *figures)
    out.print()
    out.print(profiles)
    out.print("\n[dim]Measured on people that this project trained nothing on. Sources, licences, hashes: --json.[/]")
    out.print("[dim]What the models are good for: docs/models.md[/]")


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


def compare(
    ctx: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(help="People to measure on: one folder a person with two or more pictures.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Compare the profiles' extractors: size, time a face on this machine, accuracy.

    LFW pairs are those of the test people, whom none of them learnt from, as the manifest records it (all figures:
    --json). Name a FOLDER of people to measure on your own pictures as well.

    Example: facerec models compare people/
    """
    with application(ctx) as app:
        rows = app.model_comparison().compare(folder)
    if json:
        print_json([_comparison_record(row) for row in rows])
        return
    table = Table("Profile", "Values", "MB", "ms a face", "in eights", "LFW pairs", box=None, header_style="bold")
    if folder is not None:
        table.add_column(f"On {folder.name}")
    for row in rows:
        cells = [
            f"{row.name} (default)" if row.is_default else row.name,
            str(row.dimension),
            f"{row.size_mb:.1f}",
            f"{row.one_face_ms:.1f}",
            f"{row.batch_face_ms:.1f}",
            _percent(row.recorded.get("lfw_test_accuracy")),
        ]
        table.add_row(*cells, *([_measured_text(row)] if folder is not None else []))
    out.print(table)


def _size_text(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 1e6 else f"{max(size_bytes / 1e3, 1):.0f} kB"


def _percent(share: object) -> str:
    return f"{100 * float(share):.1f} %" if isinstance(share, int | float) else "-"


def _measured_text(row: ComparedProfile) -> str:
    measured = row.measured
    if measured is None:
        return "no similarity network"
    rates = ", ".join(f"TAR {100 * value:.1f} % at FAR {rate}" for rate, value in measured.tar.items())
    missed = f", {measured.missed} without a face" if measured.missed else ""
    return f"{100 * measured.accuracy:.2f} % ({measured.people} people, {measured.faces} faces{missed}); {rates}"


def _comparison_record(row: ComparedProfile) -> dict[str, Any]:
    measured = row.measured
    return {
        "profile": row.name,
        "default": row.is_default,
        "extractor_version": row.extractor_version,
        "values": row.dimension,
        "size_mb": round(row.size_mb, 2),
        "one_face_ms": round(row.one_face_ms, 2),
        "batch_face_ms": round(row.batch_face_ms, 2),
        "recorded": dict(row.recorded),
        "measured": None
        if measured is None
        else {
            "people": measured.people,
            "faces": measured.faces,
            "pictures_without_face": measured.missed,
            "accuracy": round(measured.accuracy, 5),
            "tar_at_far": {rate: round(value, 5) for rate, value in measured.tar.items()},
        },
    }
