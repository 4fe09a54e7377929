"""From faces to people: which enrolled people a probe resembles most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facerec_app.core.protocols import GalleryIndex, SimilarityScorer
from facerec_app.core.types import (
    Candidates,
    Embeddings,
    Float32Array,
    GallerySnapshot,
    Int64Array,
    PersonScores,
    SimilarityScores,
)
from facerec_app.similarity.log_odds import log_odds_of


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


class TemplatePersonRanker:
    """Scores a person by the mean of two log odds: of their best face and of the mean of their faces.

    The mean face averages out what a single picture adds (pose, light), the best face keeps people who look different
    in different pictures; with one enrolled face both are the same. Measured against the maximum, the mean of the
    best two and log-mean-exp in docs/adr/0002.

    Args:
        scorer: judges pairs of features.
        faces_per_probe: nearest gallery faces that are looked at.
        people_per_probe: people kept for each probe.
    """

    def __init__(self, scorer: SimilarityScorer, *, faces_per_probe: int = 24, people_per_probe: int = 5) -> None:
        self.scorer = scorer
        self.faces_per_probe = faces_per_probe
        self.people_per_probe = people_per_probe
        self._templates: tuple[GallerySnapshot, PersonTemplates] | None = None

    def rank(self, probes: Embeddings, index: GalleryIndex) -> PersonScores:
        """Return the people most like each probe, best first.

        Raises:
            ModelVersionMismatchError: if probes and gallery come from different extractor versions.
            InferenceError: if a feature is not finite.
        """
        snapshot = index.snapshot
        if not len(probes) or not len(snapshot):
            return empty_person_scores(len(probes), snapshot.person_count if len(snapshot) else 0)
        candidates = index.nearest(probes, self.faces_per_probe)
        scores = self.scorer.score(probes, snapshot, candidates)
        return self.pool(probes, snapshot, candidates, scores)

    def pool(
        self, probes: Embeddings, snapshot: GallerySnapshot, candidates: Candidates, scores: SimilarityScores
    ) -> PersonScores:
        """Return the people behind the candidates of each probe, best first, each at most once."""
        templates = self._templates_of(snapshot)
        people = templates.person_of_face[candidates.gallery_rows]
        faces = log_odds_of(scores.probabilities)
        first = _first_of_each(people, faces)
        pooled = self._with_templates(probes, templates, people, faces)
        pooled = np.where(first, pooled, -np.inf).astype(np.float32)
        kept = min(self.people_per_probe, pooled.shape[1])
        order = np.argsort(-pooled, axis=1, kind="stable")[:, :kept]
        logits = np.take_along_axis(pooled, order, axis=1)
        ids = templates.person_ids[np.take_along_axis(people, order, axis=1)]
        return PersonScores(np.where(np.isfinite(logits), ids, ""), logits, len(templates.person_ids))

    def _with_templates(
        self, probes: Embeddings, templates: PersonTemplates, people: Int64Array, faces: Float32Array
    ) -> Float32Array:
        """Return ``(N, K)`` mean of each face's and its person's template's log odds."""
        several = templates.face_counts[people] > 1
        if not several.any():
            return faces
        rows, columns = np.nonzero(several)
        pair_scores = self.scorer.score_pairs(probes.vectors[rows], templates.vectors[people[rows, columns]])
        pooled = faces.copy()
        pooled[rows, columns] = 0.5 * (faces[rows, columns] + log_odds_of(pair_scores))
        return pooled

    def _templates_of(self, snapshot: GallerySnapshot) -> PersonTemplates:
        if self._templates is None or self._templates[0] is not snapshot:
            self._templates = (snapshot, PersonTemplates.of(snapshot))
        return self._templates[1]


def empty_person_scores(probes: int, people: int) -> PersonScores:
    """Return scores without anybody in them."""
    return PersonScores(np.zeros((probes, 0), np.str_), np.zeros((probes, 0), np.float32), people)


def _first_of_each(people: Int64Array, faces: Float32Array) -> npt.NDArray[np.bool_]:
    """Return ``(N, K)`` bool: whether a candidate is its person's best face for that probe."""
    better = faces[:, None, :] > faces[:, :, None]
    same = people[:, None, :] == people[:, :, None]
    earlier = np.tri(people.shape[1], k=-1, dtype=bool)[None, :, :] & (faces[:, None, :] == faces[:, :, None])
    return np.asarray(~(same & (better | earlier)).any(axis=2), np.bool_)
