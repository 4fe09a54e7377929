"""Boxes and transforms on arrays of rows."""

from __future__ import annotations

import numpy as np

from facerec_app.core.types import Float32Array


def box_areas(boxes_xyxy: Float32Array) -> Float32Array:
    """Return the area of each ``(N, 4)`` box in square pixels, zero for boxes turned inside out."""
    sides = np.maximum(boxes_xyxy[:, 2:4] - boxes_xyxy[:, 0:2], 0.0)
    return np.asarray(sides[:, 0] * sides[:, 1], np.float32)


def pairwise_iou(left_xyxy: Float32Array, right_xyxy: Float32Array) -> Float32Array:
    """Return the intersection over union of every box of one set with every box of another.

    Args:
        left_xyxy: ``(N, 4)`` float32 px.
        right_xyxy: ``(M, 4)`` float32 px.

    Returns:
        ``(N, M)`` float32 in 0..1; two empty boxes give 0.
    """
    top_left = np.maximum(left_xyxy[:, None, :2], right_xyxy[None, :, :2])
    bottom_right = np.minimum(left_xyxy[:, None, 2:], right_xyxy[None, :, 2:])
    sides = np.maximum(bottom_right - top_left, 0.0)
    intersection = sides[..., 0] * sides[..., 1]
    union = box_areas(left_xyxy)[:, None] + box_areas(right_xyxy)[None, :] - intersection
    return np.asarray(np.where(union > 0, intersection / np.maximum(union, 1e-9), 0.0), np.float32)


def similarity_transforms(source_xy: Float32Array, target_xy: Float32Array) -> Float32Array:
    """Return the least-squares similarity transform (turn, scale, shift) of each set of points onto one template.

    The closed form of Umeyama, "Least-squares estimation of transformation parameters between two point patterns",
    IEEE PAMI 13(4), 1991, for two dimensions without reflection: with centred points as complex numbers ``s`` and
    ``t``, the turn and scale are ``sum(conj(s) t) / sum(|s|^2)``.

    Args:
        source_xy: ``(N, P, 2)`` px.
        target_xy: ``(P, 2)`` px, the template.

    Returns:
        ``(N, 2, 3)`` float32; points that all coincide give a pure shift.
    """
    source = source_xy.astype(np.float64)
    target = target_xy.astype(np.float64)
    source_mean = source.mean(axis=1, keepdims=True)
    target_mean = target.mean(axis=0)
    centred = source - source_mean
    s = centred[..., 0] + 1j * centred[..., 1]
    t = (target[:, 0] - target_mean[0]) + 1j * (target[:, 1] - target_mean[1])
    spread = np.sum(np.abs(s) ** 2, axis=1)
    factor = np.where(spread > 1e-12, np.sum(np.conj(s) * t[None, :], axis=1) / np.maximum(spread, 1e-12), 1.0)
    transforms = np.empty((source.shape[0], 2, 3))
    transforms[:, 0, 0] = factor.real
    transforms[:, 0, 1] = -factor.imag
    transforms[:, 1, 0] = factor.imag
    transforms[:, 1, 1] = factor.real
    transforms[:, :, 2] = target_mean - np.einsum("nij,nj->ni", transforms[:, :, :2], source_mean[:, 0, :])
    return transforms.astype(np.float32)


def apply_transforms(transforms: Float32Array, points_xy: Float32Array) -> Float32Array:
    """Return ``(N, P, 2)`` float32 points moved by ``(N, 2, 3)`` transforms."""
    moved = np.einsum("nij,npj->npi", transforms[:, :, :2], points_xy) + transforms[:, None, :, 2]
    return np.asarray(moved, np.float32)


def clip_boxes(boxes_xyxy: Float32Array, width_px: int, height_px: int) -> Float32Array:
    """Return the boxes cut to a picture of the given size."""
    limits = np.array([width_px, height_px, width_px, height_px], np.float32)
    return np.asarray(np.clip(boxes_xyxy, 0.0, limits), np.float32)
