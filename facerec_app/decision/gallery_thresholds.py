"""Bars for single people: whoever resembles many others in the gallery must be matched more closely.

Some people are easily taken for others and some hardly ever (lambs and sheep in Doddington et al., "Sheep, goats, lambs
and wolves", ICSLP 1998). The other people enrolled tell which: to this person, all of them are strangers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facerec_app.core.protocols import SimilarityScorer
from facerec_app.core.types import Float32Array, GallerySnapshot, Int64Array
from facerec_app.decision.person_templates import PersonTemplates
from facerec_app.similarity.log_odds import log_odds_of

WEIGHT = 0.3
"""Share of what somebody resembles the others unusually much that raises their bar; docs/calibration.md has figures."""
_SHARE = 0.02
_FEWEST_NEAREST = 3
MOST_NEAREST = 10
_FEWEST_OTHERS = 20
LARGEST_RAISE = 1.5
_BLOCK = 256


@dataclass(frozen=True, slots=True, eq=False)
class GalleryThresholds:
    """How far each person's bar lies above the common one; belongs to one snapshot and one network.

    A bar raised by r is a score lowered by r, which is how the ranking uses it: threshold, lead and probability then
    agree without knowing of it.

    Attributes:
        person_ids: ``(P,)`` unicode array.
        raises: ``(P,)`` float32, log odds, zero for most people.
        resemblance: ``(P,)`` float32, mean log odds of the others' faces that are most like the person; NaN where there
            are too few other faces to tell.
        lookalike_ids: ``(P,)`` unicode array, whose face is the most like; empty text where nobody's.
    """

    person_ids: npt.NDArray[np.str_]
    raises: Float32Array
    resemblance: Float32Array
    lookalike_ids: npt.NDArray[np.str_]

    @staticmethod
    def of(
        snapshot: GallerySnapshot, templates: PersonTemplates, scorer: SimilarityScorer, *, weight: float = WEIGHT
    ) -> GalleryThresholds:
        """Return the bars of a gallery: each person's mean face against the nearest faces of everybody else.

        Only those nearest by cosine are judged by the network, so that 1,000 people take a fraction of a second.

        Raises:
            InferenceError: if a feature is not finite.
        """
        people, faces = len(templates.person_ids), len(snapshot)
        nobody = np.full(people, "", dtype=templates.person_ids.dtype)
        zeros = np.zeros(people, np.float32)
        fewest_others = faces - int(templates.face_counts.max(initial=0))
        if fewest_others < _FEWEST_OTHERS or people < 3:
            return GalleryThresholds(templates.person_ids, zeros, np.full(people, np.nan, np.float32), nobody)
        count = int(np.clip(round(_SHARE * faces), _FEWEST_NEAREST, min(MOST_NEAREST, fewest_others)))
        nearest = _nearest_other_faces(snapshot, templates, count)
        rows = np.repeat(np.arange(people), count)
        scores = log_odds_of(scorer.score_pairs(templates.vectors[rows], snapshot.vectors[nearest.ravel()]))
        by_person = scores.reshape(people, count)
        resemblance = by_person.mean(axis=1)
        # Lowering the bars of those who resemble few was measured too: it names more strangers than it saves misses.
        unusual = resemblance - resemblance.mean() - resemblance.std()
        raises = np.clip(weight * unusual, 0.0, LARGEST_RAISE)
        most_like = nearest[np.arange(people), by_person.argmax(axis=1)]
        return GalleryThresholds(
            templates.person_ids,
            np.asarray(raises, np.float32),
            np.asarray(resemblance, np.float32),
            templates.person_ids[templates.person_of_face[most_like]],
        )


def _nearest_other_faces(snapshot: GallerySnapshot, templates: PersonTemplates, count: int) -> Int64Array:
    """Return ``(P, count)`` rows of the faces of other people nearest to each person's mean face by cosine."""
    people = len(templates.person_ids)
    nearest = np.empty((people, count), np.int64)
    for start in range(0, people, _BLOCK):
        block = slice(start, min(start + _BLOCK, people))
        cosines = templates.vectors[block] @ snapshot.vectors.T
        own = templates.person_of_face[None, :] == np.arange(block.start, block.stop)[:, None]
        cosines[own] = -np.inf
        nearest[block] = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
    return nearest
