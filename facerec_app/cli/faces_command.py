"""``facerec people faces``: every enrolled face, a page at a time."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from facerec_app.cli.console import out, print_json
from facerec_app.cli.context import application
from facerec_app.cli.sighting_table import percent
from facerec_app.core.errors import ConfigError
from facerec_app.gallery.face_faults import faults_of
from facerec_app.gallery.face_filter import FaceFilter, FaceOrder, FaceQuality, ListedFace
from facerec_app.gallery.records import FaceState
from facerec_app.services.gallery_browser import FACES_A_PAGE, FaceQuery, FaceSuspicion

_DAYS = ["%Y-%m-%d"]


class FaceUse(Enum):
    """Which faces, by whether they take part in recognition."""

    ANY = "any"
    USED = "used"
    UNUSED = "unused"


def add_to(people: typer.Typer) -> None:
    """Add the command."""
    people.command()(faces)


def faces(
    ctx: typer.Context,
    person: Annotated[str, typer.Option(help="Part of the person's name.")] = "",
    source: Annotated[str, typer.Option(help="Part of where the face came from.")] = "",
    since: Annotated[datetime | None, typer.Option(formats=_DAYS, help="First day of enrolment.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=_DAYS, help="Last day of enrolment.")] = None,
    quality: Annotated[FaceQuality, typer.Option(help="How useful.")] = FaceQuality.ANY,
    use: Annotated[FaceUse, typer.Option(help="Whether it takes part in recognition.")] = FaceUse.ANY,
    wrong: Annotated[bool, typer.Option("--wrong", help="Only faces that may lie with the wrong person.")] = False,
    sort: Annotated[FaceOrder, typer.Option(help="What comes first.")] = FaceOrder.NEWEST,
    like: Annotated[str | None, typer.Option(help="Sort by likeness to this face (first letters of it).")] = None,
    page: Annotated[int, typer.Option(min=1, help=f"Which page of {FACES_A_PAGE}.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """List enrolled faces, 20 a page: filtered, sorted, also by likeness to one of them.

    Example: facerec people faces --quality blurred --sort worst
    """
    state = {FaceUse.USED: FaceState.ACTIVE, FaceUse.UNUSED: FaceState.EXCLUDED}.get(use)
    before = until.astimezone() + timedelta(days=1) if until is not None else None
    chosen = FaceFilter(
        person_text=person,
        source_text=source,
        added_from=since.astimezone() if since is not None else None,
        added_before=before,
        quality=quality,
        state=state,
    )
    with application(ctx) as app:
        like_id = app.people().find_face(like).face_id if like is not None else None
        suspicion = FaceSuspicion.WRONG_PERSON if wrong else FaceSuspicion.NONE
        browser = app.library().gallery_browser()
        listing = browser.find(FaceQuery(chosen, sort, like_id, suspicion))
        pages = max(1, -(-len(listing) // FACES_A_PAGE))
        if page > pages:
            raise ConfigError(f"Page {page} was asked for, the last one is {pages}; ask for one up to that.")
        found = browser.page(listing, page - 1)
        ids = [listed.face.face_id for listed in found]
        likeness = browser.likeness(ids, like_id) if like_id is not None else {}
        resembled = browser.resembled(ids) if wrong else {}
    if json:
        records = [_record(listed, likeness, resembled) for listed in found]
        print_json({"faces": len(listing), "page": page, "pages": pages, "shown": records})
    else:
        _print(found, likeness, resembled, f"{len(listing)} faces, page {page} of {pages}")


def _record(listed: ListedFace, likeness: dict[str, float], resembled: dict[str, str]) -> dict[str, object]:
    face = listed.face
    record: dict[str, object] = {
        "face_id": face.face_id,
        "name": listed.name,
        "person_id": face.person_id,
        "source": face.source,
        "created_at": face.created_at.isoformat(),
        "state": face.state.value,
        "faults": [fault.value for fault in faults_of(face)],
    }
    if likeness:
        record["probability"] = round(likeness[face.face_id], 6) if face.face_id in likeness else None
    if resembled:
        record["resembles"] = resembled.get(face.face_id)
    return record


def _print(found: tuple[ListedFace, ...], likeness: dict[str, float], resembled: dict[str, str], title: str) -> None:
    if not found:
        out.print("No face fits.")
        return
    table = Table("Face", "Name", "Quality", "Added", "From", box=None, header_style="bold", title=title)
    table.title_justify = "left"
    if likeness:
        table.add_column("Same person", justify="right")
    if resembled:
        table.add_column("More like")
    for listed in found:
        face = listed.face
        words = ", ".join(fault.value for fault in faults_of(face)) or "good"
        quality = words if face.state is FaceState.ACTIVE else f"{words}, not used"
        cells = [face.face_id[:8], escape(listed.name), quality, f"{face.created_at:%Y-%m-%d}"]
        cells.append(escape(Path(face.source).name))
        if likeness:
            cells.append(percent(likeness[face.face_id]) if face.face_id in likeness else "")
        if resembled:
            cells.append(escape(resembled.get(face.face_id, "")))
        table.add_row(*cells)
    out.print(table)
