"""What was asked to be enrolled and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from facerec_app.core.errors import FacerecError


@dataclass(frozen=True, slots=True)
class PictureToEnrol:
    """A picture and what the user said of it.

    Attributes:
        path: the file.
        box_xyxy: around the face that is meant, px of the upright picture; None to let the program choose.
        insist: enrol it also if it is known as somebody else.
    """

    path: Path
    box_xyxy: tuple[float, float, float, float] | None = None
    insist: bool = False


@dataclass(frozen=True, slots=True)
class EnrolmentRow:
    """What became of one picture.

    Attributes:
        what: file name, or where in a video.
        face_id: of the enrolled face, None if it was refused or another program enrolled it meanwhile.
        error: why it was refused, None if it was not.
    """

    what: str
    face_id: str | None
    error: FacerecError | None


@dataclass(frozen=True, slots=True)
class EnrolmentReport:
    """What became of one person's pictures.

    Attributes:
        name: of the person.
        person_id: None if no picture was good enough and the person is not enrolled.
        rows: one a picture, in order.
        notes: what else the user should know, such as who else was in a video.
    """

    name: str
    person_id: str | None
    rows: tuple[EnrolmentRow, ...]
    notes: tuple[str, ...] = ()

    @property
    def enrolled(self) -> int:
        """Number of faces that were added."""
        return sum(row.face_id is not None for row in self.rows)

    @property
    def refused(self) -> tuple[EnrolmentRow, ...]:
        """The pictures that were not taken."""
        return tuple(row for row in self.rows if row.error is not None)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a folder of people.

    Attributes:
        people: one report a person.
        skipped: pictures that were imported before.
        cancelled: whether the user ended it.
    """

    people: tuple[EnrolmentReport, ...]
    skipped: int
    cancelled: bool

    @property
    def enrolled(self) -> int:
        return sum(report.enrolled for report in self.people)

    @property
    def refused(self) -> tuple[EnrolmentRow, ...]:
        return tuple(row for report in self.people for row in report.refused)


RowCallback = Callable[[EnrolmentRow], None]


def no_row(_: EnrolmentRow) -> None:
    """Report to nobody."""
