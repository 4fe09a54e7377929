"""Judges a shipped calibration by people that nothing was fitted to or chosen with.

``python -m facerec_app.training.final_calibration_check --features test.npz stranger.npz
--weights similarity-sface.safetensors --calibration similarity-sface-calibration.json``
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from facerec_app.core.errors import FacerecError, TrainingError
from facerec_app.decision.identity_calibration import identity_calibration_from_bytes
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.training.identity_calibration_fit import report_calibration
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.picture_features import PictureFeatures

_SIZES = (1, 5, 10, 20, 50, 100, 200)
_PROBES = 1500
_SEED = 31


def together(files: Sequence[Path], extractor_version: str) -> LabelledFeatures:
    """Return the faces of several files of features.

    Raises:
        TrainingError: if a file cannot be read.
        ModelVersionMismatchError: if one is of another extractor version.
    """
    vectors, labels = [], []
    for file in files:
        source = PictureFeatures.load(file)
        source.require_version(extractor_version)
        features = source.labelled()
        vectors.append(features.vectors)
        labels += [features.people[index] for index in features.person_index.tolist()]
    return LabelledFeatures.of(np.concatenate(vectors), labels, extractor_version)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the check from the command line; prints JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=Path, nargs="+", required=True, help="written by compute_features")
    parser.add_argument("--weights", type=Path, required=True, help="the similarity network")
    parser.add_argument("--calibration", type=Path, required=True)
    given = parser.parse_args(arguments)
    try:
        network = SimilarityNetwork.from_file(given.weights)
        calibration = identity_calibration_from_bytes(given.calibration.read_bytes(), given.calibration.name)
        if calibration.scorer_version != network.version:
            raise TrainingError(
                "The calibration is of another similarity network; give the pair that belongs together."
            )
        people = together(given.features, network.weights.extractor_version)
        report = report_calibration(calibration, people, network, seed=_SEED, sizes=_SIZES, probes_per_size=_PROBES)
    except (FacerecError, OSError) as exc:
        print(exc, file=sys.stderr)
        return 1
    print(json.dumps(asdict(report), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
