"""Triplets as FaceNet draws them."""

from __future__ import annotations

import numpy as np

from facerec_app.core.types import Float32Array, Int64Array


def semi_hard_triplets(
    vectors: Float32Array, people: Int64Array, margin: float, pairs_per_person: int, generator: np.random.Generator
) -> Int64Array:
    """Return ``(T, 3)`` int64 rows of anchor, positive and negative, in random order.

    Schroff et al., "FaceNet", CVPR 2015, section 3.2. A pair without a semi-hard negative gets its hardest one if
    that is still closer than the margin, else none.

    Args:
        vectors: ``(N, D)`` float32, unit length.
        people: ``(N,)`` int64.
        margin: of the squared distances.
        pairs_per_person: most anchor-positive pairs of a person.
        generator: chooses among the pairs and among the semi-hard negatives.
    """
    squared = np.maximum(2.0 - 2.0 * vectors @ vectors.T, 0.0)
    found: list[tuple[int, int, int]] = []
    for person in np.unique(people):
        mine, others = np.flatnonzero(people == person), np.flatnonzero(people != person)
        pairs = [(int(anchor), int(positive)) for anchor in mine for positive in mine if anchor != positive]
        for row in generator.permutation(len(pairs))[:pairs_per_person]:
            anchor, positive = pairs[int(row)]
            near, far = squared[anchor, positive], squared[anchor, others]
            semi = others[(far > near) & (far < near + margin)]
            if semi.size:
                found.append((anchor, positive, int(generator.choice(semi))))
            elif far.size and far.min() < near + margin:
                found.append((anchor, positive, int(others[np.argmin(far)])))
    triplets = np.array(found, np.int64).reshape(-1, 3)
    return triplets[generator.permutation(len(triplets))]
