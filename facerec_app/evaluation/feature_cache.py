"""Faces of pictures that were looked at before, kept between evaluations.

A cache may always be deleted: whatever is missing, damaged or made by another version is computed again.
"""

from __future__ import annotations

import hashlib
import io
import logging
from dataclasses import fields
from pathlib import Path

import numpy as np

from facerec_app.core.array_files import ARRAY_FILE_ERRORS
from facerec_app.core.atomic_file import write_bytes_atomically
from facerec_app.core.errors import InferenceError
from facerec_app.core.types import Int64Array
from facerec_app.evaluation.picture_faces import FaceRows

_LOGGER = logging.getLogger(__name__)
_FORMAT = "facerec-evaluation-features-1"


class FeatureCache:
    """One file for each way of turning pictures into features, one row for each picture's content.

    Args:
        folder: where the files lie; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.remarks: list[str] = []

    def file_of(self, preprocessing: str) -> Path | None:
        """Return where features made this way are kept; its name is a hash of the description."""
        if self.folder is None:
            return None
        return self.folder / f"{hashlib.sha256(preprocessing.encode()).hexdigest()[:32]}.npz"

    def load(self, preprocessing: str, dimension: int) -> tuple[dict[str, int], FaceRows]:
        """Return the row of each picture's SHA-256 and the rows; nothing if there is no usable file.

        A file that cannot be used is said in ``remarks`` and will be replaced.
        """
        file = self.file_of(preprocessing)
        if file is not None and file.is_file():
            try:
                return self._read(file, preprocessing, dimension)
            except (*ARRAY_FILE_ERRORS, InferenceError) as exc:
                self.remarks.append(f"The feature cache {file} cannot be used ({exc}); computing again.")
        return {}, FaceRows.zeros(0, dimension)

    def store(self, preprocessing: str, sha256s: list[str], rows: FaceRows) -> None:
        """Keep these rows; what a run beside this one has stored meanwhile is kept too.

        A disk that is full or read-only costs only time at the next run, so it is remarked on and not raised.
        """
        file = self.file_of(preprocessing)
        if file is None or not sha256s:
            return
        known, kept = self.load(preprocessing, int(rows.vectors.shape[1]))
        fresh = [row for row, digest in enumerate(sha256s) if digest not in known]
        both = FaceRows(
            *(
                np.concatenate([getattr(kept, field.name), getattr(rows, field.name)[fresh]])
                for field in fields(FaceRows)
            )
        )
        digests = [*known, *(sha256s[row] for row in fresh)]
        buffer = io.BytesIO()
        np.savez(
            buffer,
            facts=np.array([_FORMAT, preprocessing], np.str_),
            sha256=np.array(digests, np.str_),
            **{field.name: getattr(both, field.name) for field in fields(FaceRows)},
        )
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            write_bytes_atomically(file, buffer.getvalue())
        except OSError as exc:
            self.remarks.append(
                f"The feature cache {file} cannot be written ({exc.strerror or exc}); going on without."
            )

    @staticmethod
    def _read(file: Path, preprocessing: str, dimension: int) -> tuple[dict[str, int], FaceRows]:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            if [str(fact) for fact in stored["facts"]] != [_FORMAT, preprocessing]:
                raise ValueError("it was made by another version or in another way")
            digests = [str(digest) for digest in stored["sha256"]]
            blank = FaceRows.zeros(len(digests), dimension)
            rows = FaceRows(*(_expected(stored[field.name], getattr(blank, field.name)) for field in fields(FaceRows)))
        rows.require_finite()
        return {digest: row for row, digest in enumerate(digests)}, rows


def _expected(stored: np.ndarray, blank: np.ndarray) -> np.ndarray:
    if stored.shape != blank.shape or stored.dtype != blank.dtype:
        raise ValueError(f"an array is {stored.dtype}{stored.shape} instead of {blank.dtype}{blank.shape}")
    return stored


def rows_in(known: dict[str, int], sha256s: list[str]) -> Int64Array:
    """Return the cached row of each picture, -1 where there is none."""
    return np.array([known.get(digest, -1) for digest in sha256s], np.int64)
