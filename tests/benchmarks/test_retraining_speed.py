"""How long a retraining takes from command to promoted.

``FACEREC_TRAIN_FEATURES=train.npz pytest -s -m benchmark tests/benchmarks/test_retraining_speed.py``

The command is ``python -m facerec_app train`` in a process of its own, start-up and imports included. The gallery holds
one correction of two people whom the shipped network takes for one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from facerec_app.core.types import Int64Array
from facerec_app.training.labelled_features import LabelledFeatures
from tests.benchmarks.test_corrected_confusions import gallery_rows, nearest_confusions
from tests.benchmarks.training_features import shipped_network, training_features
from tests.retraining_material import enrol_features


def labelled(features: LabelledFeatures, rows: Int64Array) -> LabelledFeatures:
    labels = [features.people[index] for index in features.person_index[rows].tolist()]
    return LabelledFeatures.of(features.vectors[rows], labels, features.extractor_version)


@pytest.mark.benchmark
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("people", "most_s"), [(20, 20.0), (400, 180.0)])
def test_retraining_takes_no_longer_than_it_may(tmp_path: Path, people: int, most_s: float) -> None:
    features = training_features()
    weights, calibration = shipped_network()
    case = nearest_confusions(features, calibration.pair_threshold, weights)[0]
    if people == 20:
        rows = gallery_rows(features, case, np.random.default_rng(0))
    else:
        two = {int(features.person_index[row]) for row in (case.left, case.right)}
        rows_of = features.rows_by_person()
        largest = sorted(set(range(len(rows_of))) - two, key=lambda person: -len(rows_of[person]))[: people - 2]
        rows = np.concatenate([rows_of[person] for person in (*two, *largest)])
    places = {int(row): place for place, row in enumerate(rows.tolist())}
    chosen = labelled(features, rows)
    enrol_features(tmp_path / "gallery", chosen, different=[(places[case.left], places[case.right])])
    before = os.times()
    began = time.monotonic()
    command = ["--database", str(tmp_path / "gallery"), "train", "--json"]
    ran = subprocess.run([sys.executable, "-m", "facerec_app", *command], capture_output=True, text=True, check=True)
    taken_s, after = time.monotonic() - began, os.times()
    processor_s = after.children_user + after.children_system - before.children_user - before.children_system
    result = json.loads(ran.stdout)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(
        f"{people} people, {len(chosen)} faces: {taken_s:.1f} s from command to {result['outcome']}, {processor_s:.1f} "
        f"s of processor time; load of the machine {load:.1f}; corrections {result['corrections_right']}, "
        f"objections {result['objections']}"
    )
    assert result["outcome"] == "promoted"
    assert taken_s <= most_s
