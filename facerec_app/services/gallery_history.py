"""What was changed in this session and can be taken back."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from facerec_app.core.errors import GalleryChangedError

_MOST_CHANGES = 100
_MOST_BYTES = 64 * 2**20


class UndoableChange(Protocol):
    """What a change says of itself; see ``GalleryChange``."""

    @property
    def description(self) -> str: ...

    @property
    def changes_nothing(self) -> bool: ...

    @property
    def size_bytes(self) -> int: ...

    @property
    def person_ids(self) -> frozenset[str]: ...

    def mentions(self, name: str) -> bool: ...


ChangeT = TypeVar("ChangeT", bound=UndoableChange)
ChangeT_contra = TypeVar("ChangeT_contra", bound=UndoableChange, contravariant=True)


class UndoableEdits(Protocol[ChangeT_contra]):
    """Takes changes back and does them again."""

    def take_back(self, change: ChangeT_contra) -> None: ...

    def repeat(self, change: ChangeT_contra) -> None: ...


class GalleryHistory(Generic[ChangeT]):
    """Undo and redo of changes of people and faces, in memory only.

    A removed face leaves the disk at once; what brings it back is kept here and nowhere else, so a crash cannot leave
    it behind and closing the program forgets it. Deleting a person forgets every change that touched them.

    Args:
        edits: carries changes out.
        most_bytes: pictures of removed faces that are kept, in all; the oldest changes go first.
    """

    def __init__(self, edits: UndoableEdits[ChangeT], *, most_bytes: int = _MOST_BYTES) -> None:
        self._edits = edits
        self._most_bytes = most_bytes
        self._done: list[ChangeT] = []
        self._taken_back: list[ChangeT] = []

    @property
    def undo_text(self) -> str | None:
        """What ``undo`` would take back, beginning with a verb; None if there is nothing."""
        return self._done[-1].description if self._done else None

    @property
    def redo_text(self) -> str | None:
        """What ``redo`` would do again; None if there is nothing."""
        return self._taken_back[-1].description if self._taken_back else None

    def record(self, change: ChangeT) -> None:
        """Remember a change that was made; what was taken back before cannot be repeated any more."""
        if change.changes_nothing:
            return
        self._taken_back.clear()
        self._done.append(change)
        del self._done[:-_MOST_CHANGES]
        while len(self._done) > 1 and sum(one.size_bytes for one in self._done) > self._most_bytes:
            del self._done[0]

    def undo(self) -> ChangeT | None:
        """Take the last change back and return it; None if there is none.

        Raises:
            GalleryChangedError: the gallery was changed meanwhile so that it cannot be; the change is forgotten.
            GalleryWriteError: it could not be stored; trying again may help.
        """
        if not self._done:
            return None
        change = self._done[-1]
        try:
            self._edits.take_back(change)
        except GalleryChangedError:
            self._done.pop()
            raise
        self._taken_back.append(self._done.pop())
        return change

    def redo(self) -> ChangeT | None:
        """Do again what was taken back last and return it; None if there is none.

        Raises:
            GalleryChangedError: the gallery was changed meanwhile so that it cannot be; the change is forgotten.
            GalleryWriteError: it could not be stored; trying again may help.
        """
        if not self._taken_back:
            return None
        change = self._taken_back[-1]
        try:
            self._edits.repeat(change)
        except GalleryChangedError:
            self._taken_back.pop()
            raise
        self._done.append(self._taken_back.pop())
        return change

    def forget_person(self, person_id: str, name: str) -> None:
        """Drop every change that touched a person or holds their name: deleted means gone from here too."""
        for changes in (self._done, self._taken_back):
            changes[:] = [one for one in changes if person_id not in one.person_ids and not one.mentions(name)]

    def take_over(self, other: GalleryHistory[ChangeT]) -> None:
        """Go on with what another one remembers of the same gallery; that one forgets it."""
        self._done, self._taken_back = list(other._done), list(other._taken_back)
        other.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._done.clear()
        self._taken_back.clear()
