"""The pictures of enrolled faces: one JPEG a face, named by the face's identifier.

Kept is the face with a margin of its own size on every side, so that another detector, aligner or extractor can start
anew from it, and not the whole photograph, which may show others who were never asked. A face wider than 512 px is
scaled down to that: extractors take at most 224 px.
"""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from collections.abc import Container, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from facerec_app.core.atomic_file import sync_directory
from facerec_app.core.errors import GalleryReadError, GalleryWriteError
from facerec_app.core.types import Float32Array, UInt8Array

MARGIN = 1.0
"""Kept on each side of the box, in multiples of its longer side."""
LARGEST_FACE_PX = 512
JPEG_QUALITY = 95
_SYNC_THREADS = 8

_FACE_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def is_identifier(text: object) -> bool:
    """Return whether this is an identifier as the gallery makes them (lower-case UUID)."""
    return isinstance(text, str) and _FACE_ID.fullmatch(text) is not None


def cut_face_picture(
    pixels_rgb: UInt8Array, box_xyxy: Float32Array, landmarks_xy: Float32Array
) -> tuple[UInt8Array, Float32Array, Float32Array]:
    """Return the part of a picture that is kept of a face, with the face's box and landmarks in it.

    Args:
        pixels_rgb: ``(H, W, 3)`` uint8.
        box_xyxy: ``(4,)`` px.
        landmarks_xy: ``(5, 2)`` px.

    Returns:
        ``(h, w, 3)`` uint8, ``(4,)`` float32, ``(5, 2)`` float32.

    Raises:
        GalleryWriteError: the box is empty or lies outside the picture.
    """
    height, width = pixels_rgb.shape[:2]
    side = float(max(box_xyxy[2] - box_xyxy[0], box_xyxy[3] - box_xyxy[1]))
    if not np.isfinite(box_xyxy).all() or not np.isfinite(landmarks_xy).all() or side < 1.0:
        raise GalleryWriteError("A face without a box cannot be stored; detect it again.")
    left, top = (int(max(0.0, np.floor(v - MARGIN * side))) for v in box_xyxy[:2])
    right, bottom = (
        int(min(limit, np.ceil(v + MARGIN * side))) for v, limit in zip(box_xyxy[2:], (width, height), strict=True)
    )
    if right - left < 1 or bottom - top < 1:
        raise GalleryWriteError("A face outside its picture cannot be stored; detect it again.")
    cut = np.ascontiguousarray(pixels_rgb[top:bottom, left:right])
    offset = np.array([left, top], np.float32)
    box = (box_xyxy.reshape(2, 2) - offset).astype(np.float32)
    landmarks = (landmarks_xy - offset).astype(np.float32)
    if side > LARGEST_FACE_PX:
        cut, factors = _scaled_down(cut, LARGEST_FACE_PX / side)
        box, landmarks = ((points + 0.5) * factors - 0.5 for points in (box, landmarks))
    return cut, box.reshape(4).astype(np.float32), landmarks.astype(np.float32)


def _scaled_down(pixels: UInt8Array, factor: float) -> tuple[UInt8Array, Float32Array]:
    """Return smaller pixels and the exact factors in x and y, which rounding to whole pixels makes differ a little."""
    height, width = pixels.shape[:2]
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    factors = np.array([size[0] / width, size[1] / height], np.float32)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8), factors


def encode_face_picture(pixels_rgb: UInt8Array) -> bytes:
    """Return the JPEG that is stored: quality 95, colour at full resolution."""
    options = [
        cv2.IMWRITE_JPEG_QUALITY,
        JPEG_QUALITY,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    ]
    return cv2.imencode(".jpg", cv2.cvtColor(pixels_rgb, cv2.COLOR_RGB2BGR), options)[1].tobytes()


def decode_face_picture(data: bytes, file: Path) -> UInt8Array:
    """Return ``(h, w, 3)`` uint8 RGB pixels of a stored picture.

    Raises:
        GalleryReadError: the bytes are no picture.
    """
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    except cv2.error as exc:
        raise GalleryReadError(f"The face picture {file} is damaged; remove the face and enrol it again.") from exc
    if pixels is None:
        raise GalleryReadError(f"The face picture {file} is damaged; remove the face and enrol it again.")
    return np.asarray(pixels, np.uint8)


def read_picture_bytes(file: Path, sha256: str) -> bytes:
    """Return the stored bytes of a face's picture.

    Raises:
        GalleryReadError: the file is missing or not what was stored.
    """
    advice = "put it back from a backup copy or remove the face."
    try:
        data = file.read_bytes()
    except OSError as exc:
        raise GalleryReadError(f"The face picture {file} cannot be read ({exc.strerror or exc}); {advice}") from exc
    if hashlib.sha256(data).hexdigest() != sha256:
        raise GalleryReadError(f"The face picture {file} was changed or damaged; {advice}")
    return data


class FacePictures:
    """The folder of pictures, in step with the database's transactions.

    Written pictures are synced before the transaction commits (``sync``), pictures of removed faces go after it
    (``finish``), and those of a transaction that failed go at once (``discard``). What a kill leaves between those
    moments is found by ``unknown``.

    Args:
        folder: of the pictures.
        thumbnails: folder of what was made from them to be shown (``FaceThumbnails``), which goes with them.
    """

    def __init__(self, folder: Path, thumbnails: Path) -> None:
        self._folder = folder
        self._thumbnails = thumbnails
        self._written: list[str] = []
        self._to_remove: list[str] = []

    def path(self, face_id: str) -> Path:
        """Return where a face's picture lies; 256 folders keep each of them small."""
        return self._folder / face_id[:2] / f"{face_id}.jpg"

    def thumbnail_path(self, face_id: str) -> Path:
        """Return where a face's thumbnail lies."""
        return self._thumbnails / face_id[:2] / f"{face_id}.thumb"

    def write_thumbnail(self, face_id: str, data: bytes) -> None:
        """Write a thumbnail whole or not at all; a cache need not survive a power cut, so it is not synced.

        Raises:
            OSError: the disk is full or not writable.
        """
        file = self.thumbnail_path(face_id)
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = file.with_name(f"{face_id}.{uuid.uuid4().hex}.tmp")
        try:
            temporary.write_bytes(data)
            temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)

    def remove_thumbnails_except(self, face_ids: Container[str]) -> None:
        """Remove what was made from pictures of other faces, and what a kill left half written.

        Raises:
            OSError: a file cannot be removed.
        """
        for folder in _entries(self._thumbnails):
            for entry in _entries(Path(folder.path)) if folder.is_dir(follow_symlinks=False) else ():
                face_id, _, suffix = entry.name.partition(".")
                if is_identifier(face_id) and (suffix != "thumb" or face_id not in face_ids):
                    Path(entry.path).unlink(missing_ok=True)

    def write(self, face_id: str, data: bytes) -> None:
        """Write a picture; it is not safe before ``sync``.

        Raises:
            OSError: the disk is full or not writable.
        """
        file = self.path(face_id)
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._written.append(face_id)
        with file.open("xb") as stream:
            stream.write(data)

    def sync(self) -> None:
        """Bring everything written to disk, to be called before the rows commit.

        Many files are synced side by side: the file system then writes its own journal once for several of them,
        which took a thirteenth of the time for 200 pictures (``docs/gallery.md``).

        Raises:
            OSError: the disk is full or failing.
        """
        files = [self.path(face_id) for face_id in self._written]
        folders = sorted({file.parent for file in files})
        if len(files) == 1:
            _sync_file(files[0])
            sync_directory(folders[0])
        elif files:
            with ThreadPoolExecutor(_SYNC_THREADS) as threads:
                list(threads.map(_sync_file, files))
                list(threads.map(sync_directory, folders))
        if files:
            sync_directory(self._folder)

    def mark(self) -> tuple[int, int]:
        """Return the present state, for ``discard``."""
        return len(self._written), len(self._to_remove)

    def discard(self, mark: tuple[int, int] = (0, 0)) -> None:
        """Undo what was written and marked for removal since ``mark``: its rows did not commit."""
        for face_id in self._written[mark[0] :]:
            self.path(face_id).unlink(missing_ok=True)
        del self._written[mark[0] :]
        del self._to_remove[mark[1] :]

    def remove_after_commit(self, face_ids: Iterable[str]) -> None:
        """Remember pictures whose rows are being removed."""
        self._to_remove.extend(face_ids)

    def finish(self) -> None:
        """Remove what was marked for removal: the rows have committed.

        Raises:
            OSError: a file cannot be removed (open in another program on Windows); the next start removes it.
        """
        remove, self._to_remove, self._written = self._to_remove, [], []
        for face_id in remove:
            self.path(face_id).unlink(missing_ok=True)
            self.thumbnail_path(face_id).unlink(missing_ok=True)

    def all_ids(self) -> Iterator[str]:
        """Yield the identifiers of the pictures that are there; files that are not the gallery's are passed over."""
        for folder in _entries(self._folder):
            if len(folder.name) == 2 and folder.is_dir(follow_symlinks=False):
                for entry in _entries(Path(folder.path)):
                    face_id, _, suffix = entry.name.partition(".")
                    if suffix == "jpg" and is_identifier(face_id) and face_id[:2] == folder.name:
                        yield face_id


def _sync_file(file: Path) -> None:
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []
