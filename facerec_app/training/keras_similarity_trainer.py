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
from facerec_app.training.confirmed_pairs import ConfirmedPairs
from facerec_app.training.distance_calibration import calibrated_distance
from facerec_app.training.epoch_report import EpochReport
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.pair_sampling import (
    genuine_pair_count,
    genuine_pairs,
    hard_impostor_pairs,
    random_impostor_pairs,
)
from facerec_app.training.similarity_options import SimilarityOptions
from facerec_app.training.trained_similarity import TrainedSimilarity
from facerec_app.training.validation_pairs import ConfirmedAmongTraining, ValidationPairs


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
        confirmed: ConfirmedPairs | None = None,
        on_epoch: Callable[[EpochReport], None] = lambda report: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> TrainedSimilarity:
        """Return the network that did best on the validation people.

        Args:
            training: faces to learn from.
            validation: faces of other people.
            start: weights to go on from (fine-tuning); by default a new network of the options' form. A start without
                dense part gets one that begins at zero, unless the form is ``distance``.
            confirmed: pairs of the training faces that somebody has answered by hand: in every epoch, and in the
                loss that chooses the epoch.
            on_epoch: told after each epoch.
            cancelled: asked before each batch.

        Raises:
            NotEnoughDataError: if there are too few people or faces for pairs.
            TrainingCancelledError: if ``cancelled`` said so.
            TrainingError: if the loss stops being a number or a confirmed pair names a face that is not there.
        """
        generator = np.random.default_rng(self.options.seed)
        current = self.starting_weights(training) if start is None else self._with_dense_part(start)
        said = self._confirmed_among(training, confirmed)
        judged = ValidationPairs.drawn(validation, self.options.pairs_per_person, generator, said)
        losses = [judged.loss(current)]
        best, best_epoch = current, 0
        if not current.layers:
            return TrainedSimilarity(current, 0, tuple(losses))
        keras.utils.set_random_seed(self.options.seed)
        tf.config.experimental.enable_op_determinism()
        model = _KerasCounterpart(current, self.options)
        began = time.monotonic()
        for epoch in range(1, self.options.epochs + 1):
            loss = model.run_epoch(training, self._epoch_pairs(training, current, said, generator), cancelled)
            current = model.weights()
            validation_loss, accuracy = judged.judge(current)
            losses.append(validation_loss)
            if losses[-1] < losses[best_epoch]:
                best, best_epoch = current, epoch
            left = (time.monotonic() - began) / epoch * (self.options.epochs - epoch)
            on_epoch(EpochReport(epoch, self.options.epochs, loss, validation_loss, accuracy, left))
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
        if options.form == "distance+dense":
            return self._with_dense_part(start)
        return replace(
            start,
            distance_scale=0.0,
            distance_bias=0.0,
            layers=self._new_layers(dimension),
            hidden_activation=options.hidden_activation,
        )

    def _with_dense_part(self, start: SimilarityWeights) -> SimilarityWeights:
        """Return the start with a dense part whose last layer is zero, unless it has one or the form wants none."""
        if start.layers or self.options.form == "distance":
            return start
        layers = self._new_layers(start.compared_dimension)
        layers = (*layers[:-1], DenseLayer(np.zeros_like(layers[-1].kernel), layers[-1].bias))
        return replace(start, layers=layers, hidden_activation=self.options.hidden_activation)

    def _new_layers(self, dimension: int) -> tuple[DenseLayer, ...]:
        sizes = (dimension, *self.options.hidden_sizes, 1)
        return _glorot_layers(sizes, np.random.default_rng(self.options.seed + 1))

    def _confirmed_among(
        self, training: LabelledFeatures, confirmed: ConfirmedPairs | None
    ) -> ConfirmedAmongTraining | None:
        if confirmed is None or not len(confirmed):
            return None
        confirmed.require_rows_below(len(training))
        genuine = genuine_pair_count(training, self.options.pairs_per_person)
        ordinary = genuine + self._impostor_count(genuine)
        return ConfirmedAmongTraining(training, confirmed, confirmed.share_among(ordinary))

    def _impostor_count(self, genuine: int) -> int:
        return max(round(genuine * self.options.negative_ratio), 1)

    def _epoch_pairs(
        self,
        training: LabelledFeatures,
        current: SimilarityWeights,
        said: ConfirmedAmongTraining | None,
        generator: np.random.Generator,
    ) -> _EpochPairs:
        options = self.options
        genuine = genuine_pairs(training, options.pairs_per_person, generator)
        count = self._impostor_count(len(genuine))
        hard = round(count * options.hard_share)
        parts = [genuine, random_impostor_pairs(training, count - hard, generator)]
        if hard:
            parts.append(hard_impostor_pairs(training, hard, SimilarityNetwork(current).log_odds, generator))
        pairs = np.concatenate(parts)
        same = (np.arange(len(pairs)) < len(genuine)).astype(np.float32)
        weights = None
        if said is not None:
            repeated = np.tile(said.pairs.rows, (said.pairs.repeats, 1))
            weights = np.ones(len(pairs) + len(repeated), np.float32)
            weights[len(pairs) :] = said.pairs.weight_each_time
            pairs = np.concatenate([pairs, repeated])
            same = np.concatenate([same, np.tile(said.pairs.same.astype(np.float32), said.pairs.repeats)])
        order = generator.permutation(len(pairs))
        return _EpochPairs(pairs[order], same[order], None if weights is None else weights[order])


@dataclass(frozen=True, slots=True, eq=False)
class _EpochPairs:
    """Rows ``(P, 2)``, answers ``(P,)`` 0 or 1, and weights ``(P,)``, None where all weigh the same."""

    rows: Int64Array
    same: Float32Array
    weights: Float32Array | None


class _KerasCounterpart:
    """The same network as a Keras model: the dense part learns, the distance term is added to its output."""

    def __init__(self, start: SimilarityWeights, options: SimilarityOptions) -> None:
        self.start = start
        self.options = options
        self._dense: list[Any] = []
        differences = keras.Input((start.compared_dimension,), name="absolute_differences")
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

    def run_epoch(self, training: LabelledFeatures, pairs: _EpochPairs, cancelled: Callable[[], bool]) -> float:
        batch = self.options.batch
        vectors = self.start.compared(training.vectors)
        total = 0.0
        for begin in range(0, len(pairs.rows), batch):
            if cancelled():
                raise TrainingCancelledError("The training was cancelled; the present network stays in use.")
            part = slice(begin, begin + batch)
            rows = pairs.rows[part]
            left, right = vectors[rows[:, 0]], vectors[rows[:, 1]]
            distances = squared_distances(left, right)
            offsets = (self.start.distance_bias - self.start.distance_scale * distances)[:, None].astype(np.float32)
            inputs = [np.abs(left - right), offsets]
            weights = None if pairs.weights is None else pairs.weights[part]
            loss = float(self._model.train_on_batch(inputs, pairs.same[part, None], sample_weight=weights))
            total += loss * len(rows)
        mean = total / len(pairs.rows)
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
