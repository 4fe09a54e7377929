"""Thresholds for scorers that come without one: chosen on other people than those they judge."""

from __future__ import annotations

import numpy as np

from facerec_app.core.errors import NotEnoughDataError
from facerec_app.core.types import BoolArray
from facerec_app.training.verification_metrics import ScoredPairs, best_threshold

_GROUPS = 5
_MOST_IMPOSTORS = 200_000


def cross_fitted_correct(pairs: ScoredPairs, seed: int = 5) -> tuple[BoolArray, float]:
    """Return whether each pair is judged rightly by a threshold from people of neither face, and their mean threshold.

    People are dealt into five groups. A pair between groups a and b is judged at the threshold that is best for the
    pairs in which nobody of a or b takes part.

    Raises:
        NotEnoughDataError: if some group leaves no genuine pairs to choose a threshold with.
    """
    generator = np.random.default_rng(seed)
    people = int(pairs.people.max()) + 1
    group = generator.permutation(people) % _GROUPS
    left, right = group[pairs.people[:, 0]], group[pairs.people[:, 1]]
    correct = np.zeros(len(pairs), np.bool_)
    thresholds = []
    for first in range(_GROUPS):
        for second in range(first, _GROUPS):
            judged = ((left == first) & (right == second)) | ((left == second) & (right == first))
            if not judged.any():
                continue
            outside = ~np.isin(left, (first, second)) & ~np.isin(right, (first, second)) & ~np.isnan(pairs.scores)
            threshold = best_threshold(_reduced(pairs, outside, generator))
            correct[judged] = (pairs.scores[judged] >= threshold) == pairs.same[judged]
            thresholds.append(threshold)
    return correct & ~np.isnan(pairs.scores), float(np.mean(thresholds))


def _reduced(pairs: ScoredPairs, rows: BoolArray, generator: np.random.Generator) -> ScoredPairs:
    genuine, impostor = np.nonzero(rows & pairs.same)[0], np.nonzero(rows & ~pairs.same)[0]
    if not len(genuine) or not len(impostor):
        raise NotEnoughDataError(
            "Too few people with two pictures to choose a threshold on other people than those it judges; "
            "add people with two or more pictures."
        )
    if len(impostor) > _MOST_IMPOSTORS:
        impostor = generator.choice(impostor, _MOST_IMPOSTORS, replace=False)
    chosen = np.concatenate([genuine, impostor])
    return ScoredPairs(pairs.scores[chosen], pairs.same[chosen], pairs.people[chosen])
