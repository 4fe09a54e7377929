"""The set of aligned faces: crops, variants, features, pairs and triplets."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from facerec_app.capture.images import decode_image
from facerec_app.core.errors import NoFaceError
from facerec_app.core.protocols import FaceAligner, FaceDetector, FeatureExtractor
from facerec_app.core.types import FaceCrops, FaceDetections, Float32Array, UInt8Array
from facerec_app.services.dataset_sources import DatasetSource, SourcePicture
from facerec_app.services.picture_inspection import PictureInspector
from facerec_app.training.dataset_folder import DatasetFolder, MadeFile, PictureLine, plain_settings
from facerec_app.training.face_set import (
    PARTS,
    FaceSetSettings,
    crop_variants,
    pair_table,
    split_of_people,
    triplet_table,
)
from facerec_app.training.labelled_features import LabelledFeatures

_BATCH = 32


class FaceSetTask:
    """Aligned crops of one person each.

    Args:
        settings: how the set is made.
        detector, aligner, extractor: of the profile in use.
    """

    name = "faces"

    def __init__(
        self, settings: FaceSetSettings, detector: FaceDetector, aligner: FaceAligner, extractor: FeatureExtractor
    ) -> None:
        self._settings = settings
        self._detector = detector
        self._aligner = aligner
        self._extractor = extractor
        self._inspector = PictureInspector(detector, aligner, extractor)

    @property
    def settings(self) -> Mapping[str, Any]:
        return {**plain_settings(self._settings), "crop_size_px": self._aligner.crop_size_px}

    @property
    def models(self) -> Mapping[str, str]:
        return {"detector": self._detector.name, "extractor": self._extractor.version}

    def parts(self, source: DatasetSource) -> Mapping[str, str]:
        """Return the part of each picture; nobody is in two.

        Raises:
            NotEnoughDataError: if a part would be left without a person of two pictures.
        """
        owned = [picture for picture in source.pictures if picture.person]
        part_of = split_of_people([picture.person for picture in owned], self._settings)
        return {picture.name: part_of[picture.person] for picture in owned}

    def make(self, picture: SourcePicture, part: str, number: int, folder: DatasetFolder) -> PictureLine:
        """Write the aligned crop and, for training, its variants.

        Raises:
            UnreadableImageError, GalleryReadError, NoFaceError: if there is no face to be had.
            OutputWriteError: if a file cannot be written.
        """
        pixels = picture.read()
        face = picture.face if picture.face is not None else self._inspector.subject(pixels)[0]
        if not len(face):
            raise NoFaceError(f"No face was found in {picture.name}.")
        crops = self._aligner.align(pixels, face)
        stem = f"{part}/{picture.person}/{number:04d}"
        files = [folder.write_file(f"{stem}.png", _png(crops.pixels_rgb[0]))]
        if part == PARTS[0]:
            generator = np.random.default_rng([self._settings.seed, int(picture.sha256[:15], 16)])
            variants = crop_variants(crops.pixels_rgb[0], self._settings, generator)
            files += [folder.write_file(f"{stem}-{word}.png", _png(crop)) for word, crop in variants.items()]
        return PictureLine(
            picture.name, picture.sha256, part, tuple(files), facts={"person": picture.person, **_facts(face, crops)}
        )

    def tables(self, lines: list[PictureLine], folder: DatasetFolder) -> tuple[list[MadeFile], Mapping[str, Any]]:
        """Write features, pairs and triplets of each part."""
        made: list[MadeFile] = []
        counts: dict[str, Any] = {}
        for part in PARTS:
            mine = [line for line in lines if line.part == part and line.files]
            people = [line.picture.split("/")[0] for line in mine]
            files = [line.files[0].path.removeprefix(f"{part}/") for line in mine]
            vectors = self._embedded(folder, [line.files[0].path for line in mine])
            features = LabelledFeatures.of(vectors, people, self._extractor.version)
            tables = {
                "pairs": pair_table(features, files, part, self._settings.seed),
                "triplets": triplet_table(features, files, part, self._settings.seed),
            }
            made += [folder.write_file(f"{part}/{word}.csv", table) for word, table in tables.items()]
            made.append(folder.write_file(f"{part}/features.npz", _features(files, vectors, self._extractor.version)))
            counts[part] = {
                "people": len(features.people),
                "faces": len(mine),
                "files": sum(len(line.files) for line in mine),
                **{word: table.count(b"\n") - 1 for word, table in tables.items()},
                "faces_of_people_with_one": sum(count == 1 for count in Counter(people).values()),
            }
        return made, counts

    def _embedded(self, folder: DatasetFolder, paths: list[str]) -> Float32Array:
        """Return the features of crops as they were written, always in the same batches."""
        vectors = np.zeros((len(paths), self._extractor.dimension), np.float32)
        for start in range(0, len(paths), _BATCH):
            names = paths[start : start + _BATCH]
            pixels = np.stack([decode_image((folder.path / name).read_bytes(), name) for name in names])
            zeros = np.zeros(len(names), np.float32)
            crops = FaceCrops(pixels, np.zeros((len(names), 2, 3), np.float32), zeros, zeros, zeros, zeros)
            vectors[start : start + len(names)] = self._extractor.embed(crops).vectors
        return vectors


def _png(crop_rgb: UInt8Array) -> bytes:
    return bytes(cv2.imencode(".png", cv2.cvtColor(crop_rgb, cv2.COLOR_RGB2BGR))[1].tobytes())


def _features(files: list[str], vectors: Float32Array, version: str) -> bytes:
    """Return an archive without anything executable; NumPy gives its members a fixed date."""
    stream = io.BytesIO()
    np.savez(
        stream,
        files=np.array(files, np.str_),
        vectors=vectors,
        extractor_version=np.array(version, np.str_),
    )
    return stream.getvalue()


def _facts(face: FaceDetections, crops: FaceCrops) -> dict[str, Any]:
    values = {"size_px": crops.size_px, "sharpness": crops.sharpness, "yaw_deg": crops.yaw_deg,
              "brightness": crops.brightness}  # fmt: skip
    return {
        "box_xyxy": [round(float(value), 2) for value in face.boxes_xyxy[0]],
        "landmarks_xy": [[round(float(value), 2) for value in point] for point in face.landmarks_xy[0]],
        **{name: round(float(value[0]), 4) for name, value in values.items()},
    }
