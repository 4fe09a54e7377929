"""What the similarity network sees of two faces: the absolute difference of their features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facerec_app.core.types import Float32Array

_SMALLEST_STD = 1e-4
"""A value that never varies among the training features says nothing; dividing by its spread would only add noise."""


@dataclass(frozen=True, slots=True, eq=False)
class FeatureNormalisation:
    """Mean and standard deviation of each value of the unit-length features, from the training faces.

    Attributes:
        mean: ``(D,)`` float32.
        std: ``(D,)`` float32, positive.
    """

    mean: Float32Array
    std: Float32Array

    def apply(self, vectors: Float32Array) -> Float32Array:
        """Return ``(N, D)`` float32 features with mean 0 and deviation 1 on the data it was measured on."""
        return np.asarray((vectors - self.mean) / self.std, np.float32)

    @staticmethod
    def measured_on(vectors: Float32Array) -> FeatureNormalisation:
        """Return the statistics of ``(N, D)`` unit-length features."""
        wide = vectors.astype(np.float64)
        std = np.maximum(wide.std(axis=0), _SMALLEST_STD)
        return FeatureNormalisation(wide.mean(axis=0).astype(np.float32), std.astype(np.float32))

    @staticmethod
    def none(dimension: int) -> FeatureNormalisation:
        """Return the statistics that change nothing."""
        return FeatureNormalisation(np.zeros(dimension, np.float32), np.ones(dimension, np.float32))


def absolute_differences(left: Float32Array, right: Float32Array, normalisation: FeatureNormalisation) -> Float32Array:
    """Return ``|f1 - f2|`` of normalised features, broadcast over all axes but the last.

    The mean cancels; only the deviation matters, so each value is divided by it once.
    """
    return np.asarray(np.abs(left - right) / normalisation.std, np.float32)


def squared_distances(left: Float32Array, right: Float32Array) -> Float32Array:
    """Return ``sum(|f1 - f2|^2)`` over the last axis, in 0..4 for unit-length features.

    For unit vectors it is ``2 - 2 cos``, which a matrix product that has already been made gives for nothing.
    """
    difference = left - right
    return np.asarray(np.einsum("...d,...d->...", difference, difference), np.float32)
