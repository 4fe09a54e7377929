"""Looks into every picture of a folder of people: can it be read, whom does it show, what does the face look like."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facerec_app.capture.images import decode_image, iter_image_files
from facerec_app.core.errors import ConfigError, EnrolmentError, MultipleFacesError, UnreadableImageError
from facerec_app.core.protocols import FaceAligner, FaceDetector, FeatureExtractor
from facerec_app.core.types import FaceCrops, FaceDetections, UInt8Array
from facerec_app.evaluation.face_embedding import joined_crops
from facerec_app.evaluation.perceptual_hash import perceptual_hashes
from facerec_app.services.inspection_cache import InspectedRows, InspectionCache
from facerec_app.services.progress import CancelCheck, Progress, ProgressCallback, never_cancelled, no_progress
from facerec_app.services.quality_gate import QualityLimits, choose_subject
from facerec_app.training.picture_features import FACE_RULE, find_central_face

_BATCH = 16
_STORE_EVERY = 500
_RULE = "the subject as for enrolment, else " + FACE_RULE


@dataclass(frozen=True, slots=True, eq=False)
class InspectedPictures:
    """Pictures and what is in them.

    Attributes:
        root: folder of the pictures.
        pictures: paths relative to it, with slashes; one that lies in no person's folder has no slash.
        faults: why a picture cannot be read, one line; empty for those that can.
        rows: one a picture.
        complete: False if the work was ended before all were looked at; those have no SHA-256.
    """

    root: Path
    pictures: tuple[str, ...]
    faults: tuple[str, ...]
    rows: InspectedRows
    complete: bool

    @property
    def people(self) -> tuple[str, ...]:
        """Whose folder each picture lies in; empty for none."""
        return tuple(name.split("/")[0] if "/" in name else "" for name in self.pictures)


def pictures_under(folder: Path) -> tuple[str, ...]:
    """Return every picture of a folder of people, as relative paths with slashes, in natural order.

    Raises:
        ConfigError: if there is no such folder or no picture in it.
        UnreadableImageError: if a folder cannot be read.
    """
    if not folder.is_dir():
        raise ConfigError(f"There is no folder {folder}; give one that holds pictures.")
    pictures = tuple(file.relative_to(folder).as_posix() for file in iter_image_files(folder, recursive=True))
    if not pictures:
        raise ConfigError(f"The folder {folder} holds no pictures (JPEG, PNG, WebP, BMP, TIFF, HEIC).")
    return pictures


class PictureInspector:
    """Detects, aligns and embeds the subject of each picture; what was seen before is looked up.

    Args:
        detector, aligner, extractor: of the profile in use.
        settings: of the detector, whatever the parts' names do not say; part of the cache's key.
        cache_folder: where rows are kept between runs; None keeps nothing.
    """

    def __init__(
        self,
        detector: FaceDetector,
        aligner: FaceAligner,
        extractor: FeatureExtractor,
        settings: str = "",
        cache_folder: Path | None = None,
    ) -> None:
        self._detector = detector
        self._aligner = aligner
        self._extractor = extractor
        self._limits = QualityLimits()
        description = f"{detector.name}; {_RULE}; {extractor.version}; {settings}"
        self._cache = InspectionCache(cache_folder, description, extractor.dimension)

    def inspect(
        self,
        root: Path,
        pictures: Sequence[str],
        *,
        progress: ProgressCallback = no_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> InspectedPictures:
        """Return what is in the pictures; nothing on disk but the cache is changed.

        Raises:
            InferenceError: if a network fails.
        """
        known = self._cache.load()
        row_of = {digest: row for row, digest in enumerate(known.file_sha256.tolist())}
        rows = InspectedRows.blank(len(pictures), self._extractor.dimension)
        faults = [""] * len(pictures)
        waiting: list[tuple[int, FaceCrops]] = []
        complete, fresh = True, 0
        for row, name in enumerate(pictures):
            if cancelled():
                complete = False
                break
            try:
                data = _read(root / name)
                digest = hashlib.sha256(data).hexdigest()
                if digest in row_of:
                    rows.put(row, known, row_of[digest])
                else:
                    self._look(row, decode_image(data, str(root / name)), rows, waiting)
                    fresh += 1
                rows.file_sha256[row] = digest
            except UnreadableImageError as exc:
                faults[row] = str(exc)
            if len(waiting) == _BATCH:
                self._embed(waiting, rows)
                if fresh >= _STORE_EVERY:
                    self._cache.store(rows)
                    fresh = 0
            progress(Progress(row + 1, len(pictures), name))
        self._embed(waiting, rows)
        self._cache.store(rows)
        return InspectedPictures(root, tuple(pictures), tuple(faults), rows, complete)

    def subject(self, pixels_rgb: UInt8Array) -> tuple[FaceDetections, int, bool]:
        """Return the face a picture is about (one row or none), how many there are and whether that is unclear."""
        found = self._detector.detect(pixels_rgb)
        try:
            row = choose_subject(found, (pixels_rgb.shape[1], pixels_rgb.shape[0]), self._limits, "")
            return found.select(np.array([row])), len(found), False
        except MultipleFacesError:
            return find_central_face(self._detector, pixels_rgb), len(found), True
        except EnrolmentError:
            again = find_central_face(self._detector, pixels_rgb)
            return again, len(again), False

    def _look(
        self, row: int, pixels_rgb: UInt8Array, rows: InspectedRows, waiting: list[tuple[int, FaceCrops]]
    ) -> None:
        size = f"{pixels_rgb.shape[0]}x{pixels_rgb.shape[1]};".encode()
        rows.pixels_sha256[row] = hashlib.sha256(size + pixels_rgb.tobytes()).hexdigest()
        rows.picture_hashes[row] = perceptual_hashes([pixels_rgb])[0]
        face, rows.face_counts[row], rows.unclear[row] = self.subject(pixels_rgb)
        if not len(face):
            return
        crops = self._aligner.align(pixels_rgb, face)
        rows.found[row] = True
        rows.boxes_xyxy[row] = face.boxes_xyxy[0]
        rows.hashes[row] = perceptual_hashes(crops.pixels_rgb)[0]
        waiting.append((row, crops))

    def _embed(self, waiting: list[tuple[int, FaceCrops]], rows: InspectedRows) -> None:
        if waiting:
            vectors = self._extractor.embed(joined_crops([crops for _, crops in waiting])).vectors
            rows.vectors[[row for row, _ in waiting]] = vectors
            waiting.clear()


def _read(file: Path) -> bytes:
    try:
        data = file.read_bytes()
    except OSError as exc:
        raise UnreadableImageError(f"{file} cannot be read: {exc.strerror or exc}.") from exc
    if not data:
        raise UnreadableImageError(f"{file} is an empty file; copy it again.")
    return data
