"""``facerec`` and ``facerec gui``: the window."""

from __future__ import annotations

from typing import Annotated

import typer

from facerec_app.cli.context import CommandContext, application


def open_window(ctx: typer.Context, source: str | None, **overrides: str | None) -> None:
    """Open the window and stay until it is closed."""
    from facerec_app.gui.application_window import run_window

    shared: CommandContext = ctx.obj
    with application(ctx, **overrides) as app:
        code = run_window(app, source, shared.settings_file)
    if code:
        raise typer.Exit(code)


def add_to(cli: typer.Typer) -> None:
    """Add the command."""

    @cli.command()
    def gui(
        ctx: typer.Context,
        source: Annotated[
            str | None,
            typer.Argument(help="Camera number, video file, rtsp:// or http:// address, folder of pictures."),
        ] = None,
        profile: Annotated[str | None, typer.Option(help="Recognition profile (see models list).")] = None,
        detector: Annotated[str | None, typer.Option(help="mtcnn or yunet; default is the profile's.")] = None,
    ) -> None:
        """Open the window, on a source if one is given.

        Example: facerec gui visit.mp4
        """
        open_window(ctx, source, profile=profile, detector=detector)
