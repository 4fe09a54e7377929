"""The neighbourhoods of several faces side by side in one small picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from facerec_app.core.types import FaceDetections, Float32Array, Int64Array, UInt8Array

NEIGHBOURHOOD = 0.75
"""How much of its surroundings a face is shown with on each side, in longer sides of its box (docs/speed.md)."""
GRID_PX = 32
"""Tiles begin on multiples of it: the network's coarsest stride, so that a face gives what it gives in the picture."""
_SIZE_STEP_PX = 64
"""Sides of the mosaic are multiples of it: the runtime takes milliseconds for every size that it meets first."""


@dataclass(frozen=True, slots=True)
class MosaicTile:
    """A rectangle of the scaled picture and its place on the mosaic; all on the grid, px.

    Attributes:
        source_xyxy: in the scaled picture.
        left_px: on the mosaic.
        top_px: on the mosaic.
    """

    source_xyxy: tuple[int, int, int, int]
    left_px: int
    top_px: int

    @property
    def width_px(self) -> int:
        return self.source_xyxy[2] - self.source_xyxy[0]

    @property
    def height_px(self) -> int:
        return self.source_xyxy[3] - self.source_xyxy[1]


@dataclass(frozen=True, slots=True)
class MosaicLayout:
    """Where the neighbourhoods of some faces lie on a mosaic.

    Attributes:
        tiles: neighbourhoods that overlap share one.
        width_px: of the mosaic.
        height_px: of the mosaic.
    """

    tiles: tuple[MosaicTile, ...]
    width_px: int
    height_px: int

    @staticmethod
    def around(boxes_xyxy: Float32Array, width_px: int, height_px: int) -> MosaicLayout:
        """Lay out the neighbourhoods of ``(N, 4)`` boxes of a picture of the given size, tallest first, on shelves."""
        margin = (boxes_xyxy[:, 2:4] - boxes_xyxy[:, 0:2]).max(axis=1, keepdims=True) * NEIGHBOURHOOD
        limit = np.array([-(-width_px // GRID_PX), -(-height_px // GRID_PX)])
        first = np.clip(np.floor((boxes_xyxy[:, 0:2] - margin) / GRID_PX).astype(np.int64), 0, limit - 1)
        last = np.clip(np.ceil((boxes_xyxy[:, 2:4] + margin) / GRID_PX).astype(np.int64), first + 1, limit)
        sources = _merged([tuple(row) for row in (np.concatenate([first, last], axis=1) * GRID_PX).tolist()])
        sources.sort(key=lambda source: source[1] - source[3])
        area = sum((s[2] - s[0]) * (s[3] - s[1]) for s in sources)
        width = max(round(area**0.5), *(s[2] - s[0] for s in sources))
        width = -(-width // _SIZE_STEP_PX) * _SIZE_STEP_PX
        tiles: list[MosaicTile] = []
        left = top = shelf = 0
        for source in sources:
            if left + source[2] - source[0] > width:
                left, top, shelf = 0, top + shelf, 0
            tiles.append(MosaicTile(source, left, top))
            left, shelf = left + tiles[-1].width_px, max(shelf, tiles[-1].height_px)
        return MosaicLayout(tuple(tiles), width, -(-(top + shelf) // _SIZE_STEP_PX) * _SIZE_STEP_PX)

    def paint(self, picture_rgb: UInt8Array, scale: float) -> UInt8Array:
        """Return the mosaic, ``(height, width, 3)`` uint8, black where no tile lies.

        Args:
            picture_rgb: ``(H, W, 3)`` uint8.
            scale: pixels of the scaled picture per pixel of this one, at most 1.
        """
        mosaic = np.zeros((self.height_px, self.width_px, 3), np.uint8)
        height, width = round(picture_rgb.shape[0] * scale), round(picture_rgb.shape[1] * scale)
        for tile in self.tiles:
            left, top, right, bottom = tile.source_xyxy
            right, bottom = min(right, width), min(bottom, height)
            if scale == 1.0:
                part = picture_rgb[top:bottom, left:right]
            else:
                x0, y0, x1, y1 = (round(side / scale) for side in (left, top, right, bottom))
                size = (right - left, bottom - top)
                shrunk = cv2.resize(picture_rgb[y0:y1, x0:x1], size, interpolation=cv2.INTER_AREA)
                part = np.asarray(shrunk, np.uint8)
            mosaic[tile.top_px : tile.top_px + bottom - top, tile.left_px : tile.left_px + right - left] = part
        return mosaic

    def to_scaled_picture(self, found: FaceDetections) -> FaceDetections:
        """Return faces found on the mosaic in px of the scaled picture; those between tiles are left out."""
        centres = np.asarray((found.boxes_xyxy[:, 0:2] + found.boxes_xyxy[:, 2:4]) / 2, np.float32)
        tiles = self._tiles_of(centres)
        inside = np.flatnonzero(tiles >= 0)
        shifts = np.array([(t.source_xyxy[0] - t.left_px, t.source_xyxy[1] - t.top_px) for t in self.tiles], np.float32)
        shift, kept = shifts[tiles[inside]], found.select(inside)
        return FaceDetections(kept.boxes_xyxy + np.tile(shift, 2), kept.landmarks_xy + shift[:, None], kept.scores)

    def _tiles_of(self, points_xy: Float32Array) -> Int64Array:
        """Return the tile that each ``(M, 2)`` point of the mosaic lies on, -1 for none."""
        tiles = np.full(len(points_xy), -1, np.int64)
        for number, tile in enumerate(self.tiles):
            x, y = points_xy[:, 0] - tile.left_px, points_xy[:, 1] - tile.top_px
            tiles[(x >= 0) & (x < tile.width_px) & (y >= 0) & (y < tile.height_px)] = number
        return tiles


def _merged(rectangles: Sequence[tuple[int, ...]]) -> list[tuple[int, int, int, int]]:
    """Return the rectangles with any two made one where that covers no more pixels than both."""
    merged: list[tuple[int, int, int, int]] = []
    for x0, y0, x1, y1 in rectangles:
        grown = (x0, y0, x1, y1)
        while (other := next((o for o in merged if _is_better_joined(grown, o)), None)) is not None:
            merged.remove(other)
            grown = _joined(grown, other)
        merged.append(grown)
    return merged


def _joined(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _is_better_joined(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    return _area(_joined(one, other)) <= _area(one) + _area(other)


def _area(rectangle: tuple[int, int, int, int]) -> int:
    return (rectangle[2] - rectangle[0]) * (rectangle[3] - rectangle[1])
