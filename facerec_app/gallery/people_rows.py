"""Rows of people: from and to the database. Every function is given a connection that is inside a transaction."""

from __future__ import annotations

import difflib
import sqlite3
import unicodedata
import uuid
from collections.abc import Iterable
from datetime import UTC, date, datetime

from facerec_app.core.errors import DuplicatePersonError, PersonNotFoundError
from facerec_app.core.validation import clean_person_name
from facerec_app.gallery.face_pictures import is_identifier
from facerec_app.gallery.records import Consent, Person

_SELECT = """
    SELECT people.id, people.name, people.created_at, consent_purpose, consent_agreed_by, consent_until,
           portrait_face_id, (SELECT COUNT(*) FROM faces WHERE faces.person_id = people.id)
    FROM people
"""


def name_key(name: str) -> str:
    """Return the form under which names are the same: without regard to case, in Unicode's normal form C."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def insert_person(connection: sqlite3.Connection, name: str, consent: Consent | None) -> str:
    """Add a person and return the identifier.

    Raises:
        ConfigError: the name is none.
        DuplicatePersonError: the name is taken.
    """
    cleaned = clean_person_name(name)
    _refuse_taken(connection, cleaned, None)
    person_id = str(uuid.uuid4())
    connection.execute(
        "INSERT INTO people (id, name, name_key, created_at) VALUES (?, ?, ?, ?)",
        (person_id, cleaned, name_key(cleaned), datetime.now(UTC).isoformat(timespec="milliseconds")),
    )
    update_consent(connection, person_id, consent)
    return person_id


def update_name(connection: sqlite3.Connection, person_id: str, name: str) -> None:
    """Give a person another name.

    Raises:
        ConfigError: the name is none.
        DuplicatePersonError: another person has it.
        PersonNotFoundError: there is no such person.
    """
    cleaned = clean_person_name(name)
    select_person(connection, person_id)
    _refuse_taken(connection, cleaned, person_id)
    connection.execute("UPDATE people SET name = ?, name_key = ? WHERE id = ?", (cleaned, name_key(cleaned), person_id))


def update_consent(connection: sqlite3.Connection, person_id: str, consent: Consent | None) -> None:
    """Record what a person agreed to."""
    until = consent.until.isoformat() if consent is not None and consent.until is not None else None
    values = (None, None) if consent is None else (consent.purpose, consent.agreed_by)
    connection.execute(
        "UPDATE people SET consent_purpose = ?, consent_agreed_by = ?, consent_until = ? WHERE id = ?",
        (*values, until, person_id),
    )


def select_people(connection: sqlite3.Connection) -> tuple[Person, ...]:
    """Return everybody, by name."""
    return tuple(_person(row) for row in connection.execute(f"{_SELECT} ORDER BY people.name_key"))


def select_person(connection: sqlite3.Connection, person_id: str) -> Person:
    """Return one person.

    Raises:
        PersonNotFoundError: there is no such person.
    """
    row = connection.execute(f"{_SELECT} WHERE people.id = ?", (person_id,)).fetchone()
    if row is None:
        raise PersonNotFoundError(f"Nobody with the identifier {person_id} is enrolled; see 'facerec people list'.")
    return _person(row)


def find_person(connection: sqlite3.Connection, name_or_id: str) -> Person:
    """Return the person of that name (without regard to case) or identifier.

    Raises:
        PersonNotFoundError: there is nobody; names similar ones.
    """
    wanted = " ".join(name_or_id.split())
    row = connection.execute(f"{_SELECT} WHERE people.name_key = ?", (name_key(wanted),)).fetchone()
    if row is None and is_identifier(wanted.lower()):
        return select_person(connection, wanted.lower())
    if row is None:
        names = dict(connection.execute("SELECT name_key, name FROM people").fetchall())
        near = [names[key] for key in difflib.get_close_matches(name_key(wanted), names, n=3)]
        shown = wanted if len(wanted) <= 80 else wanted[:77] + "..."
        hint = f"did you mean {' or '.join(near)}?" if near else "see 'facerec people list'."
        raise PersonNotFoundError(f"Nobody named '{shown}' is enrolled; {hint}")
    return _person(row)


def names_by_id(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the display name of everybody."""
    return {str(person_id): str(name) for person_id, name in connection.execute("SELECT id, name FROM people")}


def delete_person(connection: sqlite3.Connection, person_id: str) -> Iterable[str]:
    """Remove a person with faces, embeddings and judgements; return the identifiers of the faces."""
    faces = [str(row[0]) for row in connection.execute("SELECT id FROM faces WHERE person_id = ?", (person_id,))]
    connection.execute("DELETE FROM people WHERE id = ?", (person_id,))
    return faces


def _refuse_taken(connection: sqlite3.Connection, name: str, except_id: str | None) -> None:
    row = connection.execute("SELECT id, name FROM people WHERE name_key = ?", (name_key(name),)).fetchone()
    if row is not None and row[0] != except_id:
        raise DuplicatePersonError(f"{row[1]} is enrolled already; add the faces to that person or give another name.")


def _person(row: tuple[object, ...]) -> Person:
    person_id, name, created_at, purpose, agreed_by, until, portrait, face_count = row
    consent = None
    if purpose is not None or agreed_by is not None or until is not None:
        last_day = date.fromisoformat(str(until)) if until is not None else None
        consent = Consent(str(purpose or ""), str(agreed_by or ""), last_day)
    return Person(
        str(person_id),
        str(name),
        datetime.fromisoformat(str(created_at)),
        consent,
        str(portrait) if portrait is not None else None,
        int(str(face_count)),
    )
