"""``facerec run`` as a whole process: frames a second, time to the first annotated frame, peak memory.

Run it alone on a quiet machine: ``pytest tests/benchmarks/test_run_speed.py -m benchmark -s``
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from facerec_app.composition import compose
from facerec_app.config.settings import Settings

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.skipif(not hasattr(os, "wait4"), reason="needs the accounting of finished processes"),
]
RUNS = 5


@dataclass(frozen=True, slots=True)
class RunFigures:
    """One process: frames a second, seconds to the first event on disk, peak resident memory."""

    frames_per_s: float
    first_event_s: float
    peak_mb: float


def measure(arguments: Sequence[str], events: Path, summary: Path) -> RunFigures:
    events.unlink(missing_ok=True)
    seen: list[float] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.005):
            if events.exists() and events.stat().st_size > 0:
                seen.append(time.monotonic())
                return

    watcher = threading.Thread(target=watch)
    with summary.open("w") as stdout:
        started = time.monotonic()
        process = subprocess.Popen([sys.executable, "-m", "facerec_app", *arguments], stdout=stdout)
        watcher.start()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        ended.set()
        watcher.join()
    assert process.returncode == 0
    record: dict[str, Any] = json.loads(summary.read_text(encoding="utf-8"))
    return RunFigures(record["frames_per_s"], seen[0] - started, usage.ru_maxrss / 1024)


@pytest.mark.parametrize("detector", ["mtcnn", "yunet"])
def test_run_keeps_up_with_a_camera(detector: str, test_data_dir: Path, tmp_path: Path) -> None:
    gallery = tmp_path / "gallery"
    app = compose(Settings(database_dir=gallery))
    app.enrolment().import_folder(test_data_dir / "photos" / "known")
    app.close()
    events, summary = tmp_path / "events.jsonl", tmp_path / "summary.json"
    arguments = [
        "--database", str(gallery), "run", str(test_data_dir / "video" / "hamilton_640x360.mp4"),
        "--detector", detector, "--out", str(tmp_path / "out.mp4"), "--events", str(events), "--json",
    ]  # fmt: skip
    runs = [measure(arguments, events, summary) for _ in range(RUNS + 1)][1:]  # the first one warms the disk cache
    middle = RUNS // 2
    frames_per_s = sorted(run.frames_per_s for run in runs)
    first_event_s = sorted(run.first_event_s for run in runs)
    peak_mb = max(run.peak_mb for run in runs)
    print(
        f"\n{detector}: {frames_per_s[middle]:.1f} frames/s ({frames_per_s[0]:.1f} to {frames_per_s[-1]:.1f}), first "
        f"annotated frame after {first_event_s[middle]:.2f} s ({first_event_s[0]:.2f} to {first_event_s[-1]:.2f}), "
        f"peak memory {peak_mb:.0f} MB"
    )
    assert frames_per_s[middle] >= 25
    assert first_event_s[middle] <= 2.5
    assert peak_mb <= 700
