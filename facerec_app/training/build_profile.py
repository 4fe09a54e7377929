"""Makes everything that a recognition profile needs besides its extractor, in one go, and enters it in the manifest.

``python -m facerec_app.training.build_profile --profile resnet50 --data DATA --cache WORK`` computes the features of
people whom the extractor never saw, fits the similarity network, the calibration and the statistics of features, and
writes files, hashes and sizes. It is to be run again whenever an extractor's weights change.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from facerec_app.alignment.five_point_aligner import FivePointAligner
from facerec_app.alignment.templates import TEMPLATES
from facerec_app.capture.images import read_image
from facerec_app.core.errors import FacerecError, TrainingError
from facerec_app.detection.mtcnn_detector import MtcnnDetector
from facerec_app.extraction.profile_extractor import make_extractor
from facerec_app.models.model_manifest import MANIFEST_NAME
from facerec_app.models.model_store import ModelStore
from facerec_app.training import train_distance_network, train_feature_statistics, train_identity_calibration
from facerec_app.training.aligned_pictures import AlignedPictures, align_pictures
from facerec_app.training.extractor.face_dataset import hold_out_people
from facerec_app.training.picture_features import pictures_of_people
from facerec_app.training.train_similarity import read_people

HELD_OUT_PEOPLE = 300
HOLD_OUT_SEED = 0
FURTHER_PEOPLE = 1200
ALIGNMENT = (112, "arcface_112")
_LICENCE = (
    "MIT; learnt from LFW pictures of the people in splits/train_people.txt, no face or feature of anybody is in it"
)


class ProfileBuilder:
    """Runs the steps for one profile of one folder of model files.

    Args:
        models: folder with the manifest, which must name the profile and its extractor.
        data: folder with ``lfw`` and ``splits/train_people.txt``.
        cache: where features and lists of people are kept.
    """

    def __init__(self, models: Path, data: Path, cache: Path) -> None:
        self._models = models
        self._data = data
        self._cache = cache
        cache.mkdir(parents=True, exist_ok=True)

    def refresh_hashes(self, entries: Sequence[str], seen: int | None) -> None:
        """Enter the present content of files that were written anew (the extractor's), and the pictures seen."""
        for name in entries:
            entry = self._manifest()["files"][name]
            changes: dict[str, Any] = _identity(self._models / entry["file"])
            if seen is not None and name == "resnet50-face":
                first, _, rest = entry["source"].partition(", ")
                changes["source"] = f"{first}, {seen:,} pictures seen, {rest.partition(', ')[2]}"
            self._change_file(name, changes)

    def people_files(self) -> tuple[Path, Path]:
        """Return two lists of training people: those that the ResNet50 never saw, and them with further ones.

        The first judge: to the extractor they are strangers. How features are spread needs more people than they are,
        and is little changed by the extractor having seen most of them.
        """
        everyone = read_people(self._data / "splits" / "train_people.txt")
        trained, held = hold_out_people(everyone, HELD_OUT_PEOPLE, HOLD_OUT_SEED)
        further = np.random.default_rng(HOLD_OUT_SEED).permutation(trained)[:FURTHER_PEOPLE].tolist()
        paths = self._cache / "held-out-people.txt", self._cache / "many-people.txt"
        for path, names in zip(paths, (held, [*held, *further]), strict=True):
            path.write_text("\n".join(sorted(names)) + "\n", encoding="utf-8")
        return paths

    def aligned(self, people: Path) -> AlignedPictures:
        """Return the people's aligned faces, from the cache where they have been made before."""
        path = self._cache / f"{people.stem}-aligned.npz"
        if not path.is_file():
            store = ModelStore(self._models)
            root, (size, template) = self._data / "lfw", ALIGNMENT
            pictures = pictures_of_people(root, read_people(people))
            aligner = FivePointAligner(TEMPLATES[template], size)
            align_pictures(root, pictures, read_image, MtcnnDetector(store), aligner).save(path)
        return AlignedPictures.load(path)

    def build(self, profile: str) -> None:
        """Make the similarity network, the calibration and the statistics of a profile.

        Raises:
            TrainingError: if a step could not do its work; it has said why.
        """
        held_out, many = self.people_files()
        store = ModelStore(self._models)
        features = self._cache / f"{profile}-features.npz"
        self.aligned(many).embedded(make_extractor(store, store.profile(profile))).save(features)
        network, statistics = f"similarity-{profile}", f"feature-statistics-{profile}"
        common = ["--features", features, "--out", self._models]
        judges, weights = ["--people", held_out], ["--weights", self._models / f"{network}.safetensors"]
        _step(train_distance_network.main, [*common, *judges, "--name", network])
        self._enter(network, "safetensors", "train_distance_network", "two feature arrays", "log odds of one person")
        # Rare likenesses need many people; those known to the ResNet50 look no less alike to it (docs/profiles.md).
        calibrating = ["--people", many] if store.profile(profile).fused else [*judges, "--strangers", many]
        _step(train_identity_calibration.main, [*common, *calibrating, *weights])
        self._enter(
            f"{network}-calibration", "json", "train_identity_calibration", "log odds", "probability, threshold"
        )
        _step(train_feature_statistics.main, [*common, "--people", many, *weights, "--name", statistics])
        self._enter(statistics, "safetensors", "train_feature_statistics", "nothing", "people to sample")
        content = self._manifest()
        content["profiles"][profile] |= {
            "similarity_file": network,
            "calibration_file": f"{network}-calibration",
            "statistics_file": statistics,
        }
        self._write(content)

    def _enter(self, name: str, suffix: str, module: str, takes: str, gives: str) -> None:
        """Enter a file that a step has written; what the manifest says of it besides is kept."""
        path = self._models / f"{name}.{suffix}"
        fresh: dict[str, Any] = {
            "file": path.name,
            "source": f"facerec_app.training.{module}; record in {name}.training.json",
            "licence": _LICENCE,
            "input": takes,
            "output": gives,
            "layer": None,
            "version": "1",
            "measured": {},
        }
        self._change_file(name, fresh | self._manifest()["files"].get(name, {}) | _identity(path))

    def _change_file(self, name: str, changes: dict[str, Any]) -> None:
        content = self._manifest()
        content["files"][name] = content["files"].get(name, {}) | changes
        self._write(content)

    def _manifest(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self._models / MANIFEST_NAME).read_text(encoding="utf-8"))
        return content

    def _write(self, content: dict[str, Any]) -> None:
        text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        (self._models / MANIFEST_NAME).write_text(text, encoding="utf-8")


def _identity(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def _step(run: Callable[[Sequence[str]], int], arguments: Sequence[object]) -> None:
    """Run one of the training commands as its command line would."""
    if run([str(argument) for argument in arguments]) != 0:
        raise TrainingError(f"The step {run.__module__} failed; its message is above.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Build profiles from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", action="append", required=True, help="may be given several times, in order")
    parser.add_argument("--data", type=Path, required=True, help="folder with lfw and splits")
    parser.add_argument("--cache", type=Path, required=True, help="folder for features")
    parser.add_argument("--models", type=Path, help="folder of model files instead of those that ship")
    parser.add_argument("--refresh", action="append", default=[], help="model files that were written anew")
    parser.add_argument("--seen", type=int, help="pictures that the ResNet50 has seen, for the manifest")
    given = parser.parse_args(arguments)
    builder = ProfileBuilder(given.models or ModelStore().folder, given.data, given.cache)
    try:
        builder.refresh_hashes(given.refresh, given.seen)
        for profile in given.profile:
            builder.build(profile)
    except FacerecError as exc:
        print(exc, file=sys.stderr)
        return 1
    print(f"{', '.join(given.profile)}: files and manifest entries are written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
