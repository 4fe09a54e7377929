"""Faces under the wrong person, on people drawn as directions with their faces around them."""

from __future__ import annotations

import numpy as np

from facerec_app.core.types import Float32Array, Int64Array
from facerec_app.evaluation.label_review import LabelReview, review_labels


def log_odds(left: Float32Array, right: Float32Array) -> Float32Array:
    """As of SFace's features: 0 at a cosine of 0.35, 12 at 0.7."""
    return np.asarray((np.einsum("pd,pd->p", left, right) - 0.35) * 34.0, np.float32)


def faces_of(owners: list[int], seed: int = 3) -> Float32Array:
    generator = np.random.default_rng(seed)
    centres = generator.normal(size=(max(owners) + 1, 64))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    vectors = centres[owners] + generator.normal(scale=0.08, size=(len(owners), 64))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def review(owners: list[int], folders: str, copies: Int64Array | None = None) -> LabelReview:
    alone = np.arange(len(owners)) if copies is None else copies
    return review_labels(faces_of(owners), list(folders), alone, log_odds)


def test_nothing_is_said_of_people_in_their_own_folders() -> None:
    assert review([0, 0, 0, 1, 1, 2, 2, 2, 3], "aaabbcccd") == LabelReview((), ())


def test_a_face_in_another_folder_is_found_with_whose_it_is() -> None:
    found = review([0, 0, 0, 0, 1, 1, 2, 2, 2], "aaabbbccc")  # one of a lies in b
    assert [(face.row, face.suggested) for face in found.misfiled] == [(3, "a")]
    assert found.disagreeing == ()


def test_the_true_face_of_a_folder_of_two_is_not_blamed() -> None:
    found = review([0, 0, 0, 1, 2, 2], "aabbcc")  # of b's two faces one is of a
    assert [(face.row, face.suggested) for face in found.misfiled] == [(2, "a")]


def test_a_face_of_nobody_here_is_found_by_the_others_of_its_folder() -> None:
    found = review([0, 0, 0, 9, 1, 1], "aaaabb")
    assert [(face.row, face.suggested) for face in found.misfiled] == [(3, None)]


def test_an_only_face_that_looks_like_somebody_else_is_found() -> None:
    found = review([0, 0, 0, 1, 1], "aaxbb")
    assert [(face.row, face.suggested) for face in found.misfiled] == [(2, "a")]
    assert found.misfiled[0].own_log_odds is None


def test_two_faces_of_two_people_in_one_folder_disagree() -> None:
    assert review([0, 1, 2, 2], "aabb").disagreeing == ((0, 1),)


def test_a_copy_of_a_misfiled_face_is_no_evidence_for_it() -> None:
    copies = np.array([0, 1, 2, 3, 3, 5, 6])
    vectors = faces_of([0, 0, 0, 0, 0, 1, 1])
    vectors[4] = vectors[3]  # twice the same picture of a, in b
    found = review_labels(vectors, list("aaabbbb"), copies, log_odds)
    assert {face.row for face in found.misfiled} == {3, 4}


def test_no_faces_and_one_person_are_no_trouble() -> None:
    assert review_labels(np.zeros((0, 8), np.float32), [], np.zeros(0, np.int64), log_odds) == LabelReview((), ())
    assert review([0, 0, 0], "aaa") == LabelReview((), ())
