"""How far a head is nodded, from five landmarks, relative to how the same person looks straight ahead."""

from __future__ import annotations

import numpy as np

from facerec_app.core.types import Float32Array

USUAL_NOSE_HEIGHT = (0.33, 0.74)
"""Where the nose of a face that is not turned lies between eyes (0) and mouth (1): 1st and 99th percentile of 241 of
the LFW training people (median 0.54), nods among them."""
_NOSE_REACH = 0.39
"""How far the nose stands out, in distances from eyes to mouth: ``NOSE_DEPTH`` half eye distances in the proportions of
the ArcFace template."""


def nose_height_of(landmarks_xy: Float32Array) -> Float32Array:
    """Return where each nose lies between the middle of the eyes (0) and the middle of the mouth (1).

    Args:
        landmarks_xy: ``(N, 5, 2)`` px, at any angle in the picture's plane.

    Returns:
        ``(N,)`` float32.
    """
    points = landmarks_xy.astype(np.float64)
    eyes, mouth, nose = points[:, 0:2].mean(axis=1), points[:, 3:5].mean(axis=1), points[:, 2]
    down = mouth - eyes
    length_squared = np.maximum(np.einsum("ni,ni->n", down, down), 1e-6)
    return np.asarray(np.einsum("ni,ni->n", nose - eyes, down) / length_squared, np.float32)


def pitch_deg_of(nose_heights: Float32Array, straight: float) -> Float32Array:
    """Return how far each head is nodded, degrees, positive = up.

    The tip of the nose stands out from the plane of eyes and mouth. Nodding by ``pitch`` shortens that plane with
    ``cos(pitch)`` and moves the nose by its reach times ``sin(pitch)``, up for a head that looks up, so its height
    falls by ``reach * tan(pitch)``. People's noses differ by as much as a nod of 15 degrees moves one: only the
    difference from the same person's straight look tells anything.

    Args:
        nose_heights: ``(N,)`` float32, see ``nose_height_of``.
        straight: height of the same person's nose when they look straight ahead.
    """
    return np.asarray(np.degrees(np.arctan((straight - nose_heights) / _NOSE_REACH)), np.float32)
