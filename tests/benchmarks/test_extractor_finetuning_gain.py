"""What fine-tuning the extractor gains on people whom the network never saw, and what others lose by it.

FACEREC_TEST_DATA=DATA python -m pytest -m benchmark tests/benchmarks/test_extractor_finetuning_gain.py -s
(half a minute of processor time; figures in docs/extractor-training.md)
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from facerec_app.composition import ComposedApplication
from facerec_app.config.settings import Settings
from facerec_app.evaluation.people_lists import read_people_list
from facerec_app.training.extractor.commands import HOLD_OUT_SEED
from facerec_app.training.extractor.face_dataset import hold_out_people, list_people
from facerec_app.training.extractor.finetuning_options import FinetuningOptions

_PEOPLE = 20


@pytest.mark.benchmark
@pytest.mark.timeout(1800)
def test_own_people_gain_and_others_lose_nothing(test_data_dir: Path, tmp_path: Path) -> None:
    known = read_people_list(test_data_dir / "splits" / "train_people.txt")
    held_out = hold_out_people(sorted(known), 300, HOLD_OUT_SEED)[1]
    pictures = {person: list_people(test_data_dir / "lfw", [person]) for person in held_out}
    able = [person for person, entries in pictures.items() if len(entries) >= 3]
    strangers = [person for person, entries in pictures.items() if len(entries) < 3]
    own = np.random.default_rng(3).permutation(able)[:_PEOPLE].tolist()
    for person in (*own, *strangers):
        (tmp_path / "people" / person).mkdir(parents=True)
        for entry in pictures[person]:
            (tmp_path / "people" / person / entry.path.name).write_bytes(entry.path.read_bytes())
    app = ComposedApplication(Settings(database_dir=tmp_path / "database", profile="resnet50"))
    result = app.library().extractor_finetuning().finetune(tmp_path / "people", FinetuningOptions())
    app.close()
    print(json.dumps(result.to_json(), indent=1))
    before, after = result.comparison.before, result.comparison.after
    assert result.version_id is not None, result.sentence
    assert after.own_tar > before.own_tar
    assert before.others_tar is not None
    assert after.others_tar is not None
    assert after.others_tar >= before.others_tar - 0.005
