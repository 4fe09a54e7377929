"""A program that asks the package ``mtcnn`` itself, in a process of its own because it brings TensorFlow.

``faces OUT.npz MIN_FACE_SIZE PICTURE...`` writes what the package finds: key PICTURE, ``(N, 15)`` float64: box corners,
score, five x, five y. ``speed VIDEO`` prints milliseconds a frame of package and program, taken in turns, of the clock
and of the processor (all threads), as JSON. Run it in an empty folder: the package loads weights by bare name from the
working directory if it finds them there.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

FRAME_STEP = 9


def package_faces(detector: Any, picture_rgb: npt.NDArray[np.uint8], **options: float) -> npt.NDArray[np.float64]:
    try:
        rows = detector.detect_faces(picture_rgb, output_type="numpy", box_format="xyxy", **options)
    except ValueError as exc:
        if "empty output" not in str(exc):
            raise
        # For coarse searches the package makes levels of a few pixels, at which newer Keras stops instead of finding
        # nothing; either way nothing is reported.
        return np.zeros((0, 15))
    return np.asarray(rows, np.float64)[:, 1:16]


def write_faces(out: str, min_face_size: str, *pictures: str) -> None:
    from mtcnn import MTCNN

    detector = MTCNN()
    found: dict[str, Any] = {}
    for name in pictures:
        picture = cv2.imread(name)
        assert picture is not None, name
        found[name] = package_faces(
            detector, np.ascontiguousarray(picture[..., ::-1], np.uint8), min_face_size=int(min_face_size)
        )
    np.savez(out, **found)


def print_speed(video: str) -> None:
    from mtcnn import MTCNN

    from facerec_app.detection.mtcnn_detector import MtcnnDetector
    from facerec_app.models.model_store import ModelStore

    frames = []
    capture = cv2.VideoCapture(video)
    while capture.grab():
        if int(capture.get(cv2.CAP_PROP_POS_FRAMES)) % FRAME_STEP == 0:
            frames.append(np.ascontiguousarray(capture.retrieve()[1][..., ::-1], np.uint8))
    package, store = MTCNN(), ModelStore()
    runners: dict[str, Callable[[Any], Any]] = {
        "package-20": lambda frame: package_faces(package, frame),
        **{f"program-{size}": MtcnnDetector(store, min_face_size_px=size).detect for size in (20, 40, 80)},
    }
    wall_ms: dict[str, list[float]] = {name: [] for name in runners}
    processor_ms: dict[str, list[float]] = {name: [] for name in runners}
    for number, frame in enumerate([frames[0], *frames]):
        for name, run in runners.items():
            started, started_processor = time.perf_counter(), time.process_time()
            run(frame)
            if number:
                wall_ms[name].append((time.perf_counter() - started) * 1000)
                processor_ms[name].append((time.process_time() - started_processor) * 1000)
    # The lower quartile: on a machine with other work the middle says more about that work.
    measured = {"ms": wall_ms, "processor_ms": processor_ms}
    figures = {
        unit: {name: float(np.percentile(values, 25)) for name, values in times.items()}
        for unit, times in measured.items()
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    commands: dict[str, Callable[..., None]] = {"faces": write_faces, "speed": print_speed}
    commands[sys.argv[1]](*sys.argv[2:])
