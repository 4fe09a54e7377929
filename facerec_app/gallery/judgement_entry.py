"""What a user can say of faces, and one line of the log of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from facerec_app.core.errors import GalleryWriteError
from facerec_app.gallery.records import Judgement

AnswerKind = Literal["same", "different", "more_alike"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    Attributes:
        kind: ``same`` or ``different`` person, or ``more_alike``.
        face_id: the face that was asked about, the reference.
        other_face_id: the face beside it; for ``more_alike`` the one that is more like the reference (H+).
        less_alike_face_id: for ``more_alike`` only, the one that is less like it (H-).
    """

    kind: AnswerKind
    face_id: str
    other_face_id: str
    less_alike_face_id: str | None = None

    def __post_init__(self) -> None:
        """Raise ``GalleryWriteError`` if a face stands beside itself or a likeness lacks its third face."""
        faces = [face for face in (self.face_id, self.other_face_id, self.less_alike_face_id) if face is not None]
        if len(set(faces)) != len(faces):
            raise GalleryWriteError("A face cannot be compared with itself; choose different faces.")
        if (self.kind == "more_alike") != (len(faces) == 3):
            raise GalleryWriteError("'More alike' is said of a face and two others, the rest of two; choose again.")

    @property
    def face_ids(self) -> tuple[str, ...]:
        """The faces that it is about."""
        two = (self.face_id, self.other_face_id)
        return two if self.less_alike_face_id is None else (*two, self.less_alike_face_id)


@dataclass(frozen=True, slots=True)
class JudgementEntry:
    """One line of the log.

    Attributes:
        number: grows with every line.
        said: the answer, or the one that is taken back.
        decided_by: who.
        decided_at: when, UTC.
        takes_back: number of the line that this one takes back; None for an answer.
        is_taken_back: whether a later line takes this one back.
    """

    number: int
    said: Answer
    decided_by: str
    decided_at: datetime
    takes_back: int | None = None
    is_taken_back: bool = False


@dataclass(frozen=True, slots=True)
class MoreAlike:
    """An answer in force: a face is more like one than like another.

    Attributes:
        face_id: the reference.
        nearer_face_id: more like it (H+).
        farther_face_id: less like it (H-).
        decided_by: who said so.
        decided_at: when, UTC.
    """

    face_id: str
    nearer_face_id: str
    farther_face_id: str
    decided_by: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class FaceOwner:
    """Who a face is filed as."""

    person_id: str
    name: str


def answer_of(said: Judgement | MoreAlike) -> Answer:
    """Return an answer in force as it was given."""
    if isinstance(said, MoreAlike):
        return Answer("more_alike", said.face_id, said.nearer_face_id, said.farther_face_id)
    return Answer("same" if said.same_person else "different", said.left_face_id, said.right_face_id)
