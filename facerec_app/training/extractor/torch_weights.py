"""Between the PyTorch student and weights under Keras's names."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from facerec_app.core.errors import WeightsRejectedError
from facerec_app.core.types import Float32Array
from facerec_app.training.extractor.student_weights import PROJECTION, StudentWeights
from facerec_app.training.extractor.torch_resnet50 import FaceStudent

_NORM_VARIABLES = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def weights_of(student: FaceStudent, facts: Mapping[str, str]) -> StudentWeights:
    """Return the student's weights in Keras's layout (kernels: rows, columns, inputs, outputs)."""
    arrays: dict[str, Float32Array] = {}
    for name, layer in student.backbone.keras_layers():
        if isinstance(layer, nn.Conv2d):
            arrays[f"{name}/kernel"] = _numpy(layer.weight.permute(2, 3, 1, 0))
            arrays[f"{name}/bias"] = _numpy(layer.bias)
        else:
            for theirs, mine in _NORM_VARIABLES.items():
                arrays[f"{name}/{theirs}"] = _numpy(getattr(layer, mine))
    arrays[f"{PROJECTION}/kernel"] = _numpy(student.projection.weight.T)
    arrays[f"{PROJECTION}/bias"] = _numpy(student.projection.bias)
    return StudentWeights(arrays, student.backbone.cut_layer, dict(facts))


@torch.no_grad()
def fill_student(student: FaceStudent, weights: StudentWeights) -> None:
    """Put weights into a student of the same cut.

    Raises:
        WeightsRejectedError: if layers are missing or of another shape.
    """
    try:
        for name, layer in student.backbone.keras_layers():
            if isinstance(layer, nn.Conv2d):
                layer.weight.copy_(_tensor(weights.arrays[f"{name}/kernel"]).permute(3, 2, 0, 1))
                layer.bias.copy_(_tensor(weights.arrays[f"{name}/bias"]))
            else:
                for theirs, mine in _NORM_VARIABLES.items():
                    getattr(layer, mine).copy_(_tensor(weights.arrays[f"{name}/{theirs}"]))
        student.projection.weight.copy_(_tensor(weights.arrays[f"{PROJECTION}/kernel"]).T)
        student.projection.bias.copy_(_tensor(weights.arrays[f"{PROJECTION}/bias"]))
    except (KeyError, RuntimeError) as exc:
        msg = f"The weights do not fit a ResNet50 cut at {student.backbone.cut_layer}: {exc}"
        raise WeightsRejectedError(msg) from exc


def _numpy(values: Tensor) -> Float32Array:
    return np.ascontiguousarray(values.detach().float().numpy(), np.float32)


def _tensor(values: Float32Array) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values))
