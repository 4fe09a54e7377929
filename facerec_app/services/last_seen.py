"""When enrolled people were last in front of a camera."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.last_seen_table import LastSeenTable

_STORE_INTERVAL = timedelta(minutes=1)


class LastSeen:
    """Remembers in memory while the program runs, and on disk only if the user asked for that.

    ``note`` is cheap and may be called with every result from any thread; it touches no disk.
    """

    def __init__(self, store: GalleryStore) -> None:
        self._table = LastSeenTable(store.database)
        self._lock = threading.Lock()
        self._seen: dict[str, datetime] = {}
        self._stored: dict[str, datetime] = {}

    @property
    def is_kept(self) -> bool:
        """Whether times outlast the program."""
        return self._table.is_kept

    def keep(self, wanted: bool) -> None:
        """Keep times from now on, or no longer; then those on disk are erased.

        Raises:
            GalleryWriteError: it could not be stored.
        """
        self._table.keep(wanted)
        with self._lock:
            self._stored.clear()

    def take_over(self, other: LastSeen) -> None:
        """Go on with what another one remembers of the same gallery."""
        with other._lock:
            seen, stored = dict(other._seen), dict(other._stored)
        with self._lock:
            self._seen, self._stored = seen, stored

    def note(self, person_ids: Iterable[str], at: datetime | None = None) -> bool:
        """Take note of who is in view; return whether ``store`` has something to do (at most once a minute a person).

        Args:
            person_ids: of KNOWN verdicts from a live source.
            at: now, if not given.
        """
        now = at if at is not None else datetime.now(UTC)
        with self._lock:
            self._seen.update(dict.fromkeys(person_ids, now))
            return bool(self._due())

    def store(self) -> None:
        """Write what is due; nothing is written unless times are kept.

        Raises:
            GalleryWriteError: it could not be stored; it is tried again with the next.
        """
        with self._lock:
            due = self._due()
        if due and self.is_kept:
            self._table.put(due)
        with self._lock:
            self._stored.update(due)

    def times(self) -> dict[str, datetime]:
        """Return when people were last seen, UTC, by person id; nobody who was not."""
        stored = self._table.times()
        with self._lock:
            return {**stored, **self._seen}

    def forget(self, person_id: str) -> None:
        """Forget a person who was removed."""
        with self._lock:
            self._seen.pop(person_id, None)
            self._stored.pop(person_id, None)

    def _due(self) -> dict[str, datetime]:
        return {
            person_id: at
            for person_id, at in self._seen.items()
            if person_id not in self._stored or abs(at - self._stored[person_id]) >= _STORE_INTERVAL
        }
