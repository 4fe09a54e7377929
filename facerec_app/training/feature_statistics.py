"""How features of faces are distributed, without anybody in it: mean, spread between people, spread within a person.

Impostors for a gallery of few people are drawn from it. The model is the two-covariance one of speaker recognition
(Brümmer and de Villiers, "The speaker partitioning problem", Odyssey 2010, section 4): a person is a draw from a normal
distribution, each of their faces a draw around it. Faces within a person have heavier tails than a normal distribution
(a few pictures are bad), which a multivariate t distribution gives.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from facerec_app.core.errors import NotEnoughDataError, WeightsRejectedError
from facerec_app.core.types import Float32Array
from facerec_app.training.labelled_features import LabelledFeatures

Float64Array = npt.NDArray[np.float64]
_FORMAT = "facerec-feature-statistics-1"
_FACES_THAT_COUNT = 5.0
"""A person counts in the spread within people like one with at most so many faces."""


@dataclass(frozen=True, slots=True, eq=False)
class FeatureStatistics:
    """The distribution of unit-length features.

    Attributes:
        mean: ``(D,)`` float32, of people.
        between: ``(D, D)`` float32, covariance of people around the mean.
        within: ``(D, D)`` float32, covariance of faces around their person.
        extractor_version: of the features.
        people: how many it was measured on.
        faces: of these people.
        within_freedom: degrees of freedom of the t distribution of faces around their person, above 2.
    """

    mean: Float32Array
    between: Float32Array
    within: Float32Array
    extractor_version: str
    people: int
    faces: int
    within_freedom: float = 6.0

    @property
    def dimension(self) -> int:
        """Number of values in a feature."""
        return int(self.mean.shape[0])

    @staticmethod
    def measured_on(features: LabelledFeatures) -> FeatureStatistics:
        """Return the statistics of these people; somebody with hundreds of faces counts no more than one with five.

        Raises:
            NotEnoughDataError: with fewer than two people, or if nobody has two faces.
        """
        rows_of = features.rows_by_person()
        if len(rows_of) < 2 or max(len(rows) for rows in rows_of) < 2:
            raise NotEnoughDataError(
                "Statistics of features need two people or more, and somebody with two faces; enrol more faces."
            )
        vectors = features.vectors.astype(np.float64)
        means = np.stack([vectors[rows].mean(axis=0) for rows in rows_of])
        counts = np.array([len(rows) for rows in rows_of], np.float64)
        weights = np.minimum(counts, _FACES_THAT_COUNT) / counts
        deviations = vectors - means[features.person_index]
        weighted = deviations * weights[features.person_index][:, None]
        within = weighted.T @ deviations / float(weights @ (counts - 1.0))
        between = np.cov(means, rowvar=False) - within * float((1.0 / counts).mean())
        return FeatureStatistics(
            means.mean(axis=0).astype(np.float32),
            _without_negative_spread(between).astype(np.float32),
            within.astype(np.float32),
            features.extractor_version,
            len(rows_of),
            len(features),
        )

    def sharpened(self, exponent: float) -> FeatureStatistics:
        """Return the same with the eigenvalues of the between-person covariance raised to a power, their sum kept.

        People gather in groups more than a normal distribution does, so that more of them look alike than one would
        draw; an exponent slightly above 1 makes up for it (docs/retraining.md has the figures).
        """
        values, axes = np.linalg.eigh(self.between.astype(np.float64))
        values = np.clip(values, 0.0, None)
        powers = values**exponent
        powers *= values.sum() / max(float(powers.sum()), 1e-300)
        return replace(self, between=((axes * powers) @ axes.T).astype(np.float32))

    def sample(self, people: int, faces_per_person: int, generator: np.random.Generator) -> LabelledFeatures:
        """Return features of people who do not exist, named ``sampled-000000`` and so on.

        Args:
            people: how many.
            faces_per_person: of each.
            generator: the same state gives the same people.

        Returns:
            ``people * faces_per_person`` unit-length rows, a person's faces one after the other.
        """
        count, dimension = people * faces_per_person, self.dimension
        centres = generator.standard_normal((people, dimension)) @ _factor(self.between).T
        faces = generator.standard_normal((count, dimension)) @ _factor(self.within).T
        freedom = self.within_freedom
        faces *= np.sqrt((freedom - 2.0) / generator.chisquare(freedom, (count, 1)))
        vectors = self.mean.astype(np.float64) + np.repeat(centres, faces_per_person, axis=0) + faces
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return LabelledFeatures(
            vectors.astype(np.float32),
            np.repeat(np.arange(people, dtype=np.int64), faces_per_person),
            tuple(f"sampled-{number:06d}" for number in range(people)),
            self.extractor_version,
        )


def feature_statistics_to_bytes(statistics: FeatureStatistics) -> bytes:
    """Return the statistics as the content of a safetensors file; covariances as float16 times a scale."""
    between_scale, within_scale = _scale(statistics.between), _scale(statistics.within)
    settings = {
        "format": _FORMAT,
        "extractor_version": statistics.extractor_version,
        "people": statistics.people,
        "faces": statistics.faces,
        "within_freedom": statistics.within_freedom,
        "between_scale": between_scale,
        "within_scale": within_scale,
    }
    tensors: dict[str, Any] = {
        "settings": np.frombuffer(json.dumps(settings, sort_keys=True).encode(), np.uint8),
        "mean": np.ascontiguousarray(statistics.mean, np.float32),
        "between": (statistics.between / between_scale).astype(np.float16),
        "within": (statistics.within / within_scale).astype(np.float16),
    }
    return bytes(save(tensors))


def feature_statistics_from_bytes(content: bytes, file_name: str) -> FeatureStatistics:
    """Read what ``feature_statistics_to_bytes`` wrote; the caller has checked its hash (the model store does).

    Args:
        content: of the file.
        file_name: for messages.

    Raises:
        WeightsRejectedError: if it is damaged or holds values that cannot be used.
    """
    try:
        tensors = load(content)
        return _read(tensors, json.loads(tensors["settings"].tobytes()))
    except (SafetensorError, KeyError, TypeError, ValueError, OverflowError) as exc:
        raise WeightsRejectedError(
            f"The feature statistics '{file_name}' are damaged ({exc}); install FaceRec again."
        ) from exc


def _read(tensors: dict[str, Any], settings: dict[str, Any]) -> FeatureStatistics:
    if settings["format"] != _FORMAT:
        raise ValueError(f"unknown format {settings['format']!r}")
    mean = np.asarray(tensors["mean"], np.float32)
    scaled = {
        name: np.asarray(tensors[name], np.float32) * np.float32(settings[f"{name}_scale"])
        for name in ("between", "within")
    }
    freedom = float(settings["within_freedom"])
    square = all(matrix.shape == (len(mean), len(mean)) for matrix in scaled.values())
    finite = all(np.isfinite(array).all() for array in (mean, *scaled.values()))
    if mean.ndim != 1 or not square or not finite or not freedom > 2.0:
        raise ValueError("values out of range")
    return FeatureStatistics(
        mean, scaled["between"], scaled["within"], str(settings["extractor_version"]),
        int(settings["people"]), int(settings["faces"]), freedom,
    )  # fmt: skip


def _scale(matrix: Float32Array) -> float:
    return max(float(np.abs(matrix).max()), 1e-12)


def _without_negative_spread(covariance: Float64Array) -> Float64Array:
    """Return the nearest covariance: a difference of two estimates can have directions of negative spread."""
    values, axes = np.linalg.eigh((covariance + covariance.T) / 2)
    return np.asarray((axes * np.clip(values, 0.0, None)) @ axes.T, np.float64)


def _factor(covariance: Float32Array) -> Float64Array:
    values, axes = np.linalg.eigh(covariance.astype(np.float64))
    return np.asarray(axes * np.sqrt(np.clip(values, 0.0, None)), np.float64)
