"""Which faces a list shows, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

import numpy as np

from facerec_app.core.types import Int64Array
from facerec_app.gallery.face_faults import FaceFault
from facerec_app.gallery.records import EnrolledFace, FaceState


class FaceOrder(Enum):
    """What comes first."""

    NEWEST = "newest"
    OLDEST = "oldest"
    NAME = "name"
    BEST = "best"
    WORST = "worst"


class FaceQuality(Enum):
    """Which faces, by how useful they are; any fault, or the one that is meant."""

    ANY = "any"
    GOOD = "good"
    FAULTY = "faulty"
    SMALL = FaceFault.SMALL.value
    BLURRED = FaceFault.BLURRED.value
    TURNED = FaceFault.TURNED.value
    DARK = FaceFault.DARK.value
    BRIGHT = FaceFault.BRIGHT.value


@dataclass(frozen=True, slots=True)
class FaceFilter:
    """Conditions that all hold; what is left at its default says nothing.

    Attributes:
        person_id: whose faces.
        person_text: part of the person's name, without regard to case.
        source_text: part of where the face came from; capitals of plain Latin letters do not matter.
        added_from, added_before: when the face was enrolled, with a time zone; the first moment counts, the last not.
        quality: how useful.
        state: whether it takes part in recognition.
    """

    person_id: str | None = None
    person_text: str = ""
    source_text: str = ""
    added_from: datetime | None = None
    added_before: datetime | None = None
    quality: FaceQuality = FaceQuality.ANY
    state: FaceState | None = None

    @property
    def is_open(self) -> bool:
        """Whether every face is meant."""
        return self == FaceFilter()


@dataclass(frozen=True, slots=True, eq=False)
class FaceListing:
    """The faces that a filter selects, in order: numbers only, so that a hundred thousand of them take a moment.

    Attributes:
        sequences: ``(N,)`` int64, the faces' numbers in the database, which are never used twice.
        revision: of the gallery when they were looked up.
    """

    sequences: Int64Array
    revision: int

    def __len__(self) -> int:
        return int(self.sequences.size)

    def select(self, rows: Int64Array) -> FaceListing:
        """Return the given rows, in that order."""
        return FaceListing(self.sequences[rows], self.revision)

    @staticmethod
    def empty() -> FaceListing:
        """Return a list of nothing."""
        return FaceListing(np.zeros(0, np.int64), -1)


@dataclass(frozen=True, slots=True, eq=False)
class ListedFace:
    """A face with the name of its person."""

    face: EnrolledFace
    name: str
