"""A cut Keras ResNet50 written as an ONNX graph, layer by layer, and checked against its source.

Keras' own exporter needs a converter that pins old versions of the libraries used here; the seven kinds of layers of a
ResNet are written directly.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from facerec_app.core.errors import WeightsMissingError, WeightsRejectedError
from facerec_app.extraction.keras_resnet50 import SHORTEST_REGION, Preprocessing, preprocess
from facerec_app.extraction.pooling import rmac_regions
from facerec_app.inference.openvino_session import OpenvinoSession

OPSET = 17
IR_VERSION = 8
TOLERANCE = 1e-4
"""Largest difference from the source model, relative to its largest value."""


class KerasGraphWriter:
    """Turns Keras layers into ONNX nodes; Keras' maps are (rows, columns, channels), ONNX's channels come first."""

    def __init__(self) -> None:
        try:
            from onnx import helper, numpy_helper
        except ImportError as exc:
            raise WeightsMissingError(
                "Building an extractor network needs the package onnx; run: pip install onnx onnxruntime"
            ) from exc
        self._helper, self._numpy_helper = helper, numpy_helper
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def node(self, operator: str, inputs: list[str], output: str, **attributes: object) -> str:
        """Append an operator and return the name of its output."""
        self.nodes.append(self._helper.make_node(operator, inputs, [output], **attributes))
        return output

    def constant(self, name: str, value: npt.ArrayLike) -> str:
        """Store an array and return its name."""
        self.constants.append(self._numpy_helper.from_array(np.ascontiguousarray(value, np.float32), name))
        return name

    def preprocessing(self, kind: Preprocessing) -> str:
        """Append the way from ``pixels_rgb`` uint8 to what the first layer takes."""
        floats = self.node("Cast", ["pixels_rgb"], "pixels_float", to=self._helper.TensorProto.FLOAT)
        channels = self.node("Transpose", [floats], "pixels_channels", perm=[0, 3, 1, 2])
        # Both kinds are linear in each channel, so the function itself, asked at 0 and 255, tells scale and shift.
        ends = [preprocess(np.full((1, 1, 1, 3), value, np.uint8), kind)[0, 0, 0] for value in (0, 255)]
        if kind == "caffe":
            order = self._helper.make_tensor("order", self._helper.TensorProto.INT64, [3], [2, 1, 0])
            self.constants.append(order)
            channels = self.node("Gather", [channels, "order"], "pixels_bgr", axis=1)
        scale = self.constant("input_scale", ((ends[1] - ends[0]) / 255).reshape(3, 1, 1))
        shift = self.constant("input_shift", ends[0].reshape(3, 1, 1))
        return self.node("Add", [self.node("Mul", [channels, scale], "pixels_scaled"), shift], "pixels_ready")

    def layer(self, layer: Any, inputs: list[str]) -> str:
        """Append one Keras layer and return the name of its output.

        Raises:
            WeightsRejectedError: if it is of a kind that ResNet50 does not have.
        """
        write = getattr(self, f"_{type(layer).__name__.lower()}", None)
        if write is None:
            raise WeightsRejectedError(f"Layer {layer.name} is of kind {type(layer).__name__}, which is not exported.")
        return str(write(layer, inputs))

    def _conv2d(self, layer: Any, inputs: list[str]) -> str:
        kernel, bias = layer.get_weights()
        weights = [
            self.constant(f"{layer.name}/kernel", kernel.transpose(3, 2, 0, 1)),
            self.constant(f"{layer.name}/bias", bias),
        ]
        pads = [side // 2 for side in layer.kernel_size] * 2 if layer.padding == "same" else [0] * 4
        return self.node("Conv", [*inputs, *weights], layer.name, strides=list(layer.strides), pads=pads)

    def _batchnormalization(self, layer: Any, inputs: list[str]) -> str:
        names = ("gamma", "beta", "moving_mean", "moving_variance")
        values = [self.constant(f"{layer.name}/{n}", v) for n, v in zip(names, layer.get_weights(), strict=True)]
        return self.node("BatchNormalization", [*inputs, *values], layer.name, epsilon=float(layer.epsilon))

    def _activation(self, layer: Any, inputs: list[str]) -> str:
        return self.node("Relu", inputs, layer.name)

    def _add(self, layer: Any, inputs: list[str]) -> str:
        return self.node("Add", inputs, layer.name)

    def _zeropadding2d(self, layer: Any, inputs: list[str]) -> str:
        (top, bottom), (left, right) = layer.padding
        pads = self._helper.make_tensor(
            f"{layer.name}/pads", self._helper.TensorProto.INT64, [8], [0, 0, top, left, 0, 0, bottom, right]
        )
        self.constants.append(pads)
        return self.node("Pad", [*inputs, pads.name], layer.name)

    def _maxpooling2d(self, layer: Any, inputs: list[str]) -> str:
        return self.node("MaxPool", inputs, layer.name, kernel_shape=list(layer.pool_size), strides=list(layer.strides))

    def _globalaveragepooling2d(self, layer: Any, inputs: list[str]) -> str:
        return self.node("Flatten", [self.node("GlobalAveragePool", inputs, f"{layer.name}_map")], layer.name)

    def _globalmaxpooling2d(self, layer: Any, inputs: list[str]) -> str:
        return self.node("Flatten", [self.node("GlobalMaxPool", inputs, f"{layer.name}_map")], layer.name)

    def _regionalmaxpooling2d(self, layer: Any, inputs: list[str]) -> str:
        shortest = self.constant(f"{layer.name}/shortest", np.array([SHORTEST_REGION]))
        axes = self._integers(f"{layer.name}/axes", [2, 3])
        summands = []
        for number, region in enumerate(rmac_regions(int(layer.input.shape[1]))):
            name = f"{layer.name}/region_{number}"
            first = self._integers(f"{name}_first", [region.top, region.left])
            end = self._integers(f"{name}_end", [region.top + region.side, region.left + region.side])
            part = self.node("Slice", [*inputs, first, end, axes], f"{name}_map")
            greatest = self.node("Flatten", [self.node("GlobalMaxPool", [part], f"{name}_max")], f"{name}_flat")
            length = self.node("ReduceL2", [greatest], f"{name}_length", axes=[1], keepdims=1)
            divisor = self.node("Max", [length, shortest], f"{name}_divisor")
            summands.append(self.node("Div", [greatest, divisor], f"{name}_unit"))
        return self.node("Sum", summands, layer.name)

    def _integers(self, name: str, values: list[int]) -> str:
        """Store whole numbers and return their name."""
        tensor = self._helper.make_tensor(name, self._helper.TensorProto.INT64, [len(values)], values)
        self.constants.append(tensor)
        return name


def export_onnx(model: Any, path: Path, preprocessing: Preprocessing) -> str:
    """Write a model of ``build_resnet50`` as ONNX and return the file's SHA-256.

    The graph takes ``pixels_rgb (batch, S, S, 3)`` uint8 and returns ``pooled (batch, D)`` float32, whose name says
    how it was pooled (``pooling.output_name``). It is run in the light runtime on random pixels before it is written,
    and must equal the Keras model to ``TOLERANCE``.

    Raises:
        WeightsMissingError: if the package onnx is not installed.
        WeightsRejectedError: if the model has layers that ResNet50 lacks, or the graph differs from it.
    """
    content = _onnx_bytes(model, preprocessing)
    side = int(model.input_shape[1])
    pixels = np.random.default_rng(0).integers(0, 256, (2, side, side, 3), dtype=np.uint8)
    expected = np.asarray(model(preprocess(pixels, preprocessing), training=False), np.float32)
    served = OpenvinoSession(content, name=path.stem).run(pixels)[0]
    difference = float(np.abs(served - expected).max() / max(float(np.abs(expected).max()), 1e-12))
    if not difference <= TOLERANCE:
        raise WeightsRejectedError(f"The exported network differs from its source by {difference:.1e}; not written.")
    staging = path.with_name(path.name + ".part")
    staging.write_bytes(content)
    staging.replace(path)
    return hashlib.sha256(content).hexdigest()


def _onnx_bytes(model: Any, preprocessing: Preprocessing) -> bytes:
    writer = KerasGraphWriter()
    from onnx import TensorProto, checker, helper

    names: dict[int, str] = {}
    for layer in model.layers:
        if type(layer).__name__ == "InputLayer":
            names[id(layer.output)] = writer.preprocessing(preprocessing)
            continue
        incoming = layer.input if isinstance(layer.input, list) else [layer.input]
        names[id(layer.output)] = writer.layer(layer, [names[id(tensor)] for tensor in incoming])
    side, dimension = int(model.input_shape[1]), int(model.output_shape[-1])
    pixels = helper.make_tensor_value_info("pixels_rgb", TensorProto.UINT8, ["batch", side, side, 3])
    pooled = helper.make_tensor_value_info(model.layers[-1].name, TensorProto.FLOAT, ["batch", dimension])
    graph = helper.make_graph(writer.nodes, "resnet50", [pixels], [pooled], writer.constants)
    exported = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    checker.check_model(exported)
    return bytes(exported.SerializeToString())
