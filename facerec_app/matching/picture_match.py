"""What two pictures have in common: nearest descriptors, and the affine map that they agree on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facerec_app.core.errors import ModelVersionMismatchError
from facerec_app.core.types import Float32Array, Int64Array
from facerec_app.matching.affine_ransac import AffineFit, fit_affine
from facerec_app.matching.feature_map import LONGEST_SIDE_PX, MatchRule
from facerec_app.matching.local_features import LocalFeatures

CHANCE_INLIERS = 6
"""Fewer than this say nothing: two different scenes reach them by chance (docs/matching.md)."""
SCENE_INLIERS = 20
"""From here on two pictures show one scene; in between they may, or hold like things (a flag, a suit)."""


@dataclass(frozen=True, slots=True, eq=False)
class PictureMatch:
    """The matches of two pictures.

    Attributes:
        left, right: features of the two pictures.
        left_rows, right_rows: ``(M,)`` int64, the two features of each match.
        distances: ``(M,)`` float32, of their descriptors.
        fit: the affine map from left to right and who agrees with it.
    """

    left: LocalFeatures
    right: LocalFeatures
    left_rows: Int64Array
    right_rows: Int64Array
    distances: Float32Array
    fit: AffineFit

    @property
    def inliers(self) -> int:
        """Number of matches that agree with one affine map."""
        return self.fit.count

    @property
    def inlier_positions(self) -> tuple[Float32Array, Float32Array]:
        """``(I, 2)`` px in the left and in the right picture."""
        agree = self.fit.inliers
        return self.left.positions_xy[self.left_rows[agree]], self.right.positions_xy[self.right_rows[agree]]


def match_pictures(
    left: LocalFeatures, right: LocalFeatures, rule: MatchRule, *, most_shift_px: float | None = None, seed: int = 0
) -> PictureMatch:
    """Return which features of two pictures match and agree on a common geometry.

    Nearest neighbours by a KD-tree, then RANSAC, as Noh et al. (ICCV 2017, section 3.5) do.

    Args:
        left, right: of one extractor version.
        rule: what counts as a match; its residual grows with the right picture as that is larger than 640 px.
        most_shift_px: how far apart the two ends of a match may lie, for pictures that were laid over each other
            before, such as aligned faces; None for any.
        seed: of the geometric check.

    Raises:
        ModelVersionMismatchError: if the features are of two versions.
    """
    if left.version != right.version:
        raise ModelVersionMismatchError(
            f"Features of '{left.version}' cannot be compared with those of '{right.version}'; extract both again."
        )
    left_rows, right_rows, distances = _nearest(left.descriptors, right.descriptors, rule)
    if most_shift_px is not None:
        shifts = np.linalg.norm(left.positions_xy[left_rows] - right.positions_xy[right_rows], axis=1)
        near = shifts <= most_shift_px
        left_rows, right_rows, distances = left_rows[near], right_rows[near], distances[near]
    residual_px = rule.residual_px * max(1.0, max(right.size_px) / LONGEST_SIDE_PX)
    fit = fit_affine(
        left.positions_xy[left_rows],
        right.positions_xy[right_rows],
        residual_px=residual_px,
        trials=rule.trials,
        seed=seed,
    )
    return PictureMatch(left, right, left_rows, right_rows, distances, fit)


def _nearest(left: Float32Array, right: Float32Array, rule: MatchRule) -> tuple[Int64Array, Int64Array, Float32Array]:
    from scipy.spatial import cKDTree

    if len(left) < 2 or len(right) < 2:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32)
    distances, neighbours = (np.asarray(found) for found in cKDTree(right).query(left, k=2))
    kept = distances[:, 0] <= rule.most_distance
    if rule.most_ratio is not None:
        kept &= distances[:, 0] <= rule.most_ratio * distances[:, 1]
    if rule.mutual:
        back = np.asarray(cKDTree(left).query(right, k=1)[1])
        kept &= back[neighbours[:, 0]] == np.arange(len(left))
    rows = np.nonzero(kept)[0]
    return (
        np.asarray(rows, np.int64),
        np.asarray(neighbours[rows, 0], np.int64),
        np.asarray(distances[rows, 0], np.float32),
    )
