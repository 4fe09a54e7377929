"""Bringing a projection into the form that ships: vectors that need nothing but unit length to be compared.

The student answers SFace with one half of its projection and dlib's network with the other, at whatever length and with
whatever mean training left. Taking the mean away and giving the halves fixed shares is an affine change, so it goes
into the dense layer itself. On held-out people it is worth 6 points of TAR at FAR 1e-2 (77.6 to 83.9 %).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from facerec_app.core.types import Float32Array
from facerec_app.training.extractor.student_weights import PROJECTION, StudentWeights

DLIB_SHARE = 0.3
"""Length of dlib's half against SFace's; 0.2 to 0.4 measured alike, more is worse at low false accept rates."""


def balanced(weights: StudentWeights, projected: Float32Array) -> StudentWeights:
    """Return weights whose projection is centred and whose halves have lengths 1 and 0.3 on average.

    Args:
        weights: the student.
        projected: ``(N, P)`` what its projection says of faces trained on.
    """
    mean = projected.mean(axis=0)
    halves = np.split(projected - mean, 2, axis=1)
    lengths = [np.linalg.norm(half, axis=1).mean() for half in halves]
    scale = np.repeat([1 / lengths[0], DLIB_SHARE / lengths[1]], projected.shape[1] // 2).astype(np.float32)
    kernel, bias = weights.arrays[f"{PROJECTION}/kernel"], weights.arrays[f"{PROJECTION}/bias"]
    folded = {f"{PROJECTION}/kernel": kernel * scale, f"{PROJECTION}/bias": (bias - mean) * scale}
    return replace(weights, arrays={**weights.arrays, **folded})
