"""Which enrolled faces train, which choose the epoch, and which judge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from facerec_app.core.types import Int64Array
from facerec_app.training.gallery_material import GalleryMaterial

_SHARES = (0.6, 0.2, 0.2)
_FEWEST_PEOPLE = 10
"""With fewer people of several faces, none can be spared for judging; faces are kept apart then."""


@dataclass(frozen=True, slots=True, eq=False)
class GallerySplit:
    """Rows of the material's features; every row is in exactly one part.

    Attributes:
        by: ``person`` (nobody is in two parts) or ``face``.
        training, validation, test: rows.
    """

    by: Literal["person", "face"]
    training: Int64Array
    validation: Int64Array
    test: Int64Array

    def part_of(self) -> dict[str, Int64Array]:
        """Return the rows by the name of the part."""
        return {"training": self.training, "validation": self.validation, "test": self.test}


def split_gallery(material: GalleryMaterial, seed: int) -> GallerySplit:
    """Return 60 % for training, 20 % for choosing the epoch, 20 % for judging.

    Split by person where ten people or more have several faces and take part in no correction, by face otherwise.
    Faces that a correction is about always train: that is what the correction is for.
    """
    generator = np.random.default_rng(seed)
    corrected = set(material.rows_in_corrections().tolist())
    rows_of = material.features.rows_by_person()
    spare = [rows for rows in rows_of if not corrected.intersection(rows.tolist())]
    several = [rows for rows in spare if len(rows) > 1]
    if len(several) >= _FEWEST_PEOPLE:
        return _by_person(rows_of, spare, generator)
    return _by_face(rows_of, corrected, generator)


def _by_person(rows_of: list[Int64Array], spare: list[Int64Array], generator: np.random.Generator) -> GallerySplit:
    parts: list[list[Int64Array]] = [[], [], []]
    for several in (True, False):
        members = [rows for rows in spare if (len(rows) > 1) == several]
        order = generator.permutation(len(members))
        edges = (np.cumsum(_SHARES)[:-1] * len(members)).astype(int)
        for part, chosen in zip(parts, np.split(order, edges), strict=True):
            part.extend(members[index] for index in chosen.tolist())
    spared = {int(rows[0]) for rows in spare}
    parts[0].extend(rows for rows in rows_of if int(rows[0]) not in spared)
    return GallerySplit("person", *(_joined(part) for part in parts))


def _by_face(rows_of: list[Int64Array], corrected: set[int], generator: np.random.Generator) -> GallerySplit:
    parts: list[list[int]] = [[], [], []]
    for rows in rows_of:
        free = [row for row in generator.permutation(rows).tolist() if row not in corrected]
        # One face of everybody trains; of two the other judges, of three and more some choose the epoch too.
        spare = free[: min(len(free), len(rows) - 1)]
        test = max(round(_SHARES[2] * len(rows)), 1) if spare else 0
        validation = max(round(_SHARES[1] * len(rows)), 1) if len(spare) > test else 0
        parts[2].extend(spare[:test])
        parts[1].extend(spare[test : test + validation])
        held_back = set(spare[: test + validation])
        parts[0].extend(row for row in rows.tolist() if row not in held_back)
    return GallerySplit("face", *(np.array(sorted(part), np.int64) for part in parts))


def _joined(parts: list[Int64Array]) -> Int64Array:
    return np.sort(np.concatenate(parts)) if parts else np.zeros(0, np.int64)
