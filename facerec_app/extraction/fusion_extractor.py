"""Several extractors' judgement of the same crops in one vector."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facerec_app.core.errors import ConfigError
from facerec_app.core.protocols import FeatureExtractor
from facerec_app.core.types import Embeddings, FaceCrops


@dataclass(frozen=True, slots=True)
class FusedPart:
    """One extractor and how much it counts.

    Attributes:
        extractor: gives unit-length vectors.
        weight: its share of every cosine, in proportion to the others'.
        values: the first of its values that takes part and the first that does not any more; None means all.
    """

    extractor: FeatureExtractor
    weight: float
    values: tuple[int, int] | None = None

    @property
    def dimension(self) -> int:
        """How many values take part."""
        first, end = self.values or (0, self.extractor.dimension)
        return end - first

    def embed(self, crops: FaceCrops) -> Embeddings:
        """Return unit-length rows of the values that take part, ``(N, D)``, with the norms of all values."""
        whole = self.extractor.embed(crops)
        if self.values is None:
            return whole
        part = whole.vectors[:, slice(*self.values)]
        unit = np.asarray(part / np.maximum(np.linalg.norm(part, axis=1, keepdims=True), 1e-12), np.float32)
        return Embeddings(unit, whole.extractor_version, whole.norms)


class FusionExtractor:
    """Unit vectors of all parts beside each other, each as long as the root of its share: their cosines add up.

    The cosine of two fused vectors is the weighted mean of the parts' cosines, which is the score-level fusion by a
    weighted sum of Ross and Jain, "Information fusion in biometrics", Pattern Recognition Letters 2003, section 4; but
    as vectors the gallery, the search and the similarity network take it like any other extractor's.
    """

    def __init__(self, parts: Sequence[FusedPart]) -> None:
        """Fuse two or more extractors that take the same crops.

        Raises:
            ConfigError: if there are fewer than two parts, a weight is not positive or a part has no such values.
        """
        if len(parts) < 2 or not all(part.weight > 0 and math.isfinite(part.weight) for part in parts):
            raise ConfigError("A fusion needs two or more extractors, each with a weight above 0; mend the profile.")
        for first, end, dimension in ((*part.values, part.extractor.dimension) for part in parts if part.values):
            if not 0 <= first < end <= dimension:
                raise ConfigError(f"A fusion takes values {first} to {end} of {dimension}; mend the profile.")
        total = sum(part.weight for part in parts)
        self._parts = tuple(parts)
        self._lengths = tuple(np.float32(math.sqrt(part.weight / total)) for part in parts)
        self._largest = max(range(len(parts)), key=lambda number: parts[number].weight)
        self._dimension = sum(part.dimension for part in parts)
        facts = [[part.extractor.version, round(part.weight / total, 9), part.values] for part in parts]
        digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]
        self._version = f"fusion-{'+'.join(part.extractor.version.partition('-')[0] for part in parts)}-{digest}"

    @property
    def version(self) -> str:
        """Covers the parts' versions and weights."""
        return self._version

    @property
    def dimension(self) -> int:
        """Length of a vector: that of all parts together."""
        return self._dimension

    def embed(self, crops: FaceCrops) -> Embeddings:
        """Return one unit-length embedding per crop; its norm is that of the part with the largest share.

        Args:
            crops: N aligned RGB crops, ``(N, S, S, 3)`` uint8, of the size that every part takes.

        Returns:
            ``(N, D)`` float32; N = 0 returns an empty result without running the networks.

        Raises:
            InferenceError: if a network fails or returns values that are not finite.
        """
        parts = [part.embed(crops) for part in self._parts]
        vectors = [length * part.vectors for part, length in zip(parts, self._lengths, strict=True)]
        return Embeddings(np.concatenate(vectors, axis=1), self._version, parts[self._largest].norms)
