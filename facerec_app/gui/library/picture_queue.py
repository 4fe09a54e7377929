"""The pictures that are gone through one after another, and which of them is in view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from facerec_app.services.box_editing import PictureEntry


class PictureQueue:
    """A list with a place in it; the filter leaves out what was looked at, but never the picture in view."""

    def __init__(self) -> None:
        self._all: list[PictureEntry] = []
        self._place = 0
        self.only_new = False

    @property
    def current(self) -> PictureEntry | None:
        """The picture in view."""
        return self._all[self._place] if self._all else None

    @property
    def shown(self) -> list[PictureEntry]:
        """The pictures that the filter lets through."""
        return [entry for place, entry in enumerate(self._all) if self._passes(place)]

    @property
    def total(self) -> int:
        """Number of pictures, whatever the filter says."""
        return len(self._all)

    @property
    def looked_at(self) -> int:
        """Number of pictures that were looked at."""
        return sum(entry.is_looked_at for entry in self._all)

    @property
    def number(self) -> int:
        """Place of the picture in view among those shown, from 1; 0 without any."""
        return sum(self._passes(place) for place in range(self._place + 1)) if self._all else 0

    def show(self, entries: Sequence[PictureEntry]) -> None:
        """Take a list; the picture in view stays it if it is in the list, else it is the first that passes."""
        before = self.current
        self._all = list(entries)
        same = (place for place, entry in enumerate(self._all) if before is not None and _is_same(entry, before))
        first = (place for place, entry in enumerate(self._all) if not (self.only_new and entry.is_looked_at))
        self._place = next(same, next(first, 0))

    def begin(self) -> None:
        """Go to the first picture that the filter lets through."""
        first = (place for place, entry in enumerate(self._all) if not (self.only_new and entry.is_looked_at))
        self._place = next(first, 0)

    def mark_looked_at(self, entry: PictureEntry) -> None:
        """Note that a picture was saved."""
        self._all = [replace(one, is_looked_at=True) if _is_same(one, entry) else one for one in self._all]

    def step(self, step: int) -> PictureEntry | None:
        """Go to the next picture or the one before that passes the filter; None at the end, where nothing changes."""
        place = self._place + step
        while 0 <= place < len(self._all):
            if not (self.only_new and self._all[place].is_looked_at):
                self._place = place
                return self._all[place]
            place += step
        return None

    def can_step(self, step: int) -> bool:
        """Whether there is a picture to go to."""
        places = range(self._place + 1, len(self._all)) if step > 0 else range(self._place)
        return any(not (self.only_new and self._all[place].is_looked_at) for place in places)

    def _passes(self, place: int) -> bool:
        return place == self._place or not (self.only_new and self._all[place].is_looked_at)


def _is_same(one: PictureEntry, other: PictureEntry) -> bool:
    return (one.file, one.face_id) == (other.file, other.face_id)
