"""Goes on training the extractor's last block and projection with triplets of somebody's own people.

Schroff et al., "FaceNet", CVPR 2015, section 3.2: each pair of anchor and positive gets a *semi-hard* negative, farther
away than the positive but within the margin; the hardest ones can collapse a network.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from facerec_app.core.errors import TrainingCancelledError, TrainingError
from facerec_app.core.types import Float32Array, Int64Array
from facerec_app.training.extractor.extractor_head import CONVOLUTIONS, require_head, trained_names
from facerec_app.training.extractor.finetuning_options import FinetuningOptions
from facerec_app.training.extractor.semi_hard_triplets import semi_hard_triplets
from facerec_app.training.extractor.student_weights import BATCH_NORM_EPSILON, PROJECTION, StudentWeights

_FORWARD_BATCH = 128


class KerasFinetuner:
    """Trains the head of the extractor on the maps before it.

    Args:
        options: of the method.
    """

    def __init__(self, options: FinetuningOptions) -> None:
        self.options = options

    def projections(self, weights: StudentWeights, maps: Float32Array) -> Float32Array:
        """Return the unit-length ``(N, P)`` projections of ``(N, H, W, C)`` maps."""
        return _vectors(_head(weights, maps), maps)

    def train(
        self,
        start: StudentWeights,
        maps: Float32Array,
        people: Int64Array,
        *,
        on_epoch: Callable[[int, int, float], None] = lambda epoch, triplets, loss: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> dict[str, Float32Array]:
        """Return the trained arrays by their names in ``StudentWeights``.

        Args:
            start: weights to go on from.
            maps: ``(N, H, W, C)`` float32, what the frozen part says of each look at a face.
            people: ``(N,)`` int64, whose face each is.
            on_epoch: told number, triplets and mean loss after each epoch.
            cancelled: asked before each step.

        Raises:
            TrainingCancelledError: if ``cancelled`` said so.
            TrainingError: if the loss stops being a number.
            WeightsRejectedError: if the weights are of a network cut elsewhere.
        """
        require_head(start)
        options = self.options
        keras.utils.set_random_seed(options.seed)
        generator = np.random.default_rng(options.seed)
        head = _head(start, maps)
        names = trained_names(options.layers)
        variables = [_variable(head, name) for name in names]
        step = _compiled_step(head, variables, options)
        before = _vectors(head, maps)
        for epoch in range(1, options.epochs + 1):
            triplets = semi_hard_triplets(
                _vectors(head, maps), people, options.margin, options.pairs_per_person, generator
            )
            losses = []
            for first in range(0, len(triplets), options.batch):
                if cancelled():
                    raise TrainingCancelledError("The fine-tuning was cancelled; the present extractor stays in use.")
                rows = triplets[first : first + options.batch].T.reshape(-1)
                losses.append(float(step(tf.constant(maps[rows]), tf.constant(before[rows]))))
            loss = float(np.mean(losses)) if losses else 0.0
            if not np.isfinite(loss):
                raise TrainingError("The fine-tuning diverged; try a smaller learning rate.")
            on_epoch(epoch, len(triplets), loss)
        return {name: np.asarray(variable.numpy(), np.float32) for name, variable in zip(names, variables, strict=True)}


def _head(weights: StudentWeights, maps: Float32Array) -> Any:
    """Return the network from the frozen layer's maps to the projection, with these weights."""
    inputs = keras.Input(maps.shape[1:])
    x: Any = inputs
    for name in CONVOLUTIONS:
        kernel = weights.arrays[f"{name}/kernel"]
        x = keras.layers.Conv2D(kernel.shape[-1], kernel.shape[0], padding="same", name=name)(x)
        x = keras.layers.BatchNormalization(epsilon=BATCH_NORM_EPSILON, name=_norm(name))(x)
        x = keras.layers.ReLU()(x if name != CONVOLUTIONS[-1] else x + inputs)
    dense = keras.layers.Dense(weights.arrays[f"{PROJECTION}/kernel"].shape[1], name=PROJECTION)
    head = keras.Model(inputs, dense(keras.layers.GlobalAveragePooling2D()(x)))
    for name in (*CONVOLUTIONS, PROJECTION):
        head.get_layer(name).set_weights([weights.arrays[f"{name}/{part}"] for part in ("kernel", "bias")])
    for name in map(_norm, CONVOLUTIONS):
        parts = ("gamma", "beta", "moving_mean", "moving_variance")
        head.get_layer(name).set_weights([weights.arrays[f"{name}/{part}"] for part in parts])
    return head


def _norm(convolution: str) -> str:
    return convolution.removesuffix("conv") + "bn"


def _variable(head: Any, name: str) -> Any:
    layer, _, variable = name.rpartition("/")
    return getattr(head.get_layer(layer), variable)


def _compiled_step(head: Any, variables: list[Any], options: FinetuningOptions) -> Any:
    """Return a step of the optimiser on anchors, positives and negatives one after another; it returns the loss."""
    optimiser = keras.optimizers.Adam(options.learning_rate)
    optimiser.build(variables)

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator,unused-ignore]
    def step(maps: Any, before: Any) -> Any:
        with tf.GradientTape() as tape:
            vectors = tf.math.l2_normalize(head(maps, training=False), axis=1)
            anchor, positive, negative = tf.split(vectors, 3)
            near = tf.reduce_sum(tf.square(anchor - positive), axis=1)
            far = tf.reduce_sum(tf.square(anchor - negative), axis=1)
            moved = 1.0 - tf.reduce_sum(vectors * before, axis=1)
            triplet = tf.reduce_mean(tf.nn.relu(near - far + options.margin))
            loss = triplet + options.stay * tf.reduce_mean(moved)
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        optimiser.apply(gradients, variables)
        return loss

    return step


def _vectors(head: Any, maps: Float32Array) -> Float32Array:
    starts = range(0, len(maps), _FORWARD_BATCH)
    parts = [np.asarray(head(maps[first : first + _FORWARD_BATCH], training=False), np.float32) for first in starts]
    vectors = np.concatenate(parts)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)
