"""Aligned face crops with the people they belong to, for networks that learn from pixels."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from facerec_app.core.types import UInt8Array
from facerec_app.training.aligned_pictures import AlignedPictures
from facerec_app.training.labelled_features import LabelledFeatures


@dataclass(frozen=True, slots=True, eq=False)
class LabelledCrops:
    """Faces as pixels, each with its person.

    Attributes:
        pixels_rgb: ``(N, S, S, 3)`` uint8 aligned crops.
        labels: ``(N,)`` names or identifiers.
    """

    pixels_rgb: UInt8Array
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    @staticmethod
    def of(aligned: AlignedPictures) -> LabelledCrops:
        """Return the pictures in which a face was found, labelled with the folder they lie in."""
        names = [name for name, found in zip(aligned.pictures, aligned.found, strict=True) if found]
        return LabelledCrops(aligned.pixels_rgb, tuple(name.split("/")[0] for name in names))

    def as_rows(self) -> LabelledFeatures:
        """Return the same rows and people without values, for sampling pairs."""
        return LabelledFeatures.of(np.zeros((len(self), 0), np.float32), self.labels, "pixels")

    def of_people(self, people: Collection[str]) -> LabelledCrops:
        """Return the faces of the given people only."""
        wanted = set(people)
        rows = [row for row, label in enumerate(self.labels) if label in wanted]
        return LabelledCrops(self.pixels_rgb[rows], tuple(self.labels[row] for row in rows))

    def split_people(self, shares: tuple[float, ...], seed: int) -> tuple[LabelledCrops, ...]:
        """Return disjoint groups of people in about the given shares, people with several faces spread evenly.

        Raises:
            NotEnoughDataError: if a group would be left without a pair of faces of one person.
        """
        return tuple(self.of_people(group.people) for group in self.as_rows().split_people(shares, seed))
