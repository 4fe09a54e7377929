"""The part of the network that fine-tuning changes: the last block before the cut, and the projection.

What lies before it stays, so its maps are computed once for each face, by the network that serves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from facerec_app.core.errors import WeightsRejectedError
from facerec_app.core.types import Float32Array
from facerec_app.training.extractor.finetuning_options import TrainedLayers
from facerec_app.training.extractor.int8_kernels import quantised
from facerec_app.training.extractor.student_weights import PROJECTION, StudentWeights

FROZEN_UP_TO = "conv5_block1_out"
"""Layer whose maps the head takes."""
BLOCK = "conv5_block2"
CONVOLUTIONS = tuple(f"{BLOCK}_{number}_conv" for number in (1, 2, 3))
CUT_LAYER = f"{BLOCK}_out"


def require_head(weights: StudentWeights) -> None:
    """Raise ``WeightsRejectedError`` unless the weights are cut behind the block that fine-tuning trains."""
    needed = {f"{name}/kernel" for name in (*CONVOLUTIONS, PROJECTION)}
    if weights.cut_layer != CUT_LAYER or not needed <= set(weights.arrays):
        raise WeightsRejectedError(
            f"The extractor's weights are cut at {weights.cut_layer}; fine-tuning knows {CUT_LAYER} only."
        )


def trained_names(layers: TrainedLayers) -> tuple[str, ...]:
    """Return the names of the arrays that change."""
    names = (PROJECTION,) if layers == "projection" else (*CONVOLUTIONS, PROJECTION)
    return tuple(f"{name}/{variable}" for name in names for variable in ("kernel", "bias"))


def part_way(start: StudentWeights, trained: Mapping[str, Float32Array], share: float) -> StudentWeights:
    """Return weights on the straight line from the start (share 0) to the trained ones (share 1).

    Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022, section 3.
    """
    moved = {
        name: np.asarray((1 - share) * start.arrays[name] + share * array, np.float32)
        for name, array in trained.items()
    }
    return replace(start, arrays={**start.arrays, **moved})


def served_arrays(weights: StudentWeights) -> dict[str, np.ndarray]:
    """Return the head as the graph that serves stores it (``student_graph``): int8 kernels, their scales, biases.

    Normalisations are folded into the convolutions before them.
    """
    found: dict[str, np.ndarray] = {}
    for name in CONVOLUTIONS:
        kernel, bias = weights.folded_convolution(name)
        codes, scales = quantised(kernel.transpose(3, 2, 0, 1))
        found |= {f"{name}_kernel_i8": codes, f"{name}_kernel_scale": scales, f"{name}_bias": bias}
    codes, scales = quantised(weights.arrays[f"{PROJECTION}/kernel"].T)
    bias = np.asarray(weights.arrays[f"{PROJECTION}/bias"], np.float32)
    return found | {"projection_kernel_i8": codes, "projection_kernel_scale": scales, "projection_bias": bias}
