"""OpenVINO against ONNX Runtime on the shipped networks, in turns, each in processes of its own.

The figures of docs/adr/0001-runtime.md: ``python tests/benchmarks/runtime_comparison.py [MORE.onnx...]``. It needs the
extra ``models``; further networks take uint8 crops of 112 px. What is timed is one thread's processor time, which other
work on the machine changes little.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from facerec_app.models.model_store import ModelStore

NETWORKS = ("mtcnn_pnet", "mtcnn_rnet", "mtcnn_onet", "yunet", "sface")
ROUNDS = 15
TURNS = 3
Runner = Callable[[Any], Any]


def openvino_loader(precision: str) -> Callable[[bytes], Runner]:
    from facerec_app.inference.openvino_session import OpenvinoSession

    return lambda content: OpenvinoSession(content, name="network", threads=1, precision=precision).run  # type: ignore[arg-type]


def onnxruntime_loader() -> Callable[[bytes], Runner]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3

    def load(content: bytes) -> Runner:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        return lambda inputs: session.run(None, {name: inputs})

    return load


LOADERS: dict[str, Callable[[], Callable[[bytes], Runner]]] = {
    "openvino f32": lambda: openvino_loader("f32"),
    "openvino bf16": lambda: openvino_loader("bf16"),
    "onnxruntime": onnxruntime_loader,
}


def cases(extra: list[Path]) -> list[tuple[str, bytes, list[tuple[str, Any]]]]:
    """Return (network, content, [(what, input)])."""
    store, generator = ModelStore(), np.random.default_rng(0)

    def floats(*shape: int) -> Any:
        return generator.uniform(0, 255, shape).astype(np.float32)

    def pixels(*shape: int) -> Any:
        return generator.integers(0, 256, shape, dtype=np.uint8)

    windows = {"mtcnn_rnet": (24, (64, 256)), "mtcnn_onet": (48, (8, 32))}
    listed: list[tuple[str, bytes, list[tuple[str, Any]]]] = [
        ("mtcnn_pnet", store.read("mtcnn_pnet"), [
            ("640x360, min face 20", floats(1, 524, 386, 3)), ("640x360, min face 40", floats(1, 266, 194, 3)),
        ]),
    ]  # fmt: skip
    for name, (side, batches) in windows.items():
        listed.append((name, store.read(name), [(f"batch {n}", floats(n, side, side, 3)) for n in batches]))
    changing = [floats(int(n), 24, 24, 3) for n in generator.integers(5, 250, 30)]
    listed[1][2].append(("30 changing batches, each", changing))
    listed.append(("yunet", store.read("yunet"), [("640x384", pixels(1, 384, 640, 3))]))
    networks = {"sface": store.read("sface")} | {path.stem: path.read_bytes() for path in extra}
    for name, content in networks.items():
        listed.append((name, content, [(f"batch {n}", pixels(n, 112, 112, 3)) for n in (1, 4, 8)]))
    return listed


def time_alone(runtime: str, extra: list[Path]) -> None:
    """Print this runtime's best processor time of each case, ms, as JSON."""
    load = LOADERS[runtime]()
    best = {}
    for network, content, inputs in cases(extra):
        run = load(content)
        for what, batch in inputs:
            batches = batch if isinstance(batch, list) else [batch]
            times = []
            for _ in range(ROUNDS):
                started = time.process_time()
                for part in batches:
                    run(part)
                times.append((time.process_time() - started) * 1000 / len(batches))
            best[f"{network}, {what}"] = min(times)
    print(json.dumps(best))


def load_alone(runtime: str) -> None:
    """Print what it takes this process to import a runtime and load the shipped networks."""
    store = ModelStore()
    contents = [store.read(name) for name in NETWORKS]
    started, started_cpu = time.perf_counter(), time.process_time()
    load = LOADERS[runtime]()
    runners = [load(content) for content in contents]
    took, took_cpu = time.perf_counter() - started, time.process_time() - started_cpu
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak_mb = int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024
    print(json.dumps({"networks": len(runners), "s": took, "cpu_s": took_cpu, "peak_mb": peak_mb}))


def asked(*arguments: str) -> dict[str, float]:
    """Return what this program prints in a process of its own."""
    ran = subprocess.run([sys.executable, __file__, *arguments], capture_output=True, text=True, check=True)
    return dict(json.loads(ran.stdout))


def best_of(runs: list[dict[str, float]]) -> dict[str, float]:
    return {key: min(run[key] for run in runs) for key in runs[0]}


def main() -> None:
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    if sys.argv[1:2] == ["--load"]:
        load_alone(sys.argv[2])
        return
    if sys.argv[1:2] == ["--time"]:
        time_alone(sys.argv[2], [Path(name) for name in sys.argv[3:]])
        return
    timed: dict[str, list[dict[str, float]]] = {name: [] for name in LOADERS}
    loaded: dict[str, list[dict[str, float]]] = {name: [] for name in LOADERS}
    for _ in range(TURNS):
        for name in LOADERS:
            timed[name].append(asked("--time", name, *sys.argv[1:]))
            loaded[name].append(asked("--load", name))
    best = {name: best_of(runs) for name, runs in timed.items()}
    print(f"{'ms of one thread, best':44}" + "".join(f"{name:>16}" for name in best))
    for case in next(iter(best.values())):
        print(f"{case:44}" + "".join(f"{best[name][case]:16.2f}" for name in best))
    for name, runs in loaded.items():
        figures = best_of(runs)
        print(f"{name}: import and load {figures['s']:.2f} s ({figures['cpu_s']:.2f} s of processor), "
              f"peak memory {figures['peak_mb']:.0f} MB")  # fmt: skip


if __name__ == "__main__":
    main()
