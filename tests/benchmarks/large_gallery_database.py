"""A gallery of a hundred thousand faces on disk: features drawn from the shipped statistics, pictures shared."""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path

import numpy as np

from facerec_app.core.types import Float32Array
from facerec_app.gallery import embedding_rows, face_rows, people_rows
from facerec_app.gallery.face_pictures import cut_face_picture, encode_face_picture
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.records import NewFace
from tests.unit.gallery.gallery_material import new_face, portrait

FACES_A_PERSON = 4
_PICTURES = 16


def fill_gallery(store: GalleryStore, vectors: Float32Array, extractor_version: str) -> None:
    """Enrol one face a row, four a person; pictures are a few files under many names (hard links).

    Args:
        store: an empty gallery.
        vectors: ``(N, D)`` float32, unit length, neighbouring rows of one person.
        extractor_version: of the vectors.
    """
    folder = store.paths.root / "shared"
    folder.mkdir()
    some = new_face(0, embedded=False)
    shared: list[tuple[Path, str]] = []
    for number in range(_PICTURES):
        pixels, box, landmarks = cut_face_picture(np.roll(portrait(), number, axis=1), some.box_xyxy, some.landmarks_xy)
        data = encode_face_picture(pixels)
        file = folder / f"{number}.jpg"
        file.write_bytes(data)
        shared.append((file, hashlib.sha256(data).hexdigest()))
    generator = np.random.default_rng(3)
    pictures = store.database.pictures
    face_ids = []
    with store.database.write() as connection:
        for row in range(len(vectors)):
            if row % FACES_A_PERSON == 0:
                person_id = people_rows.insert_person(connection, f"Person {generator.integers(10**9)} {row}", None)
            face_id = str(uuid.uuid4())
            file, sha256 = shared[row % _PICTURES]
            pictures.path(face_id).parent.mkdir(parents=True, exist_ok=True)
            os.link(file, pictures.path(face_id))
            face_rows.insert_face(
                connection, face_id, person_id, _measured(some, generator, row),
                picture_sha256=sha256, box_xyxy=box, landmarks_xy=landmarks,
            )  # fmt: skip
            face_ids.append(face_id)
        embedding_rows.upsert_embeddings(connection, face_ids, vectors, extractor_version)


def _measured(face: NewFace, generator: np.random.Generator, row: int) -> NewFace:
    """Return a face of its own size and sharpness, one in three of them not so good."""
    size_px, sharpness = float(generator.uniform(40, 300)), float(generator.uniform(0.15, 0.9))
    yaw_deg, brightness = float(generator.normal(0, 15)), float(generator.uniform(0.15, 0.9))
    return NewFace(
        face.pixels_rgb, face.box_xyxy, face.landmarks_xy, 0.9, f"holiday {row // 100} in the mountains/IMG_{row}.jpg",
        size_px, sharpness, yaw_deg, brightness,
    )  # fmt: skip
