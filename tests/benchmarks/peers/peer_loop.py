"""What every peer's script does: read a film, take frames through the peer, write what it found.

Runs in the peer's own environment, so it uses OpenCV and the standard library only.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2

Faces = list[tuple[list[float], "str | None"]]
"""Box (x0, y0, x1, y1) and name of every face."""


def run_peer(make: Callable[[dict[str, list[Any]]], Callable[[Any], Faces]]) -> None:
    """Enrol, warm up and time; arguments: film, folder of people, every how many frames, JSON file.

    Args:
        make: from person's name to their pictures (BGR) gives the function that finds and names the faces of a frame
            (BGR).
    """
    film, known, every, out = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    people = {
        folder.name.replace("_", " "): [cv2.imread(str(file)) for file in sorted(folder.iterdir())]
        for folder in sorted(known.iterdir())
        if folder.is_dir()
    }
    recognise = make(people)
    capture = cv2.VideoCapture(str(film))
    records: list[dict[str, Any]] = []
    seconds = processor = 0.0
    for index in range(10**9):
        ok, frame = capture.read()
        if not ok:
            break
        if index % every:
            continue
        if not records:
            recognise(frame)  # the first call loads
        began, worked = time.perf_counter(), time.process_time()
        faces = recognise(frame)
        seconds += time.perf_counter() - began
        processor += time.process_time() - worked
        records.append({"frame": index, "faces": faces})
    count = len(records)
    report = {"frames": count, "seconds": seconds, "processor_s": processor, "records": records}
    out.write_text(json.dumps(report), encoding="utf-8")
