"""Bars for single people in a large gallery, worked out for those who come up.

In a small gallery everybody's nearest strangers are looked up beforehand (``GalleryThresholds``). That takes the square
of the gallery's size: minutes for 250,000 people. Here a cohort of faces spread over the gallery stands for everybody
else, as in score normalisation of speakers (Auckenthaler et al., "Score normalization for text-independent speaker
verification systems", Digital Signal Processing 2000), and a person's bar is worked out when they are a candidate for
the first time.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from facerec_app.core.protocols import SimilarityScorer
from facerec_app.core.types import Float32Array, GallerySnapshot, Int64Array
from facerec_app.decision.gallery_thresholds import LARGEST_RAISE, MOST_NEAREST
from facerec_app.decision.person_templates import PersonTemplates
from facerec_app.similarity.log_odds import log_odds_of

COHORT_FROM_FACES = 20_000
_COHORT_FACES = 50_000
_SAMPLED_PEOPLE = 500
_BLOCK = 256


class CohortBars:
    """How far people's bars lie above the common one, by the faces of a cohort that are most like each of them.

    Lasts longer than a snapshot: the cohort and what is usual in it stay as they are while faces come and go.
    """

    def __init__(
        self, snapshot: GallerySnapshot, templates: PersonTemplates, scorer: SimilarityScorer, *, weight: float
    ) -> None:
        """Choose the cohort and measure what is usual.

        Raises:
            InferenceError: if a feature is not finite.
        """
        rows = np.linspace(0, len(snapshot) - 1, min(_COHORT_FACES, len(snapshot))).astype(np.int64)
        self._vectors: Float32Array = np.ascontiguousarray(snapshot.vectors[rows])
        ids, codes = np.unique(snapshot.person_ids[rows], return_inverse=True)
        self._code_of = {person_id: code for code, person_id in enumerate(ids.tolist())}
        self._codes = codes.astype(np.int64)
        self._scorer = scorer
        self._weight = weight
        self._raises: dict[str, float] = {}
        count = len(templates.person_ids)
        sampled = np.unique(np.linspace(0, count - 1, min(_SAMPLED_PEOPLE, count)).astype(np.int64))
        resemblance = self._resemblance(templates.vectors[sampled], templates.person_ids[sampled])
        self._usual = float(resemblance.mean() + resemblance.std())

    def raises_of(self, people: Int64Array, templates: PersonTemplates) -> Float32Array:
        """Return how far the bars of people lie above the common one, log odds.

        Args:
            people: rows of the templates, any shape.
            templates: of the present gallery.

        Raises:
            InferenceError: if a feature is not finite.
        """
        rows, places = np.unique(people, return_inverse=True)
        ids = templates.person_ids[rows]
        missing = np.array([person_id not in self._raises for person_id in ids.tolist()], bool)
        if missing.any():
            unusual = self._resemblance(templates.vectors[rows[missing]], ids[missing]) - self._usual
            found = np.clip(self._weight * unusual, 0.0, LARGEST_RAISE)
            self._raises.update(zip(ids[missing].tolist(), found.tolist(), strict=True))
        values = np.array([self._raises[person_id] for person_id in ids.tolist()], np.float32)
        return values[places].reshape(people.shape)

    def forget(self, person_ids: npt.NDArray[np.str_]) -> None:
        """Work the bars of these people out anew when they come up: their faces have changed, or they are gone."""
        for person_id in person_ids.tolist():
            self._raises.pop(person_id, None)
        others = ~np.isin(self._codes, self._codes_of(person_ids))
        if others.sum() > MOST_NEAREST and not others.all():
            self._vectors, self._codes = self._vectors[others], self._codes[others]

    def _codes_of(self, person_ids: npt.NDArray[np.str_]) -> Int64Array:
        return np.array([self._code_of.get(person_id, -1) for person_id in person_ids.tolist()], np.int64)

    def _resemblance(self, vectors: Float32Array, person_ids: npt.NDArray[np.str_]) -> Float32Array:
        """Return ``(M,)`` mean log odds of each person with the other people's cohort faces most like them."""
        parts = [
            self._resemblance_of_block(vectors[start : start + _BLOCK], person_ids[start : start + _BLOCK])
            for start in range(0, len(vectors), _BLOCK)
        ]
        return np.concatenate(parts)

    def _resemblance_of_block(self, vectors: Float32Array, person_ids: npt.NDArray[np.str_]) -> Float32Array:
        cosines = vectors @ self._vectors.T
        cosines[self._codes_of(person_ids)[:, None] == self._codes[None, :]] = -np.inf
        nearest = np.argpartition(-cosines, MOST_NEAREST - 1, axis=1)[:, :MOST_NEAREST]
        left = np.repeat(vectors, MOST_NEAREST, axis=0)
        scores = log_odds_of(self._scorer.score_pairs(left, self._vectors[nearest.ravel()]))
        return np.asarray(scores.reshape(len(vectors), MOST_NEAREST).mean(axis=1), np.float32)
