"""One change of unnamed faces as data: where each was before and after, enough to take it back and to repeat it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from facerec_app.gallery.gallery_change import PERSON_COLUMNS, PersonRow
from facerec_app.gallery.people_rows import name_key


@dataclass(frozen=True, slots=True)
class UnnamedPlace:
    """Where an unnamed face stands.

    Attributes:
        sequence: its number in the order of keeping.
        origin, state: see ``UnnamedFace``.
        group_id: of the group that the user put it into.
    """

    sequence: int
    origin: str
    state: str
    group_id: str | None


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """The face is enrolled as this person's."""

    person_id: str


Place = UnnamedPlace | NamedPlace | None
"""None: the face is not there."""


@dataclass(frozen=True, slots=True, eq=False)
class UnnamedContent:
    """Everything that was kept of a face that was removed; only ever in memory.

    Attributes:
        row: its row of ``unnamed_faces``, by column.
        jpeg: its picture, byte for byte.
        embeddings: its rows of ``unnamed_embeddings``.
    """

    row: Mapping[str, object]
    jpeg: bytes
    embeddings: tuple[tuple[object, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class UnnamedChange:
    """What one change did.

    Attributes:
        description: in a few words, beginning with a verb in lower case, such as "name 5 faces Ada".
        before, after: the faces it touched, by face id.
        made_person: row of the person it enrolled; None if there was nobody new.
        contents: of the faces that it removed, by face id.
    """

    description: str
    before: Mapping[str, Place]
    after: Mapping[str, Place]
    made_person: PersonRow | None = None
    contents: Mapping[str, UnnamedContent] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def person_ids(self) -> frozenset[str]:
        """Whom it gave a face."""
        places = [*self.before.values(), *self.after.values()]
        return frozenset(place.person_id for place in places if isinstance(place, NamedPlace))

    @property
    def changes_nothing(self) -> bool:
        """Whether everything is as it was."""
        return self.before == self.after

    @property
    def size_bytes(self) -> int:
        """Memory that the pictures of removed faces take."""
        return sum(len(content.jpeg) for content in self.contents.values())

    def mentions(self, name: str) -> bool:
        """Return whether it enrolled somebody of this name."""
        return self.made_person is not None and self.made_person[PERSON_COLUMNS.index("name_key")] == name_key(name)
