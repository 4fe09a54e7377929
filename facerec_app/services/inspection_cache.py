"""What was found in pictures that were inspected before; may always be deleted."""

from __future__ import annotations

import hashlib
import io
import logging
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facerec_app.core.array_files import ARRAY_FILE_ERRORS
from facerec_app.core.atomic_file import write_bytes_atomically
from facerec_app.core.types import BoolArray, Float32Array, Int64Array, UInt8Array

_LOGGER = logging.getLogger(__name__)
_FORMAT = "facerec-inspection-2"


@dataclass(frozen=True, slots=True, eq=False)
class InspectedRows:
    """One row a picture.

    Attributes:
        file_sha256, pixels_sha256: ``(N,)`` unicode: of the file and of the decoded pixels.
        face_counts: ``(N,)`` int64, faces that were found.
        unclear: ``(N,)`` bool, whether of several faces none is clearly the picture's subject.
        found: ``(N,)`` bool, whether there is a face; what follows is zero where there is none.
        boxes_xyxy: ``(N, 4)`` float32 px.
        vectors: ``(N, D)`` float32, unit length.
        hashes: ``(N, 8)`` uint8, perceptual, of the aligned face.
        picture_hashes: ``(N, 8)`` uint8, perceptual, of the whole picture.
    """

    file_sha256: npt.NDArray[np.str_]
    pixels_sha256: npt.NDArray[np.str_]
    face_counts: Int64Array
    unclear: BoolArray
    found: BoolArray
    boxes_xyxy: Float32Array
    vectors: Float32Array
    hashes: UInt8Array
    picture_hashes: UInt8Array

    def __len__(self) -> int:
        return int(self.found.shape[0])

    @staticmethod
    def blank(count: int, dimension: int) -> InspectedRows:
        """Return rows without a face, to be filled."""
        return InspectedRows(
            np.full(count, "", "U64"), np.full(count, "", "U64"), np.zeros(count, np.int64), np.zeros(count, np.bool_),
            np.zeros(count, np.bool_), np.zeros((count, 4), np.float32), np.zeros((count, dimension), np.float32),
            np.zeros((count, 8), np.uint8), np.zeros((count, 8), np.uint8),
        )  # fmt: skip

    def select(self, rows: Int64Array) -> InspectedRows:
        """Return the given rows, in that order."""
        return InspectedRows(*(getattr(self, field.name)[rows] for field in fields(InspectedRows)))

    def put(self, row: int, other: InspectedRows, other_row: int) -> None:
        """Copy a row of other rows, while these are being filled."""
        for field in fields(InspectedRows):
            getattr(self, field.name)[row] = getattr(other, field.name)[other_row]


class InspectionCache:
    """A file of rows for each way of looking at pictures; a row is found by the SHA-256 of its file.

    Args:
        folder: where the files lie; None keeps nothing.
        description: changes whenever the same picture could give another row.
        dimension: of the features.
    """

    def __init__(self, folder: Path | None, description: str, dimension: int) -> None:
        name = hashlib.sha256(f"{_FORMAT};{description}".encode()).hexdigest()[:32]
        self._file = folder / f"{name}.npz" if folder is not None else None
        self._description = description
        self._dimension = dimension

    def load(self) -> InspectedRows:
        """Return what is known; nothing if there is no usable file."""
        if self._file is None or not self._file.is_file():
            return InspectedRows.blank(0, self._dimension)
        try:
            with self._file.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
                return self._checked(InspectedRows(*(stored[field.name] for field in fields(InspectedRows))))
        except ARRAY_FILE_ERRORS as exc:
            _LOGGER.info("The inspection cache %s cannot be used (%s); looking again", self._file, exc)
            return InspectedRows.blank(0, self._dimension)

    def store(self, rows: InspectedRows) -> None:
        """Keep these rows beside those that are there; a disk that is full costs only time at the next run."""
        if self._file is None:
            return
        kept = self.load()
        new = rows.select(np.nonzero((rows.file_sha256 != "") & ~np.isin(rows.file_sha256, kept.file_sha256))[0])
        buffer = io.BytesIO()
        np.savez(
            buffer,
            allow_pickle=False,
            **{
                field.name: np.concatenate([getattr(kept, field.name), getattr(new, field.name)])
                for field in fields(InspectedRows)
            },
        )
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_bytes_atomically(self._file, buffer.getvalue())
        except OSError as exc:
            _LOGGER.info("The inspection cache %s cannot be written: %s", self._file, exc)

    def _checked(self, rows: InspectedRows) -> InspectedRows:
        blank = InspectedRows.blank(len(rows), self._dimension)
        for field in fields(InspectedRows):
            stored, expected = getattr(rows, field.name), getattr(blank, field.name)
            if stored.shape != expected.shape or stored.dtype.kind != expected.dtype.kind:
                raise ValueError(f"its {field.name} have another shape")
        if not np.isfinite(rows.vectors).all():
            raise ValueError("a feature is not finite")
        return rows
