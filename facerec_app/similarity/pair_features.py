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

    @property
    def changes_nothing(self) -> bool:
        """Whether features of unit length come out as they went in."""
        return not self.mean.any() and bool((self.std == 1.0).all())

    def apply(self, vectors: Float32Array) -> Float32Array:
        """Return ``(..., D)`` float32 features, centred, scaled value by value and brought back to unit length.

        What all faces have in common says nothing about who they are, but adds to every cosine; taking it out makes
        strangers less alike (docs/similarity.md has the figures).
        """
        if self.changes_nothing:
            return vectors
        return of_unit_length((vectors - self.mean) / self.std)

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


def of_unit_length(vectors: Float32Array) -> Float32Array:
    """Return ``(..., D)`` float32 vectors divided by their lengths; a vector of zeros stays one."""
    lengths = np.sqrt(np.einsum("...d,...d->...", vectors, vectors))[..., None]
    return np.asarray(vectors / np.maximum(lengths, 1e-9), np.float32)


def squared_distances(left: Float32Array, right: Float32Array) -> Float32Array:
    """Return ``sum(|f1 - f2|^2)`` over the last axis, in 0..4 for unit-length features.

    For unit vectors it is ``2 - 2 cos``, which a matrix product that has already been made gives for nothing.
    """
    difference = left - right
    return np.asarray(np.einsum("...d,...d->...", difference, difference), np.float32)
