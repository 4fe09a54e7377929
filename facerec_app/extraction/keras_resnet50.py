"""ResNet50 of ``keras.applications``, cut at a named layer: where an extractor network comes from, not where it runs.

A network is built here once, with TensorFlow, exported to ONNX, checked, and from then on served by the light runtime
(``Resnet50Extractor``). Nothing of the live path imports this module.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from facerec_app.core.errors import ConfigError, WeightsMissingError, WeightsRejectedError
from facerec_app.core.types import Float32Array, UInt8Array
from facerec_app.extraction.pooling import Pooling, output_name, rmac_regions

DEFAULT_CUT_LAYER = "conv5_block2_out"
"""``activation_46`` of old Keras: 7x7x2048 for 224 px, 4x4x2048 for 112 px."""
IMAGENET = "imagenet"
SMALLEST_INPUT_PX = 32
Preprocessing = Literal["caffe", "symmetric"]
_VARIABLES = {
    "Conv2D": ("kernel", "bias"),
    "BatchNormalization": ("gamma", "beta", "moving_mean", "moving_variance"),
}
_CAFFE_MEAN_BGR = (103.939, 116.779, 123.68)
SHORTEST_REGION = 1e-6
"""A region without any activation has no direction; it is not divided by nothing."""


@dataclass(frozen=True, slots=True)
class Resnet50Weights:
    """Which weights a network gets.

    Attributes:
        source: ``imagenet`` (fetched by Keras), or the path of a safetensors file whose tensors are named
            ``LAYER/VARIABLE`` as Keras names them (``conv1_conv/kernel``).
        sha256: of the file; not used for ``imagenet``, which Keras checks itself.
        untrained_seed: build random weights instead; for tests of the machinery, which say so by giving it.
    """

    source: str | Path | None = IMAGENET
    sha256: str | None = None
    untrained_seed: int | None = None

    @property
    def preprocessing(self) -> Preprocessing:
        """What the weights expect: ImageNet's are of the Caffe kind, the program's own take -1..1."""
        return "caffe" if self.source == IMAGENET and self.untrained_seed is None else "symmetric"


def build_resnet50(
    weights: Resnet50Weights,
    *,
    cut_layer: str = DEFAULT_CUT_LAYER,
    input_size_px: int = 112,
    pooling: Pooling = "average",
) -> Any:
    """Return the Keras model from preprocessed pixels ``(N, S, S, 3)`` float32 to features ``(N, D)``.

    Args:
        weights: which weights it gets.
        cut_layer: whose map is pooled.
        input_size_px: side of the crops.
        pooling: ``average``, ``max`` (MAC) or ``regional-max`` (R-MAC); the model's last layer is named after it.

    Raises:
        ConfigError: if the network has no such layer.
        WeightsMissingError: if the weights are not there or cannot be fetched.
        WeightsRejectedError: if the file's hash is wrong or its tensors do not fit.
    """
    backbone = _backbone(weights, input_size_px)
    if cut_layer not in {layer.name for layer in backbone.layers}:
        raise ConfigError(f"ResNet50 has no layer '{cut_layer}'; name one such as '{DEFAULT_CUT_LAYER}'.")
    cut = keras.Model(backbone.input, backbone.get_layer(cut_layer).output)
    if weights.untrained_seed is None and weights.source != IMAGENET:
        _load_file(cut, weights)
    return keras.Model(cut.input, _POOLING_LAYERS[pooling](name=output_name(pooling))(cut.output), name="resnet50")


class RegionalMaxPooling2D(keras.layers.Layer):  # type: ignore[misc] # Keras has no types
    """R-MAC: the sum of the unit-length maxima of ``rmac_regions``, ``(N, S, S, C)`` to ``(N, C)``.

    Tolias, Sicre and Jégou, ICLR 2016, section 3.2, without their whitening between: a projection may follow.
    """

    def call(self, maps: Any) -> Any:
        """Pool the maps, which must be square."""
        total: Any = 0.0
        for region in rmac_regions(int(maps.shape[1])):
            rows, columns = (slice(start, start + region.side) for start in (region.top, region.left))
            greatest = keras.ops.max(maps[:, rows, columns, :], axis=(1, 2))
            length = keras.ops.sqrt(keras.ops.sum(keras.ops.square(greatest), axis=-1, keepdims=True))
            total = total + greatest / keras.ops.maximum(length, SHORTEST_REGION)
        return total

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return ``(N, C)``."""
        return (input_shape[0], input_shape[-1])


_POOLING_LAYERS: dict[Pooling, Any] = {
    "average": keras.layers.GlobalAveragePooling2D,
    "max": keras.layers.GlobalMaxPooling2D,  # MAC, the maximum activations of convolutions
    "regional-max": RegionalMaxPooling2D,
}


def preprocess(pixels_rgb: UInt8Array, preprocessing: Preprocessing) -> Float32Array:
    """Return what the model of ``build_resnet50`` takes for ``(N, S, S, 3)`` uint8 crops, float32."""
    pixels = pixels_rgb.astype(np.float32)
    if preprocessing == "symmetric":
        return pixels / np.float32(127.5) - np.float32(1)
    return np.ascontiguousarray(pixels[..., ::-1]) - np.array(_CAFFE_MEAN_BGR, np.float32)


def _backbone(weights: Resnet50Weights, input_size_px: int) -> Any:
    if weights.untrained_seed is not None:
        keras.utils.set_random_seed(weights.untrained_seed)
    fetched = IMAGENET if weights.source == IMAGENET and weights.untrained_seed is None else None
    if input_size_px < SMALLEST_INPUT_PX:
        raise ConfigError(f"ResNet50 takes pictures of {SMALLEST_INPUT_PX} px and more, not {input_size_px}.")
    shape = (input_size_px, input_size_px, 3)
    if fetched is None:
        return keras.applications.ResNet50(include_top=False, weights=None, input_shape=shape)
    try:
        return keras.applications.ResNet50(include_top=False, weights=fetched, input_shape=shape)
    except Exception as exc:
        raise WeightsMissingError(
            "The ImageNet weights of ResNet50 are fetched by Keras, and the network did not give them "
            f"({type(exc).__name__}); connect once, or use the shipped profile."
        ) from exc


def _load_file(model: Any, weights: Resnet50Weights) -> None:
    """Set the layers of a model from a safetensors file after checking its hash."""
    if weights.source is None or weights.sha256 is None:
        raise WeightsMissingError("Name a weight file with its SHA-256, or 'imagenet'; there are no default weights.")
    path = Path(weights.source)
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise WeightsMissingError(f"The weights {path} cannot be read ({exc.strerror}); check the path.") from exc
    if hashlib.sha256(content).hexdigest() != weights.sha256.lower():
        raise WeightsRejectedError(f"The weights {path} have another SHA-256 than the one given; check both.")
    try:
        arrays = load(content)
    except SafetensorError as exc:
        raise WeightsRejectedError(f"The weights {path} are no safetensors file; only those are loaded.") from exc
    for layer in model.layers:
        names = _VARIABLES.get(type(layer).__name__, ())
        try:
            layer.set_weights([arrays[f"{layer.name}/{name}"].astype(np.float32) for name in names])
        except (KeyError, ValueError) as exc:
            raise WeightsRejectedError(f"The weights {path} do not fit layer {layer.name} of ResNet50.") from exc
