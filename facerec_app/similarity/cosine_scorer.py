"""The plain baseline: cosine through a sigmoid."""

from __future__ import annotations

import numpy as np

from facerec_app.core.types import Candidates, Embeddings, Float32Array, GallerySnapshot, SimilarityScores
from facerec_app.core.validation import require_finite
from facerec_app.similarity.log_odds import probabilities_of


class CosineScorer:
    """Ranks pairs by cosine alone; what the similarity network has to be no worse than.

    Args:
        middle: the cosine that gets probability 0.5.
        slope: log odds for each unit of cosine.
    """

    def __init__(self, middle: float = 0.36, slope: float = 25.0) -> None:
        self.middle = middle
        self.slope = slope

    @property
    def version(self) -> str:
        return f"cosine-{self.middle:g}-{self.slope:g}"

    def log_odds(self, left: Float32Array, right: Float32Array) -> Float32Array:
        """Return ``(P,)`` float32 log odds for two ``(P, D)`` arrays of unit-length features.

        Raises:
            InferenceError: if a feature is not finite.
        """
        return self._log_odds(np.asarray(np.einsum("...d,...d->...", left, right), np.float32))

    def score_pairs(self, left: Float32Array, right: Float32Array) -> Float32Array:
        """Return ``(P,)`` float32 probabilities for two ``(P, D)`` float32 arrays of unit-length features.

        Raises:
            InferenceError: if a feature is not finite.
        """
        return probabilities_of(self.log_odds(left, right))

    def score(self, probes: Embeddings, snapshot: GallerySnapshot, candidates: Candidates) -> SimilarityScores:
        """Return the probability of each probe with each of its candidates, ``(N, K)`` float32.

        Raises:
            InferenceError: if a cosine is not finite.
        """
        return SimilarityScores(probabilities_of(self._log_odds(candidates.cosines)))

    def _log_odds(self, cosines: Float32Array) -> Float32Array:
        require_finite(cosines, "The cosine of two features")
        return np.asarray(self.slope * (cosines - self.middle), np.float32)
