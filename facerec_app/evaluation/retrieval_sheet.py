"""Ranked results for people to look at: rows of a table for scripts and a sheet of pictures."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import cv2
import numpy as np

from facerec_app.capture.images import read_image
from facerec_app.core.types import Int64Array, UInt8Array
from facerec_app.evaluation.picture_faces import PictureFaces
from facerec_app.evaluation.retrieval import RankedPictures
from facerec_app.pipeline.labels import paste, text_picture

_TILE_PX = 120
_GAP_PX = 10
_TEXT_PX = 13
_BACK_RGB = (255, 255, 255)
_INK_RGB = (30, 34, 38)
_RIGHT_RGB = (0, 110, 60)
_WRONG_RGB = (190, 50, 0)
CSV_HEADER = ("scorer", "query", "rank", "picture", "same_person", "score", "average_precision")


def ranked_csv(faces: PictureFaces, by_scorer: dict[str, tuple[RankedPictures, np.ndarray]], results: int) -> str:
    """Return the first results of every query of every scorer as CSV text with a header.

    Args:
        faces: the pictures.
        by_scorer: ranked lists and average precisions.
        results: rows for each query.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(CSV_HEADER)
    for name, (ranked, precisions) in by_scorer.items():
        for row, query in enumerate(ranked.queries.tolist()):
            for rank, picture in enumerate(ranked.order[row, :results].tolist(), start=1):
                score = float(ranked.scores[row, rank - 1])
                writer.writerow(
                    (name, faces.pictures[query], rank, faces.pictures[picture],
                     int(ranked.relevant[row, rank - 1]), f"{score:.5f}" if np.isfinite(score) else "",
                     f"{precisions[row]:.5f}")
                )  # fmt: skip
    return stream.getvalue()


def chosen_queries(faces: PictureFaces, ranked: RankedPictures, precisions: np.ndarray, count: int) -> Int64Array:
    """Return rows of ``ranked``: half of them the worst lists, half spread over all others, one a person at most."""
    person = faces.labelled.person_index[ranked.queries]
    order = np.argsort(precisions, kind="stable")
    _, first = np.unique(person[order], return_index=True)
    one_each = order[np.sort(first)]  # each person's worst list, worst first
    worst = one_each[: (count + 1) // 2]
    others = one_each[len(worst) :]
    spread = others[np.unique(np.linspace(0, max(len(others) - 1, 0), count // 2).astype(int))] if len(others) else []
    return np.concatenate([worst, np.asarray(spread, np.int64)]).astype(np.int64)


def retrieval_sheet(
    root: Path, faces: PictureFaces, ranked: RankedPictures, precisions: np.ndarray, title: str,
    *, queries: int = 12, results: int = 8,
) -> UInt8Array:  # fmt: skip
    """Return a picture, ``(H, W, 3)`` uint8: a query a row, its results from the best on, each said right or wrong."""
    rows = chosen_queries(faces, ranked, precisions, queries)
    shown = min(results, ranked.order.shape[1])
    line = _TILE_PX + 2 * (_TEXT_PX + 8) + _GAP_PX
    sheet = np.full((60 + line * len(rows), (shown + 1) * (_TILE_PX + _GAP_PX) + 3 * _GAP_PX, 3), 255, np.uint8)
    paste(sheet, text_picture(title, _TEXT_PX + 6, _INK_RGB, _BACK_RGB), _GAP_PX, 14)
    for number, row in enumerate(rows.tolist()):
        top = 60 + number * line
        query = int(ranked.queries[row])
        _tile(
            sheet,
            root / faces.pictures[query],
            _GAP_PX,
            top,
            f"asked, AP {precisions[row]:.2f}",
            _INK_RGB,
            query,
            faces,
        )
        for rank in range(shown):
            picture, right = int(ranked.order[row, rank]), bool(ranked.relevant[row, rank])
            left = 3 * _GAP_PX + (rank + 1) * (_TILE_PX + _GAP_PX)
            word = f"{rank + 1} {'right' if right else 'WRONG'}"
            _tile(
                sheet,
                root / faces.pictures[picture],
                left,
                top,
                word,
                _RIGHT_RGB if right else _WRONG_RGB,
                picture,
                faces,
            )
    return sheet


def _tile(
    sheet: UInt8Array, file: Path, left: int, top: int, word: str, ink_rgb: tuple[int, int, int], picture: int,
    faces: PictureFaces,
) -> None:  # fmt: skip
    paste(sheet, _face_square(read_image(file), faces, picture), left, top)
    paste(sheet, text_picture(word, _TEXT_PX, ink_rgb, _BACK_RGB), left - 4, top + _TILE_PX + 1)
    name = text_picture(faces.labels[picture].replace("_", " "), _TEXT_PX - 3, _INK_RGB, _BACK_RGB)
    paste(sheet, name[:, :_TILE_PX], left - 4, top + _TILE_PX + _TEXT_PX + 8)


def _face_square(pixels_rgb: UInt8Array, faces: PictureFaces, picture: int) -> UInt8Array:
    """Return the face with some of what is around it; the middle of the picture where no face was found."""
    height, width = pixels_rgb.shape[:2]
    centre, side = np.array([width / 2, height / 2]), float(min(height, width))
    if faces.rows.found[picture]:
        box = faces.rows.boxes_xyxy[picture]
        centre, side = (box[:2] + box[2:]) / 2, float(max(box[2] - box[0], box[3] - box[1])) * 1.5
    half = max(side / 2, 1.0)
    left, top = max(round(centre[0] - half), 0), max(round(centre[1] - half), 0)
    right, bottom = min(round(centre[0] + half), width), min(round(centre[1] + half), height)
    if right <= left or bottom <= top:
        left, top, right, bottom = 0, 0, width, height
    cut = pixels_rgb[top:bottom, left:right]
    scale = _TILE_PX / max(cut.shape[:2])
    size = (max(round(cut.shape[1] * scale), 1), max(round(cut.shape[0] * scale), 1))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    tile = np.full((_TILE_PX, _TILE_PX, 3), 240, np.uint8)
    small = np.asarray(cv2.resize(cut, size, interpolation=method), np.uint8)
    paste(tile, small, (_TILE_PX - small.shape[1]) // 2, (_TILE_PX - small.shape[0]) // 2)
    return tile
