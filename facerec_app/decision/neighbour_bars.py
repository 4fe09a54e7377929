"""Bars for single people in a large gallery, worked out for those who come up.

In a small gallery everybody's nearest strangers are looked up beforehand (``GalleryThresholds``). That takes the square
of the gallery's size: minutes for 250,000 people. Here a person's bar is worked out from the same faces, found through
the gallery's index, when the person is a candidate for the first time.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from facerec_app.core.protocols import GalleryIndex, SimilarityScorer
from facerec_app.core.types import Embeddings, Float32Array, Int64Array
from facerec_app.decision.gallery_thresholds import LARGEST_RAISE, MOST_NEAREST
from facerec_app.decision.person_templates import PersonTemplates
from facerec_app.similarity.log_odds import log_odds_of

NEIGHBOURS_FROM_FACES = 20_000
_SAMPLED_PEOPLE = 500
_BLOCK = 64
_FEW_FACES = 32


class NeighbourBars:
    """How far people's bars lie above the common one, by the other people's faces that are most like each of them.

    Lasts longer than a snapshot: what is usual, and the bars of people who came up, stay as they are while other
    people's faces come and go.
    """

    def __init__(
        self, index: GalleryIndex, templates: PersonTemplates, scorer: SimilarityScorer, *, weight: float
    ) -> None:
        """Measure on some people what is usual.

        Raises:
            InferenceError: if a feature is not finite.
        """
        self._scorer = scorer
        self._weight = weight
        self._raises: dict[str, float] = {}
        count = len(templates.person_ids)
        sampled = np.unique(np.linspace(0, count - 1, min(_SAMPLED_PEOPLE, count)).astype(np.int64))
        resemblance = self._resemblance(sampled, templates, index)
        known = resemblance[np.isfinite(resemblance)]
        self._usual = float(known.mean() + known.std()) if len(known) else 0.0

    def raises_of(self, people: Int64Array, templates: PersonTemplates, index: GalleryIndex) -> Float32Array:
        """Return how far the bars of people lie above the common one, log odds.

        Args:
            people: rows of the templates, any shape.
            templates: of the present gallery.
            index: of the present gallery.

        Raises:
            InferenceError: if a feature is not finite.
        """
        rows, places = np.unique(people, return_inverse=True)
        ids = templates.person_ids[rows]
        known = {person_id: self._raises.get(person_id) for person_id in ids.tolist()}
        missing = np.array([known[person_id] is None for person_id in ids.tolist()], bool)
        if missing.any():
            resemblance = self._resemblance(rows[missing], templates, index)
            unusual = np.where(np.isfinite(resemblance), resemblance - self._usual, 0.0)
            found = np.clip(self._weight * unusual, 0.0, LARGEST_RAISE)
            worked_out = dict(zip(ids[missing].tolist(), found.tolist(), strict=True))
            known.update(worked_out)
            self._raises.update(worked_out)
        values = np.array([known[person_id] for person_id in ids.tolist()], np.float32)
        return values[places].reshape(people.shape)

    def forget(self, person_ids: npt.NDArray[np.str_]) -> None:
        """Work the bars of these people out anew when they come up: their faces have changed, or they are gone."""
        for person_id in person_ids.tolist():
            self._raises.pop(person_id, None)

    def _resemblance(self, people: Int64Array, templates: PersonTemplates, index: GalleryIndex) -> Float32Array:
        """Return ``(M,)`` mean log odds with the others' faces most like each person; -inf where there are none."""
        resemblance = np.empty(len(people), np.float32)
        counts = templates.face_counts[people]
        order = np.argsort(counts, kind="stable")  # a block finds as many faces as its largest person needs
        start = 0
        while start < len(order):
            alike = int(np.searchsorted(counts[order], 2 * counts[order[start]] + _FEW_FACES))
            block = order[start : min(alike, start + _BLOCK)]
            resemblance[block] = self._resemblance_of_block(people[block], templates, index)
            start += len(block)
        return resemblance

    def _resemblance_of_block(
        self, people: Int64Array, templates: PersonTemplates, index: GalleryIndex
    ) -> Float32Array:
        snapshot, vectors = index.snapshot, templates.vectors[people]
        count = MOST_NEAREST + int(templates.face_counts[people].max())
        faces = index.nearest(Embeddings(vectors, snapshot.extractor_version), count).gallery_rows
        of_others = templates.person_of_face[faces] != people[:, None]
        rows, columns = np.nonzero(of_others & (np.cumsum(of_others, axis=1) <= MOST_NEAREST))
        scores = log_odds_of(self._scorer.score_pairs(vectors[rows], snapshot.vectors[faces[rows, columns]]))
        counts = np.bincount(rows, minlength=len(people))
        sums = np.bincount(rows, weights=scores, minlength=len(people))
        return np.where(counts > 0, sums / np.maximum(counts, 1), -np.inf).astype(np.float32)
