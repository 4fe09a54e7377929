"""A start for training that follows the user's corrections already: one hidden unit aimed at each of them.

Gradient steps on a handful of corrections move the whole network a little, and with it pairs that nobody complained
about. In the space of ``|f1 - f2|`` a single pair is easy to separate from all others instead: there are more
directions than things to tell apart. For a corrected pair ``x`` and the second moments ``S`` of ordinary pairs,
``w = S^-1 x`` answers 1 at ``x`` and as little as possible elsewhere, in the mean square (the minimum-variance filter
of Capon, "High-resolution frequency-wavenumber spectrum analysis", Proceedings of the IEEE 57(8), 1969). A ReLU cuts
off what ordinary pairs answer. Training goes on from there.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from facerec_app.core.types import Float32Array, Int64Array
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.similarity.similarity_weights import DenseLayer, SimilarityWeights
from facerec_app.training.confirmed_pairs import ConfirmedPairs
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.logistic_regression import Float64Array
from facerec_app.training.pair_sampling import genuine_pairs, hard_impostor_pairs, random_impostor_pairs

MOST_UNITS = 256
_PAIRS_PER_PERSON = 30
_IMPOSTORS = 6000
_HARD_IMPOSTORS = 2000
_RIDGE = 0.02
"""Of the mean second moment, added to every direction: ordinary pairs are a sample of all there are."""
_ALLOWANCE = 1.15
"""A unit begins to answer this far above the strongest answer of an ordinary pair."""
_HIGHEST_ONSET = 0.85
"""A correction that ordinary pairs are nearly as strong answers to is no single case; training has to see to it."""
_MARGIN = 2.0
"""Log odds by which a corrected pair is moved beyond even odds."""


def aimed_start(
    start: SimilarityWeights, training: LabelledFeatures, confirmed: ConfirmedPairs, hidden: int, seed: int
) -> SimilarityWeights:
    """Return the start with a dense part of one ReLU layer that follows those corrections that it did not follow.

    Args:
        start: without a dense part.
        training: enrolled faces and sampled people, whose ordinary pairs are to stay as they are.
        confirmed: rows of ``training`` with the user's answers.
        hidden: units in all, at least; those that aim at nothing begin as in any other training.
        seed: of the pairs drawn and of the units that aim at nothing.

    Returns:
        The same weights object if every correction is followed already, none can be singled out or too many are not.
    """
    generator = np.random.default_rng(seed + 3)
    network = SimilarityNetwork(start)
    vectors = start.compared(training.vectors)
    left, right = (training.vectors[confirmed.rows[:, side]] for side in (0, 1))
    log_odds = network.log_odds(left, right)
    unheeded = np.nonzero(_disagrees(log_odds, confirmed))[0]
    if len(unheeded) > MOST_UNITS:
        return start  # so many are no single cases: training has to see to them
    ordinary = _ordinary_pairs(training, network, confirmed, generator)
    background = _with_constant(np.abs(vectors[ordinary[:, 0]] - vectors[ordinary[:, 1]]))
    moments = background.T @ background / len(background)
    moments += np.eye(len(moments)) * _RIDGE * np.trace(moments) / len(moments)
    kernels, biases, outputs = [], [], []
    for row in unheeded.tolist():
        pair = confirmed.rows[row]
        aimed = _with_constant(np.abs(vectors[pair[0]] - vectors[pair[1]])[None])[0]
        filtered = np.linalg.solve(moments, aimed)
        filtered /= float(aimed @ filtered)
        onset = _ALLOWANCE * float((background @ filtered).max())
        if onset < _HIGHEST_ONSET:
            kernels.append(filtered[:-1] / (1.0 - onset))
            biases.append((filtered[-1] - onset) / (1.0 - onset))
            wanted = _MARGIN if confirmed.same[row] else -_MARGIN
            outputs.append(wanted - float(log_odds[row]))
    if not kernels:
        return start
    return _with_units(start, np.array(kernels), np.array(biases), np.array(outputs), hidden, seed)


def _disagrees(log_odds: Float32Array, confirmed: ConfirmedPairs) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which corrections are not followed clearly."""
    return np.asarray(np.where(confirmed.same, log_odds < _MARGIN / 2, log_odds > -_MARGIN / 2), bool)


def _ordinary_pairs(
    training: LabelledFeatures, network: SimilarityNetwork, confirmed: ConfirmedPairs, generator: np.random.Generator
) -> Int64Array:
    pairs = np.concatenate(
        [
            genuine_pairs(training, _PAIRS_PER_PERSON, generator),
            random_impostor_pairs(training, _IMPOSTORS, generator),
            hard_impostor_pairs(training, _HARD_IMPOSTORS, network.log_odds, generator),
        ]
    )
    # What was said of two faces holds for their people: such pairs are not to be left as they are.
    people = np.sort(training.person_index[pairs], axis=1)
    corrected = np.sort(training.person_index[confirmed.rows], axis=1)
    count = len(training.people)
    touched = np.isin(people[:, 0] * count + people[:, 1], corrected[:, 0] * count + corrected[:, 1])
    return np.asarray(pairs[~touched], np.int64)


def _with_constant(differences: Float32Array) -> Float64Array:
    return np.column_stack([differences.astype(np.float64), np.ones(len(differences))])


def _with_units(
    start: SimilarityWeights, kernels: Float64Array, biases: Float64Array, outputs: Float64Array, hidden: int, seed: int
) -> SimilarityWeights:
    dimension, others = kernels.shape[1], max(hidden - len(kernels), 0)
    limit = np.sqrt(6.0 / (dimension + others + len(kernels)))
    free = np.random.default_rng(seed + 1).uniform(-limit, limit, (dimension, others))
    first = DenseLayer(
        np.column_stack([kernels.T, free]).astype(np.float32),
        np.concatenate([biases, np.zeros(others)]).astype(np.float32),
    )
    last = DenseLayer(np.concatenate([outputs, np.zeros(others)])[:, None].astype(np.float32), np.zeros(1, np.float32))
    return replace(start, layers=(first, last), hidden_activation="relu")
