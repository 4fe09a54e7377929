"""Each stage alone, and whole runs as processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from threading import Event, Thread

from facerec_app.composition import ComposedApplication
from facerec_app.config.settings import Settings
from facerec_app.services.stage_measurement import measure_stages, speed_by_stage

WARM_UP_FRAMES = 5


def enrolled_gallery(known: Path, folder: Path, profile: str) -> Path:
    """Enrol the people of a folder and return the gallery."""
    app = ComposedApplication(Settings(database_dir=folder, profile=profile))
    app.enrolment().import_folder(known)
    app.close()
    return folder


def stage_figures(gallery: Path, film: Path, detector: str, profile: str, scratch: Path) -> dict[str, object]:
    """Return median and p95 of every stage in ms, one after another, and the processor time of a frame."""
    app = ComposedApplication(Settings(database_dir=gallery, detector=detector, profile=profile))
    pipeline = app.make_pipeline()
    before_s = time.process_time()
    times = measure_stages(app.open_source(str(film)), pipeline, frames=10**6, video=scratch / "stages.mp4")
    processor_ms = (time.process_time() - before_s) * 1e3 / len(times)
    app.close()
    return {
        "frames": len(times),
        "stages_ms": {stage: asdict(speed) for stage, speed in speed_by_stage(times[WARM_UP_FRAMES:]).items()},
        "processor_ms_a_frame": processor_ms,
    }


def run_figures(
    gallery: Path, film: Path, detector: str, profile: str, scratch: Path, *, write: bool
) -> dict[str, object]:
    """Return what ``facerec run`` does as a process: frames a second, first result, first name, memory, processor time.

    Args:
        gallery: enrolled people.
        film: video file.
        detector: ``mtcnn`` or ``yunet``.
        profile: recognition profile.
        scratch: folder for what the run writes.
        write: also draw and encode the annotated video.
    """
    events = scratch / "events.jsonl"
    events.unlink(missing_ok=True)
    command = [sys.executable, "-m", "facerec_app", "--database", str(gallery), "run", str(film), "--json"]
    command += ["--detector", detector, "--profile", profile, "--events", str(events)]
    command += ["--out", str(scratch / "run.mp4")] if write else []
    watched = _FirstEvents(events)
    with (scratch / "summary.json").open("w") as summary:
        started_s = time.monotonic()
        process = subprocess.Popen(command, stdout=summary)
        watched.start()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        watched.stop()
    if process.returncode != 0:
        raise RuntimeError(f"facerec run ended with {process.returncode}")
    report = json.loads((scratch / "summary.json").read_text(encoding="utf-8"))
    lines = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
    names = {(e["frame"], e["person"]) for e in lines if e["person"]}
    return {
        "frames_a_second": report["frames_per_s"],
        "frames": report["frames"],
        "dropped": report["dropped"],
        "faces": len(lines),
        "named_frames": {who: sum(1 for _, name in names if name == who) for who in sorted({n for _, n in names})},
        "first_result_s": watched.first_s - started_s if watched.first_s else None,
        "first_name_s": watched.first_name_s - started_s if watched.first_name_s else None,
        "peak_memory_mb": usage.ru_maxrss / 1024,
        "processor_s": usage.ru_utime + usage.ru_stime,
    }


class _FirstEvents:
    """Notes when the first event, and the first with a name, are on disk."""

    def __init__(self, file: Path) -> None:
        self.first_s: float | None = None
        self.first_name_s: float | None = None
        self._file = file
        self._ended = Event()
        self._thread = Thread(target=self._watch)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.005):
            text = self._file.read_text(encoding="utf-8") if self._file.exists() else ""
            if text and self.first_s is None:
                self.first_s = time.monotonic()
            if '"verdict": "known"' in text:
                self.first_name_s = time.monotonic()
                return
