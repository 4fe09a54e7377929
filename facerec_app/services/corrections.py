"""What a user corrects at the face: "this is not X", taken back, or settled by saying who it is."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from facerec_app.core.errors import GalleryWriteError
from facerec_app.core.types import Embeddings, Float32Array
from facerec_app.decision.name_vetoes import LIKE, NameVetoes
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.name_rejections import NameRejection
from facerec_app.services.gallery_session import GallerySession

_REMEMBERED_LOOKS = 8
_JUDGED_FACES = 3


class CorrectionService:
    """Stores corrections and lets recognition know at once.

    Args:
        store: where they are kept.
        gallery: is told of changes.
        vetoes: says when two faces are alike.
    """

    def __init__(self, store: GalleryStore, gallery: GallerySession, vetoes: NameVetoes) -> None:
        self._vetoes = vetoes
        self._store = store
        self._gallery = gallery

    def all(self) -> tuple[NameRejection, ...]:
        """Return every correction, oldest first."""
        return self._store.rejections.all()

    def refuse(self, person_id: str, looks: Embeddings, *, source: str, decided_by: str) -> str:
        """Remember that a face is not this person; from now on the name is not shown for faces like it.

        Args:
            person_id: who it is not.
            looks: features of the face, best first.
            source: where it was seen, for people to read.
            decided_by: who says so.

        Returns:
            The identifier of the correction.

        Raises:
            PersonNotFoundError: if the person was removed meanwhile.
            GalleryWriteError: if there is no usable look, or it cannot be stored.
        """
        best = Embeddings(looks.vectors[:_REMEMBERED_LOOKS], looks.extractor_version)
        rejection_id = self._store.rejections.add(person_id, best, source=source, decided_by=decided_by)
        self._gallery.announce()
        return rejection_id

    def take_back(self, rejection_id: str) -> None:
        """Forget a correction.

        Raises:
            GalleryReadError: if it was taken back already.
        """
        self._store.rejections.remove(rejection_id)
        self._gallery.announce()

    def settle(self, face_ids: Sequence[str], *, refused: Collection[str], decided_by: str) -> None:
        """Draw the conclusions from a face having been enrolled by hand.

        Corrections that would keep its name from being shown for it are taken back: the newer word counts. For those
        whose name had been refused for the face, the pairs with their faces that are most like it are judged different,
        which a retraining learns from.

        Args:
            face_ids: the enrolled faces, all of one person.
            refused: the people whose names had been refused for this face.
            decided_by: who says so.
        """
        snapshot = self._gallery.index().snapshot
        rows = np.flatnonzero(np.isin(snapshot.face_ids, list(face_ids)))
        if not rows.size:
            return
        person_id, vectors = str(snapshot.person_ids[rows[0]]), snapshot.vectors[rows]
        changed = self._take_back_for(person_id, vectors, snapshot.extractor_version)
        for other_id in sorted(set(refused) - {person_id}):
            others = np.flatnonzero(snapshot.person_ids == other_id)
            for row in rows.tolist():
                cosines = snapshot.vectors[others] @ snapshot.vectors[row]
                for other in others[np.argsort(-cosines)[:_JUDGED_FACES]].tolist():
                    left, right = str(snapshot.face_ids[row]), str(snapshot.face_ids[other])
                    self._store.add_judgement(left, right, same_person=False, decided_by=decided_by)
                    changed = True
        if changed:
            self._gallery.announce()

    def judge_people(self, left_id: str, right_id: str, *, decided_by: str) -> int:
        """Remember that two enrolled people are two, which a retraining learns from; return the pairs of faces judged.

        The faces that are most like one of the other person's are judged: they are what is confused.

        Raises:
            GalleryWriteError: if both are the same person or one has no active face.
        """
        snapshot = self._gallery.index().snapshot
        left, right = (np.flatnonzero(snapshot.person_ids == person) for person in (left_id, right_id))
        if left_id == right_id or not left.size or not right.size:
            raise GalleryWriteError("Two different people with a picture each are needed; name two.")
        cosines = snapshot.vectors[left] @ snapshot.vectors[right].T
        nearest = np.argsort(-cosines, axis=None, kind="stable")[:_JUDGED_FACES]
        for row, column in zip(*np.unravel_index(nearest, cosines.shape), strict=True):
            one, other = str(snapshot.face_ids[left[row]]), str(snapshot.face_ids[right[column]])
            self._store.add_judgement(one, other, same_person=False, decided_by=decided_by)
        return len(nearest)

    def judge_faces(self, left_id: str, right_id: str, *, same_person: bool, decided_by: str) -> None:
        """Remember whether two enrolled faces show one person, which a retraining learns from.

        Raises:
            GalleryReadError: if one of the faces does not exist.
            GalleryWriteError: if both are the same face.
        """
        self._store.add_judgement(left_id, right_id, same_person=same_person, decided_by=decided_by)

    def _take_back_for(self, person_id: str, vectors: Float32Array, extractor_version: str) -> bool:
        rejected, not_this_person, rejection_ids = self._store.rejections.vectors(extractor_version)
        if not len(rejection_ids):
            return False
        alike = self._vetoes.likeness(rejected, vectors).max(axis=1) >= LIKE
        contradicted = sorted(set(rejection_ids[alike & (not_this_person == person_id)].tolist()))
        for rejection_id in contradicted:
            self._store.rejections.remove(rejection_id)
        return bool(contradicted)
