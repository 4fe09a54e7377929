"""How much each of several looks at one face counts.

Size, view and sharpness say how good a look should be; the length that the network gave the feature says how sure it
is of what it saw, and knows of shadows, hands and misplaced eyes too (Kim, Jain and Liu, "AdaFace", CVPR 2022, section
3.1, take it for a picture's quality). On people never seen both together do better than either (docs/profiles.md).
"""

from __future__ import annotations

import numpy as np

from facerec_app.core.types import Float32Array

LEAST_QUALITY = 0.01
SURENESS_POWER = 12.0
"""The lengths of a face's features differ little (standard deviation a seventh in made films); chosen on films made of
held-out people (``judge-looks``).
"""
_LEAST_SURENESS = 1e-6


def sureness(norms: Float32Array, power: float = SURENESS_POWER) -> Float32Array:
    """Return how sure the network was of each of N looks beside the one it was surest of, ``(N,)`` up to 1.

    Only how the lengths compare matters, so no network needs a scale of its own.

    Args:
        norms: ``(N,)`` lengths of the features before they were made one, above zero.
        power: of the lengths; 0 makes all looks alike.
    """
    if not len(norms):
        return np.zeros(0, np.float32)
    beside_surest = norms.astype(np.float64) / norms.max()
    return np.asarray(np.maximum(beside_surest**power, _LEAST_SURENESS), np.float32)


def look_weights(qualities: Float32Array, norms: Float32Array, power: float = SURENESS_POWER) -> Float32Array:
    """Return how much each of N looks counts.

    Together they count as much as if all were of the quality of those that carry the weight, and no more than their
    qualities: poor looks do not gain by good ones that the network is unsure of.

    Args:
        qualities: ``(N,)`` 0 to 1, see ``crop_quality``.
        norms: ``(N,)`` lengths of the features before they were made one, above zero.
        power: of the lengths; 0 leaves them out.

    Returns:
        ``(N,)`` float32.
    """
    quality = np.maximum(qualities, LEAST_QUALITY).astype(np.float64)
    if not len(quality):
        return np.zeros(0, np.float32)
    weights = quality * sureness(norms, power)
    carrying = (quality * weights).sum() / weights.sum()
    total = min(quality.sum(), len(quality) * carrying)
    return np.asarray(weights * (total / weights.sum()), np.float32)


def effective_looks(shares: Float32Array) -> float:
    """Return how many looks of equal share would say as much as these do (Kish 1965, "Survey Sampling", section 11.7).

    Args:
        shares: ``(N,)`` above zero.
    """
    squares = float((shares.astype(np.float64) ** 2).sum())
    return float(shares.astype(np.float64).sum()) ** 2 / squares if squares > 0 else 0.0
