"""From a map's long vectors to short descriptors, and what was learnt for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from facerec_app.core.errors import NotEnoughDataError, WeightsRejectedError
from facerec_app.core.types import Float32Array

DIMENSION = 40
"""As Noh et al. (ICCV 2017, section 3.4) keep."""
_FORMAT = "facerec-local-projection-1"
_SHORTEST = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class FeatureProjection:
    """Unit length, principal components, unit length.

    Attributes:
        mean: ``(C,)`` float32, of unit-length vectors.
        components: ``(C, D)`` float32; with whitening, each divided by the standard deviation along it.
        layer: of the network.
        network_sha256: of the network's file; the projection is of no use with another.
        whitened: whether every direction counts the same.
    """

    mean: Float32Array
    components: Float32Array
    layer: str
    network_sha256: str
    whitened: bool

    def apply(self, vectors: Float32Array) -> Float32Array:
        """Return ``(N, D)`` float32 unit-length descriptors of ``(N, C)`` vectors."""
        return _unit_length(np.asarray((_unit_length(vectors) - self.mean) @ self.components, np.float32))


def fit_projection(
    vectors: Float32Array, layer: str, network_sha256: str, *, whitened: bool, dimension: int = DIMENSION
) -> FeatureProjection:
    """Return the principal components of ``(N, C)`` vectors of a layer.

    Raises:
        NotEnoughDataError: if there are fewer vectors than values in one.
    """
    if len(vectors) < vectors.shape[1]:
        raise NotEnoughDataError(
            f"{len(vectors)} vectors are too few for a projection of {vectors.shape[1]} values; give more pictures."
        )
    unit = _unit_length(vectors)
    mean = unit.mean(axis=0)
    variances, axes = np.linalg.eigh(np.cov((unit - mean).T.astype(np.float64)))
    strongest = np.argsort(-variances, kind="stable")[:dimension]
    components = axes[:, strongest]
    if whitened:
        components = components / np.sqrt(np.maximum(variances[strongest], 1e-12))
    return FeatureProjection(
        np.asarray(mean, np.float32), np.asarray(components, np.float32), layer, network_sha256, whitened
    )


def projection_to_bytes(projection: FeatureProjection) -> bytes:
    """Return the projection as the content of a safetensors file; the same values give the same bytes."""
    settings = {
        "format": _FORMAT,
        "layer": projection.layer,
        "network_sha256": projection.network_sha256,
        "whitened": projection.whitened,
    }
    tensors: dict[str, Any] = {
        "settings": np.frombuffer(json.dumps(settings, sort_keys=True).encode(), np.uint8),
        "mean": np.ascontiguousarray(projection.mean),
        "components": np.ascontiguousarray(projection.components),
    }
    return bytes(save(tensors))


def projection_from_bytes(content: bytes, file_name: str) -> FeatureProjection:
    """Read what ``projection_to_bytes`` wrote.

    Args:
        content: of the file.
        file_name: for messages.

    Raises:
        WeightsRejectedError: if it is damaged or holds values that cannot be used.
    """
    try:
        tensors = load(content)
        return _read(tensors, json.loads(tensors["settings"].tobytes()))
    except (SafetensorError, KeyError, TypeError, ValueError, OverflowError) as exc:
        raise WeightsRejectedError(
            f"'{file_name}' is damaged or no projection of local features; make it again as docs/matching.md says."
        ) from exc


def _read(tensors: dict[str, Any], settings: dict[str, Any]) -> FeatureProjection:
    mean, components = (np.asarray(tensors[name], np.float32) for name in ("mean", "components"))
    fits = mean.ndim == 1 and components.ndim == 2 and components.shape[0] == len(mean) >= components.shape[1] > 0
    finite = np.isfinite(mean).all() and np.isfinite(components).all()
    if settings["format"] != _FORMAT or not fits or not finite:
        raise ValueError("unknown format or values out of range")
    return FeatureProjection(
        mean, components, str(settings["layer"]), str(settings["network_sha256"]), bool(settings["whitened"])
    )


def _unit_length(vectors: Float32Array) -> Float32Array:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, _SHORTEST), np.float32)
