"""Reads a folder of people for fine-tuning: the face in the middle of each picture, aligned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from facerec_app.capture.images import read_image
from facerec_app.core.errors import NotEnoughDataError, TrainingCancelledError, UnreadableImageError
from facerec_app.core.protocols import FaceAligner, FaceDetector
from facerec_app.core.types import UInt8Array
from facerec_app.services.picture_inspection import pictures_under
from facerec_app.services.progress import CancelCheck
from facerec_app.training.extractor.own_faces import LEAST_PEOPLE, LEAST_PICTURES, OwnFaces
from facerec_app.training.picture_features import find_central_face


def read_own_people(
    folder: Path,
    make_detector: Callable[[], FaceDetector],
    aligner: FaceAligner,
    on_stage: Callable[[str, int, int], None],
    cancelled: CancelCheck,
) -> OwnFaces:
    """Return every face that was found; a picture that gives none is a fault of one line.

    Args:
        folder: one folder of pictures for each person; what lies beside the folders is left out.
        make_detector: loads what finds the faces; called only where there are enough pictures.
        aligner: cuts out the one nearest to the middle.
        on_stage: told ``reading``, pictures done and their number.
        cancelled: asked before each picture.

    Raises:
        ConfigError: there is no such folder, or no picture in it.
        NotEnoughDataError: too few pictures to begin with.
        TrainingCancelledError: ``cancelled`` said so.
    """
    names = pictures_under(folder)
    _require_enough(folder, names)
    detector = make_detector()
    crops: list[UInt8Array] = []
    owners: list[str] = []
    faults: list[str] = []
    for row, name in enumerate(names):
        if cancelled():
            raise TrainingCancelledError("The fine-tuning was cancelled; the present extractor stays in use.")
        if "/" not in name:
            faults.append(f"{folder / name} lies in no person's folder; it was left out.")
        else:
            try:
                crops.append(_central_crop(folder / name, detector, aligner))
                owners.append(name.split("/")[0])
            except (UnreadableImageError, NotEnoughDataError) as exc:
                faults.append(str(exc))
        on_stage("reading", row + 1, len(names))
    people = tuple(dict.fromkeys(owners))
    numbers = {name: number for number, name in enumerate(people)}
    pixels = np.stack(crops) if crops else np.zeros((0, 112, 112, 3), np.uint8)
    return OwnFaces(pixels, np.array([numbers[owner] for owner in owners], np.int64), people, tuple(faults))


def _require_enough(folder: Path, names: tuple[str, ...]) -> None:
    """Refuse at once what cannot be enough, before networks run over hundreds of pictures."""
    owners = [name.split("/")[0] for name in names if "/" in name]
    able = [owner for owner in set(owners) if owners.count(owner) >= LEAST_PICTURES]
    if len(able) < LEAST_PEOPLE:
        raise NotEnoughDataError(
            f"Fine-tuning needs {LEAST_PEOPLE} people or more with {LEAST_PICTURES} pictures each, one folder a "
            f"person, and {folder} has {len(able)}; add pictures."
        )


def _central_crop(file: Path, detector: FaceDetector, aligner: FaceAligner) -> UInt8Array:
    pixels = read_image(file)
    face = find_central_face(detector, pixels)
    if not len(face):
        raise NotEnoughDataError(f"No face was found in {file}; it was left out.")
    return np.asarray(aligner.align(pixels, face).pixels_rgb[0], np.uint8)
