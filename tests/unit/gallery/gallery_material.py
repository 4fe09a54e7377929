"""Real faces for the gallery's tests, from the demonstration's pictures."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from facerec_app.capture.images import read_image
from facerec_app.config.paths import DatabasePaths
from facerec_app.core.types import Embeddings, UInt8Array
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.records import NewFace

PEOPLE = Path(__file__).parents[3] / "assets" / "demo" / "people"
VERSION = "test-extractor-1"


@cache
def portrait() -> UInt8Array:
    """Return a portrait, 512x600."""
    return read_image(PEOPLE / "Grace_Hopper" / "grace_hopper.jpg")


def unit_vectors(seed: int, count: int = 1, dimension: int = 128, version: str = VERSION) -> Embeddings:
    """Return random unit vectors as an extractor would."""
    vectors = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return Embeddings(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), version)


def new_face(seed: int = 0, *, embedded: bool = True, pixels: UInt8Array | None = None) -> NewFace:
    """Return the portrait's face as the pipeline would find it."""
    box = np.array([180, 90, 340, 300], np.float32)
    landmarks = np.array([[225, 180], [295, 180], [260, 220], [232, 255], [288, 255]], np.float32)
    return NewFace(
        portrait() if pixels is None else pixels,
        box,
        landmarks,
        0.99,
        f"test {seed}",
        160.0,
        0.6,
        -3.0,
        0.5,
        unit_vectors(seed) if embedded else None,
    )


def open_store(folder: Path) -> GalleryStore:
    """Open the gallery in a folder."""
    return GalleryStore(DatabasePaths(folder))


def picture_files(folder: Path) -> list[Path]:
    """Return the picture files of a gallery."""
    return sorted(DatabasePaths(folder).pictures_dir.rglob("*.jpg"))
