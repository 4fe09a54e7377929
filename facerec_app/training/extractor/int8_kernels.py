"""Kernels as int8 codes, the form in which the extractor that serves is stored."""

from __future__ import annotations

import numpy as np

from facerec_app.core.types import Float32Array


def quantised(kernel: Float32Array) -> tuple[np.ndarray, Float32Array]:
    """Return int8 codes and one scale for each entry of the first axis, chosen for the least squared error."""
    flat = kernel.reshape(kernel.shape[0], -1)
    largest = np.maximum(np.abs(flat).max(axis=1), 1e-12)
    best_scale, best_error = largest / 127, np.full(len(flat), np.inf, np.float32)
    for share in np.linspace(0.7, 1.0, 13):
        scale = share * largest / 127
        error = ((np.clip(np.rint(flat / scale[:, None]), -127, 127) * scale[:, None] - flat) ** 2).sum(axis=1)
        best_scale = np.where(error < best_error, scale, best_scale)
        best_error = np.minimum(error, best_error)
    codes = np.clip(np.rint(flat / best_scale[:, None]), -127, 127).astype(np.int8)
    return codes.reshape(kernel.shape), best_scale.astype(np.float32)
