"""Shrinking aligned crops to the size that a student was trained at, as a plain product with a matrix.

A student in the early stages of growing resolution knows faces at 64 pixels only. The program's crops stay 112 pixels
wide, and the graph that serves shrinks them itself; a matrix does the same in every runtime.
"""

from __future__ import annotations

import numpy as np

from facerec_app.core.types import Float32Array


def shrinking_matrix(from_px: int, to_px: int) -> Float32Array:
    """Return the ``(to, from)`` matrix that shrinks one axis.

    Each result is a weighted mean under a triangle as wide as the step between results (bilinear interpolation with
    protection against aliasing, as in Pillow and in ``torch.nn.functional.interpolate(antialias=True)``).
    """
    step = from_px / to_px
    centres = (np.arange(to_px) + 0.5) * step
    places = np.arange(from_px) + 0.5
    weights = np.maximum(0.0, 1.0 - np.abs(places[None, :] - centres[:, None]) / max(step, 1.0))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def shrunk(pictures: Float32Array, to_px: int) -> Float32Array:
    """Return ``(N, S, S, C)`` pictures as ``(N, to, to, C)`` float32."""
    matrix = shrinking_matrix(pictures.shape[1], to_px)
    return np.asarray(np.einsum("ri,nijc,sj->nrsc", matrix, pictures, matrix, optimize=True), np.float32)
