"""Reading the arrays of dlib's face network out of its file, running nothing of it.

The file ``dlib_face_recognition_resnet_model_v1.dat`` (public domain; Davis King, http://blog.dlib.net/2017/02) is a
C++ serialisation: whole numbers are a length byte followed by that many little-endian bytes, a name is its length and
its letters, a tensor is version 2, four sizes and raw float32. Layers come from the input to the output, so it is
enough to walk from layer name to layer name and to read the tensor behind each.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facerec_app.core.errors import WeightsMissingError, WeightsRejectedError
from facerec_app.core.types import Float32Array

_LAYER_NAME = re.compile(rb"\x01\x05con_4|\x01\x07affine_|\x01\x04fc_2")
_TENSOR_VERSION = 2
_MAXIMUM_TENSOR_VALUES = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class DlibLayer:
    """The values of one layer in file order.

    Attributes:
        kind: ``con``, ``affine`` or ``fc``.
        values: flat float32: weights then biases of a convolution, scales then shifts of an affine layer, the
            ``(2048 or 256, 128)`` matrix of the dense layer.
    """

    kind: str
    values: Float32Array


def read_dlib_layers(path: Path) -> list[DlibLayer]:
    """Return every layer with values, from the input to the output.

    Raises:
        WeightsMissingError: if there is no such file.
        WeightsRejectedError: if the file is cut short or of another kind.
    """
    if not path.is_file():
        msg = f"{path} does not exist; give dlib_face_recognition_resnet_model_v1.dat"
        raise WeightsMissingError(msg)
    content = path.read_bytes()
    layers: list[DlibLayer] = []
    position = 0
    while (found := _LAYER_NAME.search(content, position)) is not None:
        kind = found.group()[2:].decode("ascii").split("_")[0]
        start = found.end()
        if kind == "fc":  # two sizes come before the tensor
            start = _read_number(content, start)[1]
            start = _read_number(content, start)[1]
        values, position = _read_tensor(content, start, path)
        layers.append(DlibLayer(kind, values))
    if not layers:
        msg = f"{path} holds no layers of dlib's face network"
        raise WeightsRejectedError(msg)
    return layers


def _read_number(content: bytes, position: int) -> tuple[int, int]:
    """Return a whole number and the position behind it; bit 7 of the length byte is the sign."""
    control = content[position]
    length = control & 0x0F
    value = int.from_bytes(content[position + 1 : position + 1 + length], "little")
    return (-value if control & 0x80 else value), position + 1 + length


def _read_tensor(content: bytes, position: int, path: Path) -> tuple[Float32Array, int]:
    """Return a tensor's values, flat, and the position behind them."""
    try:
        version, position = _read_number(content, position)
        count = 1
        for _ in range(4):
            size, position = _read_number(content, position)
            count *= size
    except IndexError as exc:
        msg = f"{path} ends in the middle of a layer"
        raise WeightsRejectedError(msg) from exc
    end = position + 4 * count
    if version != _TENSOR_VERSION or not 0 < count <= _MAXIMUM_TENSOR_VALUES or end > len(content):
        msg = f"{path} is damaged: a tensor of version {version} with {count} values at byte {position}"
        raise WeightsRejectedError(msg)
    values = np.frombuffer(content, "<f4", count, position).astype(np.float32)
    if not np.isfinite(values).all():
        msg = f"{path} is damaged: values that are not finite at byte {position}"
        raise WeightsRejectedError(msg)
    return values, end
