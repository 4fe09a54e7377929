"""``python -m tests.benchmarks.speed --data FOLDER --out run.json [--part stages ...]``, from the root of a clone.

FOLDER holds ``video/`` and ``photos/known/``. Parts: stages (each stage alone), run (whole processes), live (delay from
capture to overlay), idle (a still picture), limit (networks against the processor's product rate).
``python -m tests.benchmarks.speed.compare old.json new.json`` reports ratios.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.speed.live import faces_scene, live_figures, scene_cost
from tests.benchmarks.speed.machine import machine_facts
from tests.benchmarks.speed.stages import enrolled_gallery, run_figures, stage_figures

FILMS = ("hamilton_640x360", "opera_1920x1080")
DETECTORS = ("mtcnn", "yunet")
Figures = dict[str, object]


class SpeedRun:
    """Measures part by part."""

    def __init__(self, data: Path, scratch: Path, detectors: tuple[str, ...], profile: str) -> None:
        self._data = data
        self._scratch = scratch
        self._detectors = detectors
        self._profile = profile
        self._gallery = enrolled_gallery(data / "photos" / "known", scratch / "gallery", profile)
        self._portraits = sorted((data / "photos" / "known").rglob("*.jpg"))[:3]

    def stages(self) -> Figures:
        return {
            f"{film} {detector}": stage_figures(self._gallery, self._film(film), detector, self._profile, self._scratch)
            for film in FILMS
            for detector in self._detectors
        }

    def run(self) -> Figures:
        figures: Figures = {}
        for film in FILMS:
            for detector in self._detectors:
                for write in (False, True):
                    name = f"{film} {detector}{' written' if write else ''}"
                    figures[name] = run_figures(
                        self._gallery, self._film(film), detector, self._profile, self._scratch, write=write
                    )
        return figures

    def live(self) -> Figures:
        scene = faces_scene(self._portraits, moving=True)
        return {
            detector: live_figures(self._gallery, detector, self._profile, scene, 4.9) for detector in self._detectors
        }

    def idle(self) -> Figures:
        figures: Figures = {}
        scenes = {
            "nobody": faces_scene([], moving=False),
            "three still faces": faces_scene(self._portraits, moving=False),
            "faces appear at frame 90": faces_scene(self._portraits, moving=False, appear_at=90),
        }
        for name, scene in scenes.items():
            for detector in self._detectors:
                seconds = 5.0 if "appear" in name else 10.0
                row = live_figures(self._gallery, detector, self._profile, scene, seconds)
                painting = scene_cost(scene, seconds)
                figures[f"{name}, {detector}"] = {**row, "core_share_of_painting": painting}
        return figures

    def limit(self) -> Figures:
        from tests.benchmarks.speed.limit import limit_figures

        return limit_figures()

    def _film(self, name: str) -> Path:
        return self._data / "video" / f"{name}.mp4"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--part", action="append", choices=("stages", "run", "live", "idle", "limit"))
    parser.add_argument("--detector", action="append", choices=DETECTORS)
    parser.add_argument("--profile", default="sface", help="recognition profile")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        measured = SpeedRun(arguments.data, Path(scratch), tuple(arguments.detector or DETECTORS), arguments.profile)
        parts: dict[str, Callable[[], Figures]] = {
            part: getattr(measured, part) for part in arguments.part or ("stages", "run", "live", "idle", "limit")
        }
        report: Figures = {"machine": machine_facts()}
        for name, part in parts.items():
            print(f"{name} ...", file=sys.stderr)
            report[name] = part()
    arguments.out.write_text(json.dumps(report, indent=1), encoding="utf-8")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
