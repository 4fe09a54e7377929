"""Copies among pictures, on the demonstration's photographs."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np

from facerec_app.capture.images import read_image
from facerec_app.core.types import Float32Array, UInt8Array
from facerec_app.evaluation.perceptual_hash import hash_distances, perceptual_hashes
from facerec_app.evaluation.picture_copies import CopyKind, copy_groups, find_copies

PEOPLE = Path(__file__).parents[3] / "assets" / "demo" / "people"


def photographs() -> list[UInt8Array]:
    return [read_image(file) for file in sorted(PEOPLE.rglob("*.jpg"))]


def saved_again(pixels: UInt8Array, scale: float = 0.6, quality: int = 50) -> UInt8Array:
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def unit(*rows: tuple[float, ...]) -> Float32Array:
    vectors = np.array(rows, np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def sha(pixels: UInt8Array) -> str:
    return hashlib.sha256(pixels.tobytes()).hexdigest()


def test_a_picture_saved_again_keeps_its_hash_and_another_has_another() -> None:
    pictures = photographs()
    assert len(pictures) >= 2
    own = perceptual_hashes(pictures)
    again = perceptual_hashes([saved_again(picture) for picture in pictures])
    brighter = perceptual_hashes([np.clip(picture * 1.2, 0, 255).astype(np.uint8) for picture in pictures])
    assert hash_distances(own, again).max() <= 4
    assert hash_distances(own, brighter).max() <= 8
    assert hash_distances(own[:1], own[1:2])[0] > 12


def test_each_copy_is_reported_once_with_its_strongest_reason() -> None:
    first, second = photographs()[:2]
    pictures = [first, second, first, first, saved_again(first)]
    files = ["a", "b", "a", "c", "d"]  # the third is the first file, the fourth the same pixels in another file
    vectors = unit((1, 0, 0), (0, 1, 0), (1, 0, 0), (1, 0, 0), (1, 0.1, 0))
    hashes = perceptual_hashes(pictures)
    copies = find_copies(files, [sha(p) for p in pictures], np.ones(5, np.bool_), vectors, hashes, hashes)
    assert [(copy.kept_row, copy.copy_row, copy.kind) for copy in copies] == [
        (0, 2, CopyKind.BYTES),
        (0, 3, CopyKind.PIXELS),
        (0, 4, CopyKind.LOOKS),
    ]
    assert copy_groups(5, copies).tolist() == [0, 1, 0, 0, 0]


def test_alike_features_alone_are_no_copy() -> None:
    pictures = photographs()[:2]
    hashes = perceptual_hashes(pictures)
    vectors = unit((1, 0.1), (1, 0.1))
    assert find_copies(["a", "b"], ["c", "d"], np.ones(2, np.bool_), vectors, hashes, hashes) == ()


def test_nothing_is_compared_where_there_is_nothing() -> None:
    none = np.zeros((0, 8), np.uint8)
    assert find_copies([], [], np.zeros(0, np.bool_), np.zeros((0, 3), np.float32), none, none) == ()
