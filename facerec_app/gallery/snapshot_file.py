"""The features of a very large gallery as one file that is mapped instead of read row by row.

A million rows of SQLite take seconds to read and live in memory afterwards; mapped, only what a search touches does.
The file is a copy of what the database holds at one revision. Whoever changes the gallery removes it, and one that is
being written, inside the transaction of the change; one begun earlier cannot be finished then, since its name is gone.
What a program of before this file leaves behind is removed when the gallery is opened (``tidy``).
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import struct
import sys
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from facerec_app.core.atomic_file import sync_directory
from facerec_app.core.types import Float32Array, GallerySnapshot, UInt8Array

_FORMAT = 1
_HEADER_BYTES = 4096
_CHECKSUM = struct.Struct("<I")
"""Of everything after it: it stands at the very beginning and is written last."""
_IDENTIFIER = np.dtype("<U36")
_PART_BYTES = 1 << 24
_BINARY = getattr(os, "O_BINARY", 0)
_ROOM_LEFT_BYTES = 1 << 28
"""A copy is only written where this much and its own size again stay free."""


@dataclass(frozen=True, slots=True)
class SnapshotHeader:
    """What a copy is a copy of.

    Attributes:
        format: of the file.
        extractor_version: of the features.
        revision: of the gallery.
        token: the number that the database noted with it.
        faces: how many.
        values: of one feature.
    """

    format: int
    extractor_version: str
    revision: int
    token: int
    faces: int
    values: int

    @property
    def file_bytes(self) -> int:
        """Size of the whole file."""
        return _HEADER_BYTES + self.faces * (4 * self.values + 2 * _IDENTIFIER.itemsize)


@dataclass(frozen=True, slots=True, eq=False)
class StoredRows:
    """The rows of a snapshot as they came from the file; none of the arrays can be written to.

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
        file: where it lies; one that is being written lies beside it with the suffix ``.new``.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._new = file.with_suffix(".new")

    def exists(self) -> bool:
        """Return whether there is one, right or not."""
        return self._file.exists()

    def load(self, extractor_version: str, revision: int, token: int) -> StoredRows | None:
        """Return the rows if they are those of this revision of this database and undamaged.

        Args:
            extractor_version: of the features.
            revision: of the gallery.
            token: the number that the database noted.
        """
        try:
            with self._file.open("rb") as stream:
                header = _read_header(stream)
                if (header.extractor_version, header.revision, header.token) != (extractor_version, revision, token):
                    return None
                if os.fstat(stream.fileno()).st_size != header.file_bytes or not _is_whole(stream):
                    return None
                return _rows(_content(stream), header)
        except (OSError, ValueError):
            return None  # a copy that cannot be read is no fault: the database has it all

    def begin(self) -> BinaryIO:
        """Return a new file to write a copy into; to be called inside a transaction, so that no change is under way.

        Raises:
            OSError: the folder cannot be written.
        """
        self._new.unlink(missing_ok=True)
        return os.fdopen(os.open(self._new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600), "wb")

    def finish(self, stream: BinaryIO, snapshot: GallerySnapshot, token: int) -> None:
        """Write a copy of a snapshot and put it in the file's place; the stream is closed.

        Raises:
            OSError: the disk is or would be nearly full, or the gallery changed meanwhile. Nothing is left then.
            ValueError: the identifiers or the extractor's name are too long for the format. Likewise.
        """
        try:
            with stream:
                self._write(stream, snapshot, token)
            self._new.replace(self._file)
            sync_directory(self._file.parent)
        except BaseException:
            self.abandon(stream)
            raise

    def abandon(self, stream: BinaryIO) -> None:
        """Give up a copy that was begun."""
        try:
            stream.close()
        finally:
            self._new.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the file and one being written, so that a power cut does not bring them back.

        Raises:
            OSError: one of them cannot be removed.
        """
        gone = [_erase(self._file), _erase(self._new)]  # both, in any case
        if any(gone):
            sync_directory(self._file.parent)

    def tidy(self, revision: int, token: int) -> None:
        """Remove what a kill left half written, and a copy of another revision that a program of before left.

        Raises:
            OSError: it cannot be removed.
        """
        try:
            with self._file.open("rb") as stream:
                header = _read_header(stream)
                is_present = (header.revision, header.token) == (revision, token)
        except FileNotFoundError:
            is_present = True
        except (OSError, ValueError):
            is_present = False
        if not is_present:
            self.remove()
        else:
            _erase(self._new)

    def _write(self, stream: BinaryIO, snapshot: GallerySnapshot, token: int) -> None:
        ids = (snapshot.person_ids, snapshot.face_ids)
        faces, values = snapshot.vectors.shape
        header = SnapshotHeader(_FORMAT, snapshot.extractor_version, snapshot.revision, token, faces, values)
        text = json.dumps(asdict(header)).encode()
        if (
            any(array.dtype.itemsize > _IDENTIFIER.itemsize for array in ids)
            or len(text) > _HEADER_BYTES - _CHECKSUM.size
        ):
            raise ValueError("an identifier is too long for a mapped copy")
        if shutil.disk_usage(self._file.parent).free < 2 * header.file_bytes + _ROOM_LEFT_BYTES:
            raise OSError(errno.ENOSPC, "too little room for a mapped copy", str(self._file))
        vectors = np.ascontiguousarray(snapshot.vectors, "<f4")
        parts: list[npt.NDArray[Any]] = [
            np.frombuffer(text.ljust(_HEADER_BYTES - _CHECKSUM.size), np.uint8),
            vectors,
            *(array.astype(_IDENTIFIER, copy=False) for array in ids),
        ]
        stream.write(bytes(_CHECKSUM.size))
        checksum = 0
        for part in parts:
            for piece in _pieces(part):
                checksum = zlib.crc32(piece, checksum)
                stream.write(piece)
        stream.seek(0)
        stream.write(_CHECKSUM.pack(checksum))
        stream.flush()
        os.fsync(stream.fileno())


def _read_header(stream: BinaryIO) -> SnapshotHeader:
    """Return the header of a file.

    Raises:
        ValueError: it is none.
    """
    try:
        header = SnapshotHeader(**json.loads(stream.read(_HEADER_BYTES)[_CHECKSUM.size :]))
    except (TypeError, RecursionError) as exc:
        raise ValueError("no header") from exc
    numbers = (header.format, header.revision, header.token, header.faces, header.values)
    if any(type(number) is not int or number < 1 for number in numbers) or header.format != _FORMAT:
        raise ValueError("no header of this format")
    return header


def _is_whole(stream: BinaryIO) -> bool:
    """Return whether everything after the checksum is what was written."""
    stream.seek(0)
    (expected,) = _CHECKSUM.unpack(stream.read(_CHECKSUM.size))
    checksum = 0
    while piece := stream.read(_PART_BYTES):
        checksum = zlib.crc32(piece, checksum)
    return bool(checksum == expected)


def _content(stream: BinaryIO) -> UInt8Array:
    """Return all bytes after the header, of the very file that was checked."""
    if sys.platform == "win32":  # a mapped file cannot be removed there
        stream.seek(_HEADER_BYTES)
        return np.frombuffer(stream.read(), np.uint8)
    return np.memmap(stream, np.uint8, "r").view(np.ndarray)[_HEADER_BYTES:]


def _rows(content: UInt8Array, header: SnapshotHeader) -> StoredRows:
    ends = np.cumsum([4 * header.faces * header.values, header.faces * _IDENTIFIER.itemsize])
    vectors, person_ids, face_ids = np.split(content, ends)
    return StoredRows(
        vectors.view("<f4").reshape(header.faces, header.values),
        person_ids.view(_IDENTIFIER),
        face_ids.view(_IDENTIFIER),
    )


def _pieces(array: npt.NDArray[Any]) -> Iterator[memoryview]:
    whole = array.view(np.uint8).reshape(-1).data
    for start in range(0, len(whole), _PART_BYTES):
        yield whole[start : start + _PART_BYTES]


def _erase(path: Path) -> bool:
    """Remove a file and return whether it was there."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except PermissionError:
        if sys.platform == "win32":
            with path.open("r+b") as stream:  # another program reads it: it cannot be removed, but it can be emptied
                stream.truncate(0)
                os.fsync(stream.fileno())
            return True
        raise
    return True
