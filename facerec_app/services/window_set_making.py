"""The sets for telling faces from background and for moving a box onto its face."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

import cv2
import numpy as np

from facerec_app.core.errors import NoFaceError, NotEnoughDataError
from facerec_app.core.geometry import pairwise_iou
from facerec_app.core.protocols import FaceDetector
from facerec_app.core.types import FaceDetections, UInt8Array
from facerec_app.core.validation import text_bytes
from facerec_app.detection.crop_sampling import sample_windows
from facerec_app.detection.window_sampling import (
    FaceWindows,
    WindowSettings,
    regression_offsets,
    sample_face_windows,
)
from facerec_app.services.dataset_sources import DatasetSource, SourcePicture
from facerec_app.training.dataset_folder import DatasetFolder, MadeFile, PictureLine, plain_settings
from facerec_app.training.face_set import table_bytes

WindowTaskName = Literal["crops", "boxes"]
_JPEG_QUALITY = 95
_POINTS = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")
COMMON_COLUMNS = ("file", "part", "kind", "picture", "scale", "covered", "iou", "window_x1", "window_y1", "window_x2",
                  "window_y2")  # fmt: skip
BOX_COLUMNS = (*COMMON_COLUMNS, "face_x1", "face_y1", "face_x2", "face_y2", "offset_x1", "offset_y1", "offset_x2",
               "offset_y2", *(f"{point}_{axis}" for point in _POINTS for axis in "xy"))  # fmt: skip


class WindowSetTask:
    """Square crops on and beside faces.

    Args:
        name: ``crops`` (target and background) or ``boxes`` (targets with offsets).
        settings: how windows are drawn.
        detector: finds the faces of pictures from a folder; the gallery knows where its faces are.
    """

    def __init__(self, name: WindowTaskName, settings: WindowSettings, detector: FaceDetector) -> None:
        self._name = name
        self._settings = settings
        self._detector = detector

    @property
    def name(self) -> str:
        return self._name

    @property
    def settings(self) -> Mapping[str, Any]:
        return plain_settings(self._settings)

    @property
    def models(self) -> Mapping[str, str]:
        return {"detector": self._detector.name}

    def parts(self, source: DatasetSource) -> Mapping[str, str]:
        """Return training or test for each picture: whole people, or single pictures that are nobody's.

        Raises:
            NotEnoughDataError: if there is only one person or picture.
        """
        owners = {picture.name: picture.person or picture.name for picture in source.pictures}
        groups = sorted(set(owners.values()))
        if len(groups) < 2:
            raise NotEnoughDataError("A set is split by person (or picture), and there is only one; add another.")
        order = np.random.default_rng(self._settings.seed).permutation(len(groups)).tolist()
        wanted = max(round(self._settings.test_share * len(owners)), 1)
        pictures_of: dict[str, int] = {}
        for owner in owners.values():
            pictures_of[owner] = pictures_of.get(owner, 0) + 1
        test: set[str] = set()
        held = 0
        for index in order[:-1]:  # somebody is left to train on
            if held >= wanted:
                break
            test.add(groups[index])
            held += pictures_of[groups[index]]
        return {name: "test" if owner in test else "training" for name, owner in owners.items()}

    def make(self, picture: SourcePicture, part: str, number: int, folder: DatasetFolder) -> PictureLine:
        """Write the crops of one picture.

        Raises:
            UnreadableImageError, GalleryReadError, NoFaceError: if there is no face to be had.
            OutputWriteError: if a file cannot be written.
        """
        pixels = picture.read()
        # The detector sees every face, so that no background shows one; a face that was corrected counts as it is.
        faces = _joined(picture.face, self._detector.detect(pixels))
        if not len(faces):
            raise NoFaceError(f"No face was found in {picture.name}.")
        generator = np.random.default_rng([self._settings.seed, int(picture.sha256[:15], 16)])
        windows = sample_face_windows(faces, (pixels.shape[1], pixels.shape[0]), self._settings, generator)
        kept = [row for row in range(len(windows)) if windows.on_face[row] or self._name == "crops"]
        crops = sample_windows(pixels.astype(np.float32), windows.boxes_xyxy, self._settings.size_px)
        stem = f"{picture.person or 'pictures'}-{number:04d}"
        files, facts = [], []
        for place, row in enumerate(kept, start=1):
            kind = "target" if windows.on_face[row] else "background"
            crop = np.asarray(np.clip(np.rint(crops[row]), 0, 255), np.uint8)
            files.append(folder.write_file(f"{part}/{kind}/{stem}-{place:02d}.jpg", _jpeg(crop)))
            facts.append(_row(files[-1].path, part, kind, picture.name, windows, row, faces, self._name))
        return PictureLine(picture.name, picture.sha256, part, tuple(files), facts=facts)

    def tables(self, lines: list[PictureLine], folder: DatasetFolder) -> tuple[list[MadeFile], Mapping[str, Any]]:
        """Write one table of all crops as CSV and JSON."""
        rows = [dict(facts) for line in lines for facts in line.facts if isinstance(facts, Mapping)]
        columns = BOX_COLUMNS if self._name == "boxes" else COMMON_COLUMNS
        table = table_bytes(columns, [[row[column] for column in columns] for row in rows])
        listed = json.dumps(rows, ensure_ascii=False, indent=1) + "\n"
        made = [
            folder.write_file(f"{self._name}.csv", table),
            folder.write_file(f"{self._name}.json", text_bytes(listed)),
        ]
        counts = {
            part: {
                "pictures": sum(line.part == part and bool(line.files) for line in lines),
                **{kind: sum(row["part"] == part and row["kind"] == kind for row in rows)
                   for kind in ("target", "background")},
            }
            for part in ("training", "test")
        }  # fmt: skip
        return made, counts


def _joined(known: FaceDetections | None, found: FaceDetections) -> FaceDetections:
    """Return the known face first and of the found ones those that are others."""
    if known is None:
        return found
    others = found.select(pairwise_iou(known.boxes_xyxy, found.boxes_xyxy)[0] < 0.3)
    return FaceDetections(
        np.concatenate([known.boxes_xyxy, others.boxes_xyxy]),
        np.concatenate([known.landmarks_xy, others.landmarks_xy]),
        np.concatenate([known.scores, others.scores]),
    )


def _row(
    file: str, part: str, kind: str, picture: str, windows: FaceWindows, row: int, faces: FaceDetections,
    task: WindowTaskName,
) -> dict[str, Any]:  # fmt: skip
    window, face = windows.boxes_xyxy[row], int(windows.face_rows[row])
    overlaps = pairwise_iou(window[None], faces.boxes_xyxy)[0]
    # Of a background, the largest overlap with any face; of a target, that with its own.
    iou = float(overlaps[face] if windows.on_face[row] else overlaps.max())
    values = [file, part, kind, picture, float(windows.scales[row]), float(windows.covered[row]), iou, *window.tolist()]
    if task == "boxes":
        box, points = faces.boxes_xyxy[face], faces.landmarks_xy[face]
        offsets = regression_offsets(window[None], box[None])[0]
        inside = (points - window[:2]) / (window[2] - window[0])
        values += [*box.tolist(), *offsets.tolist(), *inside.ravel().tolist()]
    columns = BOX_COLUMNS if task == "boxes" else COMMON_COLUMNS
    return {
        column: round(value, 5) if isinstance(value, float) else value
        for column, value in zip(columns, values, strict=True)
    }


def _jpeg(crop_rgb: UInt8Array) -> bytes:
    options = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    return bytes(cv2.imencode(".jpg", cv2.cvtColor(crop_rgb, cv2.COLOR_RGB2BGR), options)[1].tobytes())
