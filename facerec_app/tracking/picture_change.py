"""Where a picture changed since an earlier one, at the price of a thumbnail."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from facerec_app.core.types import BoolArray, Float32Array, UInt8Array

CELL_COLUMNS = 40
"""Cells across the picture; their number down it follows its shape, so that they are nearly square."""
_SAMPLED_WIDTH_PX = 480
_SAMPLES_PER_CELL = 4

CellMeans = npt.NDArray[np.float32]


class PictureCells:
    """A picture as luminances of a coarse grid: four by four averages a cell."""

    def __init__(self, pixels_rgb: UInt8Array) -> None:
        """Average an ``(H, W, 3)`` uint8 picture."""
        height, width = pixels_rgb.shape[:2]
        columns = min(CELL_COLUMNS, width)
        rows = max(1, round(height * columns / width))
        self.cell_size_px = (width / columns, height / rows)
        size = (columns * _SAMPLES_PER_CELL, rows * _SAMPLES_PER_CELL)
        grey = cv2.cvtColor(sampled_picture(pixels_rgb, _SAMPLED_WIDTH_PX), cv2.COLOR_RGB2GRAY)
        self.luminance = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.float32)

    def change_from(self, earlier: PictureCells) -> CellMeans:
        """Return ``(rows, columns)`` float32: mean absolute change of each cell's averages, in grey levels.

        A change of the whole picture's brightness is taken out first: cameras adjust themselves.
        """
        difference = self.luminance - earlier.luminance
        difference -= np.median(difference)
        rows, columns = (side // _SAMPLES_PER_CELL for side in difference.shape)
        blocks = np.abs(difference).reshape(rows, _SAMPLES_PER_CELL, columns, _SAMPLES_PER_CELL)
        return np.asarray(blocks.mean(axis=(1, 3)), np.float32)

    def is_like(self, other: PictureCells) -> bool:
        """Return whether two pictures have the same grid and can be compared."""
        return self.luminance.shape == other.luminance.shape


def sampled_picture(pixels_rgb: UInt8Array, width_px: int) -> UInt8Array:
    """Return every n-th pixel of every n-th row, n chosen so that at least ``width_px`` columns stay.

    Averaging a large picture takes the time of reading all of it; for thumbnails a sample serves as well.
    """
    height, width = pixels_rgb.shape[:2]
    step = max(1, width // width_px)
    if step == 1:
        return pixels_rgb
    even = pixels_rgb[: height // step * step, : width // step * step]
    size = (even.shape[1] // step, even.shape[0] // step)
    return np.asarray(cv2.resize(even, size, interpolation=cv2.INTER_NEAREST), np.uint8)


def cells_touched(boxes_xyxy: Float32Array, cell_size_px: tuple[float, float], shape: tuple[int, ...]) -> BoolArray:
    """Return ``(N, rows, columns)`` bool: the cells that each ``(N, 4)`` box lies on.

    Args:
        boxes_xyxy: px of the picture.
        cell_size_px: width and height of a cell.
        shape: rows and columns of the grid.
    """
    rows, columns = np.arange(shape[0], dtype=np.float32), np.arange(shape[1], dtype=np.float32)
    cells = boxes_xyxy / np.tile(np.array(cell_size_px, np.float32), 2)
    across = (columns + 1 > cells[:, 0:1]) & (columns < cells[:, 2:3])
    down = (rows + 1 > cells[:, 1:2]) & (rows < cells[:, 3:4])
    return np.asarray(down[:, :, None] & across[:, None, :], np.bool_)
