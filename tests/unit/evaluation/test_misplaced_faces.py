"""Faces that were moved to a wrong person are found, others are left alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from facerec_app.core.errors import TrainingCancelledError
from facerec_app.core.types import Float32Array, GallerySnapshot
from facerec_app.evaluation.misplaced_faces import misplaced_faces
from facerec_app.models.model_store import ModelStore
from facerec_app.training.feature_statistics import feature_statistics_from_bytes

PEOPLE, FACES = 60, 4
MOVED = 10


def log_odds(left: Float32Array, right: Float32Array) -> Float32Array:
    """Say what SFace's calibration says, roughly: even at a cosine of 0.33, 30 a unit."""
    return np.asarray(30.0 * (np.einsum("nd,nd->n", left, right) - 0.33), np.float32)


@pytest.fixture(scope="module")
def gallery() -> tuple[GallerySnapshot, set[int]]:
    """Return faces drawn from the shipped statistics, and which of them lie with a wrong person."""
    statistics = feature_statistics_from_bytes(ModelStore().read("feature-statistics-sface"), "statistics")
    vectors = statistics.sample(PEOPLE, FACES, np.random.default_rng(1)).vectors
    owners = np.repeat(np.arange(PEOPLE), FACES)
    moved = np.arange(0, MOVED * 8, 8)
    owners[moved] = (owners[moved] + 1) % PEOPLE
    ids = np.array([f"face {row}" for row in range(len(vectors))])
    people = np.array([f"person {owner}" for owner in owners])
    return GallerySnapshot(vectors, people, ids, "test", 1), set(moved.tolist())


def test_moved_faces_are_found_and_hardly_any_other(gallery: tuple[GallerySnapshot, set[int]]) -> None:
    snapshot, moved = gallery
    found = set(np.nonzero(misplaced_faces(snapshot, log_odds) != "")[0].tolist())
    assert len(found & moved) >= 9
    assert len(found - moved) <= 1
    whose = misplaced_faces(snapshot, log_odds)
    right = [str(whose[row]) == f"person {row // FACES}" for row in sorted(found & moved)]
    assert all(right), "each is most like the person it was taken from"


def test_nothing_is_said_where_there_is_nothing_to_compare(gallery: tuple[GallerySnapshot, set[int]]) -> None:
    snapshot, _ = gallery
    one_person = GallerySnapshot(snapshot.vectors[:3], np.array(["a"] * 3), snapshot.face_ids[:3], "test", 1)
    assert (misplaced_faces(one_person, log_odds) == "").all()
    alone = GallerySnapshot(snapshot.vectors[1:3], np.array(["a", "b"]), snapshot.face_ids[1:3], "test", 1)
    assert (misplaced_faces(alone, log_odds) == "").all()
    empty = GallerySnapshot(snapshot.vectors[:0], snapshot.person_ids[:0], snapshot.face_ids[:0], "test", 1)
    assert misplaced_faces(empty, log_odds).shape == (0,)


def test_progress_is_told_and_the_user_can_stop(gallery: tuple[GallerySnapshot, set[int]]) -> None:
    snapshot, _ = gallery
    told: list[tuple[int, int]] = []
    note: Callable[[int, int], None] = lambda done, total: told.append((done, total))  # noqa: E731
    misplaced_faces(snapshot, log_odds, on_face=note)
    assert told[-1] == (len(snapshot), len(snapshot))
    with pytest.raises(TrainingCancelledError, match="nothing was changed"):
        misplaced_faces(snapshot, log_odds, cancelled=lambda: True)
