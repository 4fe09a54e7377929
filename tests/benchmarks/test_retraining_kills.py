"""Kills at random moments of training and of promotion: the network in use is never damaged, no process stays behind.

``FACEREC_TEST_KILLS=200 pytest -s -m benchmark tests/benchmarks/test_retraining_kills.py``

Half of the kills hit ``python -m facerec_app train --json-progress`` itself, a third of these after it said that it
stores its result; half hit a program that stores, promotes and takes back versions without pause.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from facerec_app.config.paths import DatabasePaths
from facerec_app.models.version_store import VersionStore
from facerec_app.services.present_network import network_of_version
from tests.e2e.test_retraining_process import is_alive
from tests.retraining_material import enrol_features, sampled_people, with_lookalikes

KILLS = int(os.environ.get("FACEREC_TEST_KILLS", "200"))
SEED = 7

pytestmark = [pytest.mark.benchmark, pytest.mark.skipif(os.name == "nt", reason="kills with SIGKILL")]


def require_whole(store: VersionStore) -> str | None:
    """Read the network in use as the program does; return its version."""
    present = store.present_id()
    if present is not None:
        network_of_version(store.read(present))
    assert store.faults() == {}
    return present


@pytest.mark.timeout(10800)
def test_killed_trainings_leave_the_present_network(tmp_path: Path) -> None:
    chance, folder = random.Random(SEED), tmp_path / "gallery"
    enrol_features(folder, with_lookalikes(sampled_people(12, 3)), different=[(0, 3)])
    store = VersionStore(DatabasePaths(folder).versions_dir)
    assert train(folder, None, chance)[1] == "ended"
    whole_s, before = train(folder, None, chance)[0], require_whole(store)
    tally: dict[str, int] = {}
    changed = 0
    for number in range(KILLS // 2):
        moment = "storing" if number % 3 == 0 else chance.uniform(0.0, whole_s)
        _, ended = train(folder, moment, chance)
        tally[ended] = tally.get(ended, 0) + 1
        after = require_whole(store)
        changed += after != before
        before = after
        print(f"kill {number + 1}: {ended}, in use {after}", flush=True)
    assert train(folder, None, chance)[1] == "ended", "and the next training finds nothing in its way"
    assert not list(store.folder.glob(".new-*"))
    print(f"{KILLS // 2} kills, a whole run takes {whole_s:.1f} s: {tally}; {changed} came after the promotion")


def train(folder: Path, moment: float | str | None, chance: random.Random) -> tuple[float, str]:
    """Train until the end or a kill at that second, or a moment after it stores; return seconds and how it ended."""
    command = ["--database", str(folder), "--threads", "1", "train", "--epochs", "1", "--json-progress"]
    began, stage = time.monotonic(), "before the first word"
    with subprocess.Popen(
        [sys.executable, "-m", "facerec_app", *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        if isinstance(moment, float):
            try:
                process.wait(moment)
            except subprocess.TimeoutExpired:
                process.kill()
        for line in process.stdout:
            event = json.loads(line) if line.endswith("}\n") else {}
            stage = event.get("stage", stage)
            if moment == "storing" and stage == "storing":
                time.sleep(chance.uniform(0.0, 0.08))
                process.kill()
        code = process.wait()
    assert not is_alive(process.pid)
    return time.monotonic() - began, "ended" if code == 0 else f"killed in {stage}"


LOOP = """
import sys
from pathlib import Path
from dataclasses import replace
from facerec_app.models.version_store import VersionStore
store = VersionStore(Path(sys.argv[1]))
stored = store.read(store.ids()[0])
number = int(sys.argv[2])
print("ready", flush=True)
while True:
    number += 1
    name = f"v{number:09d}"
    store.add(replace(stored.record, version_id=name), stored.weights, stored.calibration)
    store.promote(name)
    if number % 3 == 0:
        store.rollback()
    for old in store.ids()[1:-4]:
        if old != store.present_id():
            store.remove(old)
"""


@pytest.mark.timeout(3600)
def test_killed_promotions_leave_a_whole_network(tmp_path: Path) -> None:
    from tests.unit.services.test_versions import add_version

    chance, store = random.Random(SEED), VersionStore(tmp_path / "versions")
    add_version(store, "v000000000")
    store.promote("v000000000")
    halves = 0
    for number in range(KILLS - KILLS // 2):
        loop = [sys.executable, "-c", LOOP, str(store.folder), str((number + 1) * 1_000_000)]
        with subprocess.Popen(loop, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(chance.uniform(0.0, 0.3))
            process.kill()
            process.wait()
        assert not is_alive(process.pid)
        assert require_whole(store) is not None
        halves += store.sweep()
    print(
        f"{KILLS - KILLS // 2} kills of promotions, {halves} in the middle of writing a version: network in use whole"
    )
