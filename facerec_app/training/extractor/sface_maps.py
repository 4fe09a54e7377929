"""SFace's inner maps: what a student can copy on its way to the teacher's values.

The values alone say one vector a picture; the maps say what to see at every place of it, so that few pictures teach
much (Romero et al. 2015, "FitNets: Hints for Thin Deep Nets", arXiv:1412.6550).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facerec_app.core.types import Float32Array, UInt8Array
from facerec_app.inference.openvino_session import OpenvinoSession
from facerec_app.models.model_store import ModelStore

EMBEDDING = "fc1"
LAST_MAPS = "bn1"
"""The normalised ``(1024, 7, 7)`` maps that SFace's dense layer reads."""


class SfaceMaps:
    """SFace in the light runtime, with inner layers beside its values.

    Args:
        store: the shipped models.
        layers: names of the layers wanted.
        threads: processor threads to use.
    """

    def __init__(self, store: ModelStore, layers: Sequence[str], threads: int = 1) -> None:
        self._layers = tuple(layers)
        self._session = OpenvinoSession(
            store.read("sface"), name="sface", threads=threads, precision="bf16", end_layers=(*layers, EMBEDDING)
        )

    def judge(self, crops_rgb: UInt8Array) -> tuple[dict[str, Float32Array], Float32Array]:
        """Return ``(N, C, H, W)`` maps by layer, and ``(N, 128)`` values as they come.

        Args:
            crops_rgb: ``(N, 112, 112, 3)`` uint8.
        """
        *maps, values = self._session.run(crops_rgb)
        return dict(zip(self._layers, maps, strict=True)), values


def dense_layer(store: ModelStore) -> tuple[Float32Array, Float32Array]:
    """Return SFace's dense layer with its normalisation: kernel ``(128, 50176)`` and bias ``(128,)``."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load_from_string(store.read("sface")).graph
    constants = {constant.name: numpy_helper.to_array(constant) for constant in graph.initializer}
    nodes = {node.output[0]: node for node in graph.node}
    kernel, bias = (constants[name] for name in nodes["pre_fc1"].input[1:])
    norm = nodes[EMBEDDING]
    epsilon = next((item.f for item in norm.attribute if item.name == "epsilon"), 1e-5)
    gain, shift, mean, variance = (constants[name] for name in norm.input[1:])
    scale = gain / np.sqrt(variance + epsilon)
    return np.asarray(kernel * scale[:, None], np.float32), np.asarray((bias - mean) * scale + shift, np.float32)
