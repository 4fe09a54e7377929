"""A kill at any moment leaves a whole network in use, and nothing that the next change does not clear away."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from facerec_app.models.version_store import VersionStore


@pytest.mark.skipif(os.name == "nt", reason="divides a process and kills it")
def test_a_kill_before_every_step_leaves_a_whole_network_in_use(tmp_path: Path, repository_dir: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.unit.models.version_crashes", str(tmp_path)],
        cwd=repository_dir, capture_output=True, text=True, check=False, timeout=250,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    steps = [line.split() for line in ran.stdout.splitlines()]
    assert steps[-1][1] == "done"
    assert len(steps) > 12
    seen = set()
    for step, _ in steps:
        store = VersionStore(tmp_path / step)
        present = store.present_id()
        seen.add(present)
        assert present in ("v1", "v3")
        assert store.read(present).weights in (b"one", b"three")
        assert store.faults() == {}
        store.sweep()
        left = {path.name for path in store.folder.iterdir()} - {".lock", "present.json"}
        assert left <= {"v1", "v2", "v3"}
        store.promote("v2")
        assert store.present_id() == "v2"
    assert seen == {"v1", "v3"}, "some kills came before the promotion, some after"
