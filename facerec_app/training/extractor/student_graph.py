"""The student as an ONNX graph for the live path, built from its weights without any training framework.

Normalisations are folded into the convolutions. Kernels are stored as float16, or as int8 with one scale for each
output channel, and widened when the graph is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import onnx
from onnx import helper, numpy_helper

from facerec_app.core.types import Float32Array
from facerec_app.training.extractor.crop_shrinking import shrinking_matrix
from facerec_app.training.extractor.int8_kernels import quantised
from facerec_app.training.extractor.student_weights import CROP_PX, PROJECTION, StudentWeights

Storage = Literal["float32", "float16", "int8"]
OPSET = 17
IR_VERSION = 8
FEATURES = "pooled"
BLOCKS = {"conv2": 3, "conv3": 4, "conv4": 6, "conv5": 3}


@dataclass
class _Builder:
    """Collects nodes and weights."""

    weights: StudentWeights
    storage: Storage
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def node(self, operator: str, inputs: Sequence[str], name: str, **attributes: object) -> str:
        """Add a node whose output bears the given name, and return that name."""
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def constant(self, name: str, array: np.ndarray) -> str:
        """Add an initialiser as it is."""
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def kernel(self, name: str, kernel: Float32Array) -> str:
        """Add a kernel whose first axis is the output channel, in the chosen storage."""
        if self.storage == "float32":
            return self.constant(name, kernel)
        if self.storage == "float16":
            stored = self.constant(f"{name}_f16", kernel.astype(np.float16))
            return self.node("Cast", [stored], name, to=onnx.TensorProto.FLOAT)
        codes, scales = quantised(kernel)
        inputs = [self.constant(f"{name}_i8", codes), self.constant(f"{name}_scale", scales)]
        inputs.append(self.constant(f"{name}_zero", np.zeros(len(scales), np.int8)))
        return self.node("DequantizeLinear", inputs, name, axis=0)

    def convolution(self, source: str, name: str, stride: int = 1) -> str:
        """Add a convolution with its normalisation folded in; 3x3 keeps the size, 7x7 pads 3."""
        kernel, bias = self.weights.folded_convolution(name)
        padding = kernel.shape[0] // 2
        inputs = [
            source,
            self.kernel(f"{name}_kernel", kernel.transpose(3, 2, 0, 1)),
            self.constant(f"{name}_bias", bias),
        ]
        return self.node("Conv", inputs, name, strides=[stride, stride], pads=[padding] * 4)

    def block(self, source: str, name: str, stride: int) -> str:
        """Add one bottleneck block; the first of a stage has a convolution in its bypass."""
        bypass = source
        if f"{name}_0_conv/kernel" in self.weights.arrays:
            bypass = self.convolution(source, f"{name}_0_conv", stride)
        inner = self.node("Relu", [self.convolution(source, f"{name}_1_conv", stride)], f"{name}_1_relu")
        inner = self.node("Relu", [self.convolution(inner, f"{name}_2_conv")], f"{name}_2_relu")
        total = self.node("Add", [self.convolution(inner, f"{name}_3_conv"), bypass], f"{name}_add")
        return self.node("Relu", [total], f"{name}_out")


def build_student_graph(weights: StudentWeights, storage: Storage = "float16") -> onnx.ModelProto:
    """Return the graph that serves.

    Input ``pixels_rgb``: ``(batch, 112, 112, 3)`` uint8, aligned crops. Outputs: ``pooled`` ``(batch, 2048)`` and
    ``projection`` ``(batch, P)``, float32, neither of unit length.
    """
    builder = _Builder(weights, storage)
    maps = _pixels(builder)
    maps = builder.node("Relu", [builder.convolution(maps, "conv1_conv", 2)], "conv1_relu")
    maps = builder.node("MaxPool", [maps], "pool1_pool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    for stage, count in BLOCKS.items():
        for number in range(1, count + 1):
            stride = 2 if number == 1 and stage != "conv2" else 1
            maps = builder.block(maps, f"{stage}_block{number}", stride)
            if maps == weights.cut_layer:
                return _close(builder, maps)
    msg = f"ResNet50 has no layer {weights.cut_layer!r}"
    raise ValueError(msg)


def _pixels(builder: _Builder) -> str:
    """Add the way from bytes to normalised channels-first values of the size that the student was trained at."""
    floats = builder.node("Cast", ["pixels_rgb"], "pixels_float", to=onnx.TensorProto.FLOAT)
    channels = builder.node("Transpose", [floats], "pixels_channels", perm=[0, 3, 1, 2])
    scaled = builder.node("Mul", [channels, builder.constant("scale", np.array(1 / 127.5, np.float32))], "scaled")
    maps = builder.node("Sub", [scaled, builder.constant("one", np.array(1, np.float32))], "normalised")
    if builder.weights.input_px == CROP_PX:
        return maps
    matrix = shrinking_matrix(CROP_PX, builder.weights.input_px)
    rows = builder.node("MatMul", [builder.constant("shrink_rows", matrix), maps], "shrunk_rows")
    return builder.node("MatMul", [rows, builder.constant("shrink_columns", matrix.T)], "shrunk")


def _close(builder: _Builder, maps: str) -> onnx.ModelProto:
    """Add pooling and projection and return the checked model."""
    average = builder.node("GlobalAveragePool", [maps], "average")
    builder.node("Flatten", [average], FEATURES)
    kernel = builder.weights.arrays[f"{PROJECTION}/kernel"]
    inputs = [FEATURES, builder.kernel("projection_kernel", kernel.T)]
    inputs.append(builder.constant("projection_bias", builder.weights.arrays[f"{PROJECTION}/bias"]))
    builder.node("Gemm", inputs, PROJECTION, transB=1)
    source = helper.make_tensor_value_info("pixels_rgb", onnx.TensorProto.UINT8, ["batch", CROP_PX, CROP_PX, 3])
    outputs = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["batch", values])
        for name, values in ((FEATURES, kernel.shape[0]), (PROJECTION, kernel.shape[1]))
    ]
    graph = helper.make_graph(builder.nodes, "resnet50_face", [source], outputs, builder.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    return model
