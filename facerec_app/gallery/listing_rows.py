"""Rows of lists of faces. Every function is given a connection that is inside a transaction.

A list is looked up once, as numbers; what a page of it shows is then read by those numbers. So the time for a page does
not grow with its place in the list, as it does with LIMIT and OFFSET, and the length is known.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from facerec_app.core.types import Int64Array
from facerec_app.gallery.face_faults import FAULT_CONDITIONS, FaceFault
from facerec_app.gallery.face_filter import FaceFilter, FaceOrder, FaceQuality, ListedFace
from facerec_app.gallery.face_rows import select_faces
from facerec_app.gallery.people_rows import name_key

_AT_ONCE = 500  # below SQLite's limit of parameters
_FAULTS = " + ".join(f"({condition})" for condition in FAULT_CONDITIONS.values())
_ORDERS = {
    FaceOrder.NEWEST: "faces.sequence DESC",
    FaceOrder.OLDEST: "faces.sequence",
    FaceOrder.NAME: "people.name_key, faces.sequence",
    FaceOrder.BEST: f"{_FAULTS}, faces.size_px * faces.sharpness DESC, faces.sequence",
    FaceOrder.WORST: f"{_FAULTS} DESC, faces.size_px * faces.sharpness, faces.sequence",
}


def select_sequences(connection: sqlite3.Connection, wanted: FaceFilter, order: FaceOrder) -> Int64Array:
    """Return the numbers of the faces that a filter selects, ``(N,)`` int64, in order."""
    conditions, parameters = _conditions(wanted)
    # By name, the index of names gives the order and nothing has to be sorted.
    source = "people CROSS JOIN faces ON faces.person_id = people.id" if order is FaceOrder.NAME else "faces"
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    rows = connection.execute(
        f"SELECT faces.sequence FROM {source} {where} ORDER BY {_ORDERS[order]}",  # noqa: S608 - conditions are ours
        parameters,
    )
    return np.fromiter((row[0] for row in rows), np.int64)


def select_listed(
    connection: sqlite3.Connection, picture_path: Callable[[str], Path], sequences: Sequence[int]
) -> tuple[ListedFace, ...]:
    """Return faces by number, in the order given; those that were removed meanwhile are passed over.

    Raises:
        GalleryReadError: a row is damaged.
    """
    found = {}
    for part in _parts(sequences):
        marks = ", ".join("?" * len(part))
        faces = select_faces(connection, picture_path, f"WHERE faces.sequence IN ({marks})", tuple(part))
        rows = connection.execute(
            f"SELECT faces.id, faces.sequence, people.name FROM faces JOIN people ON people.id = person_id"  # noqa: S608
            f" WHERE faces.sequence IN ({marks})",
            part,
        )
        known = {face.face_id: face for face in faces}
        found.update({int(number): ListedFace(known[face_id], str(name)) for face_id, number, name in rows})
    return tuple(found[number] for number in sequences if number in found)


def select_ids(connection: sqlite3.Connection, sequences: Sequence[int]) -> dict[int, str]:
    """Return the identifiers of faces by number; those that were removed meanwhile are passed over."""
    found: dict[int, str] = {}
    for part in _parts(sequences):
        marks = ", ".join("?" * len(part))
        rows = connection.execute(f"SELECT sequence, id FROM faces WHERE sequence IN ({marks})", part)  # noqa: S608
        found.update({int(number): str(face_id) for number, face_id in rows})
    return found


def select_numbers(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the numbers of all faces by identifier."""
    return {str(face_id): int(number) for face_id, number in connection.execute("SELECT id, sequence FROM faces")}


def _parts(sequences: Sequence[int]) -> Iterable[list[int]]:
    return (list(sequences[start : start + _AT_ONCE]) for start in range(0, len(sequences), _AT_ONCE))


def _conditions(wanted: FaceFilter) -> tuple[list[str], list[str]]:
    """Return what must hold, in the database's language, and its parameters."""
    conditions, parameters = [], []
    texts = (
        (wanted.person_id, "faces.person_id = ?"),
        (
            _containing(name_key(" ".join(wanted.person_text.split()))),
            "faces.person_id IN (SELECT id FROM people WHERE name_key LIKE ? ESCAPE '\\')",
        ),
        (_containing(wanted.source_text.strip()), "faces.source LIKE ? ESCAPE '\\'"),
        (_moment(wanted.added_from), "faces.created_at >= ?"),
        (_moment(wanted.added_before), "faces.created_at < ?"),
        (wanted.state.value if wanted.state is not None else None, "faces.state = ?"),
    )
    for value, condition in texts:
        if value is not None:
            conditions.append(condition)
            parameters.append(value)
    return conditions + _quality_conditions(wanted.quality), parameters


def _quality_conditions(quality: FaceQuality) -> list[str]:
    if quality is FaceQuality.ANY:
        return []
    if quality is FaceQuality.GOOD:
        return [f"({_FAULTS}) = 0"]
    if quality is FaceQuality.FAULTY:
        return [f"({_FAULTS}) > 0"]
    return [FAULT_CONDITIONS[FaceFault(quality.value)]]


def _containing(text: str) -> str | None:
    """Return the pattern of texts that contain this one; None for an empty one."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%" if text else None


def _moment(moment: datetime | None) -> str | None:
    """Return a moment as faces keep theirs, so that texts compare as moments do."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="milliseconds")
