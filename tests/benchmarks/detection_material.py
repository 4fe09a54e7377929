"""Detection data sets made of real pictures whose truth comes from elsewhere than the detector that is judged.

Labeled Faces in the Wild has no boxes. Where both shipped detectors, which share neither architecture nor training,
agree on every face of a clear picture (overlap over 0.5, same number), the mean of their boxes is taken as where the
faces are. The copies that are judged on are made dim, or their faces are covered, afterwards: where a face is is known
from the clear picture and not from what a detector makes of the copy. Faces that both overlook in the clear picture
are missing, so that agreement on clear pictures says nothing of either detector.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from facerec_app.capture.images import read_image, write_jpeg
from facerec_app.capture.video_file_source import VideoFileSource
from facerec_app.core.face_annotations import FaceAnnotations
from facerec_app.core.geometry import pairwise_iou
from facerec_app.core.protocols import FaceDetector
from facerec_app.core.types import UInt8Array
from facerec_app.training.box_dataset import AnnotatedPicture, read_box_dataset
from facerec_app.training.coco_boxes import ANNOTATIONS_NAME, IMAGES_FOLDER, coco_document

AGREEING_IOU = 0.5
_CLOTHS_RGB = ((215, 225, 230), (205, 170, 120), (35, 30, 30), (120, 170, 205))
_GLASS_RGB = (18, 15, 15)


def agreed_faces(first: FaceDetector, second: FaceDetector, pixels_rgb: UInt8Array) -> FaceAnnotations | None:
    """Return the faces of a picture if both detectors find the same ones, with the mean of boxes and landmarks."""
    one, other = first.detect(pixels_rgb), second.detect(pixels_rgb)
    if not len(one) or len(one) != len(other):
        return None
    overlaps = pairwise_iou(one.boxes_xyxy, other.boxes_xyxy)
    partner = overlaps.argmax(axis=1)
    if len(set(partner.tolist())) != len(one) or overlaps.max(axis=1).min() < AGREEING_IOU:
        return None
    other = other.select(partner)
    boxes = np.asarray((one.boxes_xyxy + other.boxes_xyxy) / 2, np.float32)
    return FaceAnnotations.of(boxes, np.asarray((one.landmarks_xy + other.landmarks_xy) / 2, np.float32))


def dimmed(pixels_rgb: UInt8Array, generator: np.random.Generator) -> UInt8Array:
    """Return a copy as a cheap camera takes it in a dark room: 4 to 14 % of the light, read-out and photon noise."""
    light = generator.uniform(0.04, 0.14)
    signal = (pixels_rgb / 255.0) ** 2.2 * light
    photons = generator.poisson(signal * 1500) / 1500
    noisy = photons + generator.normal(0, 0.004, pixels_rgb.shape)
    return np.asarray(np.clip(noisy, 0, 1) ** (1 / 2.2) * 255, np.uint8)


def covered(pixels_rgb: UInt8Array, faces: FaceAnnotations, generator: np.random.Generator) -> UInt8Array:
    """Return a copy in which every face wears a mask from nose to chin, and every second dark glasses too."""
    picture = pixels_rgb.copy()
    for box, points in zip(faces.boxes_xyxy, faces.landmarks_xy, strict=True):
        width = float(box[2] - box[0])
        eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
        up = (eyes - mouth) / max(float(np.linalg.norm(eyes - mouth)), 1e-3)
        side = np.array([-up[1], up[0]]) * (1 if up[1] < 0 else -1)
        top, chin = points[2] + 0.02 * width * up, mouth - 0.36 * width * up
        outline = [
            top + width * (-0.48 * side + 0.06 * up), top + 0.12 * width * up, top + width * (0.48 * side + 0.06 * up),
            mouth + width * (0.42 * side - 0.12 * up), chin, mouth - width * (0.42 * side + 0.12 * up),
        ]  # fmt: skip
        cv2.fillPoly(picture, [np.array(outline, np.int32)], _CLOTHS_RGB[generator.integers(len(_CLOTHS_RGB))])
        if generator.random() < 0.5:
            for eye in points[:2]:
                centre, axes = (int(eye[0]), int(eye[1])), (int(0.2 * width), int(0.14 * width))
                cv2.ellipse(picture, centre, axes, 0, 0, 360, _GLASS_RGB, -1)
    return np.asarray(cv2.GaussianBlur(picture, (3, 3), 0.7), np.uint8)


def write_coco(folder: Path, pictures: Sequence[tuple[str, UInt8Array, FaceAnnotations]]) -> Path:
    """Write pictures (name, pixels, faces) as a COCO data set and return its folder."""
    (folder / IMAGES_FOLDER).mkdir(parents=True)
    entries = []
    for name, pixels, faces in pictures:
        file = folder / IMAGES_FOLDER / f"{name}.jpg"
        write_jpeg(file, pixels)
        entries.append(AnnotatedPicture(file, pixels.shape[1], pixels.shape[0], faces))
    (folder / ANNOTATIONS_NAME).write_text(json.dumps(coco_document(entries, "made for a measurement")))
    return folder


def lfw_sets(
    root: Path, people: Sequence[str], folder: Path, first: FaceDetector, second: FaceDetector, seed: int
) -> dict[str, Path]:
    """Write one picture a person where both detectors agree, ``clear``, ``dim`` and ``covered``; return the folders."""
    generator = np.random.default_rng(seed)
    kept: dict[str, list[tuple[str, UInt8Array, FaceAnnotations]]] = {"clear": [], "dim": [], "covered": []}
    for person in people:
        pixels = read_image(sorted((root / person).glob("*.jpg"))[0])
        faces = agreed_faces(first, second, pixels)
        if faces is not None:
            kept["clear"].append((person, pixels, faces))
            kept["dim"].append((person, dimmed(pixels, generator), faces))
            kept["covered"].append((person, covered(pixels, faces, generator), faces))
    return {kind: write_coco(folder / kind, pictures) for kind, pictures in kept.items()}


def mixed_set(first: Path, second: Path, folder: Path) -> Path:
    """Write the pictures of two data sets of the same people, every second one from each."""
    pairs = zip(read_box_dataset(first).pictures, read_box_dataset(second).pictures, strict=True)
    chosen = [pair[number % 2] for number, pair in enumerate(pairs)]
    return write_coco(folder, [(one.file.stem, read_image(one.file), one.faces) for one in chosen])


def pictures_by_eye(truth_file: Path, data: Path, folder: Path) -> Path:
    """Write the pictures and frames annotated by eye (``faces_by_eye.json``) as a COCO data set."""
    kept = []
    for entry in json.loads(truth_file.read_text(encoding="utf-8"))["pictures"]:
        source = data / entry["source"]
        pixels = read_image(source) if "frame" not in entry else _frame(source, entry["frame"])
        boxes = np.array([*entry["faces"], *entry["difficult"]], np.float32)
        marks = [False] * len(entry["faces"]) + [True] * len(entry["difficult"])
        name = f"{source.stem}-{entry['frame']}" if "frame" in entry else source.stem
        kept.append((name, pixels, FaceAnnotations.of(boxes, difficult=marks)))
    return write_coco(folder, kept)


def _frame(video: Path, number: int) -> UInt8Array:
    source = VideoFileSource(video)
    try:
        source.seek(number)
        frame = source.read()
    finally:
        source.close()
    if frame is None:
        raise ValueError(f"{video} has no frame {number}")
    return frame.pixels_rgb
