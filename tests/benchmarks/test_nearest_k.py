"""How many of the nearest faces have to be judged so that nothing changes against judging everybody.

``pytest -m benchmark tests/benchmarks/test_nearest_k.py -s``
"""

from __future__ import annotations

import numpy as np
import pytest

from facerec_app.core.types import Embeddings, Float32Array, GallerySnapshot, Verdict
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


def test_the_nearest_faces_are_enough() -> None:
    store = ModelStore()
    statistics = feature_statistics_from_bytes(store.read("feature-statistics-sface"), "statistics")
    faces = statistics.sample(PEOPLE + PROBES // 3, FACES + 1, np.random.default_rng(1)).vectors
    people = faces.reshape(-1, FACES + 1, faces.shape[1])
    known = people[:PEOPLE, FACES][np.random.default_rng(2).integers(0, PEOPLE, PROBES // 3)]
    gallery = np.ascontiguousarray(people[:PEOPLE, :FACES].reshape(-1, faces.shape[1]))
    ids = np.repeat([f"person-{number:04d}" for number in range(PEOPLE)], FACES)
    network = SimilarityNetwork.from_bytes(store.read("similarity-sface"), "similarity")
    index = ExactIndex(GallerySnapshot(gallery, ids, ids, network.weights.extractor_version, 1))
    # A third lies half way between two enrolled people: there the runner-up decides.
    between = known + people[:PEOPLE, FACES][np.random.default_rng(3).integers(0, PEOPLE, len(known))]
    between /= np.linalg.norm(between, axis=1, keepdims=True)
    probes = np.concatenate([known, people[PEOPLE:, 0], between])
    calibration = identity_calibration_from_bytes(store.read("similarity-sface-calibration"), "calibration")
    everybody = verdicts(network, ThresholdDecider(calibration), index, probes, len(gallery))
    counts = {v.value: sum(verdict is v for verdict, _ in everybody) for v in Verdict}
    print(f"\n{len(gallery)} faces of {PEOPLE} sampled people, {len(probes)} probes: {counts}")
    agreed = {}
    for k in (1, 4, 8, SHIPPED_K):
        some = verdicts(network, ThresholdDecider(calibration), index, probes, k)
        agreed[k] = float(np.mean([a == b for a, b in zip(some, everybody, strict=True)]))
        print(f"nearest {k}: {agreed[k]:.4%} of the verdicts as with everybody")
    assert agreed[SHIPPED_K] >= 0.999


def verdicts(
    network: SimilarityNetwork, decider: ThresholdDecider, index: ExactIndex, probes: Float32Array, k: int
) -> list[tuple[Verdict, str | None]]:
    ranker = TemplatePersonRanker(network, faces_per_probe=k)
    found = []
    for row in range(len(probes)):  # one at a time: in one picture nobody is named twice
        scores = ranker.rank(Embeddings(probes[row : row + 1], index.snapshot.extractor_version), index)
        (decision,) = decider.decide(scores)
        found.append((decision.verdict, decision.person_id))
    return found
