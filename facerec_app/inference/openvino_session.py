"""The adapter to OpenVINO; nothing else in the program knows the runtime (docs/adr/0001-runtime.md)."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from functools import cache
from typing import Any, Literal

import numpy as np

from facerec_app.core.errors import InferenceError, WeightsRejectedError
from facerec_app.core.types import Float32Array, UInt8Array
from facerec_app.inference.map_outputs import cut_at_layers, cut_to_maps

Precision = Literal["f32", "bf16"]


@cache
def _core() -> Any:
    """Return the process's one OpenVINO core; the runtime is imported here."""
    # OpenVINO's __init__ imports its model converter if it can. The converter is not needed here, takes two thirds of
    # the import's time, and is what reports every import (facerec_app/__init__.py shuts that up for all importers).
    converter = "openvino.tools.ovc"
    kept_out = converter not in sys.modules
    if kept_out:
        sys.modules[converter] = None  # type: ignore[assignment]
    try:
        import openvino
    finally:
        if kept_out:
            del sys.modules[converter]
    return openvino.Core()


@cache
def processor_has_bf16() -> bool:
    """Return whether the processor computes in bf16 by itself, as the runtime says."""
    return "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class OpenvinoSession:
    """A network with one input and one or more float32 outputs, compiled for the processor.

    Any thread may call ``run``; calls are served one after another.
    """

    def __init__(
        self,
        model: bytes,
        *,
        name: str,
        threads: int | None = None,
        precision: Precision = "f32",
        layers: Sequence[str] = (),
        end_layers: Sequence[str] = (),
    ) -> None:
        """Compile a network.

        Args:
            model: content of an ONNX file whose hash has been checked.
            name: of the network, for messages.
            threads: processor threads to use; None leaves it to the runtime (all cores).
            precision: arithmetic. ``bf16`` is about twice as fast where the processor has it and is ignored elsewhere.
            layers: inner layers whose maps are wanted instead of the outputs; the input is then one picture of any
                size.
            end_layers: inner layers whose values are wanted instead of the outputs, for inputs of the network's own
                size.

        Raises:
            WeightsRejectedError: if the content is no network that the runtime can compile, or has no such layer.
        """
        self._name = name
        self._lock = threading.Lock()
        options: dict[str, object] = {
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": precision,
            # Else the threads of every network, of every process, are bound to the same first cores and wait there.
            "ENABLE_CPU_PINNING": False,
        }
        if threads is not None:
            options["INFERENCE_NUM_THREADS"] = threads
        try:
            core = _core()
            network = core.read_model(model)
            network = cut_at_layers(network, end_layers, name) if end_layers else network
            compiled = core.compile_model(cut_to_maps(network, layers, name) if layers else network, "CPU", options)
            self._request = compiled.create_infer_request()
            self._input_shape = _shape_of(compiled.inputs[0])
            self._output_shapes = tuple(_shape_of(output) for output in compiled.outputs)
            self._output_names = tuple(str(output.get_any_name()) for output in compiled.outputs)
        except RuntimeError as exc:
            raise WeightsRejectedError(
                f"The network '{name}' cannot be loaded by the runtime; run 'facerec models check'."
            ) from exc

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """Shape of the input; None where it may change from call to call."""
        return self._input_shape

    @property
    def output_shapes(self) -> tuple[tuple[int | None, ...], ...]:
        """Shape of each output; None where it follows the input."""
        return self._output_shapes

    @property
    def output_names(self) -> tuple[str, ...]:
        """Name of each output, as the network file has it."""
        return self._output_names

    def run(self, inputs: Float32Array | UInt8Array) -> tuple[Float32Array, ...]:
        """Run the network on one batch.

        Args:
            inputs: in the shape and type that the network's manifest entry states; batch and, where stated, height
                and width may change from call to call.

        Returns:
            One float32 array per output, owned by the caller.

        Raises:
            InferenceError: if it fails or returns values that are not finite.
        """
        try:
            with self._lock:
                self._request.infer([np.ascontiguousarray(inputs)], share_inputs=True)
                outputs = tuple(
                    np.array(self._request.get_output_tensor(index).data, np.float32)
                    for index in range(len(self._output_shapes))
                )
        except RuntimeError as exc:
            raise InferenceError(
                f"The network '{self._name}' failed on an input of shape {inputs.shape}; run 'facerec doctor'."
            ) from exc
        if not all(np.isfinite(output).all() for output in outputs):
            raise InferenceError(
                f"The network '{self._name}' returned values that are not finite; run 'facerec models check'."
            )
        return outputs


def _shape_of(port: Any) -> tuple[int | None, ...]:
    return tuple(None if side.is_dynamic else int(side.get_length()) for side in port.get_partial_shape())
