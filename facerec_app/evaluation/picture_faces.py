"""The faces of a folder of pictures, one person each, with everything that evaluation asks of them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from facerec_app.core.errors import InferenceError
from facerec_app.core.types import BoolArray, FaceDetections, Float32Array, Int64Array
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.picture_features import PictureFeatures


@dataclass(frozen=True, slots=True, eq=False)
class FaceRows:
    """What one run of detector, aligner and extractor says of pictures, one row a picture.

    Attributes:
        found: ``(N,)`` bool, whether a face was found; all else is zero where none was.
        vectors: ``(N, D)`` float32, unit length.
        boxes_xyxy: ``(N, 4)`` float32 px.
        landmarks_xy: ``(N, 5, 2)`` float32 px.
        scores: ``(N,)`` float32, of the detector.
        size_px, sharpness, yaw_deg, brightness: ``(N,)`` float32, as in ``FaceCrops``.
        jpeg_quality: ``(N,)`` float32, 1 to 100; NaN for pictures that are no JPEG.
    """

    found: BoolArray
    vectors: Float32Array
    boxes_xyxy: Float32Array
    landmarks_xy: Float32Array
    scores: Float32Array
    size_px: Float32Array
    sharpness: Float32Array
    yaw_deg: Float32Array
    brightness: Float32Array
    jpeg_quality: Float32Array

    def __len__(self) -> int:
        return int(self.found.shape[0])

    @staticmethod
    def zeros(count: int, dimension: int) -> FaceRows:
        """Return rows without a face, to be filled."""
        shapes = {"vectors": (count, dimension), "boxes_xyxy": (count, 4), "landmarks_xy": (count, 5, 2)}
        arrays = {
            field.name: np.zeros(shapes.get(field.name, (count,)), np.float32)
            for field in fields(FaceRows)
            if field.name != "found"
        }
        arrays["jpeg_quality"][:] = np.nan
        return FaceRows(np.zeros(count, np.bool_), **arrays)

    def put(self, rows: Int64Array, other: FaceRows) -> None:
        """Copy ``other`` into the given rows, while these are being filled."""
        for field in fields(FaceRows):
            getattr(self, field.name)[rows] = getattr(other, field.name)

    def select(self, rows: Int64Array) -> FaceRows:
        """Return the given rows, in that order."""
        return FaceRows(*(getattr(self, field.name)[rows] for field in fields(FaceRows)))

    def detection(self, row: int) -> FaceDetections:
        """Return one row's face as a detection, for cutting it out again."""
        chosen = np.array([row])
        return FaceDetections(self.boxes_xyxy[chosen], self.landmarks_xy[chosen], self.scores[chosen])

    def require_finite(self) -> None:
        """Raise ``InferenceError`` if a feature is NaN, infinite or not of unit length where a face was found."""
        if not np.isfinite(self.vectors).all():
            row = int(np.nonzero(~np.isfinite(self.vectors).all(axis=1))[0][0])
            raise InferenceError(
                f"The feature of picture {row + 1} holds values that are not finite; "
                "run 'facerec doctor' to check the model files."
            )
        lengths = np.linalg.norm(self.vectors[self.found], axis=1)
        if len(lengths) and not np.allclose(lengths, 1.0, atol=1e-2):
            raise InferenceError("A feature is not of unit length; run 'facerec doctor' to check the model files.")


@dataclass(frozen=True, eq=False)
class PictureFaces:
    """Pictures, whom they show, and their faces.

    Attributes:
        pictures: paths relative to the root, with slashes; the first part is the person.
        rows: one face a picture.
        extractor_version: of the vectors.
        preprocessing: one line that changes whenever the same picture could give another vector.
        data_sha256: over the paths and contents of the pictures.
    """

    pictures: tuple[str, ...]
    rows: FaceRows
    extractor_version: str
    preprocessing: str
    data_sha256: str

    def __len__(self) -> int:
        return len(self.pictures)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Whom each picture shows."""
        return tuple(name.split("/")[0] for name in self.pictures)

    @cached_property
    def labelled(self) -> LabelledFeatures:
        """Every picture in its order, also those without a face (zero vectors)."""
        return LabelledFeatures.of(self.rows.vectors, self.labels, self.extractor_version)

    @property
    def missing(self) -> tuple[str, ...]:
        """Pictures in which no face was found."""
        return tuple(name for name, found in zip(self.pictures, self.rows.found.tolist(), strict=True) if not found)

    @property
    def features(self) -> PictureFeatures:
        """The same in the form that trainers use."""
        return PictureFeatures(
            self.pictures, self.rows.found, self.rows.vectors,
            self.extractor_version, self.preprocessing, self.data_sha256,
        )  # fmt: skip

    def of_people(self, people: frozenset[str]) -> PictureFaces:
        """Return the pictures of the given people only; the data's hash stays that of all of them."""
        kept = np.array([row for row, label in enumerate(self.labels) if label in people], np.int64)
        return PictureFaces(
            tuple(self.pictures[row] for row in kept.tolist()), self.rows.select(kept),
            self.extractor_version, self.preprocessing, self.data_sha256,
        )  # fmt: skip
