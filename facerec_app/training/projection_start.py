"""Projections before the first epoch: the identity, and PCA-whitening."""

from __future__ import annotations

import numpy as np

from facerec_app.core.errors import ConfigError, NotEnoughDataError
from facerec_app.core.types import Float32Array
from facerec_app.training.labelled_features import LabelledFeatures

_EQUAL_BEYOND = 10


def pca_whitening(vectors: Float32Array, shrinkage: float, dimension: int | None = None) -> Float32Array:
    """Return the ``(D, D')`` float32 kernel onto principal axes, each divided by its standard deviation.

    Jégou and Chum, "Negative evidences and co-occurrences in image retrieval: the benefit of PCA and whitening",
    ECCV 2012. Axes with hardly any variance are noise, and dividing by it would make them as loud as the others, so
    ``shrinkage`` times the mean variance is added to each (Ledoit and Wolf, "A well-conditioned estimator for
    large-dimensional covariance matrices", 2004, shrink towards the same multiple of the identity). The kernel is
    scaled to leave the mean squared length of the vectors as it is.

    Args:
        vectors: ``(N, D)``, centred here.
        shrinkage: 0 for plain whitening.
        dimension: axes kept, those of the largest variance; None for all.

    Raises:
        ConfigError: if more axes are asked for than there are.
    """
    axes = vectors.shape[1] if dimension is None else dimension
    if axes > vectors.shape[1]:
        raise ConfigError(f"A projection to {axes} values is more than the {vectors.shape[1]} of the features.")
    wide = vectors.astype(np.float64)
    covariance = np.cov(wide, rowvar=False, bias=True)
    variances, directions = np.linalg.eigh(covariance)
    variances, directions = np.maximum(variances[::-1][:axes], 0.0), directions[:, ::-1][:, :axes]
    floor = max(shrinkage * float(np.trace(covariance)) / vectors.shape[1], 1e-9)
    kernel = directions / np.sqrt(variances + floor)
    lengths = np.einsum("nd,nd->n", wide, wide).mean()
    projected = wide @ kernel
    scale = np.sqrt(lengths / max(float(np.einsum("nd,nd->n", projected, projected).mean()), 1e-300))
    return np.asarray(kernel * scale, np.float32)


def within_whitening(features: LabelledFeatures, vectors: Float32Array, shrinkage: float) -> Float32Array:
    """Return the ``(D, D)`` float32 kernel that evens out how much pictures of one person differ in each direction.

    The whitening of relevant component analysis (Bar-Hillel, Hertz, Shental and Weinshall, "Learning a Mahalanobis
    metric from equivalence constraints", JMLR 6, 2005, section 3), shrunk as in ``pca_whitening``: directions in which
    one person's pictures vary (pose, light) count for less. Every person's pictures weigh the same beyond the tenth.

    Args:
        features: faces with their people.
        vectors: ``(N, D)`` normalised features of them.
        shrinkage: what is added to every within-person variance, in units of their mean.

    Raises:
        NotEnoughDataError: without a person of two faces.
    """
    scatter = np.zeros((vectors.shape[1], vectors.shape[1]))
    freedom = 0.0
    for rows in features.rows_by_person():
        if len(rows) > 1:
            own = vectors[rows].astype(np.float64)
            deviations = own - own.mean(axis=0)
            weight = min(len(rows), _EQUAL_BEYOND) / len(rows)
            scatter += weight * deviations.T @ deviations
            freedom += weight * (len(rows) - 1)
    if not freedom:
        raise NotEnoughDataError("How pictures of one person differ needs a person with two faces; add faces.")
    variances, directions = np.linalg.eigh(scatter / freedom)
    deviation = np.sqrt(np.maximum(variances, 0.0) + max(shrinkage * float(variances.mean()), 1e-9))
    kernel = (directions / deviation) @ directions.T
    return np.asarray(kernel * (vectors.shape[1] / np.trace(kernel)), np.float32)


def identity(inputs: int, dimension: int | None = None) -> Float32Array:
    """Return the ``(D, D')`` float32 kernel that keeps the first ``dimension`` values as they are.

    Raises:
        ConfigError: if more values are asked for than there are.
    """
    if dimension is not None and dimension > inputs:
        raise ConfigError(f"A projection to {dimension} values is more than the {inputs} of the features.")
    return np.eye(inputs, inputs if dimension is None else dimension, dtype=np.float32)
