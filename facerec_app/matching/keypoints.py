"""Keypoints of a convolutional map: where its vectors are longest."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from facerec_app.core.types import Float32Array, Int64Array


@dataclass(frozen=True, slots=True, eq=False)
class Keypoints:
    """Cells of one map.

    Attributes:
        rows, columns: ``(K,)`` int64, of the cells.
        centres_xy: ``(K, 2)`` float32, where in the map the keypoint lies, in cells; off the cell's middle where the
            scores around it say so.
        scores: ``(K,)`` float32.
    """

    rows: Int64Array
    columns: Int64Array
    centres_xy: Float32Array
    scores: Float32Array


def keypoints_of(feature_map: Float32Array, *, suppress: bool) -> Keypoints:
    """Return the keypoints of a ``(C, H, W)`` map.

    Noh et al., "Large-Scale Image Retrieval with Attentive Deep Local Features", ICCV 2017, section 3.3, learn an
    attention score; there are no weights for that here, so the score is the length of the cell's vector.

    Args:
        feature_map: float32.
        suppress: keep only cells that no neighbour exceeds, and place them between cells by the parabola through the
            scores of three neighbours (Lowe, "Distinctive Image Features from Scale-Invariant Keypoints", IJCV 2004,
            section 4, for each direction by itself); otherwise every cell is a keypoint in its middle.
    """
    scores = np.asarray(np.sqrt(np.einsum("chw,chw->hw", feature_map, feature_map)), np.float32)
    if not suppress:
        rows, columns = (index.ravel() for index in np.indices(scores.shape))
        return Keypoints(rows, columns, np.stack([columns, rows], 1).astype(np.float32), scores.ravel())
    peaks = (scores >= cv2.dilate(scores, np.ones((3, 3), np.uint8))) & (scores > 0)
    rows, columns = np.nonzero(peaks)
    around = np.pad(scores, 1, mode="edge")
    middle = around[rows + 1, columns + 1]
    x = _peak_offset(around[rows + 1, columns], middle, around[rows + 1, columns + 2])
    y = _peak_offset(around[rows, columns + 1], middle, around[rows + 2, columns + 1])
    return Keypoints(rows, columns, np.stack([columns + x, rows + y], 1).astype(np.float32), scores[rows, columns])


def _peak_offset(before: Float32Array, middle: Float32Array, after: Float32Array) -> Float32Array:
    """Return where the parabola through three values a cell apart is highest, at most half a cell off the middle."""
    curvature = np.minimum(before - 2 * middle + after, -1e-9)
    return np.asarray(np.clip((before - after) / (2 * curvature), -0.5, 0.5), np.float32)
