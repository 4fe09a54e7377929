"""The picture at falling sizes, packed side by side into one canvas that P-Net reads once."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from facerec_app.core.types import Float32Array

CELL_PX = 12
"""P-Net looks at windows of 12 pixels."""
STRIDE_PX = 2
PACKAGE_SIZES_PX = 24.0
"""Up to this smallest face size the package ``mtcnn`` works, and the program does as it does."""
HALVING_SIDE_PX = 300
EXACT_SIDE_PX = 700
HALVING_SHARE = 0.61
"""A level is averaged from half the picture where that is longer than a side and the level is at most this share of the
half: an area average takes the time of reading its source, which at 1920x1080 is most of a frame's. At the package's
sizes the side is the larger one, and pictures up to it are averaged directly and agree with the package to rounding
(docs/detection.md)."""
GAP = -1e9
"""Canvas value between the levels; the shipped P-Net keeps it out of its results."""
SCALE_FACTOR = 0.709
"""Of one level to the one before it (Zhang et al., "Joint Face Detection and Alignment Using Multitask Cascaded
Convolutional Networks", IEEE Signal Processing Letters 2016)."""


@dataclass(frozen=True, slots=True)
class PyramidLevel:
    """One size of the picture and its place on the canvas.

    Attributes:
        scale: canvas pixels per pixel of the picture.
        width_px: of the level.
        height_px: of the level.
        left_px: where it lies on the canvas; even, so that P-Net's grid falls on it as if it were alone.
        top_px: likewise.
    """

    scale: float
    width_px: int
    height_px: int
    left_px: int
    top_px: int

    @property
    def rows(self) -> int:
        """Height of P-Net's map of this level."""
        return _cells(self.height_px)

    @property
    def columns(self) -> int:
        """Width of P-Net's map of this level."""
        return _cells(self.width_px)


@dataclass(frozen=True, slots=True)
class PyramidLayout:
    """All levels of a picture of one size; the same for every frame of a source.

    Attributes:
        levels: largest first.
        width_px: of the canvas.
        height_px: of the canvas.
        halving_side_px: pictures with a longer side may be halved before levels are averaged from them.
    """

    levels: tuple[PyramidLevel, ...]
    width_px: int
    height_px: int
    halving_side_px: int


def _cells(side_px: int) -> int:
    """Return how many windows P-Net has along a side: a 3-convolution, a rounded-up halving, two 3-convolutions."""
    return (side_px - 1) // 2 - 4


def level_scales(width_px: int, height_px: int, min_face_size_px: float) -> list[float]:
    """Return the scales at which a 12-pixel window covers faces of the smallest size, the next larger, and so on.

    The last level is the smallest whose shorter side still holds one window.
    """
    scale = CELL_PX / min_face_size_px
    scales = []
    while min(width_px, height_px) * scale >= CELL_PX:
        scales.append(scale)
        scale *= SCALE_FACTOR
    return scales


def plan_layout(width_px: int, height_px: int, min_face_size_px: float) -> PyramidLayout:
    """Place the levels on shelves: each goes to the first shelf with room for it, largest first.

    Args:
        width_px: of the picture.
        height_px: of the picture.
        min_face_size_px: smallest face to be found.

    Returns:
        The layout; without levels if the picture is smaller than the smallest face.
    """
    levels: list[PyramidLevel] = []
    shelves: list[tuple[int, int, int]] = []  # top, height, next free left
    canvas_width = canvas_height = 0
    for scale in level_scales(width_px, height_px, min_face_size_px):
        level_width, level_height = int(width_px * scale), int(height_px * scale)
        room_width, room_height = _room(level_width), _room(level_height)
        canvas_width = max(canvas_width, room_width)
        for index, (top, height, left) in enumerate(shelves):
            if left + room_width <= canvas_width and room_height <= height:
                shelves[index] = (top, height, left + room_width)
                break
        else:
            top, left = canvas_height, 0
            shelves.append((top, room_height, room_width))
            canvas_height += room_height
        levels.append(PyramidLevel(scale, level_width, level_height, left, top))
    halving_side = EXACT_SIDE_PX if min_face_size_px <= PACKAGE_SIZES_PX else HALVING_SIDE_PX
    return PyramidLayout(tuple(levels), canvas_width, canvas_height, halving_side)


def _room(side_px: int) -> int:
    """Return the room that a level takes: itself and a gap, so that the next level starts at an even place."""
    return side_px + 2 - side_px % 2


def paint_canvas(pixels_rgb: Float32Array, layout: PyramidLayout) -> Float32Array:
    """Return the canvas ``(height, width, 3)`` float32 with every level of the picture at its place.

    Levels are area averages of the picture, as in the package ``mtcnn``; in float32 because rounding them to whole
    numbers moves faces near the thresholds to the other side (docs/detection.md).

    Args:
        pixels_rgb: ``(H, W, 3)`` float32, 0 to 255.
        layout: of pictures of that size.
    """
    canvas = np.full((layout.height_px, layout.width_px, 3), GAP, np.float32)
    source, source_scale = pixels_rgb, 1.0
    for level in layout.levels:
        while _may_halve(source, level.scale / source_scale, layout.halving_side_px):
            source, source_scale = _halved(source), source_scale / 2
        shrunk = cv2.resize(source, (level.width_px, level.height_px), interpolation=cv2.INTER_AREA)
        bottom, right = level.top_px + level.height_px, level.left_px + level.width_px
        canvas[level.top_px : bottom, level.left_px : right] = shrunk
    return canvas


def _may_halve(source: Float32Array, reduction: float, side_px: int) -> bool:
    """Return whether a level may be averaged from half the source.

    Args:
        source: the picture, or a half of it; its sides must be even, so that halves are exact.
        reduction: from that source to the level.
        side_px: shorter sources are not halved.
    """
    height, width = source.shape[:2]
    long_and_even = max(height, width) > side_px and height % 2 == 0 and width % 2 == 0
    return long_and_even and reduction * 2 <= HALVING_SHARE


def _halved(pixels_rgb: Float32Array) -> Float32Array:
    """Return the picture at half its size, each pixel the mean of four."""
    height, width = pixels_rgb.shape[:2]
    return np.asarray(cv2.resize(pixels_rgb, (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.float32)
