"""Trains the small convolutional twin network end to end on face crops, with Keras."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from facerec_app.core.errors import TrainingCancelledError, TrainingError
from facerec_app.core.types import Float32Array, Int64Array
from facerec_app.training.epoch_report import EpochReport
from facerec_app.training.labelled_crops import LabelledCrops
from facerec_app.training.pair_sampling import genuine_pairs, random_impostor_pairs
from facerec_app.training.siamese_conv_network import SiameseConvWeights, grey_inputs
from facerec_app.training.siamese_conv_options import KERNELS_PX, SiameseConvOptions

_VALIDATION_PAIRS = 2000
_GENUINE_PER_PERSON = 10


@dataclass(frozen=True, slots=True, eq=False)
class TrainedSiameseConv:
    """The weights of a run's best epoch and how it went; losses are of the start and then of each epoch."""

    weights: SiameseConvWeights
    best_epoch: int
    validation_losses: tuple[float, ...]


class KerasSiameseConvTrainer:
    """Binary cross-entropy on pairs of crops, half of them of one person, with an L2 penalty for each layer.

    Koch, Zemel and Salakhutdinov 2015, section 3.2: weights start normal (deviation 0.01 in convolutions, 0.2 in dense
    layers), biases around 0.5. Where the paper searches learning rates and momenta for each layer, Adam is used.

    Args:
        options: of the method.
    """

    def __init__(self, options: SiameseConvOptions) -> None:
        self.options = options

    def train(
        self,
        training: LabelledCrops,
        validation: LabelledCrops,
        *,
        on_epoch: Callable[[EpochReport], None] = lambda report: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> TrainedSiameseConv:
        """Return the network that did best on the validation people.

        Args:
            training: faces to learn from.
            validation: faces of other people.
            on_epoch: told after each epoch.
            cancelled: asked before each batch.

        Raises:
            NotEnoughDataError: if there are too few people or faces for pairs.
            TrainingCancelledError: if ``cancelled`` said so.
            TrainingError: if the loss stops being a number.
        """
        options = self.options
        generator = np.random.default_rng(options.seed)
        keras.utils.set_random_seed(options.seed)
        tf.config.experimental.enable_op_determinism()
        model = _Twins(options)
        inputs = grey_inputs(training.pixels_rgb, options.input_px)
        judged = grey_inputs(validation.pixels_rgb, options.input_px)
        judged_pairs, judged_same = _balanced_pairs(validation, _VALIDATION_PAIRS, generator)
        best, best_epoch = model.weights(), 0
        losses = [_judged(model, judged, judged_pairs, judged_same)[0]]
        began = time.monotonic()
        for epoch in range(1, options.epochs + 1):
            pairs, same = _balanced_pairs(training, options.pairs, generator)
            loss = model.run_epoch(inputs, pairs, same, generator, cancelled)
            validation_loss, accuracy = _judged(model, judged, judged_pairs, judged_same)
            losses.append(validation_loss)
            if losses[-1] < losses[best_epoch]:
                best, best_epoch = model.weights(), epoch
            left = (time.monotonic() - began) / epoch * (options.epochs - epoch)
            on_epoch(EpochReport(epoch, options.epochs, loss, validation_loss, accuracy, left))
            if epoch - best_epoch >= options.patience:
                break
        return TrainedSiameseConv(best, best_epoch, tuple(losses))


def _balanced_pairs(
    crops: LabelledCrops, count: int, generator: np.random.Generator
) -> tuple[Int64Array, Float32Array]:
    """Return ``(P, 2)`` rows in random order, half of one person's where there are enough, and ``(P,)`` 0 or 1."""
    rows = crops.as_rows()
    genuine = generator.permutation(genuine_pairs(rows, _GENUINE_PER_PERSON, generator))[: count // 2]
    impostor = random_impostor_pairs(rows, max(len(genuine), 1), generator)
    pairs = np.concatenate([genuine, impostor])
    same = (np.arange(len(pairs)) < len(genuine)).astype(np.float32)
    order = generator.permutation(len(pairs))
    return pairs[order], same[order]


def _judged(model: _Twins, inputs: Float32Array, pairs: Int64Array, same: Float32Array) -> tuple[float, float]:
    """Return cross-entropy in nats and share of right answers at even odds."""
    log_odds = model.log_odds(inputs[pairs[:, 0]], inputs[pairs[:, 1]]).astype(np.float64)
    right = np.where(same > 0.5, log_odds, -log_odds)
    return float(np.logaddexp(0.0, -right).mean()), float((right > 0).mean())


class _Twins:
    """The Keras model: one stack of convolutions used for both pictures."""

    def __init__(self, options: SiameseConvOptions) -> None:
        self.options = options
        shape = (options.input_px, options.input_px, 1)
        self._convolutions = [self._convolution(number) for number in range(len(KERNELS_PX))]
        self._dense = keras.layers.Dense(options.dense, activation="sigmoid", **self._starts(0.2, 4))
        self._output = keras.layers.Dense(1, **self._starts(0.2, 5))
        picture = keras.Input(shape)
        maps: Any = picture
        for number, convolution in enumerate(self._convolutions):
            maps = convolution(maps)
            if number < len(KERNELS_PX) - 1:
                maps = keras.layers.MaxPooling2D(2)(maps)
        describe = keras.Model(picture, self._dense(keras.layers.Flatten()(maps)))
        left, right = keras.Input(shape), keras.Input(shape)
        difference = keras.ops.absolute(describe(left) - describe(right))
        self._model = keras.Model([left, right], self._output(difference))
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        self._model.compile(optimizer=keras.optimizers.Adam(options.learning_rate), loss=loss)

    def _convolution(self, number: int) -> Any:
        options = self.options
        return keras.layers.Conv2D(
            options.filters[number], KERNELS_PX[number], activation="relu", **self._starts(0.01, number)
        )

    def _starts(self, deviation: float, layer: int) -> dict[str, Any]:
        seed = self.options.seed * 100 + 2 * layer
        return {
            "kernel_initializer": keras.initializers.RandomNormal(0.0, deviation, seed=seed),
            "bias_initializer": keras.initializers.RandomNormal(0.5, 0.01, seed=seed + 1),
            "kernel_regularizer": keras.regularizers.L2(self.options.l2[layer]),
        }

    def run_epoch(
        self,
        inputs: Float32Array,
        pairs: Int64Array,
        same: Float32Array,
        generator: np.random.Generator,
        cancelled: Callable[[], bool],
    ) -> float:
        total = 0.0
        for begin in range(0, len(pairs), self.options.batch):
            if cancelled():
                raise TrainingCancelledError("The training of the twin network was cancelled; nothing was kept.")
            rows = pairs[begin : begin + self.options.batch]
            sides = [_varied(inputs[rows[:, side]], self.options.shift_px, generator)[..., None] for side in (0, 1)]
            loss = self._model.train_on_batch(sides, same[begin : begin + len(rows), None])
            total += float(loss) * len(rows)
        mean = total / len(pairs)
        if not np.isfinite(mean):
            raise TrainingError("The training loss is no longer a number; choose a smaller learning rate.")
        return mean

    def log_odds(self, left: Float32Array, right: Float32Array) -> Float32Array:
        """Return ``(P,)`` for two ``(P, S, S)`` sets of grey inputs."""
        batch = self.options.batch
        parts = [
            np.asarray(self._model([left[b : b + batch, ..., None], right[b : b + batch, ..., None]], training=False))[
                :, 0
            ]
            for b in range(0, len(left), batch)
        ]
        return np.concatenate(parts)

    def weights(self) -> SiameseConvWeights:
        layers = [(f"convolution_{number}", layer) for number, layer in enumerate(self._convolutions)]
        layers += [("dense", self._dense), ("output", self._output)]
        arrays = {
            f"{name}_{part}": np.asarray(array, np.float32)
            for name, layer in layers
            for part, array in zip(("kernel", "bias"), layer.get_weights(), strict=True)
        }
        return SiameseConvWeights(self.options.input_px, arrays)


def _varied(pictures: Float32Array, shift_px: int, generator: np.random.Generator) -> Float32Array:
    """Return the pictures moved by up to ``shift_px`` (edges repeat) and mirrored at random."""
    padded = np.pad(pictures, ((0, 0), (shift_px, shift_px), (shift_px, shift_px)), mode="edge")
    side = pictures.shape[1]
    varied = np.empty_like(pictures)
    offsets = generator.integers(2 * shift_px + 1, size=(len(pictures), 2))
    mirrored = generator.random(len(pictures)) < 0.5
    for row, (down, across) in enumerate(offsets.tolist()):
        moved = padded[row, down : down + side, across : across + side]
        varied[row] = moved[:, ::-1] if mirrored[row] else moved
    return varied
