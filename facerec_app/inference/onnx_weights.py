"""The stored arrays of an ONNX file, read and replaced without the ``onnx`` package, which the program does not need.

An ONNX file is a protocol buffer (https://protobuf.dev/programming-guides/encoding/): of its messages only
``ModelProto.graph`` (field 7), ``GraphProto.initializer`` (5) and ``TensorProto``'s ``dims`` (1), ``data_type`` (2),
``name`` (8) and ``raw_data`` (9) matter here (onnx.proto of ONNX 1.17).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from facerec_app.core.errors import WeightsRejectedError
from facerec_app.core.types import Float32Array

_GRAPH, _INITIALIZER = 7, 5
_DIMS, _TYPE, _NAME, _RAW = 1, 2, 8, 9
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FLOAT, _INT8 = 1, 3
_DTYPES: dict[int, np.dtype[Any]] = {_FLOAT: np.dtype("<f4"), _INT8: np.dtype("i1")}


@dataclass(frozen=True, slots=True)
class _Stored:
    """Where an array lies in the file."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    start: int
    end: int


def read_weights(model: bytes) -> dict[str, Float32Array]:
    """Return the float32 arrays that are stored in an ONNX file, by name.

    Raises:
        WeightsRejectedError: the content is no ONNX file.
    """
    return {
        name: np.frombuffer(model[place.start : place.end], "<f4").reshape(place.shape).astype(np.float32)
        for name, place in _stored(model).items()
    }


def with_weights(model: bytes, weights: Mapping[str, Float32Array]) -> bytes:
    """Return the same network with other weights.

    Args:
        model: content of an ONNX file.
        weights: for every stored float32 array another one of the same shape.

    Raises:
        WeightsRejectedError: the arrays are not those of this network, or not finite.
    """
    stored = _stored(model)
    if set(weights) != set(stored):
        raise WeightsRejectedError("The weights are not those of this network; train them again.")
    content = bytearray(model)
    for name, place in stored.items():
        array = weights[name]
        if array.shape != place.shape or not np.isfinite(array).all():
            raise WeightsRejectedError(f"The weights '{name}' do not fit the network; train them again.")
        content[place.start : place.end] = np.ascontiguousarray(array, "<f4").tobytes()
    return bytes(content)


def with_some_arrays(model: bytes, arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """Return the same network with other values in some of its stored arrays.

    Args:
        model: content of an ONNX file.
        arrays: float32 or int8, by the names of stored arrays of the same type and shape; all others stay.

    Raises:
        WeightsRejectedError: the network has no such arrays, or a value is not finite.
    """
    stored = _stored(model, _DTYPES)
    content = bytearray(model)
    for name, array in arrays.items():
        place = stored.get(name)
        if place is None or array.shape != place.shape or array.dtype != place.dtype or not np.isfinite(array).all():
            raise WeightsRejectedError(f"The weights '{name}' do not fit the network; train them again.")
        content[place.start : place.end] = np.ascontiguousarray(array, place.dtype).tobytes()
    return bytes(content)


def _stored(model: bytes, kinds: Collection[int] = (_FLOAT,)) -> dict[str, _Stored]:
    found: dict[str, _Stored] = {}
    try:
        for field, start, end in _fields(model, 0, len(model)):
            if field == _GRAPH:
                for inner, first, last in _fields(model, start, end):
                    if inner == _INITIALIZER:
                        _read_tensor(model, first, last, kinds, found)
    except (IndexError, ValueError) as exc:
        raise WeightsRejectedError("A network file is damaged; run 'facerec models check'.") from exc
    return found


def _read_tensor(model: bytes, start: int, end: int, kinds: Collection[int], found: dict[str, _Stored]) -> None:
    """Note where a tensor's values lie if they are of these kinds; others (shapes of reshapes) are no weights."""
    shape: list[int] = []
    name, kind, raw = "", 0, (0, 0)
    for field, first, last in _fields(model, start, end):
        if field == _DIMS:
            shape += _dims(model, first, last)
        elif field == _TYPE:
            kind = _varint(model, first)[0]
        elif field == _NAME:
            name = model[first:last].decode()
        elif field == _RAW:
            raw = (first, last)
    if kind not in kinds:
        return
    dtype = _DTYPES[kind]
    if raw[1] - raw[0] != dtype.itemsize * int(np.prod(shape, dtype=np.int64)):
        raise ValueError(name)
    found[name] = _Stored(tuple(shape), dtype, *raw)


def _dims(model: bytes, start: int, end: int) -> list[int]:
    """Return the sides in one field: packed, or one a field."""
    sides, place = [], start
    while place < end:
        side, place = _varint(model, place)
        sides.append(side)
    return sides


def _fields(model: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield number, first and last byte of the content of each field of a message."""
    place = start
    while place < end:
        key, place = _varint(model, place)
        wire = key & 7
        if wire == _VARINT:
            after = _varint(model, place)[1]
        elif wire == _BYTES:
            length, place = _varint(model, place)
            after = place + length
        elif wire in {_FIXED32, _FIXED64}:
            after = place + (4 if wire == _FIXED32 else 8)
        else:
            raise ValueError(wire)
        if after > end:
            raise ValueError(after)
        yield key >> 3, place, after
        place = after


def _varint(model: bytes, place: int) -> tuple[int, int]:
    """Return a number of seven bits a byte, and where it ends."""
    value = shift = 0
    while True:
        byte = model[place]
        value |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:
            return value, place
        shift += 7
        if shift > 63:
            raise ValueError(place)
