"""How well people are told apart when one of two pictures is dark, small, badly placed or shows them from the side.

Every picture of people held out of training is changed in the same ways, by fixed chance; genuine and impostor pairs
are a clean picture and a changed one. The teacher's figures say how much is there to be known at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from facerec_app.core.protocols import InferenceSession
from facerec_app.core.types import Float32Array, UInt8Array
from facerec_app.training.extractor.face_dataset import centre_crops, load_faces
from facerec_app.training.extractor.face_turning import turned
from facerec_app.training.extractor.judging import served_values
from facerec_app.training.extractor.pair_measures import measure_pairs, pair_cosines, person_pairs
from facerec_app.training.extractor.teachers import in_batches, unit_rows

SMALL_PX = 40
SEED = 5


@dataclass(frozen=True, slots=True)
class ChangedPicturesRow:
    """How one network does with one kind of changed pictures.

    Attributes:
        network: ``sface`` or ``student``.
        change: of the second picture of each pair.
        genuine_cosine: mean over the pairs of one person.
        tar_at_far_1e2: share of genuine pairs accepted where one impostor pair in a hundred is.
        tar_at_far_1e3: the same for one in a thousand.
    """

    network: str
    change: str
    genuine_cosine: float
    tar_at_far_1e2: float
    tar_at_far_1e3: float


def judge_changed(student: InferenceSession, sface: InferenceSession, held_out: Path) -> list[ChangedPicturesRow]:
    """Return how both networks do on held-out people, by kind of change.

    Args:
        student: the exported graph; its projection with mirror image is judged.
        sface: the teacher.
        held_out: folder of aligned faces.
    """
    faces = load_faces(held_out)
    generator = np.random.default_rng(SEED)
    pictures = {
        name: np.stack([change(picture, generator) for picture in np.array(faces.pixels_rgb)])
        for name, change in CHANGES.items()
    }
    pairs, genuine = person_pairs(faces.people)
    rows = []
    for network, values in (
        ("sface", {name: _sface_values(sface, stored) for name, stored in pictures.items()}),
        ("student", {name: served_values(student, stored, True)["projection"] for name, stored in pictures.items()}),
    ):
        for name, changed in values.items():
            rows_of_both = pairs + np.array([0, len(changed)])
            cosines = pair_cosines(np.concatenate([values["clean"], changed]), rows_of_both)
            measured = measure_pairs(cosines, genuine)
            mean = float(cosines[genuine].mean())
            rows.append(ChangedPicturesRow(network, name, mean, measured.tar_at_far_1e2, measured.tar_at_far_1e3))
    return rows


def _sface_values(session: InferenceSession, stored_rgb: UInt8Array) -> Float32Array:
    return unit_rows(in_batches(session, centre_crops(stored_rgb)))


def _clean(picture: UInt8Array, _generator: np.random.Generator) -> UInt8Array:
    return picture


def _dark(picture: UInt8Array, generator: np.random.Generator) -> UInt8Array:
    """Return the picture at 0.15 to 0.4 of its light, shadows darker still, with a sensor's noise."""
    light = (picture / 255.0) ** 1.3 * generator.uniform(0.15, 0.4) + generator.normal(0, 0.02, picture.shape)
    return np.asarray(np.clip(light, 0, 1) * 255, np.uint8)


def _from_the_side(picture: UInt8Array, generator: np.random.Generator) -> UInt8Array:
    """Return the face turned by 30 to 50 degrees."""
    return turned(picture, int(generator.integers(30, 51)) * int(generator.choice((-1, 1))), 45)


def _small(picture: UInt8Array, _generator: np.random.Generator) -> UInt8Array:
    """Return the picture after a detour through a quarter of its side."""
    small = cv2.resize(picture, (SMALL_PX, SMALL_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, picture.shape[:2], interpolation=cv2.INTER_LINEAR), np.uint8)


def _badly_placed(picture: UInt8Array, generator: np.random.Generator) -> UInt8Array:
    """Return the face off its place and size, as where a detector guesses the half of a face that it cannot see."""
    turn, scale = generator.normal(0, 10), np.exp(generator.normal(0, 0.12))
    middle = (picture.shape[0] - 1) / 2
    placement = np.asarray(cv2.getRotationMatrix2D((middle, middle), turn, scale), np.float64)
    placement[:, 2] += generator.normal(0, 8, 2)
    return np.asarray(cv2.warpAffine(picture, placement, picture.shape[:2], borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _from_the_side_badly_placed(picture: UInt8Array, generator: np.random.Generator) -> UInt8Array:
    return _badly_placed(_from_the_side(picture, generator), generator)


def _all(picture: UInt8Array, generator: np.random.Generator) -> UInt8Array:
    return _dark(_small(_from_the_side(picture, generator), generator), generator)


CHANGES: Mapping[str, Callable[[UInt8Array, np.random.Generator], UInt8Array]] = {
    "clean": _clean,
    "dark": _dark,
    "from the side": _from_the_side,
    "small": _small,
    "badly placed": _badly_placed,
    "badly placed, from the side": _from_the_side_badly_placed,
    "dark, small, from the side": _all,
}
