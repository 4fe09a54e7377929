"""Trains the dense part of the similarity network with Keras; the only module of its area that needs TensorFlow."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from facerec_app.core.errors import TrainingCancelledError, TrainingError
from facerec_app.core.types import Float32Array, Int64Array
from facerec_app.similarity.pair_features import FeatureNormalisation, squared_distances
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.similarity.similarity_weights import DenseLayer, SimilarityWeights
from facerec_app.training.distance_calibration import calibrated_distance
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.logistic_regression import log_loss
from facerec_app.training.pair_sampling import (
    genuine_pairs,
    hard_impostor_pairs,
    random_impostor_pairs,
    score_rows,
)
from facerec_app.training.similarity_options import SimilarityOptions

_VALIDATION_IMPOSTORS = 60_000


@dataclass(frozen=True, slots=True)
class EpochReport:
    """How a training run stands after an epoch.

    Attributes:
        epoch: from 1.
        epochs: at most.
        loss: on the epoch's training pairs.
        validation_loss: balanced cross-entropy on pairs of the validation people, nats.
        seconds_left: estimate if no epoch is left out.
    """

    epoch: int
    epochs: int
    loss: float
    validation_loss: float
    seconds_left: float


@dataclass(frozen=True, slots=True, eq=False)
class TrainedSimilarity:
    """What a run leaves: the weights of its best epoch and how it went."""

    weights: SimilarityWeights
    best_epoch: int
    validation_losses: tuple[float, ...]


class KerasSimilarityTrainer:
    """Trains one form of the similarity network on cached features.

    Epoch 0 is the start itself, so a correction that never helps leaves the start unchanged.

    Args:
        options: of the method.
    """

    def __init__(self, options: SimilarityOptions) -> None:
        self.options = options

    def train(
        self,
        training: LabelledFeatures,
        validation: LabelledFeatures,
        *,
        start: SimilarityWeights | None = None,
        on_epoch: Callable[[EpochReport], None] = lambda report: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> TrainedSimilarity:
        """Return the network that did best on the validation people.

        Args:
            training: faces to learn from.
            validation: faces of other people.
            start: weights to go on from (fine-tuning); by default a new network of the options' form.
            on_epoch: told after each epoch.
            cancelled: asked before each batch.

        Raises:
            NotEnoughDataError: if there are too few people or faces for pairs.
            TrainingCancelledError: if ``cancelled`` said so.
            TrainingError: if the loss stops being a number.
        """
        generator = np.random.default_rng(self.options.seed)
        current = start if start is not None else self.starting_weights(training)
        judged = _ValidationPairs.of(validation, self.options, generator)
        losses = [judged.loss(current)]
        best, best_epoch = current, 0
        if not current.layers:
            return TrainedSimilarity(current, 0, tuple(losses))
        keras.utils.set_random_seed(self.options.seed)
        tf.config.experimental.enable_op_determinism()
        model = _KerasCounterpart(current, self.options)
        began = time.monotonic()
        for epoch in range(1, self.options.epochs + 1):
            pairs, same = self._epoch_pairs(training, current, generator)
            loss = model.run_epoch(training, pairs, same, cancelled)
            current = model.weights()
            losses.append(judged.loss(current))
            if losses[-1] < losses[best_epoch]:
                best, best_epoch = current, epoch
            left = (time.monotonic() - began) / epoch * (self.options.epochs - epoch)
            on_epoch(EpochReport(epoch, self.options.epochs, loss, losses[-1], left))
            if epoch - best_epoch >= self.options.patience:
                break
        return TrainedSimilarity(best, best_epoch, tuple(losses))

    def starting_weights(self, training: LabelledFeatures) -> SimilarityWeights:
        """Return the network before the first epoch, of the options' form.

        In the form ``distance+dense`` the dense part's last layer is zero: the network is exactly the calibrated
        distance (the same idea as the zero-initialised residual branch of Goyal et al., "Accurate, Large Minibatch
        SGD", 2017, section 5.1).
        """
        options = self.options
        dimension = training.vectors.shape[1]
        normalisation = (
            FeatureNormalisation.measured_on(training.vectors)
            if options.normalise
            else FeatureNormalisation.none(dimension)
        )
        start = calibrated_distance(training, normalisation, options.seed)
        if options.form == "distance":
            return start
        layers = _glorot_layers((dimension, *options.hidden_sizes, 1), np.random.default_rng(options.seed + 1))
        if options.form == "dense":
            start = replace(start, distance_scale=0.0, distance_bias=0.0)
        else:
            layers = (*layers[:-1], DenseLayer(np.zeros_like(layers[-1].kernel), layers[-1].bias))
        return replace(start, layers=layers, hidden_activation=options.hidden_activation)

    def _epoch_pairs(
        self, training: LabelledFeatures, current: SimilarityWeights, generator: np.random.Generator
    ) -> tuple[Int64Array, Float32Array]:
        options = self.options
        genuine = genuine_pairs(training, options.pairs_per_person, generator)
        count = max(round(len(genuine) * options.negative_ratio), 1)
        hard = round(count * options.hard_share)
        parts = [genuine, random_impostor_pairs(training, count - hard, generator)]
        if hard:
            parts.append(hard_impostor_pairs(training, hard, SimilarityNetwork(current).log_odds, generator))
        pairs = np.concatenate(parts)
        same = (np.arange(len(pairs)) < len(genuine)).astype(np.float32)
        order = generator.permutation(len(pairs))
        return pairs[order], same[order]


@dataclass(frozen=True, slots=True, eq=False)
class _ValidationPairs:
    features: LabelledFeatures
    pairs: Int64Array
    genuine: int

    @staticmethod
    def of(features: LabelledFeatures, options: SimilarityOptions, generator: np.random.Generator) -> _ValidationPairs:
        genuine = genuine_pairs(features, options.pairs_per_person, generator)
        impostor = random_impostor_pairs(features, _VALIDATION_IMPOSTORS, generator)
        return _ValidationPairs(features, np.concatenate([genuine, impostor]), len(genuine))

    def loss(self, weights: SimilarityWeights) -> float:
        log_odds = score_rows(self.features, self.pairs, SimilarityNetwork(weights).log_odds).astype(np.float64)
        same = np.arange(len(self.pairs)) < self.genuine
        balance = np.where(same, 0.5 / max(self.genuine, 1), 0.5 / (len(self.pairs) - self.genuine))
        return log_loss(log_odds, same, balance)


class _KerasCounterpart:
    """The same network as a Keras model: the dense part learns, the distance term is added to its output."""

    def __init__(self, start: SimilarityWeights, options: SimilarityOptions) -> None:
        self.start = start
        self.options = options
        self._dense: list[Any] = []
        differences = keras.Input((start.dimension,), name="absolute_differences")
        distance_log_odds = keras.Input((1,), name="distance_log_odds")
        hidden: Any = differences
        decay = keras.regularizers.L2(options.weight_decay)
        for number, layer in enumerate(start.layers):
            last = number == len(start.layers) - 1
            activation = "relu" if start.hidden_activation == "relu" and not last else None
            dense = keras.layers.Dense(layer.kernel.shape[1], activation=activation, kernel_regularizer=decay)
            hidden = dense(hidden)
            self._dense.append(dense)
            rate = 0.0 if last or number >= len(options.dropout) else options.dropout[number]
            if rate:
                hidden = keras.layers.Dropout(rate, seed=options.seed + number)(hidden)
        log_odds = keras.layers.Add()([hidden, distance_log_odds])
        self._model = keras.Model([differences, distance_log_odds], log_odds)
        for dense, layer in zip(self._dense, start.layers, strict=True):
            dense.set_weights([layer.kernel, layer.bias])
        self._model.compile(optimizer=self._optimiser(), loss=keras.losses.BinaryCrossentropy(from_logits=True))

    def _optimiser(self) -> Any:
        if self.options.optimiser == "sgd":
            return keras.optimizers.SGD(self.options.learning_rate, momentum=0.9)
        return keras.optimizers.Adam(self.options.learning_rate)

    def run_epoch(
        self, training: LabelledFeatures, pairs: Int64Array, same: Float32Array, cancelled: Callable[[], bool]
    ) -> float:
        batch = self.options.batch
        vectors = self.start.normalisation.apply(training.vectors)
        total = 0.0
        for begin in range(0, len(pairs), batch):
            if cancelled():
                raise TrainingCancelledError("The training was cancelled; the present network stays in use.")
            rows = pairs[begin : begin + batch]
            left, right = vectors[rows[:, 0]], vectors[rows[:, 1]]
            distances = squared_distances(left, right)
            offsets = (self.start.distance_bias - self.start.distance_scale * distances)[:, None].astype(np.float32)
            inputs = [np.abs(left - right), offsets]
            loss = float(self._model.train_on_batch(inputs, same[begin : begin + batch, None]))
            total += loss * len(rows)
        mean = total / len(pairs)
        if not np.isfinite(mean):
            raise TrainingError("The training loss is no longer a number; choose a smaller learning rate.")
        return mean

    def log_odds_of(self, inputs: list[Float32Array]) -> Any:
        """Return what Keras computes without dropout, ``(B, 1)``."""
        return self._model(inputs, training=False)

    def weights(self) -> SimilarityWeights:
        arrays = [dense.get_weights() for dense in self._dense]
        layers = tuple(DenseLayer(np.asarray(kernel), np.asarray(bias)) for kernel, bias in arrays)
        return replace(self.start, layers=layers)


def _glorot_layers(sizes: tuple[int, ...], generator: np.random.Generator) -> tuple[DenseLayer, ...]:
    """Return layers with uniform kernels (Glorot and Bengio, AISTATS 2010) and zero biases."""
    layers = []
    for inputs, outputs in itertools.pairwise(sizes):
        limit = np.sqrt(6.0 / (inputs + outputs))
        kernel = generator.uniform(-limit, limit, (inputs, outputs)).astype(np.float32)
        layers.append(DenseLayer(kernel, np.zeros(outputs, np.float32)))
    return tuple(layers)
