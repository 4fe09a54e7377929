"""Sampled people are distributed like the people they were measured on, and the shipped statistics can be read."""

from __future__ import annotations

import numpy as np
import pytest

from facerec_app.core.errors import NotEnoughDataError, WeightsRejectedError
from facerec_app.models.model_store import ModelStore
from facerec_app.training.feature_statistics import (
    FeatureStatistics,
    feature_statistics_from_bytes,
    feature_statistics_to_bytes,
)
from facerec_app.training.labelled_features import LabelledFeatures


def shipped() -> FeatureStatistics:
    store = ModelStore()
    name = store.profile("sface").statistics_file
    assert name is not None
    return feature_statistics_from_bytes(store.read(name), name)


def test_statistics_of_sampled_people_are_those_they_were_sampled_from() -> None:
    statistics = shipped()
    again = FeatureStatistics.measured_on(statistics.sample(3000, 4, np.random.default_rng(1)))
    assert np.abs(again.mean - statistics.mean).max() < 0.02
    for ours, theirs in ((again.between, statistics.between), (again.within, statistics.within)):
        assert np.trace(ours) == pytest.approx(np.trace(theirs), rel=0.1)  # unit length takes the radial part
        assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.95


def test_samples_are_unit_length_repeatable_and_named_by_person() -> None:
    first = shipped().sample(20, 3, np.random.default_rng(7))
    second = shipped().sample(20, 3, np.random.default_rng(7))
    assert np.array_equal(first.vectors, second.vectors)
    assert np.allclose(np.linalg.norm(first.vectors, axis=1), 1.0, atol=1e-5)
    assert first.vectors.dtype == np.float32
    assert len(first.people) == 20
    assert [len(rows) for rows in first.rows_by_person()] == [3] * 20
    cosines = first.vectors @ first.vectors.T
    same = first.person_index[:, None] == first.person_index[None, :]
    assert np.median(cosines[same & ~np.eye(60, dtype=bool)]) > np.quantile(cosines[~same], 0.999)


def test_sharpening_keeps_the_total_spread() -> None:
    sharper = shipped().sharpened(1.5)
    assert np.trace(sharper.between) == pytest.approx(np.trace(shipped().between), rel=1e-4)
    assert np.linalg.eigvalsh(sharper.between)[-1] > np.linalg.eigvalsh(shipped().between)[-1]


def test_stored_statistics_come_back() -> None:
    statistics = shipped()
    content = feature_statistics_to_bytes(statistics)
    back = feature_statistics_from_bytes(content, "statistics")
    assert content == feature_statistics_to_bytes(back)
    assert (back.people, back.faces, back.extractor_version) == (3603, 7600, statistics.extractor_version)


@pytest.mark.parametrize("damage", ["cut", "nan", "other"])
def test_damaged_statistics_are_refused_in_one_line(damage: str) -> None:
    content = feature_statistics_to_bytes(shipped())
    if damage == "cut":
        content = content[:1000]
    elif damage == "nan":
        content = content[:-256] + b"\xff" * 256
    else:
        content = ModelStore().read("similarity-sface")
    with pytest.raises(WeightsRejectedError, match="'statistics' are damaged") as caught:
        feature_statistics_from_bytes(content, "statistics")
    assert "\n" not in str(caught.value)


def test_nobody_with_two_faces_is_too_little() -> None:
    vectors = np.eye(4, dtype=np.float32)
    with pytest.raises(NotEnoughDataError, match="somebody with two faces"):
        FeatureStatistics.measured_on(LabelledFeatures.of(vectors, list("abcd"), "v"))
