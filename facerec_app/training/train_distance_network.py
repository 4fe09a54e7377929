"""Fits the calibrated squared distance where few people may be used, and chooses what is compared.

An extractor that was grown on most of the training people knows them by heart; only those held out of its training can
say how alike strangers look to it. They are too few to learn dense layers from, but the distance has two numbers only:
each form is fitted on one half of the people and judged on the other, in both directions, and the best one is fitted
again on all of them.

``python -m facerec_app.training.train_distance_network --features F.npz --people held_out.txt --out DIR --name NAME``
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from facerec_app.core.errors import FacerecError
from facerec_app.similarity.pair_features import FeatureNormalisation
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.similarity.similarity_weights import SimilarityWeights, similarity_weights_to_bytes
from facerec_app.training.distance_calibration import calibrated_distance
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.picture_features import PictureFeatures
from facerec_app.training.similarity_comparison import drawn_pairs
from facerec_app.training.train_similarity import DOUBTFUL_LABELS_FILE, read_people
from facerec_app.training.verification_metrics import (
    PersonBootstrap,
    all_pairs,
    bagged_threshold,
    cllr,
    correct_at,
    tar_at_far,
)

SPLITS = 5
RATES = (1e-1, 1e-2, 1e-3)


@dataclass(frozen=True, slots=True)
class FormFigures:
    """One form, mean over the halves of every split.

    Attributes:
        cllr: cost of the log odds in bits, what the choice goes by.
        accuracy: balanced, threshold from the other half.
        tar: true accept rate by false accept rate over all pairs.
    """

    cllr: float
    accuracy: float
    tar: dict[str, float]


def normalisations(features: LabelledFeatures) -> dict[str, FeatureNormalisation]:
    """Return the forms: features as they are, less their mean, and scaled value by value as well."""
    measured = FeatureNormalisation.measured_on(features.vectors)
    return {
        "plain": FeatureNormalisation.none(features.vectors.shape[1]),
        "centred": FeatureNormalisation(measured.mean, np.ones_like(measured.std)),
        "scaled": measured,
    }


def judge_forms(features: LabelledFeatures, seed: int) -> dict[str, FormFigures]:
    """Return every form's figures on people that it was not fitted on.

    Raises:
        NotEnoughDataError: if a half would hold nobody with two faces.
    """
    found: dict[str, list[FormFigures]] = {}
    for split in range(SPLITS):
        halves = features.split_people((0.5, 0.5), seed + split)
        for fitting, judging in (halves, halves[::-1]):
            for name, normalisation in normalisations(fitting).items():
                weights = calibrated_distance(fitting, normalisation, seed)
                found.setdefault(name, []).append(_figures(weights, fitting, judging, seed))
    return {name: _mean(figures) for name, figures in found.items()}


def _figures(
    weights: SimilarityWeights, fitting: LabelledFeatures, judging: LabelledFeatures, seed: int
) -> FormFigures:
    score = SimilarityNetwork(weights).log_odds
    threshold = bagged_threshold(drawn_pairs(fitting, score, seed), PersonBootstrap(100))
    pairs = drawn_pairs(judging, score, seed)
    correct = correct_at(pairs, threshold)
    accuracy = 0.5 * float(correct[pairs.same].mean() + correct[~pairs.same].mean())
    rates = tar_at_far(all_pairs(judging, score), RATES)
    return FormFigures(cllr(pairs), accuracy, {f"{rate:g}": value for rate, value in rates.items()})


def _mean(figures: Sequence[FormFigures]) -> FormFigures:
    rates = {rate for one in figures for rate in one.tar}
    tar = {
        rate: round(float(np.mean([one.tar[rate] for one in figures if rate in one.tar])), 4)
        for rate in sorted(rates, key=float, reverse=True)
    }
    return FormFigures(
        round(float(np.mean([one.cllr for one in figures])), 5),
        round(float(np.mean([one.accuracy for one in figures])), 5),
        tar,
    )


def train(features: LabelledFeatures, seed: int) -> tuple[SimilarityWeights, dict[str, Any]]:
    """Return the network of the best form, fitted on everybody, and a record of the choice."""
    figures = judge_forms(features, seed)
    chosen = min(figures, key=lambda name: figures[name].cllr)
    weights = calibrated_distance(features, normalisations(features)[chosen], seed)
    record = {
        "chosen": chosen,
        "version": weights.version,
        "seed": seed,
        "people": len(features.people),
        "faces": len(features),
        "extractor_version": features.extractor_version,
        "forms_on_the_other_half": {
            name: {"cllr": one.cllr, "accuracy": one.accuracy, "tar": one.tar} for name, one in figures.items()
        },
    }
    return weights, record


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit the network from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=Path, required=True, help="of pictures of people")
    parser.add_argument("--people", type=Path, required=True, help="names that the extractor never saw, one a line")
    parser.add_argument("--leave-out", type=Path, default=DOUBTFUL_LABELS_FILE, help="names with doubtful labels")
    parser.add_argument("--out", type=Path, required=True, help="folder for the weights and their record")
    parser.add_argument("--name", required=True, help="name of the files")
    parser.add_argument("--seed", type=int, default=20)
    given = parser.parse_args(arguments)
    try:
        people = set(read_people(given.people)) - set(read_people(given.leave_out))
        source = PictureFeatures.load(given.features)
        weights, record = train(source.labelled().of_people(people), given.seed)
    except FacerecError as exc:
        print(exc, file=sys.stderr)
        return 1
    record["pictures_sha256"] = source.data_sha256
    (given.out / f"{given.name}.safetensors").write_bytes(similarity_weights_to_bytes(weights))
    text = json.dumps(record, indent=1)
    (given.out / f"{given.name}.training.json").write_text(text + "\n", encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
