"""Faces of one person come together without anybody saying how many people there are."""

from __future__ import annotations

import numpy as np

from facerec_app.core.types import Float32Array, Int64Array
from facerec_app.decision.face_clustering import cluster_faces, cosine_at
from facerec_app.decision.settled_groups import settle_groups

LIMITS = (0.44, 0.5)


def people(counts: list[int], seed: int = 0, spread: float = 0.08) -> tuple[Float32Array, Int64Array]:
    """Return features as an extractor gives them, so many a person, and whose each is."""
    generator = np.random.default_rng(seed)
    centres = generator.standard_normal((len(counts), 128))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    owners = np.repeat(np.arange(len(counts)), counts)
    vectors = centres[owners] + spread * generator.standard_normal((len(owners), 128))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), owners.astype(np.int64)


def test_every_person_is_a_group_and_who_is_there_once_belongs_to_none() -> None:
    vectors, owners = people([6, 5, 4, 3, 1, 1, 1])
    found = cluster_faces(vectors, *LIMITS)
    for owner in range(4):
        assert len(set(found[owners == owner].tolist())) == 1
    assert len(set(found[owners < 4].tolist())) == 4
    assert (found[owners >= 4] == -1).all()


def test_faces_of_one_person_alone_are_one_group() -> None:
    assert set(cluster_faces(people([3])[0], *LIMITS).tolist()) == {0}
    assert set(cluster_faces(people([70])[0], *LIMITS).tolist()) == {0}


def test_same_picture_three_times_is_a_group() -> None:
    vectors, _ = people([1])
    assert cluster_faces(np.repeat(vectors, 3, axis=0), *LIMITS).tolist() == [0, 0, 0]


def test_strangers_who_are_there_once_each_make_no_group() -> None:
    vectors, _ = people([1] * 40)
    assert (cluster_faces(vectors, *LIMITS) == -1).all()


def test_two_faces_that_are_each_others_nearest_are_a_pair_only_if_they_are_very_alike() -> None:
    near, _ = people([2, 1, 1])
    assert cluster_faces(near, *LIMITS).tolist() == [0, 0, -1, -1]
    far, _ = people([2, 1, 1], spread=0.11)
    assert 0.4 < float(far[0] @ far[1]) < 0.5
    assert (cluster_faces(far, *LIMITS) == -1).all()


def test_single_face_and_none_make_no_group() -> None:
    vectors, _ = people([1])
    assert cluster_faces(vectors, *LIMITS).tolist() == [-1]
    assert cluster_faces(vectors[:0], *LIMITS).shape == (0,)


def test_cosine_is_found_where_a_network_says_so() -> None:
    class Steep:
        version = "steep"

        def score_pairs(self, left: Float32Array, right: Float32Array) -> Float32Array:
            cosines = np.sum(left * right, axis=1)
            return np.asarray(1.0 / (1.0 + np.exp(-10.0 * (cosines - 0.3))), np.float32)

    vectors, _ = people([10])
    assert abs(cosine_at(Steep(), vectors, 0.0) - 0.3) < 0.01  # type: ignore[arg-type]
    assert abs(cosine_at(Steep(), vectors, 2.0) - 0.5) < 0.01  # type: ignore[arg-type]


def test_group_of_the_user_has_what_was_put_into_it_and_what_is_found_with_it() -> None:
    vectors, _ = people([4, 4])
    found = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    groups = settle_groups(vectors, found, ["mine", None, None, None, "mine", None, None, None])
    assert [set(group.rows.tolist()) for group in groups] == [set(range(8))]
    assert groups[0].kept_id == "mine"


def test_two_groups_of_the_user_stay_two_and_others_join_the_one_they_are_like() -> None:
    vectors, _ = people([4, 4])
    together = np.zeros(8, np.int64)
    groups = settle_groups(vectors, together, ["a", None, None, None, "b", None, None, None])
    assert {group.kept_id: set(group.rows.tolist()) for group in groups} == {"a": {0, 1, 2, 3}, "b": {4, 5, 6, 7}}


def test_face_set_apart_stays_by_itself_and_groups_are_listed_biggest_first() -> None:
    vectors, _ = people([3, 4])
    found = np.array([0, 0, 0, 1, 1, 1, -1])
    groups = settle_groups(vectors, found, ["apart", "rest", "rest", None, None, None, None])
    assert [sorted(group.rows.tolist()) for group in groups] == [[3, 4, 5], [1, 2], [0], [6]]
