"""What a gallery gives a training, how it is split, and whose verdict another network changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from facerec_app.core.errors import NotEnoughDataError, TrainingError
from facerec_app.core.types import GallerySnapshot
from facerec_app.gallery.judgement_entry import MoreAlike
from facerec_app.gallery.records import Judgement
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.training.gallery_material import GalleryMaterial, material_of
from facerec_app.training.gallery_split import split_gallery
from facerec_app.training.held_out_pairs import own_pairs
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.verdict_changes import verdict_changes
from tests.benchmarks.training_features import shipped_network
from tests.retraining_material import sampled_people, with_lookalikes


def snapshot_of(features: LabelledFeatures) -> GallerySnapshot:
    people = np.array([features.people[index] for index in features.person_index.tolist()])
    faces = np.array([f"face{row}" for row in range(len(features))])
    names = {person: person.title() for person in features.people}
    return GallerySnapshot(features.vectors, people, faces, features.extractor_version, 1, names)


def said(left: str, right: str, same: bool = False) -> Judgement:
    return Judgement(left, right, same, "a test", datetime(2026, 11, 1, tzinfo=UTC))


def strangers() -> LabelledFeatures:
    return replace(sampled_people(50, 2, seed=8), people=tuple(f"stranger{number:02}" for number in range(50)))


def material(features: LabelledFeatures, *judgements: Judgement) -> GalleryMaterial:
    return material_of(snapshot_of(features), judgements)


def test_corrections_become_rows_and_those_of_missing_faces_are_left_out() -> None:
    found = material(sampled_people(3, 2), said("face0", "face5"), said("face1", "gone"), said("face2", "face3", True))
    assert found.confirmed_rows.tolist() == [[0, 5], [2, 3]]
    assert found.confirmed_same.tolist() == [False, True]


def test_answers_at_odds_are_left_out_and_counted_until_they_are_settled() -> None:
    snapshot = snapshot_of(sampled_people(3, 3))
    at_odds = [said("face0", "face1", True), said("face1", "face2", True), said("face0", "face2")]
    fine, against_the_names = said("face3", "face6"), said("face4", "face7", True)
    likeness = [MoreAlike("face0", one, other, "a test", fine.decided_at) for one, other in
                (("face1", "face3"), ("face3", "face2"), ("face4", "gone"))]  # fmt: skip
    found = material_of(snapshot, [*at_odds, fine, against_the_names], likeness)
    assert found.confirmed_rows.tolist() == [[3, 6]]
    assert found.more_alike_rows.tolist() == [[0, 1, 3]]
    assert found.disputed == 5
    assert found.rows_in_corrections().tolist() == [0, 1, 3, 6]
    settled = material_of(snapshot, [*at_odds[:2], fine], likeness[:1])
    assert settled.confirmed_rows.tolist() == [[0, 1], [1, 2], [3, 6]]
    assert settled.disputed == 0


def test_a_refused_name_becomes_pairs_with_the_likest_faces_of_that_person() -> None:
    features = sampled_people(3, 8)
    refused = sampled_people(1, 1, seed=9).vectors
    person = features.people[1]
    snapshot = replace(snapshot_of(features), rejected_vectors=refused, rejected_person_ids=np.array([person]))
    found = material_of(snapshot, ())
    assert len(found.features) == 25
    assert len(found.enrolled) == 24
    cosines = features.vectors[8:16] @ refused[0]
    assert found.confirmed_rows.tolist() == [[8 + int(row), 24] for row in np.argsort(-cosines)[:5]]
    assert not found.confirmed_same.any()


def test_nobody_enrolled_and_features_that_are_no_numbers_are_one_clear_line() -> None:
    features = sampled_people(2, 2)
    with pytest.raises(NotEnoughDataError, match="Nobody is enrolled"):
        material_of(replace(snapshot_of(features), vectors=features.vectors[:0], person_ids=np.array([], str)), ())
    vectors = features.vectors.copy()
    vectors[3, 7] = np.nan
    with pytest.raises(TrainingError, match=r"face3 of Sampled-000001 are not numbers; remove that picture"):
        material_of(replace(snapshot_of(features), vectors=vectors), ())


@pytest.mark.parametrize(
    ("people", "faces", "by"), [(20, 5, "person"), (10, 2, "person"), (9, 5, "face"), (1, 6, "face")]
)
def test_split_is_by_person_where_enough_people_have_several_faces(people: int, faces: int, by: str) -> None:
    found = material(sampled_people(people, faces))
    split = split_gallery(found, seed=3)
    assert split.by == by
    rows = np.concatenate([split.training, split.validation, split.test])
    assert sorted(rows.tolist()) == list(range(people * faces))
    whose = [set(found.features.person_index[part].tolist()) for part in split.part_of().values()]
    if by == "person":
        assert not whose[0] & whose[1]
        assert not whose[0] & whose[2]
        assert len(whose[2]) >= 2
    else:
        assert whose[0] == set(range(people)), "everybody has a face to train on"
        assert whose[2] == set(range(people)), "everybody has a face to be judged by"


def test_faces_of_a_correction_always_train() -> None:
    features = sampled_people(12, 4)
    for seed in range(8):
        split = split_gallery(material(features, said("face0", "face40")), seed)
        assert {0, 40} <= set(split.training.tolist())


@pytest.mark.parametrize("people", [1, 5])
def test_people_with_one_face_only_train(people: int) -> None:
    found = material(sampled_people(people, 1))
    split = split_gallery(found, seed=3)
    assert len(split.training) == people
    held_out = own_pairs(found.features, split, strangers(), np.random.default_rng(0))
    assert held_out.figures(SimilarityNetwork(shipped_network()[0]), shipped_network()[1]) is None


def test_judging_pairs_hold_no_face_that_trained_when_split_by_person() -> None:
    found = material(sampled_people(20, 4))
    split = split_gallery(found, seed=3)
    held_out = own_pairs(found.features, split, strangers(), np.random.default_rng(0))
    used = set(np.concatenate([held_out.genuine, held_out.impostor]).ravel().tolist())
    assert not used & set(split.training.tolist())
    person = held_out.features.person_index
    assert (person[held_out.genuine[:, 0]] == person[held_out.genuine[:, 1]]).all()
    assert (person[held_out.impostor[:, 0]] != person[held_out.impostor[:, 1]]).all()
    assert len(held_out.genuine) == 4 * 6
    figures = held_out.figures(SimilarityNetwork(shipped_network()[0]), shipped_network()[1])
    assert figures is not None
    assert figures.accuracy > 0.97
    assert figures.calibration_error < 0.05


def test_a_network_that_names_nobody_changes_every_verdict_for_the_worse() -> None:
    features = with_lookalikes(sampled_people(6, 4))
    found = material(features, said("face0", "face4"))
    weights, calibration = shipped_network()
    deaf = replace(weights, distance_bias=weights.distance_bias - 100.0)
    changes = verdict_changes(
        found, (SimilarityNetwork(weights), calibration), (SimilarityNetwork(deaf), calibration), stranger_rate=1e-3
    )
    assert changes.faces_right[0] >= 20
    assert changes.faces_right[1] == changes.faces_wrong[1] == 0
    assert {change.after for change in changes.faces} == {"unknown"}
    # It takes nobody for anybody, so it also follows the correction, which the other did not.
    assert changes.corrections_right == (0, 1)
    assert [change.is_better for change in changes.corrections] == [True]
