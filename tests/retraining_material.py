"""Galleries whose faces are features: drawn from the shipped statistics, or real ones that were computed before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from facerec_app.config.paths import DatabasePaths
from facerec_app.core.types import Embeddings
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.records import NewFace
from facerec_app.models.model_store import ModelStore
from facerec_app.training.feature_statistics import FeatureStatistics, feature_statistics_from_bytes
from facerec_app.training.labelled_features import LabelledFeatures


def shipped_statistics() -> FeatureStatistics:
    """Return the statistics of features that ship with the default profile."""
    store = ModelStore()
    name = store.profile().statistics_file
    assert name is not None
    return feature_statistics_from_bytes(store.read(name), name)


def sampled_people(people: int, faces: int, *, seed: int = 5) -> LabelledFeatures:
    """Return people who do not exist."""
    return shipped_statistics().sample(people, faces, np.random.default_rng(seed))


def with_lookalikes(features: LabelledFeatures, *, nearness: float = 0.6) -> LabelledFeatures:
    """Return the same with the second person's first face drawn near to the first's, so that they are confused."""
    vectors = features.vectors.copy()
    first, second = (rows[0] for rows in features.rows_by_person()[:2])
    mixed = nearness * vectors[first] + (1.0 - nearness) * vectors[second]
    vectors[second] = mixed / np.linalg.norm(mixed)
    return LabelledFeatures(vectors, features.person_index, features.people, features.extractor_version)


def enrol_features(
    folder: Path, features: LabelledFeatures, *, different: Sequence[tuple[int, int]] = ()
) -> tuple[str, ...]:
    """Make a gallery of these faces, with grey pictures, and return the faces' identifiers in the order of the rows.

    Args:
        folder: of the gallery.
        features: one face each.
        different: rows of faces that a user said are two people.
    """
    face_ids = [""] * len(features)
    with GalleryStore(DatabasePaths(folder)) as store:
        with store.batch():
            for person, rows in zip(features.people, features.rows_by_person(), strict=True):
                person_id = store.add_person(person).person_id
                faces = [_face(features, row) for row in rows.tolist()]
                for row, face_id in zip(rows.tolist(), store.add_faces(person_id, faces), strict=True):
                    face_ids[row] = face_id
        for left, right in different:
            store.add_judgement(face_ids[left], face_ids[right], same_person=False, decided_by="a test")
    return tuple(face_ids)


def _face(features: LabelledFeatures, row: int) -> NewFace:
    return NewFace(
        np.full((32, 32, 3), 128, np.uint8),
        np.array([4, 4, 28, 28], np.float32),
        np.array([[10, 12], [22, 12], [16, 17], [12, 23], [20, 23]], np.float32),
        0.99,
        f"row {row}",
        24.0,
        0.9,
        0.0,
        0.5,
        Embeddings(features.vectors[row : row + 1], features.extractor_version),
    )
