"""Names that a user has refused for faces like these: "this is not X" holds at once, before any retraining."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet

import numpy as np

from facerec_app.core.protocols import GalleryIndex, PersonRanker, SimilarityScorer
from facerec_app.core.types import Embeddings, Float32Array, GallerySnapshot, PersonScores
from facerec_app.similarity.log_odds import log_odds_of

LIKE = 2.3
"""Log odds from which a probe is like a rejected face, if its cosine with that is above those with the person's own."""
SAME = 7.0
"""Log odds from which a probe is the rejected face, however like the person's own faces it is (one of which may be of
somebody else).

Both were chosen on the LFW training people with SFace, where they are the cosines 0.35 and 0.50 (docs/window.md):
one face each of the three strangers most like each of 353 people was rejected. The strangers' other
faces were vetoed in 99.5 % of 13,515 cases, the person's own in 0.22 % of 8,043 (0.01 % without ``SAME``)."""


class NameVetoes:
    """Says whose name must not be shown for a face.

    Args:
        scorer: gives the similarity network in use, so that its log odds mean the same for every extractor.
    """

    def __init__(self, scorer: Callable[[], SimilarityScorer]) -> None:
        self._scorer = scorer

    def of(self, probes: Embeddings, snapshot: GallerySnapshot) -> tuple[frozenset[str], ...]:
        """Return for each of N probes the people whose name a user has refused for a face like it."""
        if not len(probes) or not len(snapshot.rejected_person_ids):
            return (frozenset(),) * len(probes)
        cosines = probes.vectors @ snapshot.rejected_vectors.T
        likeness = self.likeness(probes.vectors, snapshot.rejected_vectors)
        vetoes: list[set[str]] = [set() for _ in range(len(probes))]
        for person_id in np.unique(snapshot.rejected_person_ids).tolist():
            refused = snapshot.rejected_person_ids == person_id
            own = snapshot.vectors[snapshot.person_ids == person_id]
            nearest_own = (probes.vectors @ own.T).max(axis=1) if len(own) else np.full(len(probes), -np.inf)
            like, nearer = likeness[:, refused].max(axis=1), cosines[:, refused].max(axis=1) > nearest_own
            for row in np.flatnonzero((like >= SAME) | ((like >= LIKE) & nearer)).tolist():
                vetoes[row].add(person_id)
        return tuple(frozenset(people) for people in vetoes)

    def likeness(self, left: Float32Array, right: Float32Array) -> Float32Array:
        """Return the ``(N, R)`` log odds that faces of ``(N, D)`` and ``(R, D)`` features are one person's."""
        rows, columns = np.indices((len(left), len(right))).reshape(2, -1)
        return log_odds_of(self._scorer().score_pairs(left[rows], right[columns])).reshape(len(left), len(right))


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

    def __init__(self, ranker: PersonRanker, vetoes: NameVetoes) -> None:
        self.ranker = ranker
        self.vetoes = vetoes

    def rank(self, probes: Embeddings, index: GalleryIndex) -> PersonScores:
        """Return the people most like each probe, best first, without refused names.

        Raises:
            ModelVersionMismatchError: if probes and gallery come from different extractor versions.
        """
        return without_people(self.ranker.rank(probes, index), self.vetoes.of(probes, index.snapshot))
