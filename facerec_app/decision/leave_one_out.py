"""Every enrolled face asked about as if it were not enrolled: how well a gallery knows its own people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facerec_app.core.protocols import SimilarityScorer
from facerec_app.core.types import Float32Array, GallerySnapshot, Int64Array
from facerec_app.decision.gallery_thresholds import GalleryThresholds
from facerec_app.decision.person_templates import PersonTemplates
from facerec_app.similarity.log_odds import log_odds_of

_RIVAL_FACES = 12
_BLOCK = 512


@dataclass(frozen=True, slots=True, eq=False)
class LeftOutScores:
    """Scores of faces whose person has another face enrolled, as the ranking would give them.

    Attributes:
        rows: ``(L,)`` int64, rows of the snapshot.
        own: ``(L,)`` float32, log odds with their own person's other faces, less what that bar is raised.
        other: ``(L,)`` float32, of the best other person; minus infinity with only one person.
    """

    rows: Int64Array
    own: Float32Array
    other: Float32Array


def leave_one_out(snapshot: GallerySnapshot, scorer: SimilarityScorer, bars: GalleryThresholds) -> LeftOutScores:
    """Return the scores of every face that can be left out.

    Raises:
        InferenceError: if a feature is not finite.
    """
    templates = PersonTemplates.of(snapshot)
    rows = np.flatnonzero(templates.face_counts[templates.person_of_face] > 1).astype(np.int64)
    own, other = np.zeros(len(rows), np.float32), np.full(len(rows), -np.inf, np.float32)
    for start in range(0, len(rows), _BLOCK):
        part = slice(start, start + _BLOCK)
        own[part] = _own_scores(rows[part], snapshot, templates, scorer, bars)
        other[part] = _rival_scores(rows[part], snapshot, templates, scorer, bars)
    return LeftOutScores(rows, own, other)


def _own_scores(
    rows: Int64Array,
    snapshot: GallerySnapshot,
    templates: PersonTemplates,
    scorer: SimilarityScorer,
    bars: GalleryThresholds,
) -> Float32Array:
    """Return the mean of best face and mean face, both without the face itself."""
    vectors, person_of = snapshot.vectors, templates.person_of_face
    people = person_of[rows]
    siblings = [np.flatnonzero(person_of == person) for person in people.tolist()]
    nearest, rest = np.empty(len(rows), np.int64), np.empty((len(rows), vectors.shape[1]), np.float32)
    for position, (row, faces) in enumerate(zip(rows.tolist(), siblings, strict=True)):
        others = faces[faces != row]
        nearest[position] = others[int(np.argmax(vectors[others] @ vectors[row]))]
        mean = vectors[others].sum(axis=0)
        rest[position] = mean / max(float(np.linalg.norm(mean)), 1e-9)
    best = log_odds_of(scorer.score_pairs(vectors[rows], vectors[nearest]))
    template = log_odds_of(scorer.score_pairs(vectors[rows], rest))
    return np.asarray(0.5 * (best + template) - bars.raises[people], np.float32)


def _rival_scores(
    rows: Int64Array,
    snapshot: GallerySnapshot,
    templates: PersonTemplates,
    scorer: SimilarityScorer,
    bars: GalleryThresholds,
) -> Float32Array:
    """Return the score of the best other person among the owners of the nearest other faces."""
    vectors, person_of = snapshot.vectors, templates.person_of_face
    people = person_of[rows]
    cosines = vectors[rows] @ vectors.T
    cosines[people[:, None] == person_of[None, :]] = -np.inf
    count = min(_RIVAL_FACES, cosines.shape[1])
    nearest = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
    reached = np.isfinite(np.take_along_axis(cosines, nearest, axis=1))
    if not reached.any():
        return np.full(len(rows), -np.inf, np.float32)
    left = np.repeat(vectors[rows], count, axis=0)
    rivals = person_of[nearest]
    faces = log_odds_of(scorer.score_pairs(left, vectors[nearest.ravel()])).reshape(nearest.shape)
    means = log_odds_of(scorer.score_pairs(left, templates.vectors[rivals.ravel()])).reshape(nearest.shape)
    # A person's best face is the one with the highest score among their faces here; a lower one changes no maximum.
    scores = np.where(reached, 0.5 * (faces + means) - bars.raises[rivals], -np.inf)
    return np.asarray(scores.max(axis=1), np.float32)
