"""What judging several looks at a face by their mean feature does to strangers and to the right people.

    python -m facerec_app.training.averaged_looks FEATURES.npz [--people LIST.txt]

FEATURES.npz is written by ``compute_features`` or ``build_profile``; the people should be none that the network was
trained on. Pictures of one person stand for looks at one face. They differ more than frames of one film do, so what is
printed is the worst that a film can do.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facerec_app.core.types import BoolArray, Float32Array
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.picture_features import PictureFeatures

RATES = (1e-2, 1e-3, 2e-4)


@dataclass(frozen=True, slots=True, eq=False)
class LookScores:
    """Cosines with one enrolled picture of each person, of single looks and of the mean of several.

    Attributes:
        single, averaged: ``(M,)`` float32.
        single_is_same, averaged_is_same: ``(M,)`` bool, whether it is the person's own picture.
    """

    single: Float32Array
    single_is_same: BoolArray
    averaged: Float32Array
    averaged_is_same: BoolArray


def score_looks(features: LabelledFeatures, looks: int, *, draws: int, seed: int) -> LookScores:
    """Return cosines of everybody who has a picture more than ``looks``, over several drawings of who is enrolled how.

    Args:
        features: of people with several pictures each.
        looks: pictures whose features are averaged.
        draws: how often enrolled pictures and looks are drawn.
        seed: of the drawings.
    """
    generator = np.random.default_rng(seed)
    rows = [np.nonzero(features.person_index == person)[0] for person in range(len(features.people))]
    several = [person for person, own in enumerate(rows) if len(own) > looks]
    single, averaged, single_same, averaged_same = [], [], [], []
    for _ in range(draws):
        drawn = [generator.permutation(own) for own in rows]
        enrolled = features.vectors[[own[0] for own in drawn]]
        for person in several:
            seen = features.vectors[drawn[person][1 : looks + 1]]
            mean = seen.mean(axis=0)
            same = np.arange(len(rows)) == person
            single.append((seen @ enrolled.T).ravel())
            averaged.append(mean / np.linalg.norm(mean) @ enrolled.T)
            single_same.append(np.tile(same, looks))
            averaged_same.append(same)
    return LookScores(*(np.concatenate(part) for part in (single, single_same, averaged, averaged_same)))


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("features", type=Path)
    parser.add_argument("--people", type=Path, help="file with the names to use, one a line")
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--seed", type=int, default=2)
    given = parser.parse_args()
    features = PictureFeatures.load(given.features).labelled()
    if given.people is not None:
        wanted = np.isin(features.people, given.people.read_text(encoding="utf-8").split())
        keep = wanted[features.person_index]
        labels = [features.people[person] for person in features.person_index[keep]]
        features = LabelledFeatures.of(features.vectors[keep], labels, features.extractor_version)
    print("looks  FAR     single: threshold  TAR   mean: threshold  TAR")
    for looks in (2, 3, 5):
        scores = score_looks(features, looks, draws=given.draws, seed=given.seed)
        for rate in RATES:
            bars = [
                float(np.quantile(values[~same], 1.0 - rate))
                for values, same in ((scores.single, scores.single_is_same), (scores.averaged, scores.averaged_is_same))
            ]
            single = float((scores.single[scores.single_is_same] > bars[0]).mean())
            averaged = float((scores.averaged[scores.averaged_is_same] > bars[1]).mean())
            print(f"{looks:5}  {rate:.0e}  {bars[0]:17.3f}  {single:.3f}  {bars[1]:14.3f}  {averaged:.3f}")


if __name__ == "__main__":
    main()
