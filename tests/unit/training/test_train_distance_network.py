"""The distance fitted on few people: the better form is chosen, and the record says by what."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from facerec_app.core.types import Float32Array
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.picture_features import PictureFeatures
from facerec_app.training.train_distance_network import main, train


def people_around(offset: float, seed: int = 3) -> LabelledFeatures:
    """Return 80 people with three faces each, whose features have ``offset`` in common."""
    generator = np.random.default_rng(seed)
    centres = generator.standard_normal((80, 24))
    vectors = centres.repeat(3, axis=0) + 0.9 * generator.standard_normal((240, 24)) + offset
    unit: Float32Array = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return LabelledFeatures.of(unit, [f"p{row // 3:02d}" for row in range(240)], "sface-test")


def test_what_all_faces_have_in_common_is_taken_away_where_that_is_better() -> None:
    weights, record = train(people_around(4.0), seed=1)
    assert record["chosen"] in ("centred", "scaled")
    figures = record["forms_on_the_other_half"]
    assert figures[record["chosen"]]["cllr"] == min(one["cllr"] for one in figures.values())
    assert not weights.normalisation.changes_nothing
    assert not weights.layers


def test_the_same_features_give_the_same_network_and_its_log_odds_fit() -> None:
    features = people_around(0.0)
    weights, _ = train(features, seed=1)
    assert train(features, seed=1)[0].version == weights.version
    score = SimilarityNetwork(weights).log_odds
    same = score(features.vectors[0::3], features.vectors[1::3])
    other = score(features.vectors[0::3], np.roll(features.vectors[1::3], 1, axis=0))
    assert np.median(same) > 0 > np.median(other)


def test_the_command_uses_only_the_people_it_was_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    features = people_around(0.0)
    names = tuple(f"{features.people[index]}/{row}.jpg" for row, index in enumerate(features.person_index.tolist()))
    stored = PictureFeatures(names, np.ones(240, bool), features.vectors, "sface-test", "none", "0" * 64)
    stored.save(tmp_path / "features.npz")
    (tmp_path / "people.txt").write_text("\n".join(features.people[:40]), encoding="utf-8")
    arguments = ["--features", "features.npz", "--people", "people.txt", "--out", "."]
    paths = [str(tmp_path / part) if not part.startswith("--") else part for part in arguments]
    assert main([*paths, "--name", "network"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["people"], record["faces"]) == (40, 120)
    assert SimilarityNetwork.from_file(tmp_path / "network.safetensors").version == record["version"]
