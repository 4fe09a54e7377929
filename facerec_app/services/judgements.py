"""What users say of faces: noted, listed, taken back, and shown where it cannot all be true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.judgement_contradictions import Contradiction, disputed_answers, find_contradictions
from facerec_app.gallery.judgement_entry import Answer, FaceOwner, JudgementEntry


@dataclass(frozen=True, slots=True)
class JudgementCounts:
    """Answers in force.

    Attributes:
        same, different: answers about pairs.
        more_alike: answers about likeness.
        disputed: of all these, those that no training uses until a contradiction is settled.
    """

    same: int
    different: int
    more_alike: int
    disputed: int

    @property
    def total(self) -> int:
        """All answers in force."""
        return self.same + self.different + self.more_alike


@dataclass(frozen=True, slots=True)
class JudgementState:
    """Everything that was said, at one moment.

    Attributes:
        counts: answers in force.
        contradictions: among them and with the names.
        entries: lines of the log, newest first.
        owners: whose the faces are that anything was said of, by face id.
    """

    counts: JudgementCounts
    contradictions: tuple[Contradiction, ...]
    entries: tuple[JudgementEntry, ...]
    owners: Mapping[str, FaceOwner]


class JudgementService:
    """Notes and takes back answers; each call is one transaction of the gallery.

    Recognition does not change by an answer: the next training learns from it.

    Args:
        store: the gallery.
    """

    def __init__(self, store: GalleryStore) -> None:
        self._log = store.judgement_log

    def note(self, answers: Sequence[Answer], *, decided_by: str) -> tuple[int, ...]:
        """Keep answers, all or none, and return the numbers of their lines in the log.

        Raises:
            GalleryReadError: if a face was removed meanwhile.
            GalleryWriteError: if it could not be stored.
        """
        return self._log.add(answers, decided_by=decided_by)

    def undo(self, *, decided_by: str) -> JudgementEntry | None:
        """Take the newest answer back and return it; None if there is none."""
        return self._log.undo(decided_by=decided_by)

    def take_back(self, number: int, *, decided_by: str) -> JudgementEntry:
        """Take the answer of a line back and return it.

        Raises:
            GalleryReadError: if there is none, or it has been taken back already.
        """
        return self._log.take_back(number, decided_by=decided_by)

    def withdraw(self, said: Answer, *, decided_by: str) -> int:
        """Take back whatever is in force about the faces of an answer; return how many lines that were.

        Raises:
            GalleryReadError: if it has been taken back already.
        """
        return self._log.withdraw(said, decided_by=decided_by)

    def state(self, *, most: int = 200) -> JudgementState:
        """Return what was said, with the newest lines of the log (all of them with ``most`` below zero)."""
        judgements, more_alike, owners = self._log.judgements(), self._log.more_alike(), self._log.owners()
        person_of = {face_id: owner.person_id for face_id, owner in owners.items()}
        contradictions = find_contradictions(judgements, more_alike, person_of)
        same = sum(said.same_person for said in judgements)
        disputed = len(disputed_answers(contradictions))
        counts = JudgementCounts(same, len(judgements) - same, len(more_alike), disputed)
        return JudgementState(counts, contradictions, self._log.entries(most=most), owners)
