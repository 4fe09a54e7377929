"""How well unknown faces are grouped by person, and what 20,000 of them cost.

``FACEREC_TEST_DATA=... pytest -m benchmark tests/benchmarks/test_clusters.py -s``
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics.cluster import pair_confusion_matrix

from facerec_app.composition import ComposedApplication
from facerec_app.config.settings import Settings
from facerec_app.core.types import Float32Array, Int64Array
from facerec_app.decision.face_clustering import ALIKE_LOG_ODDS, PAIR_LOG_ODDS, cluster_faces, cosine_at
from facerec_app.models.model_store import ModelStore
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.training.feature_statistics import feature_statistics_from_bytes
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.picture_features import embed_pictures

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]
SEEDS, PEOPLE, PICTURES = range(8), 100, 5
LEAST_F, MOST_SECONDS = 0.95, 30.0


def network() -> SimilarityNetwork:
    return SimilarityNetwork.from_bytes(ModelStore().read("similarity-sface"), "similarity")


def limits(vectors: Float32Array) -> tuple[float, float]:
    scorer = network()
    return cosine_at(scorer, vectors, ALIKE_LOG_ODDS), cosine_at(scorer, vectors, PAIR_LOG_ODDS)


def precision_recall_f(found: Int64Array, owners: Int64Array) -> tuple[float, float, float]:
    """Return the figures of pairs of faces; a face that belongs to no group is one of its own."""
    alone = found < 0
    groups = np.where(alone, found.max(initial=0) + 1 + np.arange(len(found)), found)
    (_, wrong), (missed, right) = pair_confusion_matrix(owners, groups).tolist()
    precision, recall = right / max(right + wrong, 1), right / max(right + missed, 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def features_of(folder: Path, people: list[str], database: Path, *, most: int | None = None) -> LabelledFeatures:
    """Return the features of people's pictures as the program makes them, at most so many a person."""
    application = ComposedApplication(Settings(database_dir=database))
    path = application._face_source().path
    pictures = [str(file.relative_to(folder)) for name in people for file in sorted((folder / name).iterdir())[:most]]
    features = embed_pictures(folder, pictures, path).labelled()
    application.close()
    return features


def names_in(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").split()


@pytest.fixture(scope="module")
def lfw(test_data_dir: Path) -> Path:
    return test_data_dir / "lfw"


@pytest.fixture(scope="module")
def strangers(lfw: Path, test_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> LabelledFeatures:
    """Return 350 people with one picture each."""
    return features_of(lfw, names_in(test_data_dir / "splits" / "stranger_people.txt"), tmp_path_factory.mktemp("a"))


def judge(title: str, vectors: Float32Array, owners: Int64Array) -> tuple[float, float]:
    started_s = time.perf_counter()
    found = cluster_faces(vectors, *limits(vectors))
    seconds = time.perf_counter() - started_s
    precision, recall, f = precision_recall_f(found, owners)
    groups = int(found.max(initial=-1)) + 1
    print(f"\n{title}: {len(vectors)} faces of {len(set(owners.tolist()))} people in {groups} groups, precision "
          f"{precision:.4f}, recall {recall:.4f}, F {f:.4f}, {seconds:.2f} s")  # fmt: skip
    return f, seconds


def test_a_hundred_people_of_the_training_split(
    lfw: Path, test_data_dir: Path, strangers: LabelledFeatures, tmp_path: Path
) -> None:
    people = names_in(test_data_dir / "splits" / "train_people.txt")
    able = [name for name in people if len(list((lfw / name).iterdir())) >= PICTURES]
    chosen = {seed: sorted(np.random.default_rng(seed).choice(able, PEOPLE, replace=False)) for seed in SEEDS}
    features = features_of(lfw, sorted(set().union(*chosen.values())), tmp_path, most=PICTURES)
    for seed, names in chosen.items():
        part = features.of_people(names)
        f, seconds = judge(f"train people, seed {seed}", part.vectors, part.person_index)
        assert f >= LEAST_F
        assert seconds < MOST_SECONDS
        vectors = np.concatenate([part.vectors, strangers.vectors])
        owners = np.concatenate([part.person_index, len(part.people) + strangers.person_index])
        f, _ = judge(f"the same among 350 strangers, seed {seed}", vectors, owners)
        assert f >= LEAST_F


def test_people_nothing_was_tuned_on(
    lfw: Path, test_data_dir: Path, strangers: LabelledFeatures, tmp_path: Path
) -> None:
    names = names_in(test_data_dir / "splits" / "test_people.txt")
    everybody = features_of(lfw, names, tmp_path)
    rows = [rows[:PICTURES] for rows in everybody.rows_by_person() if len(rows) >= PICTURES]
    five = np.concatenate(rows)
    f, _ = judge("test people with five pictures", everybody.vectors[five], everybody.person_index[five])
    assert f >= LEAST_F
    judge("every picture of the test people", everybody.vectors, everybody.person_index)
    vectors = np.concatenate([everybody.vectors[five], strangers.vectors])
    owners = np.concatenate([everybody.person_index[five], len(everybody.people) + strangers.person_index])
    f, _ = judge("test people with five pictures among 350 strangers", vectors, owners)
    assert f >= LEAST_F


def test_twenty_thousand_faces_fit_into_time_and_memory() -> None:
    statistics = feature_statistics_from_bytes(ModelStore().read("feature-statistics-sface"), "statistics")
    several = statistics.sample(3000, 5, np.random.default_rng(1)).vectors
    once = statistics.sample(5000, 1, np.random.default_rng(2)).vectors
    vectors = np.concatenate([several.reshape(-1, several.shape[-1]), once.reshape(-1, once.shape[-1])])
    owners = np.concatenate([np.repeat(np.arange(3000), 5), 3000 + np.arange(5000)])
    before_mb = peak_mb()
    _, seconds = judge("sampled from the feature statistics", np.ascontiguousarray(vectors), owners)
    print(f"{peak_mb() - before_mb:.0f} MB more at the peak")
    assert seconds < 120
    assert peak_mb() - before_mb < 1500


def peak_mb() -> float:
    """Return the most memory that this process has had, in megabytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
