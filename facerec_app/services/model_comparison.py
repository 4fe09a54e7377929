"""The extractors of all profiles side by side: size, time a face, how well they tell people apart."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facerec_app.alignment.five_point_aligner import FivePointAligner
from facerec_app.alignment.templates import TEMPLATES
from facerec_app.capture.images import read_image
from facerec_app.core.errors import NotEnoughDataError
from facerec_app.core.protocols import FaceDetector, FeatureExtractor
from facerec_app.core.types import FaceCrops
from facerec_app.decision.identity_calibration import identity_calibration_from_bytes
from facerec_app.extraction.profile_extractor import make_extractor
from facerec_app.models.model_manifest import RecognitionProfile
from facerec_app.models.model_store import ModelStore
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.training.aligned_pictures import AlignedPictures, align_pictures
from facerec_app.training.picture_features import pictures_of_people
from facerec_app.training.verification_metrics import all_pairs, correct_at, tar_at_far

_ROUNDS = 15
_BATCH = 8
_RATES = (1e-2, 1e-3)


@dataclass(frozen=True, slots=True)
class MeasuredAccuracy:
    """How one profile does on a folder of people, all pairs of their pictures.

    Attributes:
        people: in the folder.
        faces: found in their pictures.
        missed: pictures in which no face was found.
        accuracy: mean of the accepted genuine and the refused impostor pairs' shares, at the shipped pair threshold.
        tar: true accept rate by false accept rate, as far as there are pairs enough to say.
    """

    people: int
    faces: int
    missed: int
    accuracy: float
    tar: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ComparedProfile:
    """One row of the comparison.

    Attributes:
        name: of the profile.
        is_default: whether it is used unless another is chosen.
        extractor_version: of its features.
        dimension: values in a feature.
        size_mb: of its networks' files.
        one_face_ms: median time of a single face.
        batch_face_ms: median time a face in batches of eight.
        recorded: figures that the manifest states.
        measured: on the folder given, if one was.
    """

    name: str
    is_default: bool
    extractor_version: str
    dimension: int
    size_mb: float
    one_face_ms: float
    batch_face_ms: float
    recorded: Mapping[str, float | str]
    measured: MeasuredAccuracy | None


class ModelComparison:
    """Compares the profiles of a model store on this machine.

    Args:
        store: the models.
        make_detector: makes the detector for the pictures of a folder.
        threads: of the networks; None means all.
    """

    def __init__(self, store: ModelStore, make_detector: Callable[[], FaceDetector], threads: int | None) -> None:
        self._store = store
        self._make_detector = make_detector
        self._threads = threads

    def compare(self, folder: Path | None = None) -> list[ComparedProfile]:
        """Return one row a profile.

        Args:
            folder: one folder a person with pictures of them; None compares sizes, times and recorded figures only.

        Raises:
            NotEnoughDataError: if the folder has fewer than two people, or nobody with two faces.
            ModelError: if a model file is missing or damaged.
        """
        manifest = self._store.manifest
        aligned = None if folder is None else self._align(folder)
        return [
            self._row(profile, name == manifest.default_profile, aligned) for name, profile in manifest.profiles.items()
        ]

    def _row(self, profile: RecognitionProfile, is_default: bool, aligned: AlignedPictures | None) -> ComparedProfile:
        extractor = make_extractor(self._store, profile, threads=self._threads)
        files = self._store.manifest.extractor_files(profile)
        return ComparedProfile(
            profile.name,
            is_default,
            extractor.version,
            extractor.dimension,
            sum(self._store.entry(name).size_bytes for name in files) / 1e6,
            _face_ms(extractor, profile.crop_size_px, 1),
            _face_ms(extractor, profile.crop_size_px, _BATCH),
            dict(profile.measured),
            None if aligned is None else self._accuracy(profile, extractor, aligned),
        )

    def _align(self, folder: Path) -> AlignedPictures:
        people = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
        pictures = pictures_of_people(folder, people)
        if len(people) < 2 or not pictures:
            raise NotEnoughDataError(f"{folder} needs two or more people, each a folder with pictures, to compare on.")
        profile = self._store.profile()
        aligner = FivePointAligner(TEMPLATES[profile.alignment_template], profile.crop_size_px)
        return align_pictures(folder, pictures, read_image, self._make_detector(), aligner)

    def _accuracy(
        self, profile: RecognitionProfile, extractor: FeatureExtractor, aligned: AlignedPictures
    ) -> MeasuredAccuracy | None:
        if profile.similarity_file is None or profile.calibration_file is None:
            return None
        network = SimilarityNetwork.from_bytes(self._store.read(profile.similarity_file), profile.similarity_file)
        calibration = identity_calibration_from_bytes(
            self._store.read(profile.calibration_file), profile.calibration_file
        )
        features = aligned.embedded(extractor).labelled()
        pairs = all_pairs(features, network.log_odds)
        if not pairs.same.any() or pairs.same.all():
            raise NotEnoughDataError("Nobody in the folder has two pictures with a face; add pictures to compare on.")
        correct = correct_at(pairs, calibration.pair_threshold)
        return MeasuredAccuracy(
            len(features.people),
            len(features),
            int((~aligned.found).sum()),
            0.5 * float(correct[pairs.same].mean() + correct[~pairs.same].mean()),
            {f"{rate:g}": value for rate, value in tar_at_far(pairs, _RATES).items()},
        )


def _face_ms(extractor: FeatureExtractor, size_px: int, count: int) -> float:
    """Return the median time a face of batches of random crops, in milliseconds."""
    pixels = np.random.default_rng(0).integers(0, 256, (count, size_px, size_px, 3), dtype=np.uint8)
    ones = np.ones(count, np.float32)
    crops = FaceCrops(pixels, np.zeros((count, 2, 3), np.float32), ones, ones, ones, ones)
    extractor.embed(crops)
    times = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        extractor.embed(crops)
        times.append(time.perf_counter() - started)
    return 1000 * float(np.median(times)) / count
