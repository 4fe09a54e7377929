"""dlib's face network as one fused ONNX graph.

A residual network of 29 convolutions (He et al. 2015) for 150x150 faces, as declared in dlib's example
``dnn_face_recognition_ex.cpp``. Each affine layer is folded into the convolution before it. dlib adds maps of unequal
size by treating what is missing as zero, so the smaller one is padded here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import helper, numpy_helper

from facerec_app.core.errors import WeightsRejectedError
from facerec_app.core.types import Float32Array
from facerec_app.training.extractor.dlib_weights import DlibLayer

INPUT_PX = 150
OUTPUT_VALUES = 128
MEAN_RGB = (122.782, 117.001, 104.298)
PIXEL_SCALE = 1 / 256
BLOCKS: tuple[tuple[int, bool], ...] = (
    *((32, False),) * 3,
    *((64, True), (64, False), (64, False), (64, False)),
    *((128, True), (128, False), (128, False)),
    *((256, True), (256, False), (256, False)),
    (256, True),
)
"""Filters of each residual block from the input on, and whether it halves the map."""


@dataclass
class _Maps:
    """A tensor under construction: its name, channels and side."""

    name: str
    channels: int
    side: int


@dataclass
class _GraphBuilder:
    """Collects nodes and weights while walking through the network."""

    layers: list[DlibLayer]
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[onnx.TensorProto] = field(default_factory=list)
    next_layer: int = 0

    def take(self, kind: str, count: int) -> Float32Array:
        """Return the next layer's values after checking that they are the expected ones."""
        layer = self.layers[self.next_layer] if self.next_layer < len(self.layers) else None
        self.next_layer += 1
        if layer is None or layer.kind != kind or layer.values.size != count:
            found = "nothing" if layer is None else f"{layer.kind} with {layer.values.size} values"
            msg = f"not dlib's face network: layer {self.next_layer} should be {kind} with {count} values, is {found}"
            raise WeightsRejectedError(msg)
        return layer.values

    def constant(self, array: np.ndarray) -> str:
        """Add an initialiser and return its name."""
        name = f"weight_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, operator: str, inputs: Sequence[str], **attributes: object) -> str:
        """Add a node with one output and return that output's name."""
        output = f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [output], **attributes))
        return output

    def convolution(self, maps: _Maps, filters: int, kernel: int, stride: int) -> _Maps:
        """Add a convolution with its affine layer folded in; dlib pads only where the stride is 1."""
        size = filters * maps.channels * kernel * kernel
        values = self.take("con", size + filters)
        affine = self.take("affine", 2 * filters)
        scale, shift = affine[:filters], affine[filters:]
        kernels = values[:size].reshape(filters, maps.channels, kernel, kernel) * scale[:, None, None, None]
        padding = kernel // 2 if stride == 1 else 0
        name = self.node(
            "Conv",
            [maps.name, self.constant(kernels), self.constant(values[size:] * scale + shift)],
            strides=[stride, stride],
            pads=[padding] * 4,
        )
        return _Maps(name, filters, (maps.side + 2 * padding - kernel) // stride + 1)

    def add(self, left: _Maps, right: _Maps) -> _Maps:
        """Add two maps, the smaller padded with zeros at its end."""
        channels, side = max(left.channels, right.channels), max(left.side, right.side)
        names = [self._padded(maps, channels, side) for maps in (left, right)]
        return _Maps(self.node("Add", names), channels, side)

    def _padded(self, maps: _Maps, channels: int, side: int) -> str:
        if (maps.channels, maps.side) == (channels, side):
            return maps.name
        ends = [0, 0, 0, 0, 0, channels - maps.channels, side - maps.side, side - maps.side]
        return self.node("Pad", [maps.name, self.constant(np.array(ends, np.int64))])


def build_dlib_graph(layers: list[DlibLayer]) -> onnx.ModelProto:
    """Return dlib's face network.

    Input ``faces``: ``(N, 3, 150, 150)`` float32, RGB, 0 to 255. Output ``values``: ``(N, 128)`` float32, not
    unit-length; two pictures of one person are usually nearer than 0.6.
    """
    builder = _GraphBuilder(layers)
    mean = builder.constant(np.array(MEAN_RGB, np.float32).reshape(1, 3, 1, 1))
    centred = builder.node("Sub", ["faces", mean])
    scaled = builder.node("Mul", [centred, builder.constant(np.array(PIXEL_SCALE, np.float32))])
    maps = builder.convolution(_Maps(scaled, 3, INPUT_PX), 32, 7, 2)
    pooled = builder.node("MaxPool", [builder.node("Relu", [maps.name])], kernel_shape=[3, 3], strides=[2, 2])
    maps = _Maps(pooled, maps.channels, (maps.side - 3) // 2 + 1)
    for filters, halves in BLOCKS:
        maps = _residual_block(builder, maps, filters, halves)
    matrix = builder.take("fc", maps.channels * OUTPUT_VALUES).reshape(maps.channels, OUTPUT_VALUES)
    flat = builder.node("Flatten", [builder.node("GlobalAveragePool", [maps.name])])
    builder.nodes.append(helper.make_node("MatMul", [flat, builder.constant(matrix)], ["values"]))
    if builder.next_layer != len(layers):
        msg = f"not dlib's face network: {len(layers)} layers instead of {builder.next_layer}"
        raise WeightsRejectedError(msg)
    return _close(builder)


def _residual_block(builder: _GraphBuilder, maps: _Maps, filters: int, halves: bool) -> _Maps:
    """Add two convolutions and their bypass, which is averaged 2x2 where the block halves the map."""
    first = builder.convolution(maps, filters, 3, 2 if halves else 1)
    second = builder.convolution(_Maps(builder.node("Relu", [first.name]), filters, first.side), filters, 3, 1)
    bypass = maps
    if halves:
        name = builder.node("AveragePool", [maps.name], kernel_shape=[2, 2], strides=[2, 2])
        bypass = _Maps(name, maps.channels, (maps.side - 2) // 2 + 1)
    total = builder.add(second, bypass)
    return _Maps(builder.node("Relu", [total.name]), total.channels, total.side)


def _close(builder: _GraphBuilder) -> onnx.ModelProto:
    """Return the checked model of what was collected."""
    faces = helper.make_tensor_value_info("faces", onnx.TensorProto.FLOAT, ["N", 3, INPUT_PX, INPUT_PX])
    values = helper.make_tensor_value_info("values", onnx.TensorProto.FLOAT, ["N", OUTPUT_VALUES])
    graph = helper.make_graph(builder.nodes, "dlib_face_resnet", [faces], [values], builder.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model
