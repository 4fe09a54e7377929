"""Fine-tuning the extractor: who teaches and judges, triplets, the way between old and new weights, the judgement."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facerec_app.core.errors import ConfigError, NotEnoughDataError, WeightsRejectedError
from facerec_app.core.types import Float32Array, Int64Array
from facerec_app.models.model_store import ModelStore
from facerec_app.training.extractor.extractor_head import part_way, require_head, trained_names
from facerec_app.training.extractor.finetuning_judgement import ShippedThreshold, compare_extractors
from facerec_app.training.extractor.finetuning_options import FinetuningOptions
from facerec_app.training.extractor.own_faces import split_faces
from facerec_app.training.extractor.semi_hard_triplets import semi_hard_triplets
from facerec_app.training.extractor.student_weights import StudentWeights, load_student

_THRESHOLDS = (ShippedThreshold(1e-2, 0.6), ShippedThreshold(1e-3, 0.7))
_DIMENSION = 24


def cosines(left: Float32Array, right: Float32Array) -> Float32Array:
    return np.asarray(np.sum(left * right, axis=1), np.float32)


def features(people: Int64Array, spread: float, seed: int = 3) -> Float32Array:
    """Return unit-length features around a direction for each person, the same ones however wide the spread."""
    generator = np.random.default_rng(seed)
    centres = generator.normal(size=(int(people.max()) + 1, _DIMENSION))
    vectors = centres[people] + spread * generator.normal(size=(len(people), _DIMENSION))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def test_a_third_judges_and_of_many_people_some_stay_out() -> None:
    people = np.repeat(np.arange(9), [6, 6, 6, 6, 3, 3, 3, 3, 2])
    parts = split_faces(people, 1)
    everything = np.concatenate([parts.training, parts.judging, parts.others])
    assert np.array_equal(np.sort(everything), np.arange(len(people)))
    taught = set(people[parts.training])
    assert set(people[parts.judging]) == taught
    assert len(taught) == 6
    assert 8 not in taught  # two pictures cannot both teach and judge
    assert not taught & set(people[parts.others])
    for person in taught:
        count = int((people == person).sum())
        assert int((people[parts.judging] == person).sum()) == count // 3
    assert np.array_equal(split_faces(people, 1).training, parts.training)
    assert not np.array_equal(split_faces(people, 2).training, parts.training)


def test_with_few_people_everybody_teaches() -> None:
    parts = split_faces(np.repeat(np.arange(5), 3), 1)
    assert len(parts.others) == 0
    assert len(parts.judging) == 5


def test_too_few_people_are_refused_in_one_line() -> None:
    with pytest.raises(NotEnoughDataError, match="2 people or more with 3 pictures each") as caught:
        split_faces(np.array([0, 0, 0, 1, 1]), 1)
    assert "\n" not in str(caught.value)


def test_negatives_are_semi_hard_or_the_hardest_within_the_margin() -> None:
    people = np.repeat(np.arange(6), 4)
    vectors = features(people, 1.5)
    squared = 2 - 2 * vectors @ vectors.T
    triplets = semi_hard_triplets(vectors, people, 0.2, 7, np.random.default_rng(0))
    assert len(triplets) > 20
    assert np.bincount(people[triplets[:, 0]]).max() <= 7
    for anchor, positive, negative in triplets:
        assert anchor != positive
        assert people[anchor] == people[positive] != people[negative]
        near, far = squared[anchor, positive], squared[anchor, negative]
        others = squared[anchor, people != people[anchor]]
        assert far < near + 0.2
        assert far > near or far == pytest.approx(others.min())
    apart = features(people, 0.01)
    assert semi_hard_triplets(apart, people, 0.2, 7, np.random.default_rng(0)).shape == (0, 3)


@pytest.fixture(scope="module")
def shipped() -> StudentWeights:
    return load_student(ModelStore().path("resnet50-face-weights"))


def test_part_of_the_way_lies_between_old_and_new(shipped: StudentWeights) -> None:
    names = trained_names("projection")
    assert names == ("projection/kernel", "projection/bias")
    trained = {name: shipped.arrays[name] + 1 for name in names}
    half = part_way(shipped, trained, 0.5)
    for name, array in half.arrays.items():
        expected = shipped.arrays[name] + (0.5 if name in names else 0.0)
        np.testing.assert_allclose(array, expected, atol=1e-6)
    require_head(half)
    with pytest.raises(WeightsRejectedError, match="conv4_block1_out"):
        require_head(replace(shipped, cut_layer="conv4_block1_out"))


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"learning_rate": 0.0}, {"share": 1.5}, {"seed": -1}])
def test_options_that_cannot_be_meant_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="Choose"):
        FinetuningOptions(**wrong)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def people() -> Int64Array:
    return np.repeat(np.arange(16), 6)


def test_a_gain_for_own_people_that_costs_nobody_is_kept(people: Int64Array) -> None:
    parts = split_faces(people, 4)
    before, after = features(people, 1.0), features(people, 1.0)
    better = features(people, 0.85)
    own = ~np.isin(np.arange(len(people)), parts.others)
    after[own] = better[own]
    compared = compare_extractors(before, after, people, parts, cosines, _THRESHOLDS)
    assert compared.objections == ()
    assert compared.after.own_tar > compared.before.own_tar
    assert compared.after.others_tar == compared.before.others_tar
    assert compared.people == 12
    assert compared.others == 24


def test_what_changes_nothing_is_not_kept(people: Int64Array) -> None:
    same = features(people, 0.8)
    compared = compare_extractors(same, same, people, split_faces(people, 4), cosines, _THRESHOLDS)
    assert compared.likeness == pytest.approx(1.0, abs=1e-6)
    assert len(compared.objections) == 1
    assert "not recognised better" in compared.objections[0]


def test_loss_of_others_and_risen_impostors_are_named(people: Int64Array) -> None:
    parts = split_faces(people, 4)
    before, after = features(people, 0.8), features(people, 0.5)
    after[parts.others] = features(people, 3.0, seed=9)[parts.others]
    lost = " ".join(compare_extractors(before, after, people, parts, cosines, _THRESHOLDS).objections)
    assert "people who were left out lose" in lost
    assert "features moved too far" in lost
    alike = after + 2.0
    alike /= np.linalg.norm(alike, axis=1, keepdims=True)
    risen = compare_extractors(before, alike, people, parts, cosines, _THRESHOLDS)
    assert "for one stranger in 100," in " ".join(risen.objections)
    assert risen.after.impostor_rates[0] > risen.impostor_bounds[0]


def test_without_strangers_the_own_impostors_and_the_likeness_decide() -> None:
    few = np.repeat(np.arange(4), 6)
    parts = split_faces(few, 4)
    before, after = features(few, 0.7), features(few, 0.2)
    compared = compare_extractors(before, after, few, parts, cosines, _THRESHOLDS)
    assert compared.before.others_tar is None
    assert compared.likeness < 0.98
    assert "features moved too far" in " ".join(compared.objections)
