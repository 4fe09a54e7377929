"""Names that a user has refused for faces like these: "this is not X" holds at once, before any retraining."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import numpy as np

from facerec_app.core.protocols import GalleryIndex, PersonRanker
from facerec_app.core.types import Embeddings, GallerySnapshot, PersonScores

LIKENESS = 0.35
"""Cosine from which a probe is like a rejected face, if it is also more like it than like any face of the person.

Chosen on the LFW training people with SFace (docs/similarity.md, "This is not X"): one face each of the three strangers
most like each of 353 people was rejected. The strangers' other faces were vetoed in 99.5 % of 13,515 cases, the
person's own in 1 of 8,043. The cosine alone would have cost 32 % of the own faces; from 0.55, where it costs none, it
would have caught 91 % of the others."""


def vetoed_people(probes: Embeddings, snapshot: GallerySnapshot) -> tuple[frozenset[str], ...]:
    """Return for each of N probes the people whose name a user has refused for a face like it."""
    if not len(probes) or not len(snapshot.rejected_person_ids):
        return (frozenset(),) * len(probes)
    refused = probes.vectors @ snapshot.rejected_vectors.T
    vetoes: list[set[str]] = [set() for _ in range(len(probes))]
    for person_id in np.unique(snapshot.rejected_person_ids).tolist():
        nearest_refused = refused[:, snapshot.rejected_person_ids == person_id].max(axis=1)
        own = snapshot.vectors[snapshot.person_ids == person_id]
        nearest_own = (probes.vectors @ own.T).max(axis=1) if len(own) else np.full(len(probes), -np.inf)
        for row in np.flatnonzero((nearest_refused >= LIKENESS) & (nearest_refused > nearest_own)).tolist():
            vetoes[row].add(person_id)
    return tuple(frozenset(people) for people in vetoes)


def without_people(scores: PersonScores, refused: Sequence[AbstractSet[str]]) -> PersonScores:
    """Return the scores without the refused people of each probe; who came after them moves up.

    Args:
        scores: N rows.
        refused: N sets of person identifiers.
    """
    if not any(refused) or not scores.person_ids.shape[1]:
        return scores
    person_ids, logits = scores.person_ids.copy(), scores.logits.copy()
    for row, people in enumerate(refused):
        if people:
            struck = np.isin(person_ids[row], list(people))
            order = np.argsort(struck, kind="stable")
            person_ids[row] = np.where(struck, "", person_ids[row])[order]
            logits[row] = np.where(struck, -np.inf, logits[row])[order]
    return PersonScores(person_ids, logits, scores.gallery_people)


class VetoingPersonRanker:
    """Ranks as another ranker does and leaves out whom a user has refused for such a face."""

    def __init__(self, ranker: PersonRanker) -> None:
        self.ranker = ranker

    def rank(self, probes: Embeddings, index: GalleryIndex) -> PersonScores:
        """Return the people most like each probe, best first, without refused names.

        Raises:
            ModelVersionMismatchError: if probes and gallery come from different extractor versions.
        """
        return without_people(self.ranker.rank(probes, index), vetoed_people(probes, index.snapshot))
