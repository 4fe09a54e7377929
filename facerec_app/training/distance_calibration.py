"""The squared distance as a probability: the start, and without a dense part the whole, of the similarity network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from facerec_app.core.types import BoolArray, Float32Array
from facerec_app.similarity.pair_features import FeatureNormalisation, squared_distances
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.similarity.similarity_weights import DenseLayer, SimilarityWeights
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.logistic_regression import Float64Array, fit_logistic
from facerec_app.training.pair_sampling import PairScoring, genuine_pairs, random_impostor_pairs, score_rows

_IMPOSTORS_PER_GENUINE = 20
_PAIRS_PER_PERSON = 30


def calibrated_distance(
    features: LabelledFeatures,
    normalisation: FeatureNormalisation,
    seed: int,
    projection: Float32Array | None = None,
) -> SimilarityWeights:
    """Return the network ``bias - scale * sum(|g1-g2|^2)`` that fits these people best.

    Genuine and impostor pairs weigh the same in total, so the log odds are log-likelihood ratios: a prior can be added.

    Args:
        features: faces of the people to fit.
        normalisation: of the features.
        seed: of the pairs drawn.
        projection: ``(D, D')`` kernel from normalised to compared features, if there is one.

    Raises:
        NotEnoughDataError: without a person of two faces, or with fewer than two people.
    """

    unfitted = SimilarityWeights(features.extractor_version, 1.0, 0.0, normalisation, projection=projection)

    def distance(left: Float32Array, right: Float32Array) -> Float32Array:
        return squared_distances(unfitted.compared(left), unfitted.compared(right))

    distances, same, weights = _scored_pairs(features, distance, seed)
    bias, slope = fit_logistic(distances[:, None], same, weights)
    return replace(unfitted, distance_scale=max(float(-slope), 0.0), distance_bias=float(bias))


def recalibrated(weights: SimilarityWeights, features: LabelledFeatures, seed: int) -> SimilarityWeights:
    """Return the network with its log odds stretched and shifted to fit people it was not trained on.

    Platt, "Probabilistic outputs for support vector machines", 1999: a network trained on chosen (hard, uneven) pairs
    is too sure or not sure enough of ordinary ones.
    """
    log_odds, same, pair_weights = _scored_pairs(features, SimilarityNetwork(weights).log_odds, seed)
    shift, stretch = (float(value) for value in fit_logistic(log_odds[:, None], same, pair_weights))
    stretch = max(stretch, 0.0)
    return stretched(weights, stretch, shift)


def stretched(weights: SimilarityWeights, stretch: float, shift: float) -> SimilarityWeights:
    """Return the network whose log odds are ``stretch`` times these plus ``shift``."""
    layers = weights.layers
    if layers:
        last = DenseLayer(
            (layers[-1].kernel * stretch).astype(np.float32), (layers[-1].bias * stretch).astype(np.float32)
        )
        layers = (*layers[:-1], last)
    return replace(
        weights,
        distance_scale=weights.distance_scale * stretch,
        distance_bias=weights.distance_bias * stretch + shift,
        layers=layers,
    )


def _scored_pairs(
    features: LabelledFeatures, score: PairScoring, seed: int
) -> tuple[Float64Array, BoolArray, Float64Array]:
    generator = np.random.default_rng(seed)
    genuine = genuine_pairs(features, _PAIRS_PER_PERSON, generator)
    impostor = random_impostor_pairs(features, max(_IMPOSTORS_PER_GENUINE * len(genuine), 1), generator)
    scores = score_rows(features, np.concatenate([genuine, impostor]), score).astype(np.float64)
    same = np.arange(len(scores)) < len(genuine)
    weights = np.where(same, 0.5 / max(len(genuine), 1), 0.5 / len(impostor))
    return scores, same, weights
