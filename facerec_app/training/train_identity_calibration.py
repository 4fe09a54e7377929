"""Measures the identity calibration that ships beside a similarity network.

``python -m facerec_app.training.train_identity_calibration --features F.npz --people train_people.txt
--weights assets/models/similarity-sface.safetensors --out assets/models``
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from facerec_app.core.errors import FacerecError, ModelVersionMismatchError
from facerec_app.decision.identity_calibration import IdentityCalibration, identity_calibration_to_bytes
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.training.identity_calibration_fit import fit_identity_calibration, report_calibration
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.picture_features import PictureFeatures
from facerec_app.training.train_similarity import DOUBTFUL_LABELS_FILE, SPLIT_SHARES, read_people


def calibrate_shipped(
    features: LabelledFeatures, network: SimilarityNetwork, seed: int, strangers: LabelledFeatures | None = None
) -> tuple[IdentityCalibration, dict[str, Any]]:
    """Return the calibration on everybody who may be used, and its report from two disjoint halves of them.

    A network without a dense part has two numbers from training and remembers nobody, so all the training people
    calibrate it; one with a dense part is calibrated on the people it was not trained on (the split of its training).
    Where more strangers are given, they measure how alike strangers look at worst; the report's halves do without them.
    """
    usable = features
    if network.weights.layers:
        _, validation, held_out = features.split_people(SPLIT_SHARES, seed)
        usable = features.of_people({*validation.people, *held_out.people})
    fitting, judging = usable.split_people((0.5, 0.5), seed)
    on_half = fit_identity_calibration(fitting, network, seed=seed)
    report = report_calibration(on_half, judging, network, seed=seed + 1)
    record = {
        "held_out_half": asdict(report),
        "fitted_on_half": asdict(on_half),
        "people": len(usable.people),
        "faces": len(usable),
        "seed": seed,
    }
    if strangers is not None:
        record["strangers"] = {"people": len(strangers.people), "faces": len(strangers)}
    return fit_identity_calibration(usable, network, seed=seed, strangers=strangers), record


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the calibration from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=Path, required=True, help="written by compute_features")
    parser.add_argument("--people", type=Path, required=True, help="names that may be used, one a line")
    parser.add_argument("--strangers", type=Path, help="names for how alike strangers look at worst; else --people")
    parser.add_argument("--leave-out", type=Path, default=DOUBTFUL_LABELS_FILE, help="names with doubtful labels")
    parser.add_argument("--weights", type=Path, required=True, help="the similarity network")
    parser.add_argument("--out", type=Path, required=True, help="folder for the calibration and its record")
    parser.add_argument("--seed", type=int, default=20)
    given = parser.parse_args(arguments)
    try:
        network = SimilarityNetwork.from_file(given.weights)
        source = PictureFeatures.load(given.features)
        if source.extractor_version != network.weights.extractor_version:
            raise ModelVersionMismatchError("The features are not of the extractor that the network was trained on.")
        left_out, everybody = set(read_people(given.leave_out)), source.labelled()
        people = everybody.of_people(set(read_people(given.people)) - left_out)
        others = everybody.of_people(set(read_people(given.strangers)) - left_out) if given.strangers else None
        calibration, record = calibrate_shipped(people, network, given.seed, others)
    except FacerecError as exc:
        print(exc, file=sys.stderr)
        return 1
    stem = given.weights.name.removesuffix(".safetensors")
    (given.out / f"{stem}-calibration.json").write_bytes(identity_calibration_to_bytes(calibration))
    text = json.dumps(record, indent=1, sort_keys=True)
    (given.out / f"{stem}-calibration.training.json").write_text(text + "\n", encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
