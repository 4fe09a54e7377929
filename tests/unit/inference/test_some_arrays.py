"""Some arrays of an ONNX file replaced by others."""

from __future__ import annotations

import numpy as np
import pytest

from facerec_app.core.errors import WeightsRejectedError
from facerec_app.inference.onnx_weights import with_some_arrays
from facerec_app.models.model_store import ModelStore


@pytest.fixture(scope="module")
def network() -> bytes:
    return ModelStore().read("resnet50-face")


def test_only_the_named_arrays_change(network: bytes) -> None:
    bias, codes = np.full(256, 0.25, np.float32), np.full((256, 2048), -3, np.int8)
    changed = with_some_arrays(network, {"projection_bias": bias, "projection_kernel_i8": codes})
    assert len(changed) == len(network)
    assert bias.tobytes() in changed
    assert codes.tobytes() in changed
    differing = np.count_nonzero(np.frombuffer(changed, np.uint8) != np.frombuffer(network, np.uint8))
    assert 0 < differing <= bias.nbytes + codes.nbytes


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("smile_bias", np.zeros(256, np.float32)),
        ("projection_bias", np.zeros(255, np.float32)),
        ("projection_bias", np.zeros(256, np.int8)),
        ("projection_bias", np.full(256, np.nan, np.float32)),
    ],
    ids=["name", "shape", "type", "value"],
)
def test_what_does_not_fit_is_refused(network: bytes, name: str, array: np.ndarray) -> None:
    with pytest.raises(WeightsRejectedError, match=name):
        with_some_arrays(network, {name: array})
