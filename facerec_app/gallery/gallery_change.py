"""One change of the gallery as data: what was there before and after, enough to take it back and to do it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from facerec_app.gallery.people_rows import name_key

PersonRow = tuple[object, ...]
"""A row of ``people``, columns in the order of ``PERSON_COLUMNS``."""
PERSON_COLUMNS = (
    "id",
    "name",
    "name_key",
    "created_at",
    "consent_purpose",
    "consent_agreed_by",
    "consent_until",
    "portrait_face_id",
)
PICTURE_BOX_COLUMNS = ("picture_sha256", "number", "box_xyxy", "landmarks_xy", "name", "difficult", "person_id")
_BOX_NAME = PICTURE_BOX_COLUMNS.index("name")


@dataclass(frozen=True, slots=True)
class FacePlace:
    """Whose a face is and whether it takes part in recognition."""

    person_id: str
    state: str


@dataclass(frozen=True, slots=True, eq=False)
class FaceContent:
    """Everything the gallery held of a face that was removed; only ever in memory.

    Attributes:
        face_id: of the face.
        row: its row of ``faces``, by column.
        jpeg: its picture, byte for byte.
        embeddings: its rows of ``embeddings``.
        judgements: its rows of ``judgements``.
        judgement_log: its rows of ``judgement_log``.
        box_pictures, picture_boxes: its rows of these: what was said of where the faces of its picture are.
    """

    face_id: str
    row: Mapping[str, object]
    jpeg: bytes
    embeddings: tuple[tuple[object, ...], ...]
    judgements: tuple[tuple[object, ...], ...]
    judgement_log: tuple[tuple[object, ...], ...] = ()
    box_pictures: tuple[tuple[object, ...], ...] = ()
    picture_boxes: tuple[tuple[object, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class GalleryPart:
    """Some people and faces as they were at one moment; None for what did not exist.

    Attributes:
        people: by person id.
        faces: by face id.
        rejections: whose name was rejected ("this is not X"), by the rejection's id.
        boxes: whose a box of a corrected picture is, by the picture's SHA-256, when it was saved, and the box's number.
        last_seen: when people were seen, by person id.
    """

    people: Mapping[str, PersonRow | None]
    faces: Mapping[str, FacePlace | None]
    rejections: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    boxes: Mapping[tuple[str, str, int], str] = field(default_factory=lambda: MappingProxyType({}))
    last_seen: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, eq=False)
class GalleryChange:
    """What one change did.

    Attributes:
        description: in a few words, beginning with a verb in lower case, such as "merge Ada into Bo".
        before: the people and faces it touched, as they were.
        after: the same, as it left them.
        contents: of the faces that it removed, by face id.
    """

    description: str
    before: GalleryPart
    after: GalleryPart
    contents: Mapping[str, FaceContent] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def person_ids(self) -> frozenset[str]:
        """Everybody it touched, also as the owner of a face."""
        owners = {place.person_id for part in (self.before, self.after) for place in part.faces.values() if place}
        return frozenset(self.before.people) | frozenset(self.after.people) | owners

    @property
    def face_ids(self) -> frozenset[str]:
        """The faces it touched."""
        return frozenset(self.before.faces) | frozenset(self.after.faces)

    @property
    def changes_nothing(self) -> bool:
        """Whether everything is as it was."""
        return self.before == self.after

    @property
    def size_bytes(self) -> int:
        """Memory that the pictures of removed faces take."""
        return sum(len(content.jpeg) for content in self.contents.values())

    def mentions(self, name: str) -> bool:
        """Return whether a box of a picture that it removed says a person's name."""
        key = name_key(name)
        return any(
            name_key(str(box[_BOX_NAME])) == key for content in self.contents.values() for box in content.picture_boxes
        )
