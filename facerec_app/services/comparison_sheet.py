"""Two pictures side by side with what agrees in them joined by lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from facerec_app.capture.images import write_jpeg, write_png
from facerec_app.core.errors import ConfigError
from facerec_app.core.types import Float32Array, UInt8Array
from facerec_app.matching.picture_match import PictureMatch
from facerec_app.pipeline.labels import paste, text_picture
from facerec_app.services.picture_comparison import ComparedPicture, FaceComparison, PictureAgreement

FACE_RGB, ELSEWHERE_RGB = (230, 159, 0), (0, 158, 115)
"""Of Okabe and Ito's set ("Color Universal Design", 2008), told apart by everybody."""
_BOX_RGB = (86, 180, 233)
_PICTURE_PX = 520
_GAP_PX = 16
_LINE_PX = 22
_MOST_WIDTH_PX = 2000
_BACK_RGB, _INK_RGB = (250, 250, 248), (33, 37, 41)


def write_comparison_sheet(
    left: ComparedPicture,
    right: ComparedPicture,
    faces: Sequence[FaceComparison],
    agreement: PictureAgreement,
    lines: Sequence[str],
    target: Path,
) -> None:
    """Write both pictures, the faces that were compared boxed, correspondences drawn, and words below.

    Args:
        left, right: the pictures.
        faces: which were compared.
        agreement: what agrees.
        lines: of text, below the pictures.
        target: ends in .png or .jpg.

    Raises:
        ConfigError: if the name is neither that of a JPEG nor that of a PNG.
        OutputWriteError: if the file cannot be written.
    """
    if target.suffix.lower() not in {".jpg", ".jpeg", ".png"}:
        raise ConfigError(f"The sheet {target} is to be a picture; give it a name that ends in .png or .jpg.")
    write = write_png if target.suffix.lower() == ".png" else write_jpeg
    write(target, comparison_sheet(left, right, faces, agreement, lines))


def comparison_sheet(
    left: ComparedPicture,
    right: ComparedPicture,
    faces: Sequence[FaceComparison],
    agreement: PictureAgreement,
    lines: Sequence[str],
) -> UInt8Array:
    """Return the sheet, ``(H, W, 3)`` uint8; arguments as of ``write_comparison_sheet``."""
    boxes = ([face.left_face for face in faces], [face.right_face for face in faces])
    tiles = [_tile(picture, rows) for picture, rows in zip((left, right), boxes, strict=True)]
    second = _GAP_PX * 2 + tiles[0][0].shape[1]
    height = max(tile.shape[0] for tile, _ in tiles)
    words = [text_picture(line, 15, _INK_RGB, _BACK_RGB) for line in lines]
    width = max([second + tiles[1][0].shape[1] + _GAP_PX, *(line.shape[1] + 2 * _GAP_PX for line in words)])
    size = (height + 2 * _GAP_PX + (len(lines) + 1) * _LINE_PX, min(width, _MOST_WIDTH_PX))
    canvas = np.full((*size, 3), _BACK_RGB, np.uint8)
    for (tile, _), x in zip(tiles, (_GAP_PX, second), strict=True):
        canvas[_GAP_PX : _GAP_PX + tile.shape[0], x : x + tile.shape[1]] = tile
    places = ((_GAP_PX, tiles[0][1]), (second, tiles[1][1]))
    if agreement.meant is not None:
        _join(canvas, agreement.meant, places, ELSEWHERE_RGB)
    if agreement.faces is not None:
        _join(canvas, agreement.faces.match, places, FACE_RGB)
    for number, line in enumerate(words):
        paste(canvas, line, _GAP_PX - 4, height + 2 * _GAP_PX + number * _LINE_PX)
    return canvas


def _tile(picture: ComparedPicture, rows: Sequence[int]) -> tuple[UInt8Array, float]:
    """Return a picture of the sheet's height with its faces boxed, and how much it was scaled."""
    height, width = picture.pixels_rgb.shape[:2]
    scale = min(_PICTURE_PX / height, 1.6 * _PICTURE_PX / width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    tile = np.asarray(cv2.resize(picture.pixels_rgb, size, interpolation=method), np.uint8)
    for row in sorted(set(rows)):
        x0, y0, x1, y1 = (round(float(v) * scale) for v in picture.detections.boxes_xyxy[row])
        cv2.rectangle(tile, (x0, y0), (x1, y1), _BOX_RGB, 2, cv2.LINE_AA)
    return tile, scale


def _join(
    canvas: UInt8Array,
    match: PictureMatch,
    places: tuple[tuple[int, float], tuple[int, float]],
    colour_rgb: tuple[int, int, int],
) -> None:
    ends = [
        _on_canvas(positions, x, scale) for positions, (x, scale) in zip(match.inlier_positions, places, strict=True)
    ]
    for one, other in zip(ends[0], ends[1], strict=True):
        cv2.line(canvas, (int(one[0]), int(one[1])), (int(other[0]), int(other[1])), colour_rgb, 1, cv2.LINE_AA)
        for point in (one, other):
            cv2.circle(canvas, (int(point[0]), int(point[1])), 3, colour_rgb, -1, cv2.LINE_AA)


def _on_canvas(positions_xy: Float32Array, left_px: int, scale: float) -> Float32Array:
    return np.asarray(np.rint(positions_xy * scale + np.array([left_px, _GAP_PX])), np.float32)
