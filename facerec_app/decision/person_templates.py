"""One vector for a person: what their faces have in common."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facerec_app.core.types import Float32Array, GallerySnapshot, Int64Array


@dataclass(frozen=True, slots=True, eq=False)
class PersonTemplates:
    """One vector per enrolled person: the unit-length mean of their faces.

    Attributes:
        vectors: ``(P, D)`` float32.
        person_ids: ``(P,)`` unicode array.
        person_of_face: ``(G,)`` int64, row of ``person_ids`` for each face of the gallery.
        face_counts: ``(P,)`` int64.
    """

    vectors: Float32Array
    person_ids: npt.NDArray[np.str_]
    person_of_face: Int64Array
    face_counts: Int64Array

    @staticmethod
    def of(snapshot: GallerySnapshot) -> PersonTemplates:
        """Return the templates of a gallery."""
        # People's faces mostly lie side by side: of a million faces only each run's first needs to be sorted.
        starts = _run_starts(snapshot.person_ids)
        person_ids, person_of_run = np.unique(snapshot.person_ids[starts], return_inverse=True)
        lengths_of_runs = np.diff(np.append(starts, len(snapshot)))
        person_of_face = np.repeat(person_of_run, lengths_of_runs).astype(np.int64)
        sums = np.zeros((len(person_ids), snapshot.vectors.shape[1]), np.float32)
        if len(starts):
            np.add.at(sums, person_of_run, np.add.reduceat(snapshot.vectors, starts, axis=0))
        counts = np.bincount(person_of_face, minlength=len(person_ids)).astype(np.int64)
        return PersonTemplates(_unit_length(sums), person_ids, person_of_face, counts)

    def carried_to(self, snapshot: GallerySnapshot) -> tuple[PersonTemplates, npt.NDArray[np.str_]] | None:
        """Return the templates of the snapshot that followed, and who has changed.

        Only the people whose faces came or went are looked at; new people go to the end. None if the change is not
        known; the snapshot then has to be gone through whole.
        """
        change = snapshot.change
        if change is None or len(self.person_of_face) - len(change.removed_rows) + change.added != len(snapshot):
            return None
        added_ids, added_person = np.unique(snapshot.person_ids[len(snapshot) - change.added :], return_inverse=True)
        places = np.array([self._row_of(person_id) for person_id in added_ids.tolist()], np.int64)
        is_new = places < 0
        places[is_new] = len(self.person_ids) + np.arange(int(is_new.sum()))
        person_ids = np.concatenate([self.person_ids, added_ids[is_new]]) if is_new.any() else self.person_ids
        kept = np.delete(self.person_of_face, change.removed_rows)
        person_of_face = np.concatenate([kept, places[added_person]]).astype(np.int64)
        counts = np.bincount(person_of_face, minlength=len(person_ids)).astype(np.int64)
        changed = np.unique(np.concatenate([self.person_of_face[change.removed_rows], places]))
        vectors = np.concatenate([self.vectors, np.zeros((int(is_new.sum()), self.vectors.shape[1]), np.float32)])
        for person in changed.tolist():
            sums = snapshot.vectors[person_of_face == person].sum(axis=0, keepdims=True)
            vectors[person] = _unit_length(sums)[0]
        changed_ids = person_ids[changed]
        if not counts.all():  # somebody has no face left
            there = counts > 0
            person_of_face = (np.cumsum(there) - 1)[person_of_face]
            vectors, person_ids, counts = vectors[there], person_ids[there], counts[there]
        return PersonTemplates(vectors, person_ids, person_of_face, counts), changed_ids

    def _row_of(self, person_id: str) -> int:
        rows = np.flatnonzero(self.person_ids == person_id)
        return int(rows[0]) if len(rows) else -1


def _run_starts(person_ids: npt.NDArray[np.str_]) -> Int64Array:
    """Return the rows at which another person than in the row before begins."""
    if not len(person_ids):
        return np.zeros(0, np.int64)
    return np.concatenate([[0], np.flatnonzero(person_ids[1:] != person_ids[:-1]) + 1]).astype(np.int64)


def _unit_length(sums: Float32Array) -> Float32Array:
    lengths = np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
    return np.asarray(sums / lengths, np.float32)
