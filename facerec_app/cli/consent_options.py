"""The options with which a consent is recorded."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from facerec_app.core.errors import ConfigError
from facerec_app.gallery.records import Consent

Purpose = Annotated[str | None, typer.Option(help="What the pictures may be used for; kept with the person.")]
AgreedBy = Annotated[str | None, typer.Option(help="Who agreed to it: the person, or somebody for them.")]
Until = Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Last day of the agreement.")]


def consent_from(purpose: str | None, agreed_by: str | None, until: str | None) -> Consent | None:
    """Return the consent that the options state, None without any.

    Raises:
        ConfigError: if it is incomplete or the date is none.
    """
    if purpose is None and agreed_by is None and until is None:
        return None
    if purpose is None or agreed_by is None:
        raise ConfigError("A consent needs both --purpose and --agreed-by; give the one that is missing.")
    try:
        last_day = date.fromisoformat(until) if until is not None else None
    except ValueError as exc:
        raise ConfigError(f"'{until}' is no date; write the last day of the agreement as 2030-01-31.") from exc
    return Consent(purpose, agreed_by, last_day)
