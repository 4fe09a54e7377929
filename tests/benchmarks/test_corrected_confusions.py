"""Two lookalikes that the network takes for one person are told apart after retraining, and nobody else suffers.

``FACEREC_TRAIN_FEATURES=train.npz pytest -s -m benchmark tests/benchmarks/test_corrected_confusions.py``

Cases: the 50 most alike pairs of faces of different training people (each pair of people once) that the shipped network
takes for one person. The two people and 18 others of one half of the training people make a gallery of up to 5 faces
each; the user confirms for that one pair of faces that they are two people. *Resolved*: the promoted network no longer
takes the pair for one person. *Elsewhere*: pairs of faces of the other half of the training people, whom no part of
this has seen, and all other pairs of the gallery; what counts is the balance of pairs that were told rightly before and
wrongly after, each network at its own threshold, against those the other way round.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import numpy as np
import pytest

from facerec_app.core.types import BoolArray, GallerySnapshot, Int64Array
from facerec_app.decision.identity_calibration import IdentityCalibration
from facerec_app.gallery.records import Judgement
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.similarity.similarity_weights import SimilarityWeights
from facerec_app.training.gallery_material import material_of
from facerec_app.training.gallery_training import GalleryTrainingRequest, train_on_gallery
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.pair_sampling import genuine_pairs, random_impostor_pairs, score_rows
from tests.benchmarks.training_features import shipped_network, training_features
from tests.retraining_material import shipped_statistics

CASES = int(os.environ.get("FACEREC_TEST_CONFUSIONS", "50"))
OTHERS = 18
FACES = 5
IMPOSTORS = 400_000


@dataclass(frozen=True, slots=True)
class Confusion:
    """Rows of two faces of two people whom the network takes for one."""

    left: int
    right: int


def nearest_confusions(features: LabelledFeatures, threshold: float, weights: SimilarityWeights) -> list[Confusion]:
    """Return the most alike pairs of two people, one for each pair of people, above the threshold."""
    vectors = weights.normalisation.apply(features.vectors)
    network = SimilarityNetwork(weights)
    counts = np.bincount(features.person_index)
    usable = np.nonzero(counts[features.person_index] >= 2)[0]
    cosines = vectors[usable] @ vectors[usable].T
    person = features.person_index[usable]
    cosines[person[:, None] >= person[None, :]] = -1.0
    found: dict[tuple[int, int], Confusion] = {}
    for flat in np.argsort(-cosines, axis=None)[: 200 * CASES].tolist():
        row, column = divmod(flat, len(usable))
        people = (int(person[row]), int(person[column]))
        left, right = int(usable[row]), int(usable[column])
        score = float(network.log_odds(features.vectors[[left]], features.vectors[[right]])[0])
        if people not in found and score > threshold:
            found[people] = Confusion(left, right)
        if len(found) == CASES:
            break
    return list(found.values())


def gallery_rows(features: LabelledFeatures, case: Confusion, generator: np.random.Generator) -> Int64Array:
    """Return rows of the two people, the confused faces among them, and of others with several faces."""
    rows_of = features.rows_by_person()
    two = [int(features.person_index[row]) for row in (case.left, case.right)]
    several = [p for p, rows in enumerate(rows_of) if len(rows) >= FACES - 1 and p not in two]
    chosen = [*two, *generator.permutation(several)[:OTHERS].tolist()]
    kept = []
    for person in chosen:
        rows = [row for row in generator.permutation(rows_of[person]).tolist() if row not in (case.left, case.right)]
        first = [row for row in (case.left, case.right) if features.person_index[row] == person]
        kept += [*first, *rows][:FACES]
    return np.array(kept, np.int64)


class Elsewhere:
    """Pairs of people whom nothing has seen."""

    def __init__(self, features: LabelledFeatures) -> None:
        generator = np.random.default_rng(1)
        genuine = genuine_pairs(features, 10, generator)
        self.features = features
        self.pairs = np.concatenate([genuine, random_impostor_pairs(features, IMPOSTORS, generator)])
        self.same = np.arange(len(self.pairs)) < len(genuine)

    def right(self, weights: SimilarityWeights, calibration: IdentityCalibration) -> BoolArray:
        """Return which pairs a network tells rightly."""
        log_odds = score_rows(self.features, self.pairs, SimilarityNetwork(weights).log_odds)
        return np.asarray((log_odds > calibration.pair_threshold) == self.same)


def gallery_right(
    features: LabelledFeatures, weights: SimilarityWeights, calibration: IdentityCalibration, case: tuple[int, int]
) -> BoolArray:
    """Return which pairs of a gallery, but the corrected one, a network tells rightly."""
    left, right = np.triu_indices(len(features), k=1)
    corrected = (left == min(case)) & (right == max(case))
    left, right = left[~corrected], right[~corrected]
    log_odds = SimilarityNetwork(weights).log_odds(features.vectors[left], features.vectors[right])
    same = features.person_index[left] == features.person_index[right]
    return np.asarray((log_odds > calibration.pair_threshold) == same)


@pytest.mark.benchmark
@pytest.mark.timeout(7200)
def test_corrected_confusions_are_resolved_without_new_errors_elsewhere() -> None:
    features, shipped, statistics = training_features(), shipped_network(), shipped_statistics()
    own, unseen = features.split_people((0.5, 0.5), 1)
    cases = nearest_confusions(own, shipped[1].pair_threshold, shipped[0])
    elsewhere = Elsewhere(unseen)
    before = elsewhere.right(*shipped)
    generator = np.random.default_rng(4)
    tallies = []
    for number, case in enumerate(cases):
        rows = gallery_rows(own, case, generator)
        labels = np.array([own.people[index] for index in own.person_index[rows].tolist()])
        faces = np.array([f"face{row}" for row in rows.tolist()])
        snapshot = GallerySnapshot(own.vectors[rows], labels, faces, own.extractor_version, 1)
        said = Judgement(f"face{case.left}", f"face{case.right}", False, "a test", None)  # type: ignore[arg-type]
        material = material_of(snapshot, [said])
        began = time.monotonic()
        made = train_on_gallery(
            material, GalleryTrainingRequest.of(), shipped=shipped, present=shipped, statistics=statistics,
            stranger_rate=1e-3,
        )  # fmt: skip
        taken_s = time.monotonic() - began
        candidate = (made.weights, made.calibration)
        after = elsewhere.right(*candidate)
        pair = (int(material.confirmed_rows[0, 0]), int(material.confirmed_rows[0, 1]))
        at_home = [gallery_right(material.features, *network, pair) for network in (shipped, candidate)]
        resolved = made.comparison.changes.corrections_right == (0, 1)
        tally = (
            resolved,
            made.comparison.is_not_worse,
            int((before & ~after).sum()),
            int((~before & after).sum()),
            int((at_home[0] & ~at_home[1]).sum()),
            int((~at_home[0] & at_home[1]).sum()),
        )
        tallies.append(tally)
        print(
            f"{number + 1:2} resolved {resolved} promoted {tally[1]} epoch {made.trained.best_epoch} "
            f"elsewhere -{tally[2]} +{tally[3]}, gallery -{tally[4]} +{tally[5]}, {taken_s:.1f} s "
            f"{'; '.join(made.comparison.objections)}",
            flush=True,
        )
    table = np.array(tallies)
    wrong_before = int((~before).sum())
    print(
        f"{len(cases)} cases: {table[:, 0].mean():.0%} resolved, {(table[:, 0] & table[:, 1]).mean():.0%} resolved and "
        f"promoted; elsewhere {wrong_before} of {len(before)} pairs wrong before, a retraining makes "
        f"{table[:, 2].mean():.1f} wrong and {table[:, 3].mean():.1f} right; in the gallery "
        f"{table[:, 4].mean():.2f} wrong and {table[:, 5].mean():.2f} right"
    )
    assert len(cases) == CASES
    assert (table[:, 0] & table[:, 1]).mean() >= 0.9
    assert (table[:, 2] - table[:, 3]).mean() <= 0.005 * wrong_before
    assert (table[:, 4] - table[:, 5]).mean() <= 0.5
