"""Computes the features of the pictures of many people once, for everything that trains and measures.

``python -m facerec_app.training.compute_features --root lfw --people train_people.txt --out train.npz``, with
``--profile resnet50`` for another profile's extractor
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from facerec_app.alignment.five_point_aligner import FivePointAligner
from facerec_app.alignment.templates import TEMPLATES
from facerec_app.capture.images import read_image
from facerec_app.config.settings import DETECTORS
from facerec_app.core.errors import FacerecError, TrainingError
from facerec_app.core.protocols import FaceDetector
from facerec_app.detection.mtcnn_detector import MtcnnDetector
from facerec_app.detection.yunet_detector import YunetDetector
from facerec_app.extraction.profile_extractor import make_extractor
from facerec_app.extraction.sface_extractor import SfaceExtractor
from facerec_app.models.model_store import ModelStore
from facerec_app.training.picture_features import FacePath, embed_pictures, pictures_of_people
from facerec_app.training.train_similarity import read_people


def sface_path(detector: str, store: ModelStore, *, mirror: bool = False) -> FacePath:
    """Return the path of profile ``sface`` with the named detector at its default setting, that of the live path."""
    faces: FaceDetector = MtcnnDetector(store) if detector == "mtcnn" else YunetDetector(store)
    aligner = FivePointAligner(TEMPLATES["arcface_112"], 112)
    return FacePath(read_image, faces, aligner, SfaceExtractor(store, mirror=mirror))


def profile_path(name: str | None, store: ModelStore, *, detector: str | None = None) -> FacePath:
    """Return the path of a profile as it is live; None means the default profile and its own detector.

    Raises:
        ConfigError: if there is no such profile.
    """
    profile = store.profile(name)
    faces: FaceDetector = MtcnnDetector(store) if (detector or profile.detector) == "mtcnn" else YunetDetector(store)
    aligner = FivePointAligner(TEMPLATES[profile.alignment_template], profile.crop_size_px)
    return FacePath(read_image, faces, aligner, make_extractor(store, profile))


def main(arguments: Sequence[str] | None = None) -> int:
    """Compute and store features from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="folder with one folder a person")
    parser.add_argument("--people", type=Path, required=True, help="names, one a line")
    parser.add_argument("--profile", default="sface", help="recognition profile whose extractor to use")
    parser.add_argument("--detector", choices=DETECTORS, default="mtcnn")
    parser.add_argument("--models", type=Path, help="folder of model files instead of those that ship")
    parser.add_argument("--mirror", action="store_true", help="average with the mirrored crop (twice the time)")
    parser.add_argument("--out", type=Path, required=True, help="file to write (.npz)")
    given = parser.parse_args(arguments)
    try:
        pictures = pictures_of_people(given.root, read_people(given.people))
        if not pictures:
            raise TrainingError(f"No pictures of these people under {given.root}; check --root and --people.")
        if given.mirror and given.profile != "sface":
            raise TrainingError("--mirror is for profile sface; other profiles say themselves whether to mirror.")
        if given.mirror:
            path = sface_path(given.detector, ModelStore(given.models), mirror=True)
        else:
            path = profile_path(given.profile, ModelStore(given.models), detector=given.detector)
        features = embed_pictures(given.root, pictures, path, on_picture=_show)
        features.save(given.out)
    except FacerecError as exc:
        print(exc, file=sys.stderr)
        return 1
    missing = [name for name, found in zip(features.pictures, features.found, strict=True) if not found]
    print(f"{len(pictures)} pictures, no face found in {len(missing)}: {', '.join(missing) or 'none'}")
    return 0


def _show(done: int, total: int, name: str) -> None:
    if done % 500 == 0 or done == total:
        print(f"{done}/{total} {name}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
