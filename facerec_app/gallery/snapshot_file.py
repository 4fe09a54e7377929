"""The features of a very large gallery as one file that is mapped instead of read row by row.

A million rows of SQLite take seconds to read and live in memory afterwards; mapped, only what a search touches does.
The file is a copy of what the database holds at one revision. Every change of the gallery removes it before it is
committed, so that nobody's features outlive them here; the next close writes it anew.
"""

from __future__ import annotations

import json
import os
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from facerec_app.core.types import Float32Array, GallerySnapshot

_FORMAT = "facerec-snapshot-1"
_HEADER_BYTES = 4096
_IDENTIFIER = np.dtype("<U36")
_PART_BYTES = 1 << 24


@dataclass(frozen=True, slots=True, eq=False)
class StoredRows:
    """The rows of a snapshot as they came from the file.

    Attributes:
        vectors: ``(G, D)`` float32, mapped where the system lets a mapped file be removed.
        person_ids: ``(G,)`` unicode array, likewise.
        face_ids: ``(G,)`` unicode array, likewise.
    """

    vectors: Float32Array
    person_ids: npt.NDArray[np.str_]
    face_ids: npt.NDArray[np.str_]


class SnapshotFile:
    """One gallery's file.

    Args:
        file: where it lies; a copy being written lies beside it with the suffix ``.new``.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._new = file.with_suffix(".new")

    def load(self, extractor_version: str, revision: int, token: int) -> StoredRows | None:
        """Return the rows if they are those of this revision of this database and undamaged.

        Args:
            extractor_version: of the vectors.
            revision: of the gallery.
            token: the number that the database noted when the file was written.
        """
        try:
            with self._file.open("rb") as stream:
                header = _header_of(stream.read(_HEADER_BYTES))
                if header is None or [header[key] for key in ("extractor_version", "revision", "token")] != [
                    extractor_version,
                    revision,
                    token,
                ]:
                    return None
                faces, values = int(header["faces"]), int(header["values"])
                size = _HEADER_BYTES + faces * (4 * values + 2 * _IDENTIFIER.itemsize)
                if self._file.stat().st_size != size or header["crc32"] != _checksum(stream):
                    return None
            return self._rows(faces, values)
        except (OSError, KeyError, TypeError, ValueError):
            return None  # a copy that cannot be used is no fault: the database has it all

    def write_new(self, snapshot: GallerySnapshot, token: int) -> None:
        """Write a copy of a snapshot beside the file, synced; ``publish`` puts it in place.

        Raises:
            OSError: the disk is full or the folder cannot be written.
            ValueError: an identifier is longer than the format has room for.
        """
        ids = (snapshot.person_ids, snapshot.face_ids)
        if any(array.dtype.itemsize > _IDENTIFIER.itemsize for array in ids):
            raise ValueError("an identifier has more than 36 characters")
        parts = [
            np.ascontiguousarray(snapshot.vectors, "<f4"),
            *(array.astype(_IDENTIFIER, copy=False) for array in ids),
        ]
        checksum = 0
        header: dict[str, object] = {
            "format": _FORMAT,
            "extractor_version": snapshot.extractor_version,
            "revision": snapshot.revision,
            "token": token,
            "faces": len(snapshot),
            "values": int(snapshot.vectors.shape[1]),
        }
        self._new.unlink(missing_ok=True)
        descriptor = os.open(self._new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(bytes(_HEADER_BYTES))
            for part in parts:
                for piece in _pieces(part):
                    checksum = zlib.crc32(piece, checksum)
                    stream.write(piece)
            stream.seek(0)
            stream.write(json.dumps({**header, "crc32": checksum}).encode().ljust(_HEADER_BYTES))
            stream.flush()
            os.fsync(stream.fileno())

    def publish(self) -> None:
        """Put the copy that was written in the file's place.

        Raises:
            OSError: it is gone, since the gallery changed meanwhile, or cannot be renamed.
        """
        self._new.replace(self._file)

    def remove(self) -> None:
        """Remove the file and a copy being written.

        Raises:
            OSError: one of them cannot be removed.
        """
        self._file.unlink(missing_ok=True)
        self._new.unlink(missing_ok=True)

    def _rows(self, faces: int, values: int) -> StoredRows:
        place = _HEADER_BYTES
        arrays: list[Any] = []
        for kind, shape in ((np.dtype("<f4"), (faces, values)), (_IDENTIFIER, (faces,)), (_IDENTIFIER, (faces,))):
            if sys.platform == "win32":  # a mapped file cannot be removed there
                array = np.fromfile(self._file, kind, int(np.prod(shape)), offset=place).reshape(shape)
            else:
                array = np.memmap(self._file, kind, "r", place, shape).view(np.ndarray)
            arrays.append(array)
            place += array.nbytes
        return StoredRows(*arrays)


def _header_of(block: bytes) -> dict[str, Any] | None:
    header = json.loads(block.decode("utf-8", "strict"))
    return header if isinstance(header, dict) and header.get("format") == _FORMAT else None


def _checksum(stream: Any) -> int:
    checksum = 0
    while piece := stream.read(_PART_BYTES):
        checksum = zlib.crc32(piece, checksum)
    return checksum


def _pieces(array: npt.NDArray[Any]) -> list[memoryview]:
    whole = array.view(np.uint8).reshape(-1).data
    return [whole[start : start + _PART_BYTES] for start in range(0, len(whole), _PART_BYTES)]
