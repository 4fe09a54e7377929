"""The affine map that most matches of two pictures agree on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facerec_app.core.types import BoolArray, Float32Array

Float64Array = npt.NDArray[np.float64]
_LEAST_AREA_PX2 = 100.0  # of the triangle that a trial is made from: three points in a line fix nothing
_MOST_ZOOM = 4.0
_MOST_STRETCH = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class AffineFit:
    """What was found.

    Attributes:
        matrix: ``(2, 3)`` float64 from the first picture's coordinates to the second's; None where nothing agrees.
        inliers: ``(M,)`` bool, which matches agree with it.
    """

    matrix: Float64Array | None
    inliers: BoolArray

    @property
    def count(self) -> int:
        """Number of matches that agree."""
        return int(self.inliers.sum())


def fit_affine(
    from_xy: Float32Array, to_xy: Float32Array, *, residual_px: float, trials: int = 1000, seed: int = 0
) -> AffineFit:
    """Return the affine map with the most inliers among ``trials`` made from three matches each.

    RANSAC (Fischler and Bolles, Communications of the ACM 24(6), 1981), all trials at once. A trial counts only if it
    is a view that a camera could take: no mirror image, no zoom beyond four, no stretching of one direction beyond
    twice the other; without that, chance matches of two scenes agree on maps that fold a picture together.

    Args:
        from_xy, to_xy: ``(M, 2)`` px, the two ends of each match.
        residual_px: farthest from where the map says that an inlier may lie.
        trials: number of draws.
        seed: of the draws; the same input gives the same answer.
    """
    nothing = AffineFit(None, np.zeros(len(from_xy), np.bool_))
    if len(from_xy) < 3:
        return nothing
    source = np.column_stack([from_xy.astype(np.float64), np.ones(len(from_xy))])
    target = to_xy.astype(np.float64)
    draws = _draws(len(source), trials, seed)
    draws = draws[np.abs(np.linalg.det(source[draws])) > 2 * _LEAST_AREA_PX2]
    if not len(draws):
        return nothing
    maps = np.linalg.solve(source[draws], target[draws])
    maps = maps[_is_plausible(maps[:, :2])]
    if not len(maps):
        return nothing
    distances = np.linalg.norm(np.einsum("mi,tij->tmj", source, maps) - target, axis=2)
    agree = distances <= residual_px
    # Of maps with equally many inliers, the one that lies closest to them.
    best = int(np.lexsort((np.where(agree, distances, 0.0).sum(axis=1), -agree.sum(axis=1)))[0])
    inliers = np.asarray(agree[best], np.bool_)
    matrix = np.linalg.lstsq(source[inliers], target[inliers], rcond=None)[0] if inliers.sum() >= 3 else maps[best]
    return AffineFit(np.asarray(matrix.T, np.float64), inliers)


def _draws(count: int, trials: int, seed: int) -> npt.NDArray[np.int64]:
    """Return ``(trials, 3)`` int64, three different rows each."""
    return np.argsort(np.random.default_rng(seed).random((trials, count)), axis=1)[:, :3]


def _is_plausible(linear: Float64Array) -> BoolArray:
    zooms = np.linalg.svd(linear, compute_uv=False)
    within = (zooms[:, 0] < _MOST_ZOOM) & (zooms[:, 1] > 1 / _MOST_ZOOM)
    return np.asarray((np.linalg.det(linear) > 0) & within & (zooms[:, 0] < _MOST_STRETCH * zooms[:, 1]), np.bool_)
