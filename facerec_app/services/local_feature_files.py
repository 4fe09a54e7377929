"""Local features of many pictures, one file a picture; work that was interrupted goes on where it stopped."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facerec_app.capture.images import IMAGE_SUFFIXES, decode_image
from facerec_app.core.array_files import ARRAY_FILE_ERRORS
from facerec_app.core.atomic_file import write_bytes_atomically
from facerec_app.core.errors import ConfigError, OutputWriteError, UnreadableImageError
from facerec_app.core.validation import text_bytes
from facerec_app.matching.local_feature_extractor import LocalFeatureExtractor
from facerec_app.matching.local_features import LocalFeatures
from facerec_app.services.progress import CancelCheck, Progress, ProgressCallback, never_cancelled, no_progress

SUFFIX = ".features.npz"
_ARRAYS = ("positions_xy", "cells_px", "scores", "descriptors")


@dataclass(frozen=True, slots=True)
class ExtractionReport:
    """How an extraction went.

    Attributes:
        written: files that were made.
        skipped: files that were there already, of the same picture and extractor.
        errors: one line each for pictures that cannot be read.
        stopped: whether the user ended it.
    """

    written: int
    skipped: int
    errors: tuple[UnreadableImageError, ...]
    stopped: bool


def listed_pictures(listing: Path) -> list[Path]:
    """Return the pictures that a text file names, one a line, relative to that file; empty lines and # are passed over.

    Raises:
        ConfigError: if the list is a picture itself, cannot be read or names nothing.
    """
    if listing.suffix.lower() in IMAGE_SUFFIXES:
        raise ConfigError(f"{listing} is a picture, not a list; give a text file with a picture's path a line.")
    try:
        lines = [line.strip() for line in listing.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"The list {listing} cannot be read; give a text file with a picture's path a line.") from exc
    paths = [listing.parent / line for line in lines if line and not line.startswith("#")]
    if not paths:
        raise ConfigError(f"The list {listing} names no pictures; write a path a line.")
    return paths


def feature_file_of(picture: Path, folder: Path) -> Path:
    """Return where a picture's features go; pictures of one name in two folders get two files."""
    place = hashlib.sha256(text_bytes(str(picture.resolve().parent))).hexdigest()[:8]
    return folder / f"{picture.name}.{place}{SUFFIX}"


def extract_to_files(
    extractor: LocalFeatureExtractor,
    pictures: Sequence[Path],
    folder: Path,
    *,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCheck = never_cancelled,
) -> ExtractionReport:
    """Write one file of local features for each picture that has none yet.

    A file counts as done if it was made from a picture of the same content by the same extractor.

    Raises:
        InferenceError: if the network fails.
        OutputWriteError: if the folder cannot be made or written to; what was written before is kept.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise OutputWriteError(f"The folder {folder} cannot be made: {exc.strerror or exc}; choose another.") from exc
    written = skipped = 0
    errors: list[UnreadableImageError] = []
    for number, picture in enumerate(pictures):
        if cancelled():
            return ExtractionReport(written, skipped, tuple(errors), stopped=True)
        progress(Progress(number, len(pictures), picture.name))
        try:
            content = _read(picture)
            target, sha256 = feature_file_of(picture, folder), hashlib.sha256(content).hexdigest()
            if _is_done(target, sha256, extractor.version):
                skipped += 1
                continue
            features = extractor.extract(decode_image(content, str(picture)))
        except UnreadableImageError as exc:
            errors.append(exc)
            continue
        _write(target, features, sha256)
        written += 1
    progress(Progress(len(pictures), len(pictures)))
    return ExtractionReport(written, skipped, tuple(errors), stopped=False)


def read_features(path: Path) -> LocalFeatures:
    """Return the local features of a file.

    Raises:
        ConfigError: if it is missing, damaged or no such file.
    """
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as stored:
            positions, cells, scores, descriptors = (np.asarray(stored[name], np.float32) for name in _ARRAYS)
            width, height = (int(side) for side in stored["size_px"])
            version = str(stored["version"])
    except ARRAY_FILE_ERRORS as exc:
        raise ConfigError(f"{path} is no file of local features; make it with 'facerec features extract'.") from exc
    arrays = (positions, cells, scores, descriptors)
    if len({len(array) for array in arrays}) != 1 or not all(np.isfinite(array).all() for array in arrays):
        raise ConfigError(f"{path} is damaged; delete it and run 'facerec features extract' again.")
    return LocalFeatures(positions, cells, scores, descriptors, (width, height), version)


def _read(picture: Path) -> bytes:
    try:
        return picture.read_bytes()
    except OSError as exc:
        raise UnreadableImageError(f"{picture} cannot be read: {exc.strerror or exc}.") from exc


def _is_done(target: Path, sha256: str, version: str) -> bool:
    try:
        # Read whole: the loader leaves a damaged file open.
        with np.load(io.BytesIO(target.read_bytes()), allow_pickle=False) as stored:
            return str(stored["picture_sha256"]) == sha256 and str(stored["version"]) == version
    except ARRAY_FILE_ERRORS:
        return False  # not there, cut off or something else: it is made anew


def _write(target: Path, features: LocalFeatures, sha256: str) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        allow_pickle=False,
        positions_xy=features.positions_xy,
        cells_px=features.cells_px,
        scores=features.scores,
        descriptors=features.descriptors,
        size_px=np.array(features.size_px, np.int64),
        version=np.array(features.version),
        picture_sha256=np.array(sha256),
    )
    try:
        write_bytes_atomically(target, buffer.getvalue())
    except OSError as exc:
        raise OutputWriteError(f"{target} cannot be written: {exc.strerror or exc}; free some space.") from exc
