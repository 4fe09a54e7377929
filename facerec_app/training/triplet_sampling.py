"""Which triplets (anchor, positive, negative) a projection learns from: ranked by hardness, drawn anew each epoch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facerec_app.core.errors import NotEnoughDataError, TrainingError
from facerec_app.core.types import Float32Array, Int64Array
from facerec_app.training.confirmed_pairs import ConfirmedPairs
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.pair_sampling import genuine_pairs
from facerec_app.training.projection_options import ProjectionOptions

_CHUNK = 1024
_HARDEST = 5
"""A hard negative is drawn from so many hardest: the very hardest is a mislabelled picture more often than not."""


@dataclass(frozen=True, slots=True, eq=False)
class Triplets:
    """Faces of which the first is to be nearer to the second than to the third.

    Attributes:
        rows: ``(T, 3)`` int64, rows of the training features: anchor, positive, negative.
        weights: ``(T,)`` float32, positive.
    """

    rows: Int64Array
    weights: Float32Array

    def __post_init__(self) -> None:
        """Raise ``TrainingError`` if the shapes do not fit or an anchor is its own negative."""
        if self.rows.ndim != 2 or self.rows.shape[1] != 3 or self.weights.shape != (len(self.rows),):
            raise TrainingError(
                f"Triplets are three rows and one weight each; given were rows of shape {self.rows.shape} and weights "
                f"of shape {self.weights.shape}."
            )
        if (self.rows[:, 0] == self.rows[:, 2]).any() or (self.rows < 0).any() or not (self.weights > 0).all():
            raise TrainingError("A triplet names a face as unlike itself, or no face, or has no weight; take it out.")

    def __len__(self) -> int:
        return int(self.rows.shape[0])

    @staticmethod
    def more_alike(rows: Int64Array, weight: float = 20.0) -> Triplets:
        """Return what somebody has said: in each of ``(T, 3)`` rows the first two are more alike than first and last.

        Args:
            rows: of the training features.
            weight: how many ordinary triplets one of these counts for.
        """
        return Triplets(rows, np.full(len(rows), weight, np.float32))

    def share_among(self, ordinary: float) -> float:
        """Return the share, 0..1, of the training loss that these have beside so many examples of weight 1."""
        own = float(self.weights.sum())
        return own / max(own + ordinary, 1e-12)

    def require_rows_below(self, faces: int) -> None:
        """Raise ``TrainingError`` if a triplet names a face that is not among the ``faces`` trained on."""
        if len(self) and int(self.rows.max()) >= faces:
            raise TrainingError(f"A triplet names face {int(self.rows.max())} of {faces}: it is of another gallery.")

    @staticmethod
    def joined(parts: list[Triplets]) -> Triplets:
        """Return all triplets of the parts."""
        return Triplets(np.concatenate([part.rows for part in parts]), np.concatenate([part.weights for part in parts]))


def hard_triplets(
    features: LabelledFeatures, compared: Float32Array, options: ProjectionOptions, generator: np.random.Generator
) -> Triplets:
    """Return triplets for an epoch: every genuine pair (up to a cap a person), in both directions, with a negative.

    Args:
        features: faces with their people.
        compared: ``(N, D')`` unit-length projections of them under the present kernel.
        options: how negatives are chosen and how many of the triplets, the hardest, are kept.
        generator: of the draws.

    Raises:
        NotEnoughDataError: without a person of two faces or without a second person.
    """
    pairs = genuine_pairs(features, options.pairs_per_person, generator)
    if not len(pairs) or len(features.people) < 2:
        raise NotEnoughDataError("Triplets need a person with two faces and somebody else; enrol more faces.")
    both_ways = np.concatenate([pairs, pairs[:, ::-1]])
    pool = generator.permutation(len(features))[: options.pool].astype(np.int64)
    parts = [
        _with_negatives(features, compared, both_ways[begin : begin + _CHUNK], pool, options, generator)
        for begin in range(0, len(both_ways), _CHUNK)
    ]
    rows = np.concatenate([rows for rows, _ in parts])
    violations = np.concatenate([violations for _, violations in parts])
    kept = np.argsort(-violations, kind="stable")[: max(round(options.kept_share * len(rows)), 1)]
    return Triplets(rows[kept], np.ones(len(kept), np.float32))


def _with_negatives(
    features: LabelledFeatures,
    compared: Float32Array,
    pairs: Int64Array,
    pool: Int64Array,
    options: ProjectionOptions,
    generator: np.random.Generator,
) -> tuple[Int64Array, Float32Array]:
    """Return ``(T, 3)`` rows and ``(T,)`` by how much the negative is nearer than the positive, squared distances."""
    anchors = compared[pairs[:, 0]]
    to_pool = np.asarray(2.0 - 2.0 * (anchors @ compared[pool].T), np.float32)
    to_positive = 2.0 - 2.0 * np.einsum("td,td->t", anchors, compared[pairs[:, 1]])
    own = features.person_index[pairs[:, 0]][:, None] == features.person_index[pool][None, :]
    to_pool[own] = np.inf
    several = min(_HARDEST, len(pool))
    hardest = np.argpartition(to_pool, several - 1, axis=1)[:, :several]
    drawn = np.take_along_axis(hardest, generator.integers(several, size=(len(pairs), 1)), axis=1)[:, 0]
    beyond = np.where(to_pool > to_positive[:, None], to_pool, np.inf)
    band = beyond < (to_positive + _squared_margin(options))[:, None]
    # One at random of those within the margin; where there is none, the nearest beyond the positive.
    lots = np.where(band, generator.random(band.shape, np.float32), -1.0)
    semi_hard = np.where(band.any(axis=1), lots.argmax(axis=1), beyond.argmin(axis=1))
    take_hard = generator.random(len(pairs)) < options.hard_share
    chosen = np.where(take_hard, drawn, semi_hard)
    distance = np.take_along_axis(to_pool, chosen[:, None], axis=1)[:, 0]
    possible = np.isfinite(distance)
    rows = np.column_stack([pairs, pool[chosen]])
    return rows[possible], np.asarray((to_positive - distance)[possible], np.float32)


def _squared_margin(options: ProjectionOptions) -> float:
    """Return the margin in squared distances: a dot product of unit vectors changes half as fast."""
    return options.margin if options.objective == "triplet" else 2.0 * options.margin


def confirmed_triplets(
    features: LabelledFeatures, confirmed: ConfirmedPairs, generator: np.random.Generator
) -> Triplets:
    """Return what confirmed pairs say as triplets, the weight of each pair shared by its two directions.

    Two faces that differ are anchor and negative in turn, with another face of the anchor's person as positive (the
    anchor itself where there is none, which asks for a distance of the margin). Two that are the same are anchor and
    positive, with somebody else's face as negative.
    """
    rows: list[tuple[int, int, int]] = []
    person = features.person_index
    for (first, second), same in zip(confirmed.rows.tolist(), confirmed.same.tolist(), strict=True):
        for anchor, other in ((first, second), (second, first)):
            if same:
                rows.extend(_with_others(anchor, other, person, generator))
            else:
                mates = np.nonzero(person == person[anchor])[0]
                mates = mates[(mates != anchor) & (mates != other)]
                positive = int(generator.choice(mates)) if len(mates) else anchor
                rows.append((anchor, positive, other))
    chosen = np.array(rows, np.int64).reshape(-1, 3)
    repeated = np.tile(chosen, (confirmed.repeats, 1))
    return Triplets(repeated, np.full(len(repeated), confirmed.weight_each_time / 2, np.float32))


def _with_others(
    anchor: int, positive: int, person: Int64Array, generator: np.random.Generator
) -> list[tuple[int, int, int]]:
    others = np.nonzero((person != person[anchor]) & (person != person[positive]))[0]
    return [(anchor, positive, int(generator.choice(others)))] if len(others) else []
