"""Rows of what users said of faces. Every function is given a connection that is inside a transaction.

``judgement_log`` only grows: an answer that is taken back gets a second row that says so. ``judgements`` holds the
answer in force for each pair and is brought up to date with every row.
"""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import cast

from facerec_app.gallery.judgement_entry import Answer, AnswerKind, FaceOwner, JudgementEntry, MoreAlike
from facerec_app.gallery.records import Judgement

LOG_COLUMNS = "sequence, answer, reference_face_id, face_id, less_alike_face_id, decided_by, decided_at, takes_back"
_TAKEN_BACK = "SELECT takes_back FROM judgement_log WHERE takes_back IS NOT NULL"
_STANDING = f"takes_back IS NULL AND sequence NOT IN ({_TAKEN_BACK})"
_Question = tuple[str, str, str]


def append(connection: sqlite3.Connection, said: Answer, decided_by: str, takes_back: int | None = None) -> int:
    """Add a row to the log, bring ``judgements`` up to date and return the row's number."""
    row = (said.kind, said.face_id, said.other_face_id, said.less_alike_face_id, decided_by, _now(), takes_back)
    cursor = connection.execute(
        "INSERT INTO judgement_log (answer, reference_face_id, face_id, less_alike_face_id, decided_by, decided_at,"
        " takes_back) VALUES (?, ?, ?, ?, ?, ?, ?)",
        row,
    )
    if said.kind != "more_alike":
        _renew_pair(connection, said.face_id, said.other_face_id)
    return int(cursor.lastrowid or 0)  # of an INSERT it is never None


def select_entries(
    connection: sqlite3.Connection, where: str, parameters: tuple[object, ...], most: int = -1
) -> tuple[JudgementEntry, ...]:
    """Return rows of the log that a condition selects, newest first."""
    rows = connection.execute(
        f"SELECT {LOG_COLUMNS}, sequence IN ({_TAKEN_BACK}) FROM judgement_log WHERE {where}"  # noqa: S608 - ours
        " ORDER BY sequence DESC LIMIT ?",
        (*parameters, most),
    )
    return tuple(_entry(row) for row in rows)


def select_newest(connection: sqlite3.Connection) -> JudgementEntry | None:
    """Return the newest answer that nobody has taken back."""
    found = select_entries(connection, _STANDING, (), 1)
    return found[0] if found else None


def select_standing(connection: sqlite3.Connection, said: Answer) -> tuple[JudgementEntry, ...]:
    """Return what was said about the faces of an answer and that nobody has taken back, newest first."""
    if said.less_alike_face_id is None:
        pair = (said.face_id, said.other_face_id)
        where = "less_alike_face_id IS NULL AND (reference_face_id, face_id) IN (VALUES (?, ?), (?, ?))"
        return select_entries(connection, f"{_STANDING} AND {where}", (*pair, *pair[::-1]))
    two = (said.other_face_id, said.less_alike_face_id)
    where = "reference_face_id = ? AND (face_id, less_alike_face_id) IN (VALUES (?, ?), (?, ?))"
    return select_entries(connection, f"{_STANDING} AND {where}", (said.face_id, *two, *two[::-1]))


def select_judgements(connection: sqlite3.Connection) -> tuple[Judgement, ...]:
    """Return the answer in force for each pair of faces, oldest first."""
    rows = connection.execute(
        "SELECT left_face_id, right_face_id, same_person, decided_by, decided_at FROM judgements ORDER BY decided_at"
    )
    return tuple(Judgement(str(a), str(b), bool(s), str(by), datetime.fromisoformat(at)) for a, b, s, by, at in rows)


def select_more_alike(connection: sqlite3.Connection) -> tuple[MoreAlike, ...]:
    """Return the answers in force about likeness, oldest first: of two about the same three faces the newer counts."""
    newest: dict[_Question, JudgementEntry] = {}
    for entry in reversed(select_entries(connection, f"{_STANDING} AND answer = 'more_alike'", ())):
        said = entry.said
        nearer, farther = sorted((said.other_face_id, str(said.less_alike_face_id)))
        newest.pop(key := (said.face_id, nearer, farther), None)
        newest[key] = entry
    return tuple(
        MoreAlike(
            entry.said.face_id,
            entry.said.other_face_id,
            str(entry.said.less_alike_face_id),
            entry.decided_by,
            entry.decided_at,
        )
        for entry in newest.values()
    )


def select_owners(connection: sqlite3.Connection) -> dict[str, FaceOwner]:
    """Return whose every face is that the log names, by face id."""
    rows = connection.execute(
        "SELECT faces.id, people.id, people.name FROM faces JOIN people ON people.id = faces.person_id"
        " WHERE faces.id IN (SELECT reference_face_id FROM judgement_log UNION SELECT face_id FROM judgement_log"
        " UNION SELECT less_alike_face_id FROM judgement_log)"
    )
    return {str(face_id): FaceOwner(str(person_id), str(name)) for face_id, person_id, name in rows}


def select_log_of_face(connection: sqlite3.Connection, face_id: str) -> tuple[tuple[object, ...], ...]:
    """Return the whole rows of the log that name a face, oldest first, to put them back with it."""
    rows = connection.execute(
        f"SELECT {LOG_COLUMNS} FROM judgement_log"  # noqa: S608 - no values in it
        " WHERE reference_face_id = :face OR face_id = :face OR less_alike_face_id = :face ORDER BY sequence",
        {"face": face_id},
    )
    return tuple(tuple(row) for row in rows)


def restore_log(connection: sqlite3.Connection, rows: tuple[tuple[object, ...], ...]) -> None:
    """Put rows of restored faces back under their numbers, except those of which another face is gone."""
    connection.executemany(
        f"INSERT OR IGNORE INTO judgement_log ({LOG_COLUMNS}) SELECT ?, ?, ?, ?, ?, ?, ?, ?"  # noqa: S608
        " WHERE (SELECT COUNT(*) FROM faces WHERE id IN (?, ?, ?)) = ?",
        [(*row, row[2], row[3], row[4], 2 if row[4] is None else 3) for row in rows],
    )


def _renew_pair(connection: sqlite3.Connection, face_id: str, other_face_id: str) -> None:
    left, right = sorted((face_id, other_face_id))
    connection.execute("DELETE FROM judgements WHERE left_face_id = ? AND right_face_id = ?", (left, right))
    standing = select_standing(connection, Answer("same", left, right))
    if standing:
        newest = standing[0]
        at = newest.decided_at.isoformat(timespec="milliseconds")
        row = (left, right, int(newest.said.kind == "same"), newest.decided_by, at)
        connection.execute("INSERT INTO judgements VALUES (?, ?, ?, ?, ?)", row)


def _entry(row: tuple[object, ...]) -> JudgementEntry:
    number, kind, face, other, less_alike, by, at, takes_back, is_taken_back = row
    said = Answer(
        cast(AnswerKind, kind),  # the table's CHECK allows no other
        str(face),
        str(other),
        str(less_alike) if less_alike is not None else None,
    )
    return JudgementEntry(
        int(str(number)),
        said,
        str(by),
        datetime.fromisoformat(str(at)),
        int(str(takes_back)) if takes_back is not None else None,
        bool(is_taken_back),
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
