"""Tunes O-Net with Keras; the only module of its area that needs TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from facerec_app.core.errors import TrainingCancelledError, TrainingError
from facerec_app.core.types import Float32Array
from facerec_app.training.detector_tuning_options import DetectorTuningOptions
from facerec_app.training.onet_crops import BACKGROUND, FACE, PART, SIDE_PX, OnetCrops

MEAN, SCALE = 127.5, 128.0
"""Of the pixels, folded into the shipped first layer; unfolded here, for a step of Adam moves every weight alike."""
BOX_WEIGHT, LANDMARK_WEIGHT = 0.5, 1.0
"""Of the losses of the last stage beside that of the face (Zhang et al. 2016, section II.C)."""
HARD_SHARE = 0.7
"""Of a batch's faces and background: the hardest ones alone teach (the same, "online hard sample mining")."""
_CONVOLUTIONS = (("w1", "w2"), ("w4", "w5"), ("w7", "w8"), ("w10", "w11"))
_POOLS = ((3, "same"), (3, "valid"), (2, "valid"))


class KerasOnetTrainer:
    """Trains the weights of O-Net, by their names in the shipped ONNX file.

    Args:
        options: of the method.
    """

    def __init__(self, options: DetectorTuningOptions) -> None:
        self.options = options

    def outputs(self, weights: Mapping[str, Float32Array], pixels_rgb: Float32Array) -> Float32Array:
        """Return what the network says of ``(M, 48, 48, 3)`` windows, ``(M, 15)``, as the runtime does."""
        return np.asarray(_network(weights)(pixels_rgb, training=False), np.float32)

    def train(
        self,
        start: Mapping[str, Float32Array],
        training: OnetCrops,
        validation: OnetCrops,
        *,
        on_epoch: Callable[[int, float, float], None] = lambda epoch, loss, validation_loss: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> dict[str, Float32Array]:
        """Return the weights that did best on the validation windows; the start's where none did better.

        Args:
            start: weights to go on from.
            training: windows to learn from.
            validation: windows of other pictures.
            on_epoch: told number, loss and validation loss after each epoch; epoch 0 is the start.
            cancelled: asked before each step.

        Raises:
            TrainingCancelledError: if ``cancelled`` said so.
            TrainingError: if the loss stops being a number.
        """
        keras.utils.set_random_seed(self.options.seed)
        generator = np.random.default_rng(self.options.seed)
        model = _network(start)
        optimiser = keras.optimizers.Adam(self.options.learning_rate)
        step = self._step(model, optimiser)
        best, best_loss, best_epoch = dict(start), _mean_loss(model, validation, self.options.batch), 0
        on_epoch(0, float("nan"), best_loss)
        for epoch in range(1, self.options.epochs + 1):
            losses = []
            order = generator.permutation(len(training))
            for first in range(0, len(order), self.options.batch):
                if cancelled():
                    raise TrainingCancelledError("The training was cancelled; the present detector stays in use.")
                losses.append(float(step(*_batch(training, order[first : first + self.options.batch]))))
            loss, validation_loss = float(np.mean(losses)), _mean_loss(model, validation, self.options.batch)
            if not np.isfinite([loss, validation_loss]).all():
                raise TrainingError("The training diverged; try a smaller learning rate.")
            on_epoch(epoch, loss, validation_loss)
            if validation_loss < best_loss:
                best, best_loss, best_epoch = _weights(model, start), validation_loss, epoch
            elif epoch - best_epoch >= self.options.patience:
                break
        return best

    def _step(self, model: Any, optimiser: Any) -> Any:
        """Return a compiled step of the optimiser that returns the loss."""
        anchors = [tf.constant(variable.numpy()) for variable in model.trainable_variables]
        optimiser.build(model.trainable_variables)

        @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator,unused-ignore]
        def step(pixels: Any, kinds: Any, offsets: Any, landmarks: Any) -> Any:
            with tf.GradientTape() as tape:
                loss = _loss(model(pixels, training=True), kinds, offsets, landmarks, hard_share=HARD_SHARE)
                pulls = [
                    tf.reduce_sum(tf.square(variable - anchor))
                    for variable, anchor in zip(model.trainable_variables, anchors, strict=True)
                ]
                total = loss + self.options.start_pull * tf.add_n(pulls)
            gradients = tape.gradient(total, model.trainable_variables)
            optimiser.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
            return loss

        return step


def _network(weights: Mapping[str, Float32Array]) -> Any:
    """Return the network with these weights; pixels in 0..255, NHWC."""
    inputs = keras.Input((SIDE_PX, SIDE_PX, 3))
    x: Any = (inputs - MEAN) / SCALE
    for number, (convolution, slope) in enumerate(_CONVOLUTIONS):
        filters, size = weights[f"{convolution}_0"].shape[0], weights[f"{convolution}_0"].shape[2]
        x = keras.layers.Conv2D(filters, size, name=convolution)(x)
        x = keras.layers.PReLU(shared_axes=[1, 2], name=slope)(x)
        if number < len(_POOLS):
            side, padding = _POOLS[number]
            x = keras.layers.MaxPooling2D(side, strides=2, padding=padding)(x)
    x = keras.layers.Flatten()(keras.layers.Permute((3, 1, 2))(x))  # in the order of the shipped dense layer
    x = keras.layers.PReLU(name="w14")(keras.layers.Dense(weights["w13_0"].shape[1], name="w13")(x))
    model = keras.Model(inputs, keras.layers.Dense(weights["w15_0"].shape[1], name="w15")(x))
    for convolution, slope in _CONVOLUTIONS:
        kernel, bias = weights[f"{convolution}_0"].transpose(2, 3, 1, 0), weights[f"{convolution}_1"]
        if convolution == "w1":
            bias, kernel = bias + MEAN * kernel.sum(axis=(0, 1, 2)), kernel * SCALE
        model.get_layer(convolution).set_weights([kernel, bias])
        model.get_layer(slope).set_weights([weights[f"{slope}_0"].reshape(1, 1, -1)])
    for dense in ("w13", "w15"):
        model.get_layer(dense).set_weights([weights[f"{dense}_0"], weights[f"{dense}_1"]])
    model.get_layer("w14").set_weights([weights["w14_0"]])
    return model


def _weights(model: Any, like: Mapping[str, Float32Array]) -> dict[str, Float32Array]:
    """Return the network's weights under the names and in the shapes of the ONNX file."""
    found: dict[str, Float32Array] = {}
    for convolution, slope in _CONVOLUTIONS:
        kernel, bias = model.get_layer(convolution).get_weights()
        if convolution == "w1":
            kernel = kernel / SCALE
            bias = bias - MEAN * kernel.sum(axis=(0, 1, 2))
        found[f"{convolution}_0"], found[f"{convolution}_1"] = kernel.transpose(3, 2, 0, 1), bias
        found[f"{slope}_0"] = model.get_layer(slope).get_weights()[0]
    for dense in ("w13", "w15"):
        found[f"{dense}_0"], found[f"{dense}_1"] = model.get_layer(dense).get_weights()
    found["w14_0"] = model.get_layer("w14").get_weights()[0]
    return {name: np.ascontiguousarray(found[name].reshape(array.shape), np.float32) for name, array in like.items()}


def _batch(crops: OnetCrops, rows: Any) -> tuple[Any, ...]:
    return (
        tf.constant(crops.pixels_rgb[rows].astype(np.float32)),
        tf.constant(crops.kinds[rows].astype(np.int32)),
        tf.constant(crops.offsets[rows]),
        tf.constant(crops.landmarks[rows]),
    )


def _loss(outputs: Any, kinds: Any, offsets: Any, landmarks: Any, *, hard_share: float) -> Any:
    """Return the mean loss of a batch: face, box and landmarks, each over the windows that teach it."""
    taught = tf.boolean_mask(outputs[:, 0], kinds != PART)
    labels = tf.cast(tf.boolean_mask(kinds, kinds != PART) == FACE, tf.float32)
    faces = tf.nn.sigmoid_cross_entropy_with_logits(labels, taught)
    hardest = tf.maximum(tf.cast(tf.math.ceil(hard_share * tf.cast(tf.size(faces), tf.float32)), tf.int32), 0)
    face_loss = _mean(tf.math.top_k(faces, hardest).values)
    on_face = kinds != BACKGROUND
    box_loss = _mean(tf.reduce_sum(tf.square(tf.boolean_mask(outputs[:, 1:5] - offsets, on_face)), axis=1))
    known = tf.reduce_all(tf.math.is_finite(landmarks), axis=1)
    distances = tf.boolean_mask(outputs[:, 5:15], known) - tf.boolean_mask(landmarks, known)
    return face_loss + BOX_WEIGHT * box_loss + LANDMARK_WEIGHT * _mean(tf.reduce_sum(tf.square(distances), axis=1))


def _mean(values: Any) -> Any:
    return tf.math.divide_no_nan(tf.reduce_sum(values), tf.cast(tf.size(values), tf.float32))


def _mean_loss(model: Any, crops: OnetCrops, batch: int) -> float:
    total = 0.0
    for first in range(0, len(crops), batch):
        rows = np.arange(first, min(first + batch, len(crops)))
        pixels, *targets = _batch(crops, rows)
        total += float(_loss(model(pixels, training=False), *targets, hard_share=1.0)) * len(rows)
    return total / max(len(crops), 1)
