"""The similarity network in plain NumPy: what the live path runs and what a retraining replaces."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facerec_app.core.errors import ModelVersionMismatchError
from facerec_app.core.types import Candidates, Embeddings, Float32Array, GallerySnapshot, SimilarityScores
from facerec_app.core.validation import require_finite
from facerec_app.similarity.log_odds import probabilities_of
from facerec_app.similarity.pair_features import squared_distances
from facerec_app.similarity.similarity_weights import (
    DenseLayer,
    SimilarityWeights,
    load_similarity_weights,
    similarity_weights_from_bytes,
)


class SimilarityNetwork:
    """``|f1 - f2|`` into dense layers and a squared distance, into one sigmoid.

    The dense part follows the Siamese network of Koch, Zemel and Salakhutdinov, "Siamese Neural Networks for One-shot
    Image Recognition", ICML Deep Learning workshop 2015, section 3.1 (a learnt weighting of ``|h1 - h2|``). The squared
    distance is a function of the same input; on features trained for faces it is so good a start that a dense part
    learnt from nothing is worse (docs/similarity.md has the figures).

    Features are compared normalised and, after a training by triplets or ranking, projected; nothing else differs.
    Dropout is for training only. Layers without activation between them are multiplied out once, here.
    """

    def __init__(self, weights: SimilarityWeights) -> None:
        self.weights = weights
        self._layers = _multiplied_out(weights)
        self._version = weights.version

    @staticmethod
    def from_bytes(content: bytes, file_name: str) -> SimilarityNetwork:
        """Return the network stored in a safetensors file whose hash has been checked (the model store does).

        Raises:
            WeightsRejectedError: if it is damaged or no similarity network.
        """
        return SimilarityNetwork(similarity_weights_from_bytes(content, file_name))

    @staticmethod
    def from_file(file: Path) -> SimilarityNetwork:
        """Return the network stored in a safetensors file.

        Raises:
            WeightsMissingError: if there is no such file.
            WeightsRejectedError: if it is damaged or no similarity network.
        """
        return SimilarityNetwork(load_similarity_weights(file))

    @property
    def version(self) -> str:
        return self._version

    def log_odds(self, left: Float32Array, right: Float32Array) -> Float32Array:
        """Return ``(P,)`` float32 log odds for two ``(P, D)`` arrays of unit-length features.

        Raises:
            InferenceError: if a feature is not finite.
        """
        return self._log_odds(self.weights.compared(left), self.weights.compared(right))

    def score_pairs(self, left: Float32Array, right: Float32Array) -> Float32Array:
        """Return ``(P,)`` float32 probabilities for two ``(P, D)`` float32 arrays of unit-length features.

        Raises:
            InferenceError: if a feature is not finite.
        """
        return probabilities_of(self.log_odds(left, right))

    def score(self, probes: Embeddings, snapshot: GallerySnapshot, candidates: Candidates) -> SimilarityScores:
        """Return the probability of each probe with each of its candidates, ``(N, K)`` float32.

        Only the candidates' features are made what is compared: a gallery of a million would take seconds each time
        that it changes.

        Raises:
            InferenceError: if a feature or cosine is not finite.
            ModelVersionMismatchError: if the features are of another extractor version than the network's.
        """
        self._require_version(probes.extractor_version)
        if not self._layers and self.weights.compares_features_as_they_are:
            distances = np.asarray(2.0 - 2.0 * candidates.cosines, np.float32)  # for unit vectors
            require_finite(distances, "The candidates' cosines")
            return SimilarityScores(probabilities_of(self._distance_log_odds(distances)))
        gallery = self.weights.compared(snapshot.vectors[candidates.gallery_rows])
        left = self.weights.compared(probes.vectors)[:, None, :]
        return SimilarityScores(probabilities_of(self._log_odds(left, gallery)))

    def _require_version(self, extractor_version: str) -> None:
        if extractor_version != self.weights.extractor_version:
            raise ModelVersionMismatchError(
                f"The similarity network was trained on features of '{self.weights.extractor_version}', these are of "
                f"'{extractor_version}'; choose the profile that fits or train it again with 'facerec train'."
            )

    def _distance_log_odds(self, distances: Float32Array) -> Float32Array:
        return np.asarray(self.weights.distance_bias - self.weights.distance_scale * distances, np.float32)

    def _log_odds(self, left: Float32Array, right: Float32Array) -> Float32Array:
        log_odds = self._distance_log_odds(squared_distances(left, right))
        if self._layers:
            hidden = np.abs(left - right)
            for number, layer in enumerate(self._layers):
                hidden = hidden @ layer.kernel + layer.bias
                if number < len(self._layers) - 1:  # only ReLU networks keep more than one layer
                    hidden = np.maximum(hidden, 0.0)
            log_odds = np.asarray(log_odds + hidden[..., 0], np.float32)
        require_finite(log_odds, "The result of the similarity network")
        return log_odds


def _multiplied_out(weights: SimilarityWeights) -> tuple[DenseLayer, ...]:
    if weights.hidden_activation == "relu" or len(weights.layers) <= 1:
        return weights.layers
    kernel, bias = weights.layers[0].kernel.astype(np.float64), weights.layers[0].bias.astype(np.float64)
    for layer in weights.layers[1:]:
        kernel, bias = kernel @ layer.kernel, bias @ layer.kernel + layer.bias
    return (DenseLayer(kernel.astype(np.float32), bias.astype(np.float32)),)
