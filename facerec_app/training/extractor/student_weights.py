"""The student's weights under Keras's names, free of any framework: what ships, and what all else is made from.

Tensors are named ``LAYER/VARIABLE`` as Keras names them (``conv1_conv/kernel`` in rows, columns, inputs, outputs;
``conv1_bn/moving_mean``) plus ``projection/kernel`` and ``projection/bias``. A kernel is int8 codes with one scale for
each output channel beside it (``conv1_conv/kernel_scale``), or float16 in files of before; the rest is float32: the
variances of a normalisation span more than float16 holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from facerec_app.core.errors import WeightsMissingError, WeightsRejectedError
from facerec_app.core.types import Float32Array
from facerec_app.training.extractor.int8_kernels import quantised

BATCH_NORM_EPSILON = 1.001e-5
PROJECTION = "projection"
_KERNEL, _SCALE = "/kernel", "_scale"
CROP_PX = 112
"""Side of the aligned crops that the program makes; a student may have been trained at a smaller size."""


@dataclass(frozen=True, slots=True, eq=False)
class StudentWeights:
    """Everything a student has learned.

    Attributes:
        arrays: float32 arrays by ``LAYER/VARIABLE``.
        cut_layer: the layer whose maps are pooled and served.
        facts: how it came about, as text (pictures seen and the like).
    """

    arrays: Mapping[str, Float32Array]
    cut_layer: str
    facts: Mapping[str, str]

    @property
    def input_px(self) -> int:
        """Side of the pictures that the network itself was trained on."""
        return int(self.facts.get("input_px", CROP_PX))

    def layer_names(self) -> list[str]:
        """Return the names of the layers, in no particular order."""
        return sorted({name.rpartition("/")[0] for name in self.arrays})

    def folded_convolution(self, convolution: str) -> tuple[Float32Array, Float32Array]:
        """Return kernel ``(kh, kw, in, out)`` and bias ``(out,)`` with the normalisation behind it folded in."""
        norm = convolution.removesuffix("conv") + "bn"
        values = {key: self.arrays[f"{norm}/{key}"] for key in ("gamma", "beta", "moving_mean", "moving_variance")}
        scale = values["gamma"] / np.sqrt(values["moving_variance"] + BATCH_NORM_EPSILON)
        bias = (self.arrays[f"{convolution}/bias"] - values["moving_mean"]) * scale + values["beta"]
        kernel = self.arrays[f"{convolution}/kernel"] * scale
        return np.asarray(kernel, np.float32), np.asarray(bias, np.float32)


def save_student(weights: StudentWeights, path: Path) -> None:
    """Write the weights, kernels as int8 codes and scales, beside their final place and rename."""
    stored: dict[str, np.ndarray] = {}
    for name, array in weights.arrays.items():
        if name.endswith(_KERNEL):
            codes, stored[f"{name}{_SCALE}"] = quantised(np.moveaxis(array, -1, 0))
            stored[name] = np.ascontiguousarray(np.moveaxis(codes, 0, -1))
        else:
            stored[name] = np.ascontiguousarray(array, np.float32)
    path.parent.mkdir(parents=True, exist_ok=True)
    staging = path.with_name(path.name + ".part")
    save_file(stored, staging, metadata={"cut_layer": weights.cut_layer, **weights.facts})
    staging.replace(path)


def load_student(path: Path) -> StudentWeights:
    """Return the weights of a file.

    Raises:
        WeightsMissingError: if there is no such file.
        WeightsRejectedError: if it is damaged or something else.
    """
    if not path.is_file():
        msg = f"The weights {path} do not exist; train and export them, or give another file."
        raise WeightsMissingError(msg)
    try:
        with safe_open(path, "numpy") as file:
            facts = dict(file.metadata() or {})
            stored = {name: np.asarray(file.get_tensor(name), np.float32) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as exc:
        msg = f"The weights {path} cannot be read ({exc}); take the file that came with the program."
        raise WeightsRejectedError(msg) from exc
    scales = {name.removesuffix(_SCALE): stored.pop(name) for name in list(stored) if name.endswith(_KERNEL + _SCALE)}
    arrays = {name: array * scales[name] if name in scales else array for name, array in stored.items()}
    if "cut_layer" not in facts or f"{PROJECTION}/kernel" not in arrays:
        msg = f"{path} holds no face extractor's weights; take the file that came with the program."
        raise WeightsRejectedError(msg)
    return StudentWeights(arrays, facts.pop("cut_layer"), facts)
