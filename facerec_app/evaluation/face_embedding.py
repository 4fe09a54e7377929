"""From pictures to faces with features: cached ones are looked up, the rest computed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facerec_app.core.errors import InferenceError, TrainingCancelledError, UnreadableImageError
from facerec_app.core.types import FaceCrops, FaceDetections, UInt8Array
from facerec_app.core.validation import text_bytes
from facerec_app.evaluation.feature_cache import FeatureCache, rows_in
from facerec_app.evaluation.jpeg_quality import jpeg_quality
from facerec_app.evaluation.picture_faces import FaceRows, PictureFaces
from facerec_app.training.picture_features import FacePath, find_central_face

_BATCH = 16
OnPicture = Callable[[int, int, str], None]
"""Told the pictures done, their total and the present one."""
PictureChange = Callable[[UInt8Array], UInt8Array]
"""An ``(H, W, 3)`` uint8 RGB picture to a changed one, for controlled degradations."""


@dataclass(frozen=True, slots=True)
class FaceSource:
    """How pictures become features, in a form that can be told apart from any other.

    Attributes:
        path: reader, detector, aligner and extractor.
        settings: of the detector and aligner, whatever the parts' names do not say.
    """

    path: FacePath
    settings: str

    @property
    def preprocessing(self) -> str:
        """One line that changes whenever the same picture could give another vector."""
        return f"{self.path.preprocessing}; {self.settings}"


def embed_faces(
    root: Path,
    pictures: Sequence[str],
    source: FaceSource,
    cache: FeatureCache,
    *,
    change: PictureChange | None = None,
    change_name: str = "",
    on_picture: OnPicture = lambda done, total, name: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> PictureFaces:
    """Return the central face of each picture.

    Args:
        root: folder of the pictures.
        pictures: relative paths.
        source: how a picture becomes a feature.
        cache: where features are looked up and kept, also those computed before a cancellation.
        change: applied to each picture before it is looked at.
        change_name: says which; part of the description and the cache's key.
        on_picture: told of every picture.
        cancelled: asked before each picture.

    Raises:
        UnreadableImageError: if a picture cannot be read.
        InferenceError: if a feature is not finite.
        TrainingCancelledError: if ``cancelled`` said so.
    """
    preprocessing = source.preprocessing + (f"; changed: {change_name}" if change_name else "")
    dimension = source.path.extractor.dimension
    known, kept = cache.load(preprocessing, dimension)
    digests = [hashlib.sha256(_read_bytes(root / name)).hexdigest() for name in pictures]
    cached = rows_in(known, digests)
    rows = FaceRows.zeros(len(pictures), dimension)
    hits = np.nonzero(cached >= 0)[0]
    rows.put(hits, kept.select(cached[hits]))
    missing = np.nonzero(cached < 0)[0].tolist()
    filler = _Filler(rows, source.path)
    done: list[int] = []
    try:
        for number, row in enumerate(missing, start=1):
            if cancelled():
                raise TrainingCancelledError("Stopped while computing features; those computed so far are kept.")
            pixels = source.path.read_rgb(root / pictures[row])
            filler.add(row, pixels if change is None else change(pixels))
            rows.jpeg_quality[row] = jpeg_quality(_read_bytes(root / pictures[row]))
            done.append(row)
            on_picture(number, len(missing), pictures[row])
        filler.flush()
    finally:
        with suppress(InferenceError):  # what was raised already says more
            filler.flush()
        whole_rows = [row for row in done if row not in filler.unfinished]
        finished = rows.select(np.array(whole_rows, np.int64))
        finished.require_finite()
        cache.store(preprocessing, [digests[row] for row in whole_rows], finished)
    whole = hashlib.sha256()
    for name, digest in zip(pictures, digests, strict=True):
        whole.update(text_bytes(f"{name}\0") + bytes.fromhex(digest))
    return PictureFaces(tuple(pictures), rows, source.path.extractor.version, preprocessing, whole.hexdigest())


def aligned_crops(root: Path, faces: PictureFaces, source: FaceSource) -> UInt8Array:
    """Return ``(N, S, S, 3)`` uint8 aligned crops, one a picture, black where no face was found.

    Raises:
        UnreadableImageError: if a picture cannot be read any more.
    """
    side = source.path.aligner.crop_size_px
    crops = np.zeros((len(faces), side, side, 3), np.uint8)
    for row in np.nonzero(faces.rows.found)[0].tolist():
        pixels = source.path.read_rgb(root / faces.pictures[row])
        crops[row] = source.path.aligner.align(pixels, faces.rows.detection(row)).pixels_rgb[0]
    return crops


def _read_bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as exc:
        raise UnreadableImageError(f"The picture {file} cannot be read: {exc.strerror or exc}.") from exc


class _Filler:
    """Detects and aligns one picture at a time and embeds in batches, into the rows it was given."""

    def __init__(self, rows: FaceRows, path: FacePath) -> None:
        self.rows = rows
        self.path = path
        self._waiting: list[tuple[int, FaceCrops]] = []

    def add(self, row: int, pixels_rgb: UInt8Array) -> None:
        face = find_central_face(self.path.detector, pixels_rgb)
        if not len(face):
            return
        crops = self.path.aligner.align(pixels_rgb, face)
        self._describe(row, face, crops)
        self._waiting.append((row, crops))
        if len(self._waiting) == _BATCH:
            self.flush()

    def flush(self) -> None:
        """Embed what waits."""
        if not self._waiting:
            return
        vectors = self.path.extractor.embed(joined_crops([crops for _, crops in self._waiting])).vectors
        self.rows.vectors[[row for row, _ in self._waiting]] = vectors
        self._waiting = []

    @property
    def unfinished(self) -> frozenset[int]:
        """Rows whose features are still missing."""
        return frozenset(row for row, _ in self._waiting)

    def _describe(self, row: int, face: FaceDetections, crops: FaceCrops) -> None:
        rows = self.rows
        rows.found[row] = True
        rows.boxes_xyxy[row], rows.landmarks_xy[row] = face.boxes_xyxy[0], face.landmarks_xy[0]
        rows.scores[row] = face.scores[0]
        rows.size_px[row], rows.sharpness[row] = crops.size_px[0], crops.sharpness[0]
        rows.yaw_deg[row], rows.brightness[row] = crops.yaw_deg[0], crops.brightness[0]


def joined_crops(crops: Sequence[FaceCrops]) -> FaceCrops:
    """Return several crops as one set."""
    return FaceCrops(
        np.concatenate([crop.pixels_rgb for crop in crops]),
        np.concatenate([crop.frame_to_crop for crop in crops]),
        np.concatenate([crop.size_px for crop in crops]),
        np.concatenate([crop.sharpness for crop in crops]),
        np.concatenate([crop.yaw_deg for crop in crops]),
        np.concatenate([crop.brightness for crop in crops]),
    )
