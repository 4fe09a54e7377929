"""What a gallery offers for training: enrolled faces, and what its user has said about pairs of faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from facerec_app.core.errors import NotEnoughDataError, TrainingError
from facerec_app.core.types import BoolArray, GallerySnapshot, Int64Array
from facerec_app.gallery.judgement_contradictions import disputed_answers, find_contradictions
from facerec_app.gallery.judgement_entry import MoreAlike
from facerec_app.gallery.records import Judgement
from facerec_app.training.labelled_features import LabelledFeatures

_REJECTED = "rejected-"
_MOST_REFUSED_FACES = 5


@dataclass(frozen=True, slots=True, eq=False)
class GalleryMaterial:
    """Faces with their people, and pairs that somebody has answered.

    Attributes:
        features: the enrolled faces, people by identifier, then faces of "this is not X", each a person of its own.
        face_ids: of the enrolled faces, in the order of their rows.
        confirmed_rows: ``(P, 2)`` int64, rows of ``features``.
        confirmed_same: ``(P,)`` bool, the answers.
        more_alike_rows: ``(T, 3)`` int64, rows of ``features``: the first is more like the second than like the third.
        disputed: number of answers left out because they contradict each other or whose the faces are.
    """

    features: LabelledFeatures
    face_ids: tuple[str, ...]
    confirmed_rows: Int64Array
    confirmed_same: BoolArray
    more_alike_rows: Int64Array = field(default_factory=lambda: np.zeros((0, 3), np.int64))
    disputed: int = 0

    @property
    def enrolled(self) -> LabelledFeatures:
        """The enrolled faces alone; their rows are the first ones."""
        rows = np.arange(len(self.face_ids))
        labels = [self.features.people[index] for index in self.features.person_index[rows].tolist()]
        return LabelledFeatures.of(self.features.vectors[rows], labels, self.features.extractor_version)

    @property
    def person_ids(self) -> tuple[str, ...]:
        """Whose each enrolled face is."""
        return tuple(self.features.people[i] for i in self.features.person_index[: len(self.face_ids)].tolist())

    def rows_in_corrections(self) -> Int64Array:
        """Return the rows of faces that somebody has answered a question about."""
        named = np.concatenate([self.confirmed_rows.ravel(), self.more_alike_rows.ravel()])
        return np.unique(named).astype(np.int64)


def material_of(
    snapshot: GallerySnapshot, judgements: Sequence[Judgement], more_alike: Sequence[MoreAlike] = ()
) -> GalleryMaterial:
    """Return what can be trained on, answers about faces that are no longer active left out.

    Answers that contradict each other, or whose the faces are filed as, are left out until somebody settles them; they
    are counted. "This is not X" counts as an answer about the face and those faces of X that are most like it.

    Args:
        snapshot: the enrolled faces.
        judgements: answers in force about pairs.
        more_alike: answers in force about likeness.

    Raises:
        NotEnoughDataError: if nobody is enrolled.
        TrainingError: if a feature is not finite; names the face.
    """
    if not len(snapshot):
        raise NotEnoughDataError("Nobody is enrolled, so there is nothing to learn from; enrol people first.")
    _require_finite(snapshot)
    face_ids = tuple(str(face_id) for face_id in snapshot.face_ids)
    row_of = {face_id: row for row, face_id in enumerate(face_ids)}
    labels = [str(person) for person in snapshot.person_ids]
    disputed = disputed_answers(find_contradictions(judgements, more_alike, dict(zip(face_ids, labels, strict=True))))
    pairs = [
        (row_of[said.left_face_id], row_of[said.right_face_id], said.same_person)
        for said in judgements
        if said not in disputed and said.left_face_id in row_of and said.right_face_id in row_of
    ]
    triplets = [
        tuple(row_of.get(face, -1) for face in (said.face_id, said.nearer_face_id, said.farther_face_id))
        for said in more_alike
        if said not in disputed
    ]
    vectors = snapshot.vectors
    if len(snapshot.rejected_vectors):
        pairs += _refusals(snapshot)
        labels += [f"{_REJECTED}{number:06d}" for number in range(len(snapshot.rejected_vectors))]
        vectors = np.concatenate([vectors, snapshot.rejected_vectors])
    return GalleryMaterial(
        LabelledFeatures.of(vectors, labels, snapshot.extractor_version),
        face_ids,
        np.array([pair[:2] for pair in pairs], np.int64).reshape(-1, 2),
        np.array([pair[2] for pair in pairs], bool),
        np.array([rows for rows in triplets if min(rows) >= 0], np.int64).reshape(-1, 3),
        len(disputed),
    )


def _refusals(snapshot: GallerySnapshot) -> list[tuple[int, int, bool]]:
    pairs = []
    for number, (vector, person) in enumerate(
        zip(snapshot.rejected_vectors, snapshot.rejected_person_ids, strict=True)
    ):
        rows = np.nonzero(snapshot.person_ids == person)[0]
        nearest = rows[np.argsort(-(snapshot.vectors[rows] @ vector), kind="stable")][:_MOST_REFUSED_FACES]
        pairs += [(int(row), len(snapshot) + number, False) for row in nearest]
    return pairs


def _require_finite(snapshot: GallerySnapshot) -> None:
    bad = np.nonzero(~np.isfinite(snapshot.vectors).all(axis=1))[0]
    if len(bad):
        row = int(bad[0])
        name = snapshot.names.get(str(snapshot.person_ids[row]), "somebody")
        more = f" and of {len(bad) - 1} more" if len(bad) > 1 else ""
        raise TrainingError(
            f"The features of face {snapshot.face_ids[row]} of {name}{more} are not numbers; remove that picture and "
            "enrol it again."
        )
    if not np.isfinite(snapshot.rejected_vectors).all():
        raise TrainingError("The features of a correction are not numbers; take it back.")
