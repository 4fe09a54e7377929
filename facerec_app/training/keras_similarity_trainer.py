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
from facerec_app.training.triplet_sampling import Triplets
from facerec_app.training.validation_pairs import ConfirmedAmongTraining, LikenessAmongTraining, ValidationPairs


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
        more_alike: Triplets | None = None,
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
            more_alike: triplets of the training faces that somebody has given by hand, in both likewise: the log odds
                of the first two are to be above those of first and third (RankNet: Burges et al., ICML 2005).
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
        likeness = self._likeness_among(training, more_alike, said)
        judged = ValidationPairs.drawn(validation, self.options.pairs_per_person, generator, said, likeness)
        losses = [judged.loss(current)]
        best, best_epoch = current, 0
        if not current.layers:
            return TrainedSimilarity(current, 0, tuple(losses))
        keras.utils.set_random_seed(self.options.seed)
        tf.config.experimental.enable_op_determinism()
        model = _KerasCounterpart(current, self.options, ranks=likeness is not None)
        began = time.monotonic()
        for epoch in range(1, self.options.epochs + 1):
            pairs = self._epoch_pairs(training, current, said, likeness, generator)
            loss = model.run_epoch(training, pairs, cancelled)
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

    def _likeness_among(
        self, training: LabelledFeatures, more_alike: Triplets | None, said: ConfirmedAmongTraining | None
    ) -> LikenessAmongTraining | None:
        if more_alike is None or not len(more_alike):
            return None
        more_alike.require_rows_below(len(training))
        genuine = genuine_pair_count(training, self.options.pairs_per_person)
        confirmed = 0.0 if said is None else said.pairs.weight * len(said.pairs)
        share = more_alike.share_among(genuine + self._impostor_count(genuine) + confirmed)
        return LikenessAmongTraining(training, more_alike, share)

    def _impostor_count(self, genuine: int) -> int:
        return max(round(genuine * self.options.negative_ratio), 1)

    def _epoch_pairs(
        self,
        training: LabelledFeatures,
        current: SimilarityWeights,
        said: ConfirmedAmongTraining | None,
        likeness: LikenessAmongTraining | None,
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
        made = _EpochPairs(pairs, same, None)
        if said is not None:
            repeated = np.tile(said.pairs.rows, (said.pairs.repeats, 1))
            answers = np.tile(said.pairs.same.astype(np.float32), said.pairs.repeats)
            made = made.joined(_EpochPairs.weighing(repeated, answers, said.pairs.weight_each_time))
        if likeness is not None:
            made = made.joined(_EpochPairs.of_likeness(likeness.triplets))
        return made.select(generator.permutation(len(made.rows)))


@dataclass(frozen=True, slots=True, eq=False)
class _EpochPairs:
    """Rows ``(P, 2)``, answers ``(P,)`` 0 or 1, and weights ``(P,)``, None where all weigh the same.

    ``beside``: ``(P, 2)`` rows of the pair that is to have lower log odds than this one, -1 where there is none; None
    where no pair has one.
    """

    rows: Int64Array
    same: Float32Array
    weights: Float32Array | None
    beside: Int64Array | None = None

    @staticmethod
    def weighing(rows: Int64Array, same: Float32Array, weight: float) -> _EpochPairs:
        """Return pairs of one weight."""
        return _EpochPairs(rows, same, np.full(len(rows), weight, np.float32))

    @staticmethod
    def of_likeness(triplets: Triplets) -> _EpochPairs:
        """Return triplets as pairs beside others, repeated so that none weighs more than 1: spread over the steps."""
        repeats = np.ceil(triplets.weights).astype(np.int64)
        rows = np.repeat(triplets.rows, repeats, axis=0)
        weights = np.repeat((triplets.weights / repeats).astype(np.float32), repeats)
        return _EpochPairs(rows[:, [0, 1]], np.ones(len(rows), np.float32), weights, rows[:, [0, 2]])

    def joined(self, other: _EpochPairs) -> _EpochPairs:
        """Return these pairs followed by the other ones."""
        both = (self, other)
        weights = [np.ones(len(p.rows), np.float32) if p.weights is None else p.weights for p in both]
        beside = [np.full((len(p.rows), 2), -1, np.int64) if p.beside is None else p.beside for p in both]
        return _EpochPairs(
            np.concatenate([p.rows for p in both]),
            np.concatenate([p.same for p in both]),
            np.concatenate(weights),
            None if self.beside is None and other.beside is None else np.concatenate(beside),
        )

    def select(self, order: Int64Array | slice) -> _EpochPairs:
        """Return the given pairs in that order."""
        return _EpochPairs(
            self.rows[order],
            self.same[order],
            None if self.weights is None else self.weights[order],
            None if self.beside is None else self.beside[order],
        )


class _KerasCounterpart:
    """The same network as a Keras model: the dense part learns, the distance term is added to its output.

    With ``ranks``, the model takes a second pair beside the first and subtracts its log odds where there is one, so
    that triplets and pairs are learnt in the same steps by the same loss.
    """

    def __init__(self, start: SimilarityWeights, options: SimilarityOptions, *, ranks: bool = False) -> None:
        self.start = start
        self.options = options
        self._dense = self._dense_layers()
        rates = options.dropout[: len(start.layers) - 1]
        self._dropouts = {n: keras.layers.Dropout(rate, seed=options.seed + n) for n, rate in enumerate(rates) if rate}
        inputs, log_odds = self._pair("absolute_differences", "distance_log_odds")
        if ranks:
            others, other_log_odds = self._pair("other_differences", "other_distance_log_odds")
            minus = keras.Input((1,), name="minus_one_where_there_is_another")
            inputs = [*inputs, *others, minus]
            log_odds = keras.layers.Add()([log_odds, keras.layers.Multiply()([minus, other_log_odds])])
        self._model = keras.Model(inputs, log_odds)
        for dense, layer in zip(self._dense, start.layers, strict=True):
            dense.set_weights([layer.kernel, layer.bias])
        self._model.compile(optimizer=self._optimiser(), loss=keras.losses.BinaryCrossentropy(from_logits=True))

    def _dense_layers(self) -> list[Any]:
        decay, last = keras.regularizers.L2(self.options.weight_decay), len(self.start.layers) - 1
        relu = self.start.hidden_activation == "relu"
        return [
            keras.layers.Dense(
                layer.kernel.shape[1], activation="relu" if relu and n != last else None, kernel_regularizer=decay
            )
            for n, layer in enumerate(self.start.layers)
        ]

    def _pair(self, differences_name: str, distance_name: str) -> tuple[list[Any], Any]:
        """Return the two inputs of a pair and its log odds."""
        differences = keras.Input((self.start.compared_dimension,), name=differences_name)
        distance_log_odds = keras.Input((1,), name=distance_name)
        hidden: Any = differences
        for number, dense in enumerate(self._dense):
            hidden = dense(hidden)
            if number in self._dropouts:
                hidden = self._dropouts[number](hidden)
        return [differences, distance_log_odds], keras.layers.Add()([hidden, distance_log_odds])

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
            part = pairs.select(slice(begin, begin + batch))
            inputs = self._inputs(vectors, part.rows)
            if part.beside is not None:
                minus = -(part.beside[:, :1] >= 0).astype(np.float32)
                inputs = [*inputs, *self._inputs(vectors, np.maximum(part.beside, 0)), minus]
            loss = float(self._model.train_on_batch(inputs, part.same[:, None], sample_weight=part.weights))
            total += loss * len(part.rows)
        mean = total / len(pairs.rows)
        if not np.isfinite(mean):
            raise TrainingError("The training loss is no longer a number; choose a smaller learning rate.")
        return mean

    def _inputs(self, vectors: Float32Array, rows: Int64Array) -> list[Float32Array]:
        left, right = vectors[rows[:, 0]], vectors[rows[:, 1]]
        distances = squared_distances(left, right)
        offsets = (self.start.distance_bias - self.start.distance_scale * distances)[:, None].astype(np.float32)
        return [np.abs(left - right), offsets]

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
