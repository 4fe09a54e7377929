"""The adapter to the runtime."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from facerec_app.core.errors import InferenceError, WeightsRejectedError
from facerec_app.core.types import Float32Array
from facerec_app.inference.openvino_session import OpenvinoSession
from facerec_app.models.model_store import ModelStore


@pytest.fixture(scope="module")
def rnet() -> OpenvinoSession:
    return OpenvinoSession(ModelStore().read("mtcnn_rnet"), name="mtcnn_rnet")


def windows(count: int) -> Float32Array:
    return np.random.default_rng(count).uniform(0, 255, (count, 24, 24, 3)).astype(np.float32)


def test_shapes_are_told(rnet: OpenvinoSession) -> None:
    assert rnet.input_shape == (None, 24, 24, 3)
    assert rnet.output_shapes == ((None, 5),)


def test_the_batch_may_change_from_call_to_call(rnet: OpenvinoSession) -> None:
    inputs = windows(9)
    together = rnet.run(inputs)[0]
    for count in (1, 9, 4):
        np.testing.assert_allclose(rnet.run(inputs[:count])[0], together[:count], atol=1e-4)


def test_results_belong_to_the_caller(rnet: OpenvinoSession) -> None:
    first = rnet.run(windows(3))[0]
    kept = first.copy()
    rnet.run(windows(3)[::-1])
    assert (first == kept).all()
    first[:] = 0
    assert (rnet.run(windows(3))[0] == kept).all()


def test_content_that_is_no_network_is_refused() -> None:
    with pytest.raises(WeightsRejectedError, match="'broken' cannot be loaded"):
        OpenvinoSession(b"garbage", name="broken")


def test_a_truncated_network_is_refused() -> None:
    content = ModelStore().read("mtcnn_rnet")
    with pytest.raises(WeightsRejectedError):
        OpenvinoSession(content[: len(content) // 2], name="half")


def test_an_input_of_another_shape_is_an_error_with_the_network_s_name(rnet: OpenvinoSession) -> None:
    with pytest.raises(InferenceError, match="mtcnn_rnet"):
        rnet.run(np.zeros((1, 24, 24, 4), np.float32))


def test_values_that_are_not_finite_are_an_error(rnet: OpenvinoSession) -> None:
    inputs = windows(2)
    inputs[1] = np.nan
    with pytest.raises(InferenceError, match="not finite"):
        rnet.run(inputs)
    assert np.isfinite(rnet.run(windows(2))[0]).all()


def test_a_thread_limit_changes_no_result(rnet: OpenvinoSession) -> None:
    limited = OpenvinoSession(ModelStore().read("mtcnn_rnet"), name="mtcnn_rnet", threads=1)
    np.testing.assert_allclose(limited.run(windows(5))[0], rnet.run(windows(5))[0], atol=1e-4)


def test_calls_from_several_threads_do_not_mix(rnet: OpenvinoSession) -> None:
    counts = [1, 2, 3, 5, 8] * 8
    expected = {count: rnet.run(windows(count))[0] for count in set(counts)}
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda count: (count, rnet.run(windows(count))[0]), counts))
    assert all(np.array_equal(result, expected[count]) for count, result in results)


def test_the_runtime_is_loaded_without_its_converter_and_telemetry() -> None:
    code = (
        "import sys; from facerec_app.inference.openvino_session import OpenvinoSession; "
        "from facerec_app.models.model_store import ModelStore; "
        "OpenvinoSession(ModelStore().read('mtcnn_pnet'), name='p'); "
        "loaded = [name for name, module in sys.modules.items() if module is not None]; "
        "print([name for name in loaded if name.startswith(('openvino.tools', 'openvino_telemetry'))])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="only Linux tells where threads may run")
def test_networks_of_one_thread_may_run_on_every_core() -> None:
    """Bound to cores, two networks that run at the same time would share the first one."""
    networks = [OpenvinoSession(ModelStore().read("mtcnn_rnet"), name="mtcnn_rnet", threads=1) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda network: network.run(windows(8)), networks))
        threads = [int(entry.name) for entry in Path("/proc/self/task").iterdir()]
        allowed = {frozenset(os.sched_getaffinity(thread)) for thread in threads}
    assert allowed == {frozenset(os.sched_getaffinity(0))}
