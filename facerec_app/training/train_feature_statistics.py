"""Measures the shipped statistics of features and says how like real strangers the sampled ones are.

``python -m facerec_app.training.train_feature_statistics --features F.npz --people train_people.txt \
--weights assets/models/similarity-sface.safetensors --out assets/models``
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from facerec_app.core.errors import FacerecError
from facerec_app.core.types import Float32Array
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.training.feature_statistics import FeatureStatistics, feature_statistics_to_bytes
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.picture_features import PictureFeatures
from facerec_app.training.train_similarity import DOUBTFUL_LABELS_FILE, read_people

RATES = (1e-1, 1e-2, 1e-3, 1e-4)
_TUNED_AT = 1e-3
_EXPONENTS = tuple(np.arange(1.0, 1.61, 0.1).tolist())
_SAMPLED_PEOPLE = 3000


def impostor_scores(left: LabelledFeatures, right: LabelledFeatures, network: SimilarityNetwork) -> Float32Array:
    """Return the log odds of every face of one group with every face of another, flat; the groups share nobody."""
    scores = [network.log_odds(np.broadcast_to(vector, right.vectors.shape), right.vectors) for vector in left.vectors]
    return np.concatenate(scores)


def one_face_each(features: LabelledFeatures, seed: int) -> LabelledFeatures:
    """Return one face of every person, drawn."""
    generator = np.random.default_rng(seed)
    rows = np.array([generator.choice(rows) for rows in features.rows_by_person()], np.int64)
    return LabelledFeatures(
        features.vectors[rows], np.arange(len(rows), dtype=np.int64), features.people, features.extractor_version
    )


class TailComparison:
    """Real impostor scores of one group of people, and how often sampled impostors reach them.

    Args:
        real: people that the statistics were not measured on; two halves of them are compared with each other.
        network: gives the scores.
        seed: of the drawing.
    """

    def __init__(self, real: LabelledFeatures, network: SimilarityNetwork, seed: int) -> None:
        self._network = network
        self._faces = one_face_each(real, seed)
        first = self._faces.of_people(self._faces.people[::2])
        second = self._faces.of_people(self._faces.people[1::2])
        self._thresholds = np.quantile(impostor_scores(first, second, network), [1.0 - rate for rate in RATES])

    def with_real(self, statistics: FeatureStatistics, seed: int) -> dict[str, float]:
        """Return by false match rate how many times as often sampled strangers match real people (1 = as often)."""
        sampled = statistics.sample(_SAMPLED_PEOPLE, 1, np.random.default_rng(seed))
        return self._ratios(sampled, self._faces)

    def with_sampled(self, statistics: FeatureStatistics, seed: int) -> dict[str, float]:
        """Return the same for sampled strangers among each other."""
        generator = np.random.default_rng(seed)
        left, right = (statistics.sample(_SAMPLED_PEOPLE // 2, 1, generator) for _ in range(2))
        return self._ratios(left, right)

    def best_exponent(self, statistics: FeatureStatistics, seed: int) -> float:
        """Return the sharpening with which sampled strangers are as often like somebody as real ones.

        At one in 1,000, and in the (geometric) mean over real and sampled people: more would make sampled people too
        like each other.
        """
        errors = []
        for exponent in _EXPONENTS:
            tried = statistics.sharpened(exponent)
            ratios = [compare(tried, seed)[f"{_TUNED_AT:g}"] for compare in (self.with_real, self.with_sampled)]
            errors.append(abs(np.log(ratios).mean()))
        return float(_EXPONENTS[int(np.argmin(errors))])

    def _ratios(self, left: LabelledFeatures, right: LabelledFeatures) -> dict[str, float]:
        scores = impostor_scores(left, right, self._network)
        reached = [float((scores > threshold).mean()) for threshold in self._thresholds]
        return {f"{rate:g}": share / rate for rate, share in zip(RATES, reached, strict=True)}


def measure(
    features: LabelledFeatures, network: SimilarityNetwork, seed: int
) -> tuple[FeatureStatistics, dict[str, Any]]:
    """Return the statistics of these people and a record of how well they hold.

    The record is made on three parts of the people in turn: measured on one, sharpened by another, compared with the
    third. The statistics are those of everybody, with the mean sharpening.

    Raises:
        NotEnoughDataError: if there are too few people.
    """
    parts = features.split_people((1, 1, 1), seed)
    exponents, found = [], []
    for turn in range(3):
        statistics = FeatureStatistics.measured_on(parts[turn])
        tuning, judging = (TailComparison(parts[(turn + step) % 3], network, seed) for step in (1, 2))
        exponents.append(tuning.best_exponent(statistics, seed))
        sharpened = statistics.sharpened(exponents[-1])
        found.append(
            {
                "plain_with_real": judging.with_real(statistics, seed + 1),
                "plain_with_sampled": judging.with_sampled(statistics, seed + 1),
                "with_real": judging.with_real(sharpened, seed + 1),
                "with_sampled": judging.with_sampled(sharpened, seed + 1),
            }
        )
    record = {
        "exponents": exponents,
        "sampled_over_real_match_rate": {name: _mean_of([part[name] for part in found]) for name in found[0]},
    }
    return FeatureStatistics.measured_on(features).sharpened(float(np.mean(exponents))), record


def _mean_of(ratios: Sequence[dict[str, float]]) -> dict[str, float]:
    return {key: round(float(np.mean([part[key] for part in ratios])), 3) for key in ratios[0]}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and store the statistics from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=Path, required=True, help="written by compute_features")
    parser.add_argument("--people", type=Path, required=True, help="names that may be trained on, one a line")
    parser.add_argument("--leave-out", type=Path, default=DOUBTFUL_LABELS_FILE, help="names with doubtful labels")
    parser.add_argument("--weights", type=Path, required=True, help="similarity network that judges the samples")
    parser.add_argument("--out", type=Path, required=True, help="folder for the statistics and their record")
    parser.add_argument("--name", default="feature-statistics-sface", help="name of the files")
    parser.add_argument("--seed", type=int, default=20)
    given = parser.parse_args(arguments)
    try:
        source = PictureFeatures.load(given.features)
        features = source.labelled().of_people(set(read_people(given.people)) - set(read_people(given.leave_out)))
        statistics, record = measure(features, SimilarityNetwork.from_file(given.weights), given.seed)
    except FacerecError as exc:
        print(exc, file=sys.stderr)
        return 1
    (given.out / f"{given.name}.safetensors").write_bytes(feature_statistics_to_bytes(statistics))
    facts = {
        "people": statistics.people, "faces": statistics.faces, "seed": given.seed,
        "extractor_version": statistics.extractor_version, "pictures_sha256": source.data_sha256, **record,
    }  # fmt: skip
    text = json.dumps(facts, indent=1)
    (given.out / f"{given.name}.training.json").write_text(text + "\n", encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
