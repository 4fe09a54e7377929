"""Local features of one picture: struct of arrays, one row a feature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facerec_app.core.types import Float32Array, Rows


@dataclass(frozen=True, slots=True, eq=False)
class LocalFeatures:
    """What stands out in a picture, strongest first.

    Attributes:
        positions_xy: ``(N, 2)`` float32 px of the picture, pixel centres at whole numbers.
        cells_px: ``(N,)`` float32, how many pixels of the picture lie between neighbouring cells of the map that a
            feature was found in.
        scores: ``(N,)`` float32, attention: the length of the map's vector.
        descriptors: ``(N, D)`` float32, unit length.
        size_px: width and height of the picture.
        version: of what made them; features of two versions are never compared.
    """

    positions_xy: Float32Array
    cells_px: Float32Array
    scores: Float32Array
    descriptors: Float32Array
    size_px: tuple[int, int]
    version: str

    def __len__(self) -> int:
        return int(self.positions_xy.shape[0])

    def select(self, rows: Rows) -> LocalFeatures:
        """Return the given rows (index array or boolean mask), in that order."""
        return LocalFeatures(
            self.positions_xy[rows],
            self.cells_px[rows],
            self.scores[rows],
            self.descriptors[rows],
            self.size_px,
            self.version,
        )

    def moved_to(self, positions_xy: Float32Array, size_px: tuple[int, int]) -> LocalFeatures:
        """Return the same features in the coordinates of another picture."""
        moved = np.asarray(positions_xy, np.float32)
        return LocalFeatures(moved, self.cells_px, self.scores, self.descriptors, size_px, self.version)
