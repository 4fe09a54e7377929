"""Faces in the format of COCO (Lin et al., ECCV 2014; https://cocodataset.org/#format-data): one JSON file.

A face is an annotation of the category ``face`` with the keypoints of ``LANDMARK_NAMES``; ``iscrowd`` marks faces that
do not count. Beyond the format, an annotation may have ``attributes.name`` (who it is).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from facerec_app.core.errors import ConfigError
from facerec_app.core.face_annotations import FaceAnnotations
from facerec_app.core.types import Float32Array
from facerec_app.training.box_dataset import FACE, LANDMARK_NAMES, AnnotatedPicture, BoxDataset, file_inside

ANNOTATIONS_NAME = "annotations.json"
IMAGES_FOLDER = "images"
_VISIBLE = 2
_MOST_BYTES = 512 * 1024 * 1024


def coco_document(pictures: Sequence[AnnotatedPicture], description: str) -> dict[str, Any]:
    """Return the content of the JSON file for pictures that lie in ``images/`` beside it."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, picture in enumerate(pictures, start=1):
        images.append(
            {
                "id": number,
                "file_name": f"{IMAGES_FOLDER}/{picture.file.name}",
                "width": picture.width_px,
                "height": picture.height_px,
            }
        )
        for row in range(len(picture.faces)):
            annotations.append(_annotation(picture.faces, row, len(annotations) + 1, number))
    category = {"id": 1, "name": FACE, "supercategory": "person", "keypoints": list(LANDMARK_NAMES), "skeleton": []}
    return {
        "info": {"description": description, "version": "1.0"},
        "licenses": [],
        "images": images,
        "annotations": annotations,
        "categories": [category],
    }


def _annotation(faces: FaceAnnotations, row: int, identifier: int, image: int) -> dict[str, Any]:
    left, top, right, bottom = (round(float(value), 3) for value in faces.boxes_xyxy[row])
    width, height = round(right - left, 3), round(bottom - top, 3)
    points = faces.landmarks_xy[row]
    known = bool(faces.has_landmarks[row])
    keypoints: list[float] = []
    for x, y in points.tolist():
        keypoints += [round(x, 3), round(y, 3), _VISIBLE] if known else [0, 0, 0]
    entry: dict[str, Any] = {
        "id": identifier,
        "image_id": image,
        "category_id": 1,
        "bbox": [left, top, width, height],
        "area": round(width * height, 3),
        "iscrowd": int(faces.difficult[row]),
        "segmentation": [],
        "keypoints": keypoints,
        "num_keypoints": len(points) if known else 0,
    }
    if faces.names[row]:
        entry["attributes"] = {"name": faces.names[row]}
    return entry


def read_coco(file: Path) -> BoxDataset:
    """Return the pictures of a COCO file; they lie where ``file_name`` says, or in ``images/`` beside it.

    Raises:
        ConfigError: the file cannot be read, is no such file, or has no category of faces.
    """
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise ConfigError(f"{file} is larger than any list of boxes; check what it is.")
        content = json.loads(file.read_bytes())
        faces_of = _rows_by_image(content, _face_category(content, file))
        pictures = [_picture(image, faces_of.get(image["id"], []), file) for image in content["images"]]
    except OSError as exc:
        raise ConfigError(f"{file} cannot be read: {exc.strerror or exc}.") from exc
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError) as exc:
        raise ConfigError(f"{file} is no COCO file of boxes ({type(exc).__name__}: {exc}); export it again.") from exc
    return BoxDataset.checked(pictures)


def _face_category(content: Mapping[str, Any], file: Path) -> int:
    named = {str(category["name"]).lower(): int(category["id"]) for category in content["categories"]}
    if FACE not in named:
        raise ConfigError(f"{file} has no category '{FACE}' (it has: {', '.join(sorted(named)) or 'none'}).")
    return named[FACE]


def _rows_by_image(content: Mapping[str, Any], category: int) -> dict[int, list[Mapping[str, Any]]]:
    found: dict[int, list[Mapping[str, Any]]] = {}
    for annotation in content["annotations"]:
        if annotation["category_id"] == category:
            found.setdefault(annotation["image_id"], []).append(annotation)
    return found


def _picture(image: Mapping[str, Any], annotations: Sequence[Mapping[str, Any]], file: Path) -> AnnotatedPicture:
    place = file_inside(file.parent, str(image["file_name"]), file)
    beside = file.parent / IMAGES_FOLDER / place.name
    sides = np.array([[float(value) for value in one["bbox"]] for one in annotations], np.float32).reshape(-1, 4)
    boxes = np.concatenate([sides[:, :2], sides[:, :2] + sides[:, 2:]], axis=1)
    faces = FaceAnnotations.of(
        boxes,
        np.array([_landmarks(one) for one in annotations], np.float32).reshape(-1, 5, 2),
        [str((one.get("attributes") or {}).get("name") or "") for one in annotations],
        [bool(one.get("iscrowd", 0)) for one in annotations],
    )
    return AnnotatedPicture(
        place if place.is_file() or not beside.is_file() else beside, int(image["width"]), int(image["height"]), faces
    )


def _landmarks(annotation: Mapping[str, Any]) -> Float32Array:
    points = np.asarray(annotation.get("keypoints") or [], np.float32)
    if points.shape != (3 * len(LANDMARK_NAMES),) or not points.reshape(-1, 3)[:, 2].all():
        return np.full((len(LANDMARK_NAMES), 2), np.nan, np.float32)
    return points.reshape(-1, 3)[:, :2]
