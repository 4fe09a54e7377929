"""The central face of each of many pictures, aligned once and kept, so that every extractor can be asked about it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facerec_app.core.array_files import ARRAY_FILE_ERRORS
from facerec_app.core.errors import TrainingError
from facerec_app.core.protocols import FaceAligner, FaceDetector, FeatureExtractor
from facerec_app.core.types import BoolArray, FaceCrops, Float32Array, UInt8Array
from facerec_app.core.validation import text_bytes
from facerec_app.training.picture_features import FACE_RULE, PictureFeatures, find_central_face


@dataclass(frozen=True, slots=True, eq=False)
class AlignedPictures:
    """One row per picture, one crop per picture with a face.

    Attributes:
        pictures: paths relative to the root, with slashes; the first part is the person.
        found: ``(N,)`` bool, whether a face was found.
        pixels_rgb: ``(F, S, S, 3)`` uint8, aligned crops of the F pictures with a face, in their order.
        quality: ``(F, 4)`` float32: size in px, sharpness, yaw in degrees, brightness, as in ``FaceCrops``.
        detector: name of the detector that found them.
        data_sha256: over the paths and contents of the pictures.
    """

    pictures: tuple[str, ...]
    found: BoolArray
    pixels_rgb: UInt8Array
    quality: Float32Array
    detector: str
    data_sha256: str

    def crops(self) -> FaceCrops:
        """Return the crops; where in its picture each was is not kept."""
        size, sharpness, yaw, brightness = self.quality.T
        nowhere = np.zeros((len(self.pixels_rgb), 2, 3), np.float32)
        return FaceCrops(self.pixels_rgb, nowhere, size, sharpness, yaw, brightness)

    def embedded(self, extractor: FeatureExtractor) -> PictureFeatures:
        """Return the features of all pictures, zeros where no face was found."""
        vectors = np.zeros((len(self.pictures), extractor.dimension), np.float32)
        vectors[self.found] = extractor.embed(self.crops()).vectors
        preprocessing = f"{self.detector}; {FACE_RULE}; {extractor.version}"
        return PictureFeatures(self.pictures, self.found, vectors, extractor.version, preprocessing, self.data_sha256)

    def save(self, file: Path) -> None:
        """Write everything as one ``.npz`` without pickles."""
        np.savez(
            file,
            pictures=np.array(self.pictures, np.str_),
            found=self.found,
            pixels_rgb=self.pixels_rgb,
            quality=self.quality,
            facts=np.array([self.detector, self.data_sha256], np.str_),
        )

    @staticmethod
    def load(file: Path) -> AlignedPictures:
        """Read what ``save`` wrote.

        Raises:
            TrainingError: if the file is missing, damaged or of another kind.
        """
        try:
            with np.load(file, allow_pickle=False) as stored:
                detector, data = (str(fact) for fact in stored["facts"])
                names = tuple(str(name) for name in stored["pictures"])
                return AlignedPictures(names, stored["found"], stored["pixels_rgb"], stored["quality"], detector, data)
        except ARRAY_FILE_ERRORS as exc:
            raise TrainingError(f"The aligned faces '{file}' cannot be read ({exc}); make them again.") from exc


def align_pictures(
    root: Path,
    pictures: Sequence[str],
    read_rgb: Callable[[Path], UInt8Array],
    detector: FaceDetector,
    aligner: FaceAligner,
) -> AlignedPictures:
    """Find and align the central face of each picture.

    Args:
        root: folder of the pictures.
        pictures: relative paths.
        read_rgb: reads a file as ``(H, W, 3)`` uint8.
        detector: finds the faces.
        aligner: cuts the chosen one out.

    Raises:
        UnreadableImageError: if a picture cannot be read.
        TrainingError: if no picture shows a face.
    """
    found = np.zeros(len(pictures), bool)
    pixels: list[UInt8Array] = []
    quality: list[tuple[float, ...]] = []
    digest = hashlib.sha256()
    for row, name in enumerate(pictures):
        picture = read_rgb(root / name)
        digest.update(text_bytes(f"{name}\0") + hashlib.sha256((root / name).read_bytes()).digest())
        face = find_central_face(detector, picture)
        if not len(face):
            continue
        crop = aligner.align(picture, face)
        found[row] = True
        pixels.append(crop.pixels_rgb[0])
        values = (crop.size_px, crop.sharpness, crop.yaw_deg, crop.brightness)
        quality.append(tuple(float(value[0]) for value in values))
    if not pixels:
        raise TrainingError(f"No face was found in any of {len(pictures)} pictures under {root}; check the folder.")
    return AlignedPictures(
        tuple(pictures), found, np.stack(pixels), np.array(quality, np.float32), detector.name, digest.hexdigest()
    )
