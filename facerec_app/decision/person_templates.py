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
        person_ids, person_of_face = np.unique(snapshot.person_ids, return_inverse=True)
        sums = np.zeros((len(person_ids), snapshot.vectors.shape[1]), np.float32)
        np.add.at(sums, person_of_face, snapshot.vectors)
        lengths = np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
        counts = np.bincount(person_of_face, minlength=len(person_ids)).astype(np.int64)
        return PersonTemplates((sums / lengths).astype(np.float32), person_ids, person_of_face.astype(np.int64), counts)
