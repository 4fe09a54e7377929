"""People kept out of training, to see what the student makes of strangers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facerec_app.core.types import Float32Array, Int64Array, UInt8Array
from facerec_app.training.extractor.face_dataset import load_faces
from facerec_app.training.extractor.teachers import unit_rows


@dataclass(frozen=True, slots=True, eq=False)
class WatchedPeople:
    """Held-out faces with SFace's values.

    Attributes:
        pixels_rgb: ``(N, S, S, 3)`` uint8 with the 112x112 template in the middle.
        people: ``(N,)`` int64.
        sface: ``(N, 128)`` float32, less their mean, unit-length.
    """

    pixels_rgb: UInt8Array
    people: Int64Array
    sface: Float32Array


def load_watched(folder: Path) -> WatchedPeople:
    """Return the held-out group written by ``prepare`` and ``teach``."""
    faces = load_faces(folder)
    values = np.load(folder / "sface.npy", allow_pickle=False)
    return WatchedPeople(faces.pixels_rgb, faces.people, unit_rows(values - values.mean(axis=0)))
