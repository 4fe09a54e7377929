"""Features with the people they belong to: what everything in this package trains on and measures with."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from facerec_app.core.errors import ModelVersionMismatchError, NotEnoughDataError, TrainingError
from facerec_app.core.types import Float32Array, Int64Array


@dataclass(frozen=True, slots=True, eq=False)
class LabelledFeatures:
    """Faces as features, each with its person.

    Attributes:
        vectors: ``(N, D)`` float32, unit length.
        person_index: ``(N,)`` int64, row of ``people``.
        people: names or identifiers, sorted.
        extractor_version: of the vectors.
    """

    vectors: Float32Array
    person_index: Int64Array
    people: tuple[str, ...]
    extractor_version: str

    def __len__(self) -> int:
        return int(self.vectors.shape[0])

    @staticmethod
    def of(vectors: Float32Array, labels: Sequence[str], extractor_version: str) -> LabelledFeatures:
        """Return features with one label each, as ``(N, D)`` unit vectors."""
        people, index = np.unique(np.asarray(labels, dtype=np.str_), return_inverse=True)
        return LabelledFeatures(
            vectors, index.astype(np.int64), tuple(str(person) for person in people), extractor_version
        )

    def of_people(self, people: Collection[str]) -> LabelledFeatures:
        """Return the faces of the given people only."""
        wanted = set(people)
        rows = np.array([self.people[index] in wanted for index in self.person_index.tolist()], bool)
        labels = [self.people[index] for index in self.person_index[rows].tolist()]
        return LabelledFeatures.of(self.vectors[rows], labels, self.extractor_version)

    def joined(self, others: LabelledFeatures) -> LabelledFeatures:
        """Return these faces, rows unchanged, followed by faces of other people.

        Raises:
            ModelVersionMismatchError: if the others are of another extractor version.
            TrainingError: if somebody is in both.
        """
        if others.extractor_version != self.extractor_version:
            raise ModelVersionMismatchError(
                f"Features of '{self.extractor_version}' and '{others.extractor_version}' cannot train one network."
            )
        shared = sorted(set(self.people) & set(others.people))
        if shared:
            raise TrainingError(f"'{shared[0]}' is among the people to learn and among the strangers; name one apart.")
        labels = [group.people[index] for group in (self, others) for index in group.person_index.tolist()]
        return LabelledFeatures.of(np.concatenate([self.vectors, others.vectors]), labels, self.extractor_version)

    def rows_by_person(self) -> list[Int64Array]:
        """Return the rows of each person, in the order of ``people``."""
        order = np.argsort(self.person_index, kind="stable")
        ends = np.cumsum(np.bincount(self.person_index, minlength=len(self.people)))[:-1]
        return [rows.astype(np.int64) for rows in np.split(order, ends)]

    def split_people(self, shares: Sequence[float], seed: int) -> tuple[LabelledFeatures, ...]:
        """Return disjoint groups of people in about the given shares, people with several faces spread evenly.

        Raises:
            NotEnoughDataError: if a group would be left without a pair of faces of one person.
        """
        generator = np.random.default_rng(seed)
        counts = np.bincount(self.person_index, minlength=len(self.people))
        groups: list[list[str]] = [[] for _ in shares]
        edges = np.cumsum(np.asarray(shares) / sum(shares))[:-1]
        for several in (True, False):
            members = generator.permutation(np.nonzero((counts > 1) == several)[0])
            for group, part in zip(groups, np.split(members, (edges * len(members)).astype(int)), strict=True):
                group.extend(self.people[index] for index in part.tolist())
            if several and not all(groups):
                raise NotEnoughDataError(
                    f"Only {len(members)} people have two or more faces, too few to split in {len(shares)} groups; "
                    "add faces."
                )
        return tuple(self.of_people(group) for group in groups)
