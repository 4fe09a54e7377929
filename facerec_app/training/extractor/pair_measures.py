"""How well embeddings tell people apart, on pairs from one group of people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facerec_app.core.types import BoolArray, Float32Array, Int64Array

GENUINE_PER_PERSON = 10


@dataclass(frozen=True, slots=True)
class PairMeasures:
    """What was measured.

    Attributes:
        accuracy: share of right answers at the best threshold, genuine and impostor pairs counted alike.
        threshold: the cosine above which a pair was called genuine.
        tar_at_far_1e2: share of genuine pairs accepted where one impostor pair in a hundred is.
        tar_at_far_1e3: the same for one in a thousand.
    """

    accuracy: float
    threshold: float
    tar_at_far_1e2: float
    tar_at_far_1e3: float


def person_pairs(people: Int64Array, seed: int = 0) -> tuple[Int64Array, BoolArray]:
    """Return all impostor pairs, and at most ten genuine pairs of each person.

    Args:
        people: ``(N,)`` int64, who each row shows.
        seed: decides which genuine pairs of people with many pictures are kept.

    Returns:
        ``(P, 2)`` rows, and ``(P,)`` whether a pair is genuine.
    """
    rows = np.stack(np.triu_indices(people.shape[0], 1), axis=1)
    same = people[rows[:, 0]] == people[rows[:, 1]]
    generator = np.random.default_rng(seed)
    genuine = generator.permutation(np.flatnonzero(same))
    owners = people[rows[genuine, 0]]
    order = np.argsort(owners, kind="stable")
    owners, genuine = owners[order], genuine[order]
    firsts = np.searchsorted(owners, owners, side="left")
    kept = genuine[np.arange(owners.size) - firsts < GENUINE_PER_PERSON]
    chosen = np.sort(np.concatenate([kept, np.flatnonzero(~same)]))
    return rows[chosen].astype(np.int64), same[chosen]


def pair_cosines(vectors: Float32Array, pairs: Int64Array) -> Float32Array:
    """Return the cosine of each ``(P, 2)`` pair of rows of unit-length ``(N, D)`` vectors."""
    parts = np.array_split(pairs, max(1, pairs.shape[0] // 8192))
    cosines = [np.einsum("pd,pd->p", vectors[part[:, 0]], vectors[part[:, 1]]) for part in parts]
    return np.asarray(np.concatenate(cosines), np.float32)


def measure_pairs(cosines: Float32Array, genuine: BoolArray) -> PairMeasures:
    """Return the measures of pairs with known answers."""
    impostors = np.sort(cosines[~genuine])
    accepted = np.sort(cosines[genuine])
    candidates = np.unique(np.quantile(np.concatenate([impostors, accepted]), np.linspace(0, 1, 2001)))
    candidates = np.union1d(candidates, np.quantile(accepted, np.linspace(0, 0.3, 301)))
    accuracies = [accuracy_at(cosines, genuine, float(threshold)) for threshold in candidates]
    best = int(np.argmax(accuracies))
    tars = [float(np.mean(accepted > np.quantile(impostors, 1 - far))) for far in (1e-2, 1e-3)]
    return PairMeasures(accuracies[best], float(candidates[best]), tars[0], tars[1])


def accuracy_at(cosines: Float32Array, genuine: BoolArray, threshold: float) -> float:
    """Return the mean of the accepted genuine and the refused impostor pairs' shares."""
    return float((np.mean(cosines[genuine] > threshold) + np.mean(cosines[~genuine] <= threshold)) / 2)
