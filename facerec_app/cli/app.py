"""The tree of commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facerec_app import __version__
from facerec_app.cli import (
    boxes_commands,
    calibrate_command,
    capture_commands,
    cluster_commands,
    dataset_commands,
    demo_command,
    detector_commands,
    doctor_command,
    enrol_commands,
    evaluate_commands,
    extractor_commands,
    feature_commands,
    gui_command,
    judge_commands,
    match_command,
    model_commands,
    people_commands,
    recognise_commands,
    search_command,
    train_commands,
    train_extractor_command,
    version_commands,
)
from facerec_app.cli.context import CommandContext
from facerec_app.config.settings import load_settings
from facerec_app.services.application import ApplicationFactory

_HELP = """
Put names on faces: in a camera's picture, a video, a stream or photographs. Offline; nothing leaves this computer.

Without a command, the window opens.
"""

_EPILOG = """
**Examples**

`facerec demo`  enrol the demonstration's people and watch a video name them

`facerec enrol "Ada Lovelace" ada1.jpg ada2.jpg`  enrol a person from pictures

`facerec identify party.jpg`  who is in this picture?

`facerec run 0`  name faces in front of the first camera

`facerec run visit.mp4 --out named.mp4 --events events.jsonl`  the same for a video, without a window
"""


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"facerec {__version__}")
        raise typer.Exit


def build_cli(make_application: ApplicationFactory) -> typer.Typer:
    """Return the command line; every command gets its application from the factory."""
    cli = typer.Typer(
        name="facerec",
        help=_HELP,
        epilog=_EPILOG,
        rich_markup_mode="markdown",
        invoke_without_command=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @cli.callback()
    def shared_options(
        ctx: typer.Context,
        database: Annotated[
            Path | None,
            typer.Option(help="Folder of the gallery.", envvar="FACEREC_DATABASE", show_default="see doctor"),
        ] = None,
        settings: Annotated[Path | None, typer.Option(help="Settings file (TOML) instead of the user's own.")] = None,
        threads: Annotated[int | None, typer.Option(help="Processor threads for the networks; 0 = all cores.")] = None,
        stranger_rate: Annotated[
            float | None,
            typer.Option(help="Accepted chance that a stranger is given a name (0.001 = one in 1,000)."),
        ] = None,
        version: Annotated[
            bool, typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True)
        ] = False,
    ) -> None:
        chosen = load_settings(settings).with_overrides(
            database_dir=database, threads=threads, stranger_rate=stranger_rate
        )
        ctx.obj = CommandContext(chosen, make_application, settings)
        if ctx.invoked_subcommand is None:
            gui_command.open_window(ctx, None)

    gui_command.add_to(cli)
    demo_command.add_to(cli)
    enrol_commands.add_to(cli)
    people_commands.add_to(cli)
    recognise_commands.add_to(cli)
    search_command.add_to(cli)
    match_command.add_to(cli)
    cluster_commands.add_to(cli)
    boxes_commands.add_to(cli)
    calibrate_command.add_to(cli)
    train_commands.add_to(cli)
    judge_commands.add_to(cli)
    version_commands.add_to(cli)
    feature_commands.add_to(cli)
    evaluate_commands.add_to(cli)
    dataset_commands.add_to(cli)
    capture_commands.add_to(cli)
    model_commands.add_to(cli)
    train_extractor_command.add_to(cli)
    detector_commands.add_to(cli)
    extractor_commands.add_to(cli)
    doctor_command.add_to(cli)
    return cli
