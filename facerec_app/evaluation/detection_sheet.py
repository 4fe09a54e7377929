"""A sheet of what a detector missed and what it took for a face."""

from __future__ import annotations

import cv2
import numpy as np

from facerec_app.capture.images import read_image
from facerec_app.core.types import Float32Array, UInt8Array
from facerec_app.evaluation.detection_report import DetectionTrial
from facerec_app.pipeline.labels import paste, text_picture
from facerec_app.training.detection_metrics import false_alarm_rows, missed_rows

MOST_TILES = 60
_TILE_PX = 168
_GAP_PX = 12
_TEXT_PX = 12
_COLUMNS = 6
_HEAD_PX = 44
_AROUND = 1.2
_INK_RGB, _BACK_RGB = (30, 34, 38), (255, 255, 255)
_MISSED_RGB, _WRONG_RGB, _RIGHT_RGB = (190, 50, 0), (150, 60, 160), (0, 130, 70)


def detection_sheet(trial: DetectionTrial) -> UInt8Array:
    """Return ``(H, W, 3)`` uint8: misses first, then false alarms, each with what is around it and what was found.

    A face is drawn where the truth has it, detections from the threshold on where they are.
    """
    tiles = [(number, row, True) for number, rows in _rows(trial, missed=True) for row in rows]
    tiles += [(number, row, False) for number, rows in _rows(trial, missed=False) for row in rows]
    shown = tiles[:MOST_TILES]
    lines = max(1, -(-len(shown) // _COLUMNS))
    line_px = _TILE_PX + _TEXT_PX + 16 + _GAP_PX
    sheet = np.full((_HEAD_PX + lines * line_px, _COLUMNS * (_TILE_PX + _GAP_PX) + _GAP_PX, 3), 255, np.uint8)
    missed = sum(1 for _, _, is_miss in tiles if is_miss)
    title = f"{trial.detector}: {missed} missed, {len(tiles) - missed} false alarms"
    title += f" (first {len(shown)})" if len(shown) < len(tiles) else ""
    paste(sheet, text_picture(title, _TEXT_PX + 5, _INK_RGB, _BACK_RGB), _GAP_PX, 10)
    for place, (number, row, is_miss) in enumerate(shown):
        left = _GAP_PX + (place % _COLUMNS) * (_TILE_PX + _GAP_PX)
        top = _HEAD_PX + (place // _COLUMNS) * line_px
        paste(sheet, _tile(trial, number, row, is_miss=is_miss), left, top)
        word = "missed" if is_miss else f"no face, {trial.found[number].scores[row]:.2f}"
        ink = _MISSED_RGB if is_miss else _WRONG_RGB
        caption = text_picture(f"{word}: {trial.pictures[number].file.name}"[:28], _TEXT_PX, ink, _BACK_RGB)
        paste(sheet, caption[:, : _TILE_PX + _GAP_PX], left - 4, top + _TILE_PX + 2)
    return sheet


def _rows(trial: DetectionTrial, *, missed: bool) -> list[tuple[int, list[int]]]:
    find = missed_rows if missed else false_alarm_rows
    return [(number, find(match, trial.threshold).tolist()) for number, match in enumerate(trial.matches)]


def _tile(trial: DetectionTrial, number: int, row: int, *, is_miss: bool) -> UInt8Array:
    """Return the surroundings of a face or a false alarm, ``(S, S, 3)`` uint8, with every box that lies in them."""
    pixels = read_image(trial.pictures[number].file)
    truth, found = trial.pictures[number].faces.boxes_xyxy, trial.found[number]
    about = truth[row] if is_miss else found.boxes_xyxy[row]
    middle = (about[:2] + about[2:]) / 2
    side = max(float(max(about[2:] - about[:2])) * (1 + _AROUND), 8.0)
    to_tile = np.array([[1, 0, -middle[0]], [0, 1, -middle[1]]], np.float64) * (_TILE_PX / side)
    to_tile[:, 2] += _TILE_PX / 2
    method = cv2.INTER_AREA if side > _TILE_PX else cv2.INTER_CUBIC
    tile = cv2.warpAffine(pixels, to_tile, (_TILE_PX, _TILE_PX), flags=method, borderValue=(235, 235, 235))
    for face in range(len(truth)):
        _outline(tile, truth[face], to_tile, _MISSED_RGB if is_miss and face == row else _RIGHT_RGB)
    for detection in np.flatnonzero(found.scores >= trial.threshold).tolist():
        if not is_miss or not trial.matches[number].right[detection]:
            _outline(tile, found.boxes_xyxy[detection], to_tile, _WRONG_RGB)
    return np.asarray(tile, np.uint8)


def _outline(
    tile: cv2.typing.MatLike, box_xyxy: Float32Array, to_tile: cv2.typing.MatLike, ink_rgb: tuple[int, int, int]
) -> None:
    corners = box_xyxy.reshape(2, 2) @ to_tile[:, :2].T + to_tile[:, 2]
    first, second = ((round(float(corner[0])), round(float(corner[1]))) for corner in corners)
    cv2.rectangle(tile, first, second, ink_rgb, 2, cv2.LINE_AA)
