"""What a similarity network has learnt, and how it lies on disk: safetensors, which cannot execute anything."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from facerec_app.core.errors import WeightsMissingError, WeightsRejectedError
from facerec_app.core.types import Float32Array
from facerec_app.similarity.pair_features import FeatureNormalisation, of_unit_length

HiddenActivation = Literal["none", "relu"]
_FORMAT = "facerec-similarity-1"
_PROJECTED_FORMAT = "facerec-similarity-2"
"""A file with a projection has a format of its own: a program that knows of none must refuse it, not leave it out."""
_MAX_LAYERS = 16


@dataclass(frozen=True, slots=True, eq=False)
class DenseLayer:
    """``x @ kernel + bias``: kernel ``(inputs, outputs)`` float32, bias ``(outputs,)`` float32."""

    kernel: Float32Array
    bias: Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class SimilarityWeights:
    """The log odds of a pair of compared features are ``bias - scale * sum(|g1-g2|^2) + dense(|g1-g2|)``.

    What is compared, ``g``, are the features normalised and, where there is a projection, multiplied by it and brought
    back to unit length (a learnt metric: triplet and ranking objectives end in one).

    Attributes:
        extractor_version: of the features that it was trained on.
        distance_scale: ``a >= 0``; zero for a network without the distance term.
        distance_bias: ``b``.
        normalisation: of the features, before anything else.
        layers: of the dense part, first to last (one output); empty when the dense part was not kept.
        hidden_activation: between the layers.
        projection: ``(D, D')`` float32 from normalised to compared features; None compares the normalised ones.
    """

    extractor_version: str
    distance_scale: float
    distance_bias: float
    normalisation: FeatureNormalisation
    layers: tuple[DenseLayer, ...] = ()
    hidden_activation: HiddenActivation = "none"
    projection: Float32Array | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be a network.

        Raises:
            WeightsRejectedError: if sizes do not fit together or a value is not finite.
        """
        kernel = self.projection
        if kernel is not None and (kernel.ndim != 2 or kernel.shape[0] != self.dimension or not kernel.shape[1]):
            raise WeightsRejectedError(
                f"The projection of the similarity network has shape {kernel.shape}, expected {self.dimension} inputs."
            )
        width = self.compared_dimension
        for number, layer in enumerate(self.layers, start=1):
            if layer.kernel.ndim != 2 or layer.kernel.shape[0] != width or layer.bias.shape != layer.kernel.shape[1:]:
                raise WeightsRejectedError(
                    f"Layer {number} of the similarity network has shape {layer.kernel.shape}, expected {width} inputs."
                )
            width = int(layer.kernel.shape[1])
        if self.layers and width != 1:
            raise WeightsRejectedError(f"The similarity network ends in {width} values instead of one.")
        arrays = [self.normalisation.mean, self.normalisation.std, *([] if kernel is None else [kernel])]
        arrays += [array for layer in self.layers for array in (layer.kernel, layer.bias)]
        scalars = np.array([self.distance_scale, self.distance_bias])
        if not all(np.isfinite(array).all() for array in [*arrays, scalars]) or self.distance_scale < 0:
            raise WeightsRejectedError("The similarity network's weights hold values that are not usable numbers.")

    @property
    def dimension(self) -> int:
        """Number of values in a feature."""
        return int(self.normalisation.std.shape[0])

    @property
    def compared_dimension(self) -> int:
        """Number of values in a feature after normalisation and projection."""
        return self.dimension if self.projection is None else int(self.projection.shape[1])

    @property
    def compares_features_as_they_are(self) -> bool:
        """Whether features of unit length are compared without any change."""
        return self.projection is None and self.normalisation.changes_nothing

    def compared(self, vectors: Float32Array) -> Float32Array:
        """Return ``(..., D')`` float32 unit-length features as they are compared, from ``(..., D)`` ones."""
        normalised = self.normalisation.apply(vectors)
        return normalised if self.projection is None else of_unit_length(normalised @ self.projection)

    @property
    def version(self) -> str:
        """Short hash over every weight and setting: the same network always has the same version."""
        digest = hashlib.sha256(self.hidden_activation.encode())
        digest.update(self.extractor_version.encode())
        digest.update(np.array([self.distance_scale, self.distance_bias], np.float64).tobytes())
        for array in (self.normalisation.mean, self.normalisation.std):
            digest.update(np.ascontiguousarray(array, np.float32).tobytes())
        if self.projection is not None:
            digest.update(f"projection {self.projection.shape}".encode())
            digest.update(np.ascontiguousarray(self.projection, np.float32).tobytes())
        for layer in self.layers:
            digest.update(np.ascontiguousarray(layer.kernel, np.float32).tobytes())
            digest.update(np.ascontiguousarray(layer.bias, np.float32).tobytes())
        return f"similarity-{digest.hexdigest()[:12]}"


def similarity_weights_to_bytes(weights: SimilarityWeights) -> bytes:
    """Return the weights as the content of a safetensors file; the same weights give the same bytes."""
    settings = {
        "format": _FORMAT if weights.projection is None else _PROJECTED_FORMAT,
        "extractor_version": weights.extractor_version,
        "hidden_activation": weights.hidden_activation,
        "layers": len(weights.layers),
    }
    tensors: dict[str, Any] = {
        # A tensor, not the file's metadata, which the reader of bytes does not give back.
        "settings": np.frombuffer(json.dumps(settings, sort_keys=True).encode(), np.uint8),
        "distance": np.array([weights.distance_scale, weights.distance_bias], np.float64),
        "feature_mean": np.ascontiguousarray(weights.normalisation.mean, np.float32),
        "feature_std": np.ascontiguousarray(weights.normalisation.std, np.float32),
    }
    if weights.projection is not None:
        tensors["projection"] = np.ascontiguousarray(weights.projection, np.float32)
    for number, layer in enumerate(weights.layers):
        tensors[f"layer_{number}_kernel"] = np.ascontiguousarray(layer.kernel, np.float32)
        tensors[f"layer_{number}_bias"] = np.ascontiguousarray(layer.bias, np.float32)
    return bytes(save(tensors))


def similarity_weights_from_bytes(content: bytes, file_name: str) -> SimilarityWeights:
    """Read what ``similarity_weights_to_bytes`` wrote; the caller has checked its hash (the model store does).

    Args:
        content: of the file.
        file_name: for messages.

    Raises:
        WeightsRejectedError: if it is damaged, of another kind, or not a usable network.
    """
    try:
        tensors = load(content)
        settings = json.loads(tensors["settings"].tobytes())
        return _read(tensors, settings)
    except (SafetensorError, KeyError, IndexError, TypeError, ValueError, OverflowError, RecursionError) as exc:
        raise WeightsRejectedError(
            f"'{file_name}' is damaged or no similarity network of this program; restore it or train again."
        ) from exc


def load_similarity_weights(file: Path) -> SimilarityWeights:
    """Read a similarity network from a file.

    Raises:
        WeightsMissingError: if there is no such file.
        WeightsRejectedError: if it is damaged, of another kind, or not a usable network.
    """
    try:
        content = file.read_bytes()
    except FileNotFoundError as exc:
        raise WeightsMissingError(f"The similarity network '{file.name}' is missing; install FaceRec again.") from exc
    except OSError as exc:
        raise WeightsRejectedError(f"The similarity network '{file.name}' cannot be read: {exc.strerror}.") from exc
    return similarity_weights_from_bytes(content, file.name)


def _read(tensors: dict[str, Any], settings: dict[str, Any]) -> SimilarityWeights:
    activation = settings["hidden_activation"]
    if settings["format"] not in (_FORMAT, _PROJECTED_FORMAT) or activation not in ("none", "relu"):
        raise ValueError("unknown format or activation")
    count = int(settings["layers"])
    if not 0 <= count <= _MAX_LAYERS:
        raise ValueError(f"{count} layers")
    scale, bias = (float(value) for value in tensors["distance"])
    layers = tuple(
        DenseLayer(tensors[f"layer_{number}_kernel"], tensors[f"layer_{number}_bias"]) for number in range(count)
    )
    normalisation = FeatureNormalisation(tensors["feature_mean"], tensors["feature_std"])
    projection = tensors["projection"] if settings["format"] == _PROJECTED_FORMAT else None
    version = str(settings["extractor_version"])
    return SimilarityWeights(version, scale, bias, normalisation, layers, activation, projection)
