"""From folders of pictures to one array of aligned faces.

Faces are stored larger than the 112x112 crop that the networks see, with the same template in the middle, so that
shifting and turning them in training shows more of the picture instead of a black border.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from facerec_app.alignment.templates import ARCFACE_112
from facerec_app.core.errors import NotEnoughDataError
from facerec_app.core.geometry import similarity_transforms
from facerec_app.core.protocols import FaceDetector
from facerec_app.core.types import FaceDetections, Float32Array, Int64Array, UInt8Array

CROP_PX = 112
STORED_PX = 144
TEMPLATE_XY = ARCFACE_112

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})


@dataclass(frozen=True, slots=True)
class PictureEntry:
    """One picture that shows one person of interest.

    Attributes:
        path: where it lies.
        person: who it shows; only equality matters.
    """

    path: Path
    person: str


@dataclass(frozen=True, slots=True, eq=False)
class FaceSet:
    """Aligned faces of one group of people.

    Attributes:
        pixels_rgb: ``(N, 144, 144, 3)`` uint8, possibly mapped from disk.
        landmarks_xy: ``(N, 5, 2)`` float32 px in the stored picture.
        people: ``(N,)`` int64, equal for equal people.
    """

    pixels_rgb: UInt8Array
    landmarks_xy: Float32Array
    people: Int64Array

    def __len__(self) -> int:
        return int(self.people.shape[0])


def list_people(folder: Path, people: Sequence[str]) -> list[PictureEntry]:
    """Return the pictures of the named people from ``folder/PERSON/*``, sorted."""
    return [
        PictureEntry(path, person)
        for person in people
        for path in sorted((folder / person).glob("*"))
        if path.suffix.lower() in PICTURE_SUFFIXES
    ]


def list_single_portraits(folder: Path) -> list[PictureEntry]:
    """Return the pictures of a folder in which each shows another person, sorted."""
    paths = sorted(path for path in folder.glob("*") if path.suffix.lower() in PICTURE_SUFFIXES)
    return [PictureEntry(path, f"portrait:{path.stem}") for path in paths]


def hold_out_people(people: Sequence[str], count: int, seed: int) -> tuple[list[str], list[str]]:
    """Split people into those trained on and ``count`` kept away to watch progress with.

    Returns:
        The people to train on and the people held out, both sorted.
    """
    if count >= len(people):
        msg = f"cannot hold out {count} of {len(people)} people; give more people or hold out fewer"
        raise NotEnoughDataError(msg)
    order = np.random.default_rng(seed).permutation(len(people))
    held = {people[row] for row in order[:count]}
    return sorted(set(people) - held), sorted(held)


def align_entries(entries: Sequence[PictureEntry], detector: FaceDetector) -> tuple[FaceSet, list[PictureEntry]]:
    """Find and align the face nearest the middle of each picture.

    Args:
        entries: pictures; unreadable ones and ones without a face are left out.
        detector: finds faces and their landmarks.

    Returns:
        The faces, and the entries they came from, row by row.
    """
    crops: list[UInt8Array] = []
    landmarks: list[Float32Array] = []
    kept: list[PictureEntry] = []
    for entry, picture in _read_pictures(entries):
        found = detector.detect(picture)
        if len(found) == 0:
            continue
        points = _central_landmarks(found, picture.shape[1], picture.shape[0])
        crop, moved = _align_with_margin(picture, points)
        crops.append(crop)
        landmarks.append(moved)
        kept.append(entry)
    if not kept:
        msg = f"no face was found in any of {len(entries)} pictures; check the folder given"
        raise NotEnoughDataError(msg)
    numbers = {person: number for number, person in enumerate(dict.fromkeys(entry.person for entry in kept))}
    people = np.array([numbers[entry.person] for entry in kept], np.int64)
    return FaceSet(np.stack(crops), np.stack(landmarks), people), kept


def joined(sets: Sequence[FaceSet]) -> FaceSet:
    """Return several alignments of the same people as one set; people keep their numbers only within a set."""
    return FaceSet(
        np.concatenate([faces.pixels_rgb for faces in sets]),
        np.concatenate([faces.landmarks_xy for faces in sets]),
        np.concatenate([faces.people for faces in sets]),
    )


def save_faces(faces: FaceSet, folder: Path, entries: Sequence[PictureEntry], root: Path) -> None:
    """Write a group's arrays, and which picture each row came from, into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "faces.npy", faces.pixels_rgb)
    np.save(folder / "landmarks.npy", faces.landmarks_xy)
    np.save(folder / "people.npy", faces.people)
    rows = [{"picture": str(entry.path.relative_to(root)), "person": entry.person} for entry in entries]
    (folder / "entries.json").write_text(json.dumps(rows, indent=0), encoding="utf-8")


def load_faces(folder: Path) -> FaceSet:
    """Return a group written by ``save_faces``; pixels are mapped, not read."""
    if not (folder / "faces.npy").is_file():
        msg = f"{folder} holds no aligned faces; run 'prepare' first"
        raise NotEnoughDataError(msg)
    return FaceSet(
        np.load(folder / "faces.npy", mmap_mode="r", allow_pickle=False),
        np.load(folder / "landmarks.npy", allow_pickle=False),
        np.load(folder / "people.npy", allow_pickle=False),
    )


def load_people(folder: Path) -> Int64Array:
    """Return ``(N,)`` whom each face written by ``save_faces`` shows, equal for equal people of all alignments.

    Raises:
        NotEnoughDataError: if there are no such faces.
    """
    path = folder / "entries.json"
    if not path.is_file():
        msg = f"{folder} holds no aligned faces; run 'prepare' first"
        raise NotEnoughDataError(msg)
    rows = json.loads(path.read_text(encoding="utf-8"))
    numbers = {name: number for number, name in enumerate(dict.fromkeys(row["person"] for row in rows))}
    return np.array([numbers[row["person"]] for row in rows], np.int64)


def centre_crops(pixels_rgb: UInt8Array, side_px: int = CROP_PX) -> UInt8Array:
    """Return the middle ``(N, side, side, 3)`` of ``(N, S, S, 3)`` pictures."""
    margin = (pixels_rgb.shape[1] - side_px) // 2
    return pixels_rgb[:, margin : margin + side_px, margin : margin + side_px]


def _read_pictures(entries: Sequence[PictureEntry]) -> Iterator[tuple[PictureEntry, UInt8Array]]:
    """Yield each readable picture as RGB."""
    for entry in entries:
        data = np.fromfile(entry.path, np.uint8)
        decoded = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
        if decoded is not None:
            yield entry, np.asarray(decoded[..., ::-1], np.uint8)


def _central_landmarks(found: FaceDetections, width_px: int, height_px: int) -> Float32Array:
    """Return the ``(5, 2)`` landmarks of the face nearest the middle."""
    centres = (found.boxes_xyxy[:, :2] + found.boxes_xyxy[:, 2:]) / 2
    distances = np.hypot(centres[:, 0] - width_px / 2, centres[:, 1] - height_px / 2)
    return np.asarray(found.landmarks_xy[int(np.argmin(distances))], np.float32)


def _align_with_margin(picture: UInt8Array, points: Float32Array) -> tuple[UInt8Array, Float32Array]:
    """Return the stored crop, and the landmarks in it."""
    template = TEMPLATE_XY + (STORED_PX - CROP_PX) / 2
    transform = similarity_transforms(points[None], template)[0]
    crop = cv2.warpAffine(
        np.ascontiguousarray(picture),
        transform,
        (STORED_PX, STORED_PX),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    moved = points @ transform[:, :2].T + transform[:, 2]
    return np.asarray(crop, np.uint8), np.asarray(moved, np.float32)
