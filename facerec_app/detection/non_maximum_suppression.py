"""Keeping one box of many that mean the same face."""

from __future__ import annotations

from typing import Literal

import numpy as np

from facerec_app.core.types import Float32Array, Int64Array

Overlap = Literal["union", "smaller"]


def suppress_overlaps(
    boxes_xyxy: Float32Array, scores: Float32Array, threshold: float, overlap: Overlap = "union"
) -> Int64Array:
    """Return the rows of the boxes that no better box overlaps by more than a threshold, best first.

    Unlike the greedy procedure, a box also falls to a better one that itself fell, so no loop is needed. The package
    ``mtcnn`` does the same, and so does Fast NMS of Bolya et al., "YOLACT", ICCV 2019.

    Args:
        boxes_xyxy: ``(N, 4)``.
        scores: ``(N,)``.
        threshold: largest overlap that two kept boxes may have.
        overlap: intersection over ``union``, or over the area of the ``smaller`` box.

    Returns:
        ``(K,)`` int64 rows.
    """
    order: Int64Array = np.argsort(-scores, kind="stable")
    if order.size < 2:
        return order
    left, top, right, bottom = boxes_xyxy[order].T.astype(np.float32, copy=False)
    width = np.minimum(right[:, None], right)
    width -= np.maximum(left[:, None], left)
    np.maximum(width, 0.0, out=width)
    inter = np.minimum(bottom[:, None], bottom)
    inter -= np.maximum(top[:, None], top)
    np.maximum(inter, 0.0, out=inter)
    inter *= width
    areas = (right - left) * (bottom - top)
    if overlap == "union":
        # inter / (a + b - inter) > t  <=>  inter > t (a + b) / (1 + t); no division by empty unions
        limit = (areas[:, None] + areas) * np.float32(threshold / (1.0 + threshold))
    else:
        limit = np.minimum(areas[:, None], areas) * np.float32(threshold)
    beaten = np.triu(inter > limit, k=1).any(axis=0)
    kept: Int64Array = order[~beaten]
    return kept
