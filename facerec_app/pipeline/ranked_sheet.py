"""One picture of ranked results: each question at the left, its answers beside it, best first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from facerec_app.core.types import UInt8Array
from facerec_app.pipeline.labels import paste, text_picture

_TILE_PX = 132
_GAP_PX = 14
_TEXT_PX = 13
_CAPTION_PX = 2 * (_TEXT_PX + 9)
_BACK_RGB = (250, 250, 248)
_INK_RGB = (33, 37, 41)
_FAINT_RGB = (110, 116, 122)
_EMPTY_GREY = 228
_ELLIPSIS = "..."


@dataclass(frozen=True, slots=True, eq=False)
class SheetFace:
    """One face of a sheet.

    Attributes:
        picture_rgb: ``(h, w, 3)`` uint8, None where there is none to show.
        title: first line under it.
        detail: second line, fainter.
    """

    picture_rgb: UInt8Array | None
    title: str
    detail: str


@dataclass(frozen=True, slots=True, eq=False)
class SheetRow:
    """A face that was asked about and the faces that were found, best first."""

    asked: SheetFace
    found: Sequence[SheetFace]


def ranked_sheet(rows: Sequence[SheetRow], heading: str) -> UInt8Array:
    """Return the sheet, ``(H, W, 3)`` uint8; rows of different length are left open at the right."""
    columns = 1 + max((len(row.found) for row in rows), default=0)
    cell_height = _TILE_PX + _CAPTION_PX
    top = 2 * _GAP_PX + _TEXT_PX + 12
    width = columns * (_TILE_PX + _GAP_PX) + 3 * _GAP_PX
    sheet = np.empty((top + len(rows) * (cell_height + _GAP_PX) + _GAP_PX, width, 3), np.uint8)
    sheet[:] = _BACK_RGB
    paste(sheet, _fitted(heading, _TEXT_PX + 4, _INK_RGB, width - 2 * _GAP_PX), _GAP_PX - 4, _GAP_PX)
    for number, row in enumerate(rows):
        y = top + number * (cell_height + _GAP_PX)
        paste(sheet, _cell(row.asked), _GAP_PX, y)
        divider = 2 * _GAP_PX + _TILE_PX
        sheet[y : y + _TILE_PX, divider : divider + 1] = _EMPTY_GREY
        for column, face in enumerate(row.found):
            paste(sheet, _cell(face), divider + _GAP_PX + column * (_TILE_PX + _GAP_PX), y)
    return sheet


def _cell(face: SheetFace) -> UInt8Array:
    cell = np.empty((_TILE_PX + _CAPTION_PX, _TILE_PX, 3), np.uint8)
    cell[:] = _BACK_RGB
    paste(cell, _square(face.picture_rgb), 0, 0)
    paste(cell, _fitted(face.title, _TEXT_PX, _INK_RGB, _TILE_PX), 0, _TILE_PX + 3)
    paste(cell, _fitted(face.detail, _TEXT_PX - 1, _FAINT_RGB, _TILE_PX), 0, _TILE_PX + 8 + _TEXT_PX)
    return cell


def _fitted(text: str, size_px: int, ink_rgb: tuple[int, int, int], width_px: int) -> UInt8Array:
    """Return a text no wider than asked, its end left out if need be."""
    picture = text_picture(text, size_px, ink_rgb, _BACK_RGB)
    kept = len(text)
    while picture.shape[1] > width_px and kept > 1:
        kept -= 1
        picture = text_picture(text[:kept].rstrip() + _ELLIPSIS, size_px, ink_rgb, _BACK_RGB)
    return picture


def _square(picture_rgb: UInt8Array | None) -> UInt8Array:
    """Return a picture's middle as one tile, enlarged or shrunk without distortion."""
    if picture_rgb is None:
        return np.full((_TILE_PX, _TILE_PX, 3), _EMPTY_GREY, np.uint8)
    height, width = picture_rgb.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = picture_rgb[top : top + side, left : left + side]
    method = cv2.INTER_AREA if side > _TILE_PX else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(square, (_TILE_PX, _TILE_PX), interpolation=method), np.uint8)
