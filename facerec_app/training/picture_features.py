"""Features of a folder of pictures with one person each, computed once and kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from facerec_app.core.array_files import ARRAY_FILE_ERRORS
from facerec_app.core.errors import ModelVersionMismatchError, TrainingCancelledError, TrainingError
from facerec_app.core.protocols import FaceAligner, FaceDetector, FeatureExtractor
from facerec_app.core.types import BoolArray, FaceCrops, FaceDetections, Float32Array, UInt8Array
from facerec_app.core.validation import text_bytes
from facerec_app.training.labelled_features import LabelledFeatures

FACE_RULE = "box centre nearest to the picture's centre; looked at again at 0.84 of the size if no box holds the centre"
_SECOND_LOOK_SCALE = 0.84
"""Half a step of the detectors' pyramids (the square root of 0.709): a face that fell between two levels is on one."""
_BATCH = 16


@dataclass(frozen=True, slots=True)
class FacePath:
    """How a picture becomes a feature.

    Attributes:
        read_rgb: reads a file as ``(H, W, 3)`` uint8.
        detector: finds the faces.
        aligner: cuts the chosen one out.
        extractor: turns it into a vector.
    """

    read_rgb: Callable[[Path], UInt8Array]
    detector: FaceDetector
    aligner: FaceAligner
    extractor: FeatureExtractor

    @property
    def preprocessing(self) -> str:
        """One line that changes whenever the same picture could give another vector."""
        return f"{self.detector.name}; {FACE_RULE}; {self.extractor.version}"


@dataclass(frozen=True, slots=True, eq=False)
class PictureFeatures:
    """One row per picture.

    Attributes:
        pictures: paths relative to the root, with slashes; the first part is the person.
        found: ``(N,)`` bool, whether a face was found.
        vectors: ``(N, D)`` float32, unit length; zeros where no face was found.
        extractor_version: of the vectors.
        preprocessing: see ``FacePath``.
        data_sha256: over the paths and contents of the pictures.
    """

    pictures: tuple[str, ...]
    found: BoolArray
    vectors: Float32Array
    extractor_version: str
    preprocessing: str
    data_sha256: str

    def labelled(self) -> LabelledFeatures:
        """Return the pictures in which a face was found, labelled with the folder they lie in."""
        people = [name.split("/")[0] for name, found in zip(self.pictures, self.found, strict=True) if found]
        return LabelledFeatures.of(self.vectors[self.found], people, self.extractor_version)

    def save(self, file: Path) -> None:
        """Write everything as one ``.npz`` without pickles."""
        np.savez_compressed(
            file,
            pictures=np.array(self.pictures, np.str_),
            found=self.found,
            vectors=self.vectors,
            facts=np.array([self.extractor_version, self.preprocessing, self.data_sha256], np.str_),
        )

    @staticmethod
    def load(file: Path) -> PictureFeatures:
        """Read what ``save`` wrote.

        Raises:
            TrainingError: if the file is missing, damaged or of another kind.
        """
        try:
            with file.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
                version, preprocessing, data = (str(fact) for fact in stored["facts"])
                return PictureFeatures(
                    tuple(str(name) for name in stored["pictures"]),
                    stored["found"].astype(bool),
                    _unit_rows(stored["vectors"], stored["found"].astype(bool)),
                    version,
                    preprocessing,
                    data,
                )
        except ARRAY_FILE_ERRORS as exc:
            raise TrainingError(f"The features '{file}' cannot be read ({exc}); compute them again.") from exc

    def require_version(self, extractor_version: str) -> None:
        """Raise ``ModelVersionMismatchError`` unless the vectors are of this extractor version."""
        if self.extractor_version != extractor_version:
            raise ModelVersionMismatchError(
                f"The features are of '{self.extractor_version}', not of '{extractor_version}'; compute them again."
            )


def _unit_rows(vectors: npt.NDArray[np.float32], found: BoolArray) -> Float32Array:
    if vectors.ndim != 2 or len(vectors) != len(found) or not np.isfinite(vectors).all():
        raise ValueError("features are not finite rows")
    return np.asarray(vectors, np.float32)


def pictures_of_people(root: Path, people: Sequence[str]) -> list[str]:
    """Return the JPEG pictures in the people's folders under ``root``, as relative paths with slashes, sorted."""
    return sorted(
        f"{person}/{file.name}"
        for person in people
        if (root / person).is_dir()
        for file in (root / person).iterdir()
        if file.suffix.lower() in (".jpg", ".jpeg", ".png")
    )


def find_central_face(detector: FaceDetector, pixels_rgb: UInt8Array) -> FaceDetections:
    """Return the one face that a picture is about (``FACE_RULE``), or none.

    Pictures of LFW are centred on the person they are named after; others may stand beside.
    """
    height, width = pixels_rgb.shape[:2]
    found = detector.detect(pixels_rgb)
    if not _holds(found, width / 2, height / 2).any():
        smaller = (max(round(width * _SECOND_LOOK_SCALE), 1), max(round(height * _SECOND_LOOK_SCALE), 1))
        again = detector.detect(np.asarray(cv2.resize(pixels_rgb, smaller, interpolation=cv2.INTER_AREA), np.uint8))
        back = np.array([width / smaller[0], height / smaller[1]], np.float32)
        found = FaceDetections(
            np.concatenate([found.boxes_xyxy, again.boxes_xyxy * np.tile(back, 2)]),
            np.concatenate([found.landmarks_xy, again.landmarks_xy * back]),
            np.concatenate([found.scores, again.scores]),
        )
    return central_face(found, width, height)


def central_face(detections: FaceDetections, width_px: int, height_px: int) -> FaceDetections:
    """Return the face whose box has its centre nearest to the picture's, or none."""
    if not len(detections):
        return detections
    boxes = detections.boxes_xyxy
    offsets = (boxes[:, :2] + boxes[:, 2:]) / 2 - np.array([width_px / 2, height_px / 2], np.float32)
    return detections.select(np.array([int(np.argmin(np.hypot(offsets[:, 0], offsets[:, 1])))]))


def _holds(detections: FaceDetections, x_px: float, y_px: float) -> BoolArray:
    boxes = detections.boxes_xyxy
    inside = (boxes[:, 0] <= x_px) & (boxes[:, 2] >= x_px) & (boxes[:, 1] <= y_px) & (boxes[:, 3] >= y_px)
    return np.asarray(inside, np.bool_)


def embed_pictures(
    root: Path,
    pictures: Sequence[str],
    path: FacePath,
    *,
    on_picture: Callable[[int, int, str], None] = lambda done, total, name: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> PictureFeatures:
    """Return the feature of the central face of each picture.

    Args:
        root: folder of the pictures.
        pictures: relative paths.
        path: how a picture becomes a feature.
        on_picture: told the pictures done, their total and the present one.
        cancelled: asked before each picture.

    Raises:
        UnreadableImageError: if a picture cannot be read.
        TrainingCancelledError: if ``cancelled`` said so.
    """
    found = np.zeros(len(pictures), bool)
    vectors = np.zeros((len(pictures), path.extractor.dimension), np.float32)
    digest = hashlib.sha256()
    waiting: list[tuple[int, FaceCrops]] = []
    for row, name in enumerate(pictures):
        if cancelled():
            raise TrainingCancelledError("Cancelled while computing features; nothing was kept.")
        crop = _central_crop(root / name, path)
        digest.update(text_bytes(f"{name}\0") + hashlib.sha256((root / name).read_bytes()).digest())
        if crop is not None:
            found[row] = True
            waiting.append((row, crop))
        if len(waiting) == _BATCH:
            _embed(path.extractor, waiting, vectors)
            waiting = []
        on_picture(row + 1, len(pictures), name)
    if waiting:
        _embed(path.extractor, waiting, vectors)
    return PictureFeatures(
        tuple(pictures), found, vectors, path.extractor.version, path.preprocessing, digest.hexdigest()
    )


def _central_crop(file: Path, path: FacePath) -> FaceCrops | None:
    pixels = path.read_rgb(file)
    face = find_central_face(path.detector, pixels)
    return path.aligner.align(pixels, face) if len(face) else None


def _embed(extractor: FeatureExtractor, waiting: list[tuple[int, FaceCrops]], vectors: Float32Array) -> None:
    crops = [crop for _, crop in waiting]
    together = FaceCrops(
        np.concatenate([crop.pixels_rgb for crop in crops]),
        np.concatenate([crop.frame_to_crop for crop in crops]),
        np.concatenate([crop.size_px for crop in crops]),
        np.concatenate([crop.sharpness for crop in crops]),
        np.concatenate([crop.yaw_deg for crop in crops]),
        np.concatenate([crop.brightness for crop in crops]),
    )
    vectors[[row for row, _ in waiting]] = extractor.embed(together).vectors
