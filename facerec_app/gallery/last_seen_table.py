"""When people were last seen, if the user wants it kept: one time a person, to the minute."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from facerec_app.gallery.gallery_database import GalleryDatabase

_KEPT = "keep_last_seen"


class LastSeenTable:
    """One row a person, replaced each time; gone with the person.

    Writing does not count as a change of the gallery: nothing that recognition uses depends on it.
    """

    def __init__(self, database: GalleryDatabase) -> None:
        self._database = database

    @property
    def is_kept(self) -> bool:
        """Whether times are stored at all; they are not until the user asks for it."""
        with self._database.read() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = ?", (_KEPT,)).fetchone()
            return row is not None and bool(row[0])

    def keep(self, wanted: bool) -> None:
        """Store times from now on, or no longer; what was stored is erased then.

        Raises:
            GalleryWriteError: it could not be stored.
        """
        with self._database.write(counts=False) as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_KEPT, int(wanted)))
            if not wanted:
                connection.execute("DELETE FROM last_seen")

    def put(self, seen: Mapping[str, datetime]) -> None:
        """Store when people were seen, unless nothing is kept; those who were removed meanwhile are passed over.

        Raises:
            GalleryWriteError: it could not be stored.
        """
        minutes = {one: at.astimezone(UTC).replace(second=0, microsecond=0).isoformat() for one, at in seen.items()}
        with self._database.write(counts=False) as connection:
            connection.executemany(
                "INSERT INTO last_seen (person_id, seen_at) SELECT people.id, ? FROM people WHERE people.id = ?"
                " AND EXISTS (SELECT 1 FROM meta WHERE key = ? AND value = 1)"
                " ON CONFLICT DO UPDATE SET seen_at = excluded.seen_at",
                [(minute, person_id, _KEPT) for person_id, minute in minutes.items()],
            )

    def times(self) -> dict[str, datetime]:
        """Return the stored times, UTC, by person id."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT person_id, seen_at FROM last_seen").fetchall()
        return {str(person_id): datetime.fromisoformat(str(seen_at)) for person_id, seen_at in rows}
