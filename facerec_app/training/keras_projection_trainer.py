"""Trains a projection of cached features by triplets or ranking, with Keras."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from facerec_app.core.errors import TrainingCancelledError, TrainingError
from facerec_app.core.types import Float32Array
from facerec_app.similarity.pair_features import FeatureNormalisation
from facerec_app.similarity.similarity_weights import SimilarityWeights
from facerec_app.training.confirmed_pairs import ConfirmedPairs
from facerec_app.training.distance_calibration import calibrated_distance
from facerec_app.training.epoch_report import EpochReport
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.pair_sampling import genuine_pair_count
from facerec_app.training.projection_options import ProjectionOptions
from facerec_app.training.projection_start import identity, pca_whitening, within_whitening
from facerec_app.training.trained_similarity import TrainedSimilarity
from facerec_app.training.triplet_sampling import Triplets, confirmed_triplets, hard_triplets
from facerec_app.training.validation_pairs import ConfirmedAmongTraining, LikenessAmongTraining, ValidationPairs


class KerasProjectionTrainer:
    """Trains a linear projection so that faces of one person come nearer than faces of others.

    Two objectives, both on unit-length projections g of the normalised features:

    * ``triplet``: ``max(0, margin + |g_a - g_p|^2 - |g_a - g_n|^2)``, Schroff, Kalenichenko and Philbin, "FaceNet",
      CVPR 2015, equation 3; starts at a whitening.
    * ``ranking``: ``max(0, margin - g_a . g_p + g_a . g_n)``, the hinge on dot products of Frome et al., "DeViSE",
      NIPS 2013, equation 1; starts at the identity.

    The result is a similarity network without dense part whose distance is that of the projections. Epoch 0 is the
    start itself and competes; log odds are fitted anew (Platt) on the validation people after every epoch.

    Args:
        options: of the method.
    """

    def __init__(self, options: ProjectionOptions) -> None:
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
        """Return the projection that did best on the validation people.

        Args:
            training: faces to learn from; people with one face serve as negatives only.
            validation: faces of other people.
            start: weights to go on from: their normalisation and, where they have one, their projection.
            confirmed: pairs of the training faces that somebody has answered by hand.
            more_alike: triplets of the training faces that somebody has given by hand: in every epoch, and in the
                loss that chooses the epoch.
            on_epoch: told after each epoch.
            cancelled: asked before each batch.

        Raises:
            NotEnoughDataError: if there are too few people or faces for triplets.
            TrainingCancelledError: if ``cancelled`` said so.
            TrainingError: if the loss stops being a number or something confirmed names a face that is not there.
        """
        generator = np.random.default_rng(self.options.seed)
        said = self._confirmed_among(training, confirmed)
        likeness = self._likeness_among(training, more_alike, said)
        judged = ValidationPairs.drawn(validation, self.options.pairs_per_person, generator, said, likeness)
        current = self._calibrated(self.starting_weights(training, start), validation)
        best, best_epoch, losses = current, 0, [judged.loss(current)]
        keras.utils.set_random_seed(self.options.seed)
        tf.config.experimental.enable_op_determinism()
        model = _KerasProjection(current, training, self.options)
        began = time.monotonic()
        for epoch in range(1, self.options.epochs + 1):
            triplets = self._epoch_triplets(training, current, said, more_alike, generator)
            loss = model.run_epoch(triplets, cancelled)
            current = self._calibrated(replace(current, projection=model.kernel()), validation)
            validation_loss, accuracy = judged.judge(current)
            losses.append(validation_loss)
            if losses[-1] < losses[best_epoch]:
                best, best_epoch = current, epoch
            left = (time.monotonic() - began) / epoch * (self.options.epochs - epoch)
            on_epoch(EpochReport(epoch, self.options.epochs, loss, validation_loss, accuracy, left))
            if epoch - best_epoch >= self.options.patience:
                break
        return TrainedSimilarity(best, best_epoch, tuple(losses))

    def starting_weights(self, training: LabelledFeatures, start: SimilarityWeights | None = None) -> SimilarityWeights:
        """Return the network before the first epoch, its log odds not yet fitted.

        Raises:
            ConfigError: if the projection is to have more values than the features.
        """
        options = self.options
        normalisation = self._normalisation(training) if start is None else start.normalisation
        normalised = normalisation.apply(training.vectors)
        if start is not None and start.projection is not None:
            kernel = start.projection
        elif options.start == "identity":
            kernel = identity(normalised.shape[1], options.dimension)
        elif options.start == "within-whitening":
            kernel = within_whitening(training, normalised, options.shrinkage)
        else:
            kernel = pca_whitening(normalised, options.shrinkage, options.dimension)
        return SimilarityWeights(training.extractor_version, 1.0, 0.0, normalisation, projection=kernel)

    def _normalisation(self, training: LabelledFeatures) -> FeatureNormalisation:
        measured = FeatureNormalisation.measured_on(training.vectors)
        return measured if self.options.normalise else replace(measured, std=np.ones_like(measured.std))

    def _calibrated(self, weights: SimilarityWeights, validation: LabelledFeatures) -> SimilarityWeights:
        return calibrated_distance(validation, weights.normalisation, self.options.seed, weights.projection)

    def _confirmed_among(
        self, training: LabelledFeatures, confirmed: ConfirmedPairs | None
    ) -> ConfirmedAmongTraining | None:
        if confirmed is None or not len(confirmed):
            return None
        confirmed.require_rows_below(len(training))
        ordinary = 2 * genuine_pair_count(training, self.options.pairs_per_person)
        return ConfirmedAmongTraining(training, confirmed, confirmed.share_among(ordinary))

    def _likeness_among(
        self, training: LabelledFeatures, more_alike: Triplets | None, said: ConfirmedAmongTraining | None
    ) -> LikenessAmongTraining | None:
        if more_alike is None or not len(more_alike):
            return None
        more_alike.require_rows_below(len(training))
        ordinary = 2 * genuine_pair_count(training, self.options.pairs_per_person)
        confirmed = 0.0 if said is None else said.pairs.weight * len(said.pairs)
        return LikenessAmongTraining(training, more_alike, more_alike.share_among(ordinary + confirmed))

    def _epoch_triplets(
        self,
        training: LabelledFeatures,
        current: SimilarityWeights,
        said: ConfirmedAmongTraining | None,
        more_alike: Triplets | None,
        generator: np.random.Generator,
    ) -> Triplets:
        parts = [hard_triplets(training, current.compared(training.vectors), self.options, generator)]
        if said is not None:
            parts.append(confirmed_triplets(training, said.pairs, generator))
        if more_alike is not None:
            parts.append(more_alike)
        triplets = Triplets.joined(parts)
        order = generator.permutation(len(triplets))
        return Triplets(triplets.rows[order], triplets.weights[order])


class _KerasProjection:
    """The kernel as a Keras layer, and one compiled step of its training."""

    def __init__(self, start: SimilarityWeights, training: LabelledFeatures, options: ProjectionOptions) -> None:
        first = identity(start.dimension) if start.projection is None else start.projection
        self.options = options
        self._normalised = tf.constant(start.normalisation.apply(training.vectors))
        self._layer = keras.layers.Dense(first.shape[1], use_bias=False)
        self._layer.build((None, first.shape[0]))
        self._layer.set_weights([first])
        self._first = tf.constant(first)
        rate = options.learning_rate
        adam = options.optimiser == "adam"
        self._optimiser = keras.optimizers.Adam(rate) if adam else keras.optimizers.SGD(rate, momentum=0.9)
        self._optimiser.build(self._layer.trainable_variables)
        signature = [tf.TensorSpec((None, 3), tf.int64), tf.TensorSpec((None,), tf.float32)]
        self._compiled_step: Any = tf.function(self._step, input_signature=signature)

    def kernel(self) -> Float32Array:
        return np.asarray(self._layer.get_weights()[0], np.float32)

    def run_epoch(self, triplets: Triplets, cancelled: Callable[[], bool]) -> float:
        batch, total = self.options.batch, 0.0
        for begin in range(0, len(triplets), batch):
            if cancelled():
                raise TrainingCancelledError("The training was cancelled; the present network stays in use.")
            rows = triplets.rows[begin : begin + batch]
            total += float(self._compiled_step(rows, triplets.weights[begin : begin + batch])) * len(rows)
        mean = total / len(triplets)
        if not np.isfinite(mean):
            raise TrainingError("The training loss is no longer a number; choose a smaller learning rate.")
        return mean

    def _step(self, rows: Any, weights: Any) -> Any:
        variables = self._layer.trainable_variables
        with tf.GradientTape() as tape:
            projected = self._layer(tf.gather(self._normalised, tf.reshape(rows, [-1])))
            unit = tf.reshape(tf.math.l2_normalize(projected, axis=-1), [-1, 3, projected.shape[-1]])
            anchor, positive, negative = unit[:, 0], unit[:, 1], unit[:, 2]
            if self.options.objective == "triplet":
                nearer = tf.reduce_sum((anchor - negative) ** 2, -1) - tf.reduce_sum((anchor - positive) ** 2, -1)
            else:
                nearer = tf.reduce_sum(anchor * positive, -1) - tf.reduce_sum(anchor * negative, -1)
            hinge = tf.reduce_mean(weights * tf.nn.relu(self.options.margin - nearer))
            loss = hinge + self.options.pull_to_start * tf.reduce_sum((variables[0] - self._first) ** 2)
        self._optimiser.apply(tape.gradient(loss, variables), variables)
        return loss
