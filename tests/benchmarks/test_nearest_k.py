"""How many of the nearest faces have to be judged so that nothing changes against judging everybody, and whether bars
worked out for those who come up in a large gallery change nothing against everybody's.

``pytest -m benchmark tests/benchmarks/test_nearest_k.py -s``
"""

from __future__ import annotations

import numpy as np
import pytest

from facerec_app.core.types import Embeddings, Float32Array, GallerySnapshot, Verdict
from facerec_app.decision import person_ranker
from facerec_app.decision.identity_calibration import identity_calibration_from_bytes
from facerec_app.decision.person_ranker import TemplatePersonRanker
from facerec_app.decision.threshold_decider import ThresholdDecider
from facerec_app.gallery.exact_index import ExactIndex
from facerec_app.models.model_store import ModelStore
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.training.feature_statistics import feature_statistics_from_bytes

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1200)]
PEOPLE, FACES, PROBES = 400, 4, 900
SHIPPED_K = 24
LARGE_PEOPLE, LARGE_PROBES = 20_000, 1_500
AT_A_TIME = 5_000


def test_the_nearest_faces_are_enough() -> None:
    store = ModelStore()
    network = SimilarityNetwork.from_bytes(store.read("similarity-sface"), "similarity")
    calibration = identity_calibration_from_bytes(store.read("similarity-sface-calibration"), "calibration")
    index, probes = sampled(PEOPLE, PROBES, network.weights.extractor_version)
    decider = ThresholdDecider(calibration)
    everybody = verdicts(TemplatePersonRanker(network, faces_per_probe=len(index.snapshot)), decider, index, probes)
    print_counts(index, everybody)
    agreed = {}
    for k in (1, 4, 8, SHIPPED_K):
        some = verdicts(TemplatePersonRanker(network, faces_per_probe=k), decider, index, probes)
        agreed[k] = share_of_equal(some, everybody)
        print(f"nearest {k}: {agreed[k]:.4%} of the verdicts as with everybody")
    assert agreed[SHIPPED_K] >= 0.999


def test_bars_of_those_who_come_up_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    store = ModelStore()
    network = SimilarityNetwork.from_bytes(store.read("similarity-sface"), "similarity")
    calibration = identity_calibration_from_bytes(store.read("similarity-sface-calibration"), "calibration")
    index, probes = sampled(LARGE_PEOPLE, LARGE_PROBES, network.weights.extractor_version)
    decider = ThresholdDecider(calibration)
    some = verdicts(TemplatePersonRanker(network), decider, index, probes)
    without = verdicts(TemplatePersonRanker(network, bar_weight=0.0), decider, index, probes)
    monkeypatch.setattr(person_ranker, "NEIGHBOURS_FROM_FACES", len(index.snapshot) + 1)
    everybody = verdicts(TemplatePersonRanker(network), decider, index, probes)
    print_counts(index, everybody)
    for name, start in (("known people", 0), ("strangers", 1), ("half way between two", 2)):
        rows = slice(start * LARGE_PROBES // 3, (start + 1) * LARGE_PROBES // 3)
        print(
            f"{name}: {share_of_equal(some[rows], everybody[rows]):.2%} of the verdicts as with everybody's bars, "
            f"{share_of_equal(without[rows], everybody[rows]):.2%} without bars for single people"
        )
    assert share_of_equal(some, everybody) >= 0.999


def sampled(people: int, probes: int, version: str) -> tuple[ExactIndex, Float32Array]:
    """Return a gallery, and probes: a third known people, a third strangers, a third half way between two people."""
    statistics = feature_statistics_from_bytes(ModelStore().read("feature-statistics-sface"), "statistics")
    generator, known = np.random.default_rng(1), np.random.default_rng(2).integers(0, people, probes // 3)
    parts = [
        statistics.sample(min(AT_A_TIME, people + probes // 3 - start), FACES + 1, generator).vectors
        for start in range(0, people + probes // 3, AT_A_TIME)
    ]
    faces = np.concatenate(parts)
    faces = faces.reshape(-1, FACES + 1, faces.shape[1])
    gallery = np.ascontiguousarray(faces[:people, :FACES].reshape(-1, faces.shape[2]))
    ids = np.repeat([f"person-{number:05d}" for number in range(people)], FACES)
    # Half way between two enrolled people the runner-up decides.
    between = faces[known, FACES] + faces[np.random.default_rng(3).integers(0, people, len(known)), FACES]
    between /= np.linalg.norm(between, axis=1, keepdims=True)
    index = ExactIndex(GallerySnapshot(gallery, ids, ids, version, 1))
    return index, np.concatenate([faces[known, FACES], faces[people:, 0], between])


def print_counts(index: ExactIndex, found: list[tuple[Verdict, str | None]]) -> None:
    counts = {v.value: sum(verdict is v for verdict, _ in found) for v in Verdict}
    print(f"\n{len(index.snapshot)} faces of sampled people, {len(found)} probes: {counts}")


def share_of_equal(some: list[tuple[Verdict, str | None]], others: list[tuple[Verdict, str | None]]) -> float:
    return float(np.mean([a == b for a, b in zip(some, others, strict=True)]))


def verdicts(
    ranker: TemplatePersonRanker, decider: ThresholdDecider, index: ExactIndex, probes: Float32Array
) -> list[tuple[Verdict, str | None]]:
    found = []
    for row in range(len(probes)):  # one at a time: in one picture nobody is named twice
        scores = ranker.rank(Embeddings(probes[row : row + 1], index.snapshot.extractor_version), index)
        (decision,) = decider.decide(scores)
        found.append((decision.verdict, decision.person_id))
    return found
