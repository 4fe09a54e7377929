"""What this connection has changed: so that a large gallery need not be read again for one new face.

Temporary triggers write down the faces that this connection touches and count its revisions, in memory: nothing of it
reaches the disk, a change that is undone takes its notes with it, and removals by foreign keys are seen as well. Where
the gallery's revision grew by more than that, another program was at work and everything has to be read.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

_SETUP = (
    "CREATE TEMP TABLE own_changes (number INTEGER PRIMARY KEY AUTOINCREMENT, face_id TEXT, is_new INTEGER NOT NULL)",
    "CREATE TEMP TRIGGER own_revision AFTER UPDATE ON main.meta WHEN NEW.key = 'revision'"
    " BEGIN INSERT INTO own_changes (face_id, is_new) VALUES (NULL, 0); END",
    "CREATE TEMP TRIGGER own_face_added AFTER INSERT ON main.faces"
    " BEGIN INSERT INTO own_changes (face_id, is_new) VALUES (NEW.id, 1); END",
    "CREATE TEMP TRIGGER own_face_changed AFTER UPDATE OF person_id, state ON main.faces"
    " BEGIN INSERT INTO own_changes (face_id, is_new) VALUES (NEW.id, 0); END",
    "CREATE TEMP TRIGGER own_face_removed AFTER DELETE ON main.faces"
    " BEGIN INSERT INTO own_changes (face_id, is_new) VALUES (OLD.id, 0); END",
    "CREATE TEMP TRIGGER own_vector_added AFTER INSERT ON main.embeddings"
    " BEGIN INSERT INTO own_changes (face_id, is_new) VALUES (NEW.face_id, 0); END",
    "CREATE TEMP TRIGGER own_vector_changed AFTER UPDATE ON main.embeddings"
    " BEGIN INSERT INTO own_changes (face_id, is_new) VALUES (NEW.face_id, 0); END",
    "CREATE TEMP TRIGGER own_vector_removed AFTER DELETE ON main.embeddings"
    " BEGIN INSERT INTO own_changes (face_id, is_new) VALUES (OLD.face_id, 0); END",
)


@dataclass(frozen=True, slots=True)
class OwnChanges:
    """What this connection did since a mark.

    Attributes:
        revisions: by how much it raised the gallery's revision.
        new_ids: faces it added.
        other_ids: faces that were there and were changed, removed, or given or robbed of features.
        mark: for the next time.
    """

    revisions: int
    new_ids: frozenset[str]
    other_ids: frozenset[str]
    mark: int


def watch_own_changes(connection: sqlite3.Connection) -> None:
    """Begin to write down what a connection changes."""
    for statement in _SETUP:
        connection.execute(statement)


def own_changes_since(connection: sqlite3.Connection, mark: int) -> OwnChanges:
    """Return what the connection changed since a mark; 0 means since it was opened."""
    query = "SELECT number, face_id, is_new FROM own_changes WHERE number > ? ORDER BY number"
    rows = connection.execute(query, (mark,)).fetchall()
    first: dict[str, bool] = {}
    for _, face_id, is_new in rows:
        if face_id is not None:
            first.setdefault(str(face_id), bool(is_new))  # one that was removed and came back was there before
    new = frozenset(face_id for face_id, is_new in first.items() if is_new)
    revisions = sum(face_id is None for _, face_id, _ in rows)
    return OwnChanges(revisions, new, frozenset(first) - new, max((int(row[0]) for row in rows), default=mark))


def forget_own_changes(connection: sqlite3.Connection, mark: int) -> None:
    """Drop the notes up to a mark."""
    connection.execute("DELETE FROM own_changes WHERE number <= ?", (mark,))
