"""Which pairs of faces a similarity network sees."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from facerec_app.core.errors import NotEnoughDataError
from facerec_app.core.types import Float32Array, Int64Array
from facerec_app.training.labelled_features import LabelledFeatures

PairScoring = Callable[[Float32Array, Float32Array], Float32Array]
"""Two ``(P, D)`` arrays of features to ``(P,)`` log odds."""
_CHUNK = 65536


def genuine_pairs(features: LabelledFeatures, cap_per_person: int, generator: np.random.Generator) -> Int64Array:
    """Return ``(P, 2)`` rows of two faces of one person, at most ``cap_per_person`` drawn for each.

    The cap keeps a few people with hundreds of pictures from deciding everything: pairs grow with their square.
    """
    chosen: list[Int64Array] = []
    for rows in features.rows_by_person():
        first, second = np.triu_indices(len(rows), k=1)
        if len(first) > cap_per_person:
            kept = generator.choice(len(first), cap_per_person, replace=False)
            first, second = first[kept], second[kept]
        chosen.append(np.column_stack([rows[first], rows[second]]))
    return np.concatenate(chosen) if chosen else np.zeros((0, 2), np.int64)


def genuine_pair_count(features: LabelledFeatures, cap_per_person: int) -> int:
    """Return how many pairs ``genuine_pairs`` gives."""
    counts = np.bincount(features.person_index, minlength=len(features.people))
    return int(np.minimum(counts * (counts - 1) // 2, cap_per_person).sum())


def random_impostor_pairs(features: LabelledFeatures, count: int, generator: np.random.Generator) -> Int64Array:
    """Return ``(count, 2)`` rows of faces of two people, every pair of people about as likely as any other.

    People are drawn first and their faces after, so that people with many pictures do not dominate.

    Raises:
        NotEnoughDataError: if there is only one person.
    """
    people = len(features.people)
    if people < 2:
        raise NotEnoughDataError("Pairs of two people need at least two people; enrol somebody else too.")
    first = generator.integers(people, size=count)
    second = (first + generator.integers(1, people, size=count)) % people
    return np.column_stack([_random_faces(features, first, generator), _random_faces(features, second, generator)])


def hard_impostor_pairs(
    features: LabelledFeatures,
    count: int,
    score: PairScoring,
    generator: np.random.Generator,
    *,
    pool_factor: int = 15,
) -> Int64Array:
    """Return the ``(count, 2)`` pairs of two people that ``score`` finds most alike in a random pool.

    The pool is ``pool_factor`` times as large as what is kept; drawing it anew each epoch keeps the few mislabelled or
    truly indistinguishable pairs of a data set from being shown every time.
    """
    pool = random_impostor_pairs(features, count * pool_factor, generator)
    scores = score_rows(features, pool, score)
    hardest = np.argpartition(-scores, count - 1)[:count] if count < len(pool) else np.arange(len(pool))
    return pool[hardest]


def score_rows(features: LabelledFeatures, pairs: Int64Array, score: PairScoring) -> Float32Array:
    """Return ``(P,)`` float32 scores of pairs of rows, in pieces that fit in memory."""
    pieces = [
        score(features.vectors[pairs[start : start + _CHUNK, 0]], features.vectors[pairs[start : start + _CHUNK, 1]])
        for start in range(0, len(pairs), _CHUNK)
    ]
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


def _random_faces(features: LabelledFeatures, people: Int64Array, generator: np.random.Generator) -> Int64Array:
    order = np.argsort(features.person_index, kind="stable")
    counts = np.bincount(features.person_index, minlength=len(features.people))
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    offsets = (generator.random(len(people)) * counts[people]).astype(np.int64)
    return np.asarray(order[starts[people] + offsets], np.int64)
