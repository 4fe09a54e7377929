"""The training material: shards of 128x128 faces with the teachers' values beside them.

A shard is a folder with ``faces.npy`` ``(N, 128, 128, 3)`` uint8, ``sface.npy`` and ``dlib.npy`` ``(N, 128)`` float32.
Real faces are shard ``real``; made ones are ``made-00000`` and on, each from its own seed, so that a bank can be
extended at any time and always comes out the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facerec_app.core.errors import NotEnoughDataError
from facerec_app.core.types import Float32Array, UInt8Array
from facerec_app.training.extractor.face_dataset import FaceSet, centre_crops
from facerec_app.training.extractor.synthetic_faces import make_faces
from facerec_app.training.extractor.teachers import Teachers, TeacherValues

BANK_PX = 128
SHARD_FACES = 4096
CHUNK_FACES = 512


@dataclass(frozen=True, slots=True, eq=False)
class Shard:
    """One shard of faces with their labels, in memory."""

    pixels_rgb: UInt8Array
    sface: Float32Array
    dlib: Float32Array

    def __len__(self) -> int:
        return int(self.sface.shape[0])


def write_real_shard(faces: FaceSet, teachers: Teachers, folder: Path) -> None:
    """Label the real faces, averaged over picture and mirror image, and store them as ``folder/real``."""
    values = teachers.judge(faces.pixels_rgb, with_mirror=True)
    _write(folder / "real", centre_crops(faces.pixels_rgb, BANK_PX), values)


def write_made_shards(faces: FaceSet, teachers: Teachers, folder: Path, numbers: range) -> Iterator[int]:
    """Make, label and store shards that do not exist yet, yielding the number of each one done."""
    for number in numbers:
        target = folder / f"made-{number:05d}"
        if target.is_dir():
            continue
        made = make_faces(faces, SHARD_FACES, seed=1000 + number)
        judged = [
            teachers.judge(made[start : start + CHUNK_FACES], with_mirror=False)
            for start in range(0, SHARD_FACES, CHUNK_FACES)
        ]
        values = TeacherValues(
            np.concatenate([part.sface for part in judged]), np.concatenate([part.dlib for part in judged])
        )
        _write(target, centre_crops(made, BANK_PX), values)
        yield number


def open_bank(folder: Path) -> list[Shard]:
    """Return every complete shard, the real faces first."""
    names = ["real", *sorted(path.name for path in folder.glob("made-?????"))]
    shards = [_open(folder / name) for name in names if (folder / name / "faces.npy").is_file()]
    if not shards:
        msg = f"{folder} holds no training material; run 'teach' first"
        raise NotEnoughDataError(msg)
    return shards


def _open(folder: Path) -> Shard:
    return Shard(
        np.load(folder / "faces.npy", allow_pickle=False),
        np.load(folder / "sface.npy", allow_pickle=False),
        np.load(folder / "dlib.npy", allow_pickle=False),
    )


def _write(folder: Path, pixels_rgb: UInt8Array, values: TeacherValues) -> None:
    """Write a shard beside its final place and rename it when it is whole."""
    staging = folder.with_name(folder.name + ".part")
    staging.mkdir(parents=True, exist_ok=True)
    np.save(staging / "faces.npy", pixels_rgb)
    np.save(staging / "sface.npy", values.sface)
    np.save(staging / "dlib.npy", values.dlib)
    staging.rename(folder)
