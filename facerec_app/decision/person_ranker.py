"""From faces to people: which enrolled people a probe resembles most."""

from __future__ import annotations

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
from facerec_app.decision.gallery_thresholds import WEIGHT, GalleryThresholds
from facerec_app.decision.neighbour_bars import NEIGHBOURS_FROM_FACES, NeighbourBars
from facerec_app.decision.person_templates import PersonTemplates
from facerec_app.similarity.log_odds import log_odds_of


class TemplatePersonRanker:
    """Scores a person by the mean of two log odds: of their best face and of the mean of their faces.

    The mean face averages out what a single picture adds (pose, light), the best face keeps people who look different
    in different pictures; with one enrolled face both are the same. Measured against the maximum, the mean of the
    best two and log-mean-exp in docs/adr/0002. From it goes what the person's bar lies above the common one
    (``GalleryThresholds``).

    Args:
        scorer: judges pairs of features.
        faces_per_probe: nearest gallery faces that are looked at.
        people_per_probe: people kept for each probe.
        bar_weight: how much of the difference between people moves their bars; 0 holds all to the common bar.
    """

    def __init__(
        self,
        scorer: SimilarityScorer,
        *,
        faces_per_probe: int = 24,
        people_per_probe: int = 5,
        bar_weight: float = WEIGHT,
    ) -> None:
        self.scorer = scorer
        self.faces_per_probe = faces_per_probe
        self.people_per_probe = people_per_probe
        self.bar_weight = bar_weight
        self._kept: tuple[GallerySnapshot, PersonTemplates, GalleryThresholds | NeighbourBars] | None = None

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
        return self.pool(probes, index, candidates, scores)

    def pool(
        self, probes: Embeddings, index: GalleryIndex, candidates: Candidates, scores: SimilarityScores
    ) -> PersonScores:
        """Return the people behind the candidates of each probe, best first, each at most once."""
        templates, bars = self._derived(index)
        people = templates.person_of_face[candidates.gallery_rows]
        faces = log_odds_of(scores.probabilities)
        first = _first_of_each(people, faces)
        raises = (
            bars.raises[people] if isinstance(bars, GalleryThresholds) else bars.raises_of(people, templates, index)
        )
        pooled = self._with_templates(probes, templates, people, faces) - raises
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

    def thresholds(self, snapshot: GallerySnapshot) -> GalleryThresholds:
        """Return the people's bars in this gallery, everybody's worked out; in a large one this takes minutes."""
        if len(snapshot) >= NEIGHBOURS_FROM_FACES:
            return GalleryThresholds.of(snapshot, PersonTemplates.of(snapshot), self.scorer, weight=self.bar_weight)
        return self._of_small(snapshot)[1]

    def _derived(self, index: GalleryIndex) -> tuple[PersonTemplates, GalleryThresholds | NeighbourBars]:
        """Return what follows from a gallery; it is worked out once, when the ranking first meets it."""
        if len(index.snapshot) >= NEIGHBOURS_FROM_FACES:
            return self._of_large(index)
        return self._of_small(index.snapshot)

    def _of_small(self, snapshot: GallerySnapshot) -> tuple[PersonTemplates, GalleryThresholds]:
        kept = self._kept
        if kept is not None and kept[0] is snapshot and isinstance(kept[2], GalleryThresholds):
            return kept[1], kept[2]
        templates = PersonTemplates.of(snapshot)
        thresholds = GalleryThresholds.of(snapshot, templates, self.scorer, weight=self.bar_weight)
        self._kept = snapshot, templates, thresholds
        return templates, thresholds

    def _of_large(self, index: GalleryIndex) -> tuple[PersonTemplates, NeighbourBars]:
        kept, snapshot = self._kept, index.snapshot
        if kept is not None and kept[0] is snapshot and isinstance(kept[2], NeighbourBars):
            return kept[1], kept[2]
        carried = self._carried(snapshot)
        if carried is None:
            templates = PersonTemplates.of(snapshot)
            carried = templates, NeighbourBars(index, templates, self.scorer, weight=self.bar_weight)
        self._kept = snapshot, *carried
        return carried

    def _carried(self, snapshot: GallerySnapshot) -> tuple[PersonTemplates, NeighbourBars] | None:
        """Return what follows from a snapshot of a large gallery by what has changed since the last one."""
        if self._kept is None or snapshot.change is None:
            return None
        before, templates, bars = self._kept
        if not isinstance(bars, NeighbourBars):
            return None
        if before.revision != snapshot.change.base_revision or before.extractor_version != snapshot.extractor_version:
            return None
        carried = templates.carried_to(snapshot)
        if carried is None:
            return None
        bars.forget(carried[1])
        return carried[0], bars


def empty_person_scores(probes: int, people: int) -> PersonScores:
    """Return scores without anybody in them."""
    return PersonScores(np.zeros((probes, 0), np.str_), np.zeros((probes, 0), np.float32), people)


def _first_of_each(people: Int64Array, faces: Float32Array) -> npt.NDArray[np.bool_]:
    """Return ``(N, K)`` bool: whether a candidate is its person's best face for that probe."""
    better = faces[:, None, :] > faces[:, :, None]
    same = people[:, None, :] == people[:, :, None]
    earlier = np.tri(people.shape[1], k=-1, dtype=bool)[None, :, :] & (faces[:, None, :] == faces[:, :, None])
    return np.asarray(~(same & (better | earlier)).any(axis=2), np.bool_)
