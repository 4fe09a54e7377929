"""How far each network is from what the processor can multiply.

The rate of a large matrix product is measured in the same runtime between the networks' own runs, all in one thread and
in processor time, which other work on the machine disturbs least; best of several runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import openvino
from onnx import shape_inference

from facerec_app.inference.openvino_session import OpenvinoSession, Precision
from facerec_app.models.model_store import ModelStore

GEMM_SIDE = 2048
ROUNDS = 4
THREADS = 1
NETWORKS: dict[str, tuple[tuple[int, ...], ...]] = {
    "mtcnn_pnet": ((1, 264, 194, 3), (1, 780, 578, 3)),
    "mtcnn_rnet": ((64, 24, 24, 3), (256, 24, 24, 3)),
    "mtcnn_onet": ((16, 48, 48, 3),),
    "yunet": ((1, 384, 640, 3), (1, 736, 1280, 3)),
    "sface": ((1, 112, 112, 3), (8, 112, 112, 3)),
    "resnet50-face": ((1, 112, 112, 3), (8, 112, 112, 3)),
}


def multiply_accumulates(content: bytes, shape: tuple[int, ...]) -> int:
    """Return the multiply-accumulates of a network's convolutions and matrix products for one input shape."""
    model = onnx.load_from_string(content)
    for dimension, side in zip(model.graph.input[0].type.tensor_type.shape.dim, shape, strict=True):
        dimension.ClearField("dim_param")
        dimension.dim_value = side
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
    graph = shape_inference.infer_shapes(model, strict_mode=False, data_prop=True).graph
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    for value in [*graph.value_info, *graph.output, *graph.input]:
        shapes[value.name] = tuple(d.dim_value for d in value.type.tensor_type.shape.dim)
    return sum(_node_macs(node, shapes) for node in graph.node)


def _node_macs(node: Any, shapes: dict[str, tuple[int, ...]]) -> int:
    if node.op_type == "Conv":
        return int(np.prod(shapes[node.output[0]]) * np.prod(shapes[node.input[1]][1:]))
    if node.op_type in {"Gemm", "MatMul"}:
        transposed = any(a.name == "transB" and a.i for a in node.attribute)
        rows = shapes[node.input[1]]
        return int(np.prod(shapes[node.output[0]]) * rows[1 if transposed else -2])
    return 0


def gemm_runner(precision: Precision) -> Callable[[], None]:
    """Return a call that multiplies two large matrices in the runtime."""
    weights = np.random.default_rng(0).normal(size=(GEMM_SIDE, GEMM_SIDE)).astype(np.float32)
    left = openvino.opset13.parameter([GEMM_SIDE, GEMM_SIDE], np.float32)
    product = openvino.opset13.matmul(left, openvino.opset13.constant(weights), False, False)
    return _request(openvino.Model([product], [left]), precision, weights)


def int8_gemm_runner() -> Callable[[], None]:
    """Return the same with both sides quantised to eight bits, as a quantised network has them."""
    ops = openvino.opset13
    values = np.random.default_rng(0).normal(size=(GEMM_SIDE, GEMM_SIDE)).astype(np.float32)
    left = ops.parameter([GEMM_SIDE, GEMM_SIDE], np.float32)
    low, high = np.float32(-4.0), np.float32(4.0 * 127 / 128)
    quantised = ops.fake_quantize(left, low, high, low, high, 256)
    codes = np.clip(np.round(values * 32), -127, 127).astype(np.int8)
    weights = ops.multiply(ops.convert(ops.constant(codes), np.float32), np.float32(1 / 32))
    return _request(openvino.Model([ops.matmul(quantised, weights, False, False)], [left]), "f32", values)


def _request(model: Any, precision: Precision, inputs: Any) -> Callable[[], None]:
    options = {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": precision}
    compiled = openvino.Core().compile_model(model, "CPU", {**options, "INFERENCE_NUM_THREADS": THREADS})
    request = compiled.create_infer_request()

    def run() -> None:
        request.infer([inputs], share_inputs=True)

    return run


def limit_figures(precisions: tuple[Precision, ...] = ("f32", "bf16")) -> dict[str, object]:
    """Return the processor's product rates and the share of them that every network reaches, in GMAC/s."""
    store = ModelStore()
    gemms: dict[str, Callable[[], None]] = {p: gemm_runner(p) for p in precisions}
    gemms["int8"] = int8_gemm_runner()
    gemm_s = {name: float("inf") for name in gemms}
    rows: dict[str, Any] = {}
    for name, shapes in NETWORKS.items():
        content = store.read(name)
        sessions = {p: OpenvinoSession(content, name=name, threads=THREADS, precision=p) for p in precisions}
        for shape in shapes:
            dtype = np.uint8 if name in {"yunet", "sface", "resnet50-face"} else np.float32
            inputs = np.random.default_rng(1).integers(0, 255, shape).astype(dtype)
            best = {p: float("inf") for p in precisions}
            for _ in range(ROUNDS):
                for gemm_name, gemm in gemms.items():
                    gemm_s[gemm_name] = min(gemm_s[gemm_name], _seconds(gemm))
                for precision, session in sessions.items():
                    run = _runner(session, inputs)
                    run()
                    best[precision] = min(best[precision], *(_seconds(run) for _ in range(5)))
            macs = multiply_accumulates(content, shape)
            rows[f"{name} {'x'.join(map(str, shape[:-1]))}"] = {
                "mmac": macs / 1e6,
                **{f"{p}_ms": seconds * 1e3 for p, seconds in best.items()},
                **{f"{p}_gmac_s": macs / seconds / 1e9 for p, seconds in best.items()},
            }
    rates = {name: GEMM_SIDE**3 / seconds / 1e9 for name, seconds in gemm_s.items()}
    for row in rows.values():
        row.update({f"{p}_share": row[f"{p}_gmac_s"] / rates[p] for p in precisions})
    return {"threads": THREADS, "gemm_gmac_s": rates, "networks": rows}


def _runner(session: OpenvinoSession, inputs: Any) -> Callable[[], object]:
    return lambda: session.run(inputs)


def _seconds(run: Callable[[], object]) -> float:
    began_s = time.process_time()
    run()
    return time.process_time() - began_s
