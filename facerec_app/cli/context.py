"""What every command shares: the settings given before it and the application made from them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from facerec_app.config.settings import Settings
from facerec_app.services.application import Application, ApplicationFactory


@dataclass(frozen=True, slots=True)
class CommandContext:
    """Kept in typer's context object.

    Attributes:
        settings: defaults, settings file and global options, in that order.
        make_application: makes the application object.
        settings_file: given with ``--settings``; None is the user's own.
    """

    settings: Settings
    make_application: ApplicationFactory
    settings_file: Path | None = None


@contextmanager
def application(ctx: typer.Context, **overrides: Any) -> Iterator[Application]:
    """Make the application for one command and close it afterwards.

    Args:
        ctx: typer's context.
        overrides: settings that this command's options change; None leaves a setting as it is.

    Raises:
        ConfigError: if a setting cannot be used.
    """
    shared: CommandContext = ctx.obj
    made = shared.make_application(shared.settings.with_overrides(**overrides))
    try:
        yield made
    finally:
        made.close()
