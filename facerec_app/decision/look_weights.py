"""How much each of several looks at one face counts.

Size, view and sharpness say how good a look should be; the length that the network gave the feature says how sure it
is of what it saw, and knows of shadows, hands and misplaced eyes too (Kim, Jain and Liu, "AdaFace", CVPR 2022, section
3.1, take it for a picture's quality). On held-out people it goes with a look's likeness to the person's own picture as
well as quality does, and both together do better than either (docs/profiles.md).
"""

from __future__ import annotations

import numpy as np

from facerec_app.core.types import Float32Array

LEAST_QUALITY = 0.01
SURENESS_POWER = 12.0
"""Features' lengths differ by a seventh only; chosen on films made of held-out people (``judge-looks``)."""


def look_weights(qualities: Float32Array, norms: Float32Array, power: float = SURENESS_POWER) -> Float32Array:
    """Return how much each of N looks counts, together as much as their qualities.

    Only how the lengths compare with each other matters, so no network needs a scale of its own.

    Args:
        qualities: ``(N,)`` 0 to 1, see ``crop_quality``.
        norms: ``(N,)`` lengths of the features before they were made one, above zero.
        power: of the lengths; 0 leaves them out.

    Returns:
        ``(N,)`` float32.
    """
    quality = np.maximum(qualities, LEAST_QUALITY).astype(np.float64)
    weights = quality * (norms / norms.max(initial=0.0)) ** power if len(quality) else quality
    total = weights.sum()
    return np.asarray(weights * (quality.sum() / total) if total > 0 else quality, np.float32)
