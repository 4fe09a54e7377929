"""The shipped weights in ``keras.applications.ResNet50``.

Blocks behind the cut were never trained. They are made to pass their input on unchanged (the last normalisation of each
gives zero, and a ReLU leaves what is not negative as it is), so the network's own output equals the cut layer's.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from facerec_app.core.errors import WeightsRejectedError
from facerec_app.core.types import Float32Array, UInt8Array
from facerec_app.training.extractor.crop_shrinking import shrunk
from facerec_app.training.extractor.student_weights import PROJECTION, StudentWeights

_VARIABLES = {
    "Conv2D": ("kernel", "bias"),
    "BatchNormalization": ("gamma", "beta", "moving_mean", "moving_variance"),
}


def keras_resnet50(weights: StudentWeights) -> Any:
    """Return the full convolutional ResNet50 of ``keras.applications`` with these weights.

    Its input is ``(N, S, S, 3)`` float32, RGB, ``pixels / 127.5 - 1``, with S the size that it was trained at.

    Raises:
        WeightsRejectedError: if a layer before the cut has no weights, or weights have no layer.
    """
    side_px = weights.input_px
    model = keras.applications.ResNet50(include_top=False, weights=None, input_shape=(side_px, side_px, 3))
    behind_cut = False
    used = {PROJECTION}
    for layer in model.layers:
        names = _VARIABLES.get(type(layer).__name__)
        if names is not None and not behind_cut:
            missing = [name for name in names if f"{layer.name}/{name}" not in weights.arrays]
            if missing:
                msg = f"The weights lack {missing} of layer {layer.name}"
                raise WeightsRejectedError(msg)
            layer.set_weights([weights.arrays[f"{layer.name}/{name}"] for name in names])
            used.add(layer.name)
        elif behind_cut and layer.name.endswith("_3_bn"):
            gamma, *others = layer.get_weights()
            layer.set_weights([np.zeros_like(gamma), *others])
        behind_cut = behind_cut or layer.name == weights.cut_layer
    unused = set(weights.layer_names()) - used
    if unused:
        msg = f"The weights name layers that ResNet50 lacks before {weights.cut_layer}: {sorted(unused)}"
        raise WeightsRejectedError(msg)
    return model


def keras_extractor(weights: StudentWeights) -> Any:
    """Return the model that serves: ``(N, S, S, 3)`` to pooled features ``(N, 2048)`` and their projection."""
    backbone = keras_resnet50(weights)
    pooled = keras.layers.GlobalAveragePooling2D(name="pooled")(backbone.get_layer(weights.cut_layer).output)
    kernel, bias = weights.arrays[f"{PROJECTION}/kernel"], weights.arrays[f"{PROJECTION}/bias"]
    dense = keras.layers.Dense(kernel.shape[1], name=PROJECTION)
    projected = dense(pooled)
    dense.set_weights([kernel, bias])
    return keras.Model(backbone.input, [pooled, projected])


def keras_features(weights: StudentWeights, crops_rgb: UInt8Array) -> tuple[Float32Array, Float32Array]:
    """Return what the Keras network says of ``(N, 112, 112, 3)`` uint8 crops: ``(N, 2048)`` and ``(N, P)`` float32."""
    pixels = shrunk(crops_rgb.astype(np.float32) / 127.5 - 1, weights.input_px)
    pooled, projected = keras_extractor(weights)(pixels, training=False)
    return np.asarray(pooled, np.float32), np.asarray(projected, np.float32)
