"""Somebody's own people: which faces teach, which judge, and who stays out as a stranger."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facerec_app.core.errors import NotEnoughDataError
from facerec_app.core.types import Int64Array, UInt8Array

LEAST_PEOPLE, LEAST_PICTURES = 2, 3
_PEOPLE_TO_SPARE = 6
"""From so many people on, some are not learnt from at all, to see what the training does to strangers."""


@dataclass(frozen=True, slots=True, eq=False)
class OwnFaces:
    """Aligned faces of a folder of people.

    Attributes:
        crops_rgb: ``(N, S, S, 3)`` uint8.
        people: ``(N,)`` int64, rows of ``names``.
        names: of the people's folders.
        faults: one line for each picture that was left out.
    """

    crops_rgb: UInt8Array
    people: Int64Array
    names: tuple[str, ...]
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class FaceParts:
    """Rows of faces by what they are for.

    Attributes:
        training: teach.
        judging: of the same people, never learnt from.
        others: of people who are not learnt from at all.
    """

    training: Int64Array
    judging: Int64Array
    others: Int64Array


def split_faces(people: Int64Array, seed: int) -> FaceParts:
    """Return who teaches and who judges.

    A third of each person's pictures judges. Of six people or more, a quarter (two at least) are left out of the
    training; so is everybody with fewer than three pictures.

    Args:
        people: ``(N,)`` int64, whose face each is.
        seed: of everything drawn.

    Raises:
        NotEnoughDataError: fewer than two people have three faces.
    """
    generator = np.random.default_rng(seed)
    everybody, counts = np.unique(people, return_counts=True)
    able = everybody[counts >= LEAST_PICTURES]
    if len(able) < LEAST_PEOPLE:
        raise NotEnoughDataError(
            f"Fine-tuning needs {LEAST_PEOPLE} people or more with {LEAST_PICTURES} pictures each in which a face is "
            f"found, and the folder has {len(able)}; add pictures."
        )
    spared = max(2, len(able) // 4) if len(able) >= _PEOPLE_TO_SPARE else 0
    taught = np.sort(generator.permutation(able)[spared:])
    training, judging = [], []
    for person in taught:
        rows = generator.permutation(np.flatnonzero(people == person))
        share = max(1, len(rows) // 3)
        judging.append(rows[:share])
        training.append(rows[share:])
    others = np.flatnonzero(~np.isin(people, taught))
    return FaceParts(np.sort(np.concatenate(training)), np.sort(np.concatenate(judging)), others)
