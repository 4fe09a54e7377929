"""Faces that probably lie with the wrong person, found from features alone.

``gallery_review`` asks about every face as live recognition would, which takes minutes for thousands of faces; this is
the quick look for a list that is on the screen: each face against the mean of every person's other faces, one matrix
product in all.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from facerec_app.core.errors import TrainingCancelledError
from facerec_app.core.types import Float32Array, GallerySnapshot, Int64Array

_BLOCK_VALUES = 8_000_000
_MOST_COMPARED = 16
PairLogOdds = Callable[[Float32Array, Float32Array], Float32Array]
"""Log odds that each pair of features, two ``(P, D)`` float32 arrays, is of one person."""


def misplaced_faces(
    snapshot: GallerySnapshot,
    log_odds: PairLogOdds,
    *,
    least_log_odds: float = 0.0,
    least_lead: float = 2.0,
    on_face: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> npt.NDArray[np.str_]:
    """Return whose faces each face is more like than like the rest of its own person's.

    A face is misplaced if the mean log odds with another person's faces (at most 16 of them) are at least
    ``least_log_odds`` and exceed those with its own person's others by ``least_lead``. Only faces whose mean cosine
    with another person is above that with their own are asked about. A person's only face is never misplaced: there
    is nothing to compare it with.

    Args:
        snapshot: G faces in use.
        log_odds: judges pairs.
        on_face: told how many faces of how many were looked at.
        cancelled: whether to stop.

    Returns:
        ``(G,)`` unicode, the person's identifier; empty text for a face that lies right.

    Raises:
        TrainingCancelledError: if ``cancelled`` said so.
    """
    people, owners = np.unique(snapshot.person_ids, return_inverse=True)
    found = np.zeros(len(snapshot), snapshot.person_ids.dtype)
    if people.size < 2:
        return found
    rows_of = np.split(np.argsort(owners, kind="stable"), np.cumsum(np.bincount(owners))[:-1])
    block = max(1, _BLOCK_VALUES // people.size)
    means, counts = _means(snapshot.vectors, owners, people.size)
    for start in range(0, len(snapshot), block):
        if cancelled():
            raise TrainingCancelledError("Stopped while looking for pictures that lie wrong; nothing was changed.")
        rows = np.arange(start, min(start + block, len(snapshot)))
        suspects, others = _suspects(snapshot.vectors[rows], owners[rows], means, counts)
        for row, other in zip(rows[suspects].tolist(), others.tolist(), strict=True):
            own = rows_of[owners[row]]
            with_other = _mean_log_odds(snapshot.vectors, row, rows_of[other], log_odds)
            with_own = _mean_log_odds(snapshot.vectors, row, own[own != row], log_odds)
            if with_other >= least_log_odds and with_other - with_own >= least_lead:
                found[row] = people[other]
        on_face(int(rows[-1]) + 1, len(snapshot))
    return found


def _means(vectors: Float32Array, owners: Int64Array, people: int) -> tuple[Float32Array, Int64Array]:
    """Return the mean of each person's vectors, ``(P, D)``, and how many they are, ``(P,)``."""
    order = np.argsort(owners, kind="stable")
    counts = np.bincount(owners, minlength=people)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return np.asarray(np.add.reduceat(vectors[order], starts, axis=0) / counts[:, None], np.float32), counts


def _suspects(
    vectors: Float32Array, owners: Int64Array, means: Float32Array, counts: Int64Array
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return which faces are nearer to another person's mean than to that of their own others, and to whose."""
    numbers = np.arange(len(vectors))
    products = vectors @ means.T
    remaining = counts[owners] - 1
    without_itself = products[numbers, owners] * counts[owners] - np.einsum("nd,nd->n", vectors, vectors)
    own_mean = without_itself / np.maximum(remaining, 1)
    products[numbers, owners] = -np.inf
    nearest = products.argmax(axis=1)
    suspects = np.nonzero((remaining > 0) & (products[numbers, nearest] > own_mean))[0]
    return suspects, nearest[suspects]


def _mean_log_odds(vectors: Float32Array, row: int, others: npt.NDArray[np.intp], log_odds: PairLogOdds) -> float:
    some = others[:: max(1, len(others) // _MOST_COMPARED)]
    left = np.repeat(vectors[row : row + 1], len(some), axis=0)
    return float(np.mean(log_odds(left, vectors[some])))
