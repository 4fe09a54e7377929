"""Local features in the manner of DELF: a convolutional map at seven scales, its strongest cells, short descriptors."""

from __future__ import annotations

import hashlib
import json

import cv2
import numpy as np

from facerec_app.core.errors import ModelVersionMismatchError
from facerec_app.core.types import Float32Array, UInt8Array
from facerec_app.inference.openvino_session import OpenvinoSession
from facerec_app.matching.feature_map import LONGEST_SIDE_PX, MOST_FEATURES, SCALES, FeatureMap
from facerec_app.matching.feature_projection import FeatureProjection
from facerec_app.matching.keypoints import keypoints_of
from facerec_app.matching.local_features import LocalFeatures

_LEAST_SIDE_PX = 32


class LocalFeatureExtractor:
    """Noh et al., "Large-Scale Image Retrieval with Attentive Deep Local Features", ICCV 2017, without its attention.

    Args:
        network: content of a ResNet50 as an ONNX file whose hash has been checked.
        projection: fitted on vectors of that network's layer.
        chosen: which map, and how its keypoints are chosen.
        threads: processor threads; None means all.

    Raises:
        ModelVersionMismatchError: if the projection was fitted on another network or layer.
        WeightsRejectedError: if the network has no such layer.
    """

    def __init__(
        self, network: bytes, projection: FeatureProjection, chosen: FeatureMap, *, threads: int | None = None
    ) -> None:
        sha256 = hashlib.sha256(network).hexdigest()
        if (projection.network_sha256, projection.layer) != (sha256, chosen.layer):
            raise ModelVersionMismatchError(
                f"The projection of local features was made for layer {projection.layer} of another network; make one "
                f"for layer {chosen.layer} of this network as docs/matching.md says."
                if projection.layer == chosen.layer
                else f"The projection of local features was made for layer {projection.layer}, not {chosen.layer}; "
                "name the map that it was made for with --map."
            )
        self._maps = MapExtractor(network, chosen, threads=threads)
        self._projection = projection
        self._map = chosen
        self._version = _version_of(chosen, projection)

    @property
    def version(self) -> str:
        """Names the network, layer, scales and projection."""
        return self._version

    @property
    def feature_map(self) -> FeatureMap:
        """Which map the features are taken from."""
        return self._map

    def extract(self, pixels_rgb: UInt8Array) -> LocalFeatures:
        """Return the at most 1,000 strongest features of a picture, strongest first.

        Args:
            pixels_rgb: ``(H, W, 3)`` uint8 of any size; it is looked at with its longer side at most 640 px at scale 1.

        Raises:
            InferenceError: if the network fails or returns values that are not finite.
        """
        positions, cells, scores, vectors = self._maps.strongest(pixels_rgb, MOST_FEATURES)
        height, width = pixels_rgb.shape[:2]
        return LocalFeatures(positions, cells, scores, self._projection.apply(vectors), (width, height), self._version)


class MapExtractor:
    """The maps themselves, before any projection.

    Args:
        network: as for ``LocalFeatureExtractor``.
        chosen: which map.
        threads: processor threads; None means all.
    """

    def __init__(self, network: bytes, chosen: FeatureMap, *, threads: int | None = None) -> None:
        self._session = OpenvinoSession(network, name="resnet50", threads=threads, layers=(chosen.layer,))
        self._map = chosen

    def strongest(
        self, pixels_rgb: UInt8Array, count: int
    ) -> tuple[Float32Array, Float32Array, Float32Array, Float32Array]:
        """Return positions ``(N, 2)`` px, cells ``(N,)`` px, scores ``(N,)`` and vectors ``(N, C)``, strongest first.

        Raises:
            InferenceError: if the network fails or returns values that are not finite.
        """
        found = [self._at_scale(pixels_rgb, scale, count) for scale in SCALES]
        positions, cells, scores, vectors = (np.concatenate(parts) for parts in zip(*found, strict=True))
        order = np.argsort(-scores, kind="stable")[:count]
        return positions[order], cells[order], scores[order], vectors[order]

    def _at_scale(
        self, pixels_rgb: UInt8Array, scale: float, count: int
    ) -> tuple[Float32Array, Float32Array, Float32Array, Float32Array]:
        height, width = pixels_rgb.shape[:2]
        factor = scale * min(1.0, LONGEST_SIDE_PX / max(height, width))
        size = (max(_LEAST_SIDE_PX, round(width * factor)), max(_LEAST_SIDE_PX, round(height * factor)))
        method = cv2.INTER_AREA if factor < 1.0 else cv2.INTER_LINEAR
        scaled = np.asarray(cv2.resize(pixels_rgb, size, interpolation=method), np.uint8)
        layer_map = self._session.run(scaled[None])[0][0]
        keypoints = keypoints_of(layer_map, suppress=self._map.suppress)
        best = np.argsort(-keypoints.scores, kind="stable")[:count]
        # A cell's receptive field is centred on pixel ``stride * cell``: every layer before pads alike on both sides.
        step = np.array([width / size[0], height / size[1]], np.float32)
        positions = (keypoints.centres_xy[best] * np.float32(self._map.stride_px) + 0.5) * step - 0.5
        positions = np.clip(positions, 0.0, np.array([width - 1, height - 1]))  # a cell may be centred beyond the edge
        cells = np.full(len(best), self._map.stride_px * float(step.mean()), np.float32)
        vectors = layer_map[:, keypoints.rows[best], keypoints.columns[best]].T
        return np.asarray(positions, np.float32), cells, keypoints.scores[best], np.asarray(vectors, np.float32)


def _version_of(chosen: FeatureMap, projection: FeatureProjection) -> str:
    facts = {
        "layer": chosen.layer,
        "suppress": chosen.suppress,
        "scales": SCALES,
        "most": MOST_FEATURES,
        "longest_side_px": LONGEST_SIDE_PX,
        "network": projection.network_sha256,
        "mean": hashlib.sha256(projection.mean.tobytes()).hexdigest(),
        "components": hashlib.sha256(projection.components.tobytes()).hexdigest(),
    }
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:12]
    return f"local-{chosen.name}-{projection.components.shape[1]}-{digest}"
