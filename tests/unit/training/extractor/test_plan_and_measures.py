"""The plan of a run, the measures of pairs, the drawing of the curve."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facerec_app.core.errors import ConfigError, NotEnoughDataError
from facerec_app.training.extractor.commands import planned_recipe
from facerec_app.training.extractor.curve_drawing import draw_curve, read_series
from facerec_app.training.extractor.pair_measures import accuracy_at, measure_pairs, pair_cosines, person_pairs
from facerec_app.training.extractor.recipe import Recipe, Stage


def test_sizes_grow_with_the_pictures_seen() -> None:
    recipe = planned_recipe("1000:64,2000:112", None)
    assert [recipe.side_px(seen) for seen in (0, 999, 1000, 1999, 5000)] == [64, 64, 112, 112, 112]
    assert recipe.total_pictures == 2000


def test_the_rate_rises_stays_and_falls() -> None:
    recipe = Recipe((Stage(10_000, 64),), decay_from_pictures=8_000, warmup_pictures=1_000, batch=100, peak_rate=1.0)
    assert recipe.learning_rate(0) == pytest.approx(0.1)
    assert recipe.learning_rate(5_000) == 1.0
    assert recipe.learning_rate(9_000) == pytest.approx(0.5)
    assert recipe.learning_rate(10_000) == pytest.approx(0.01)
    assert recipe.learning_rate(5_000, resumed_at=5_000) == pytest.approx(0.1)


def test_each_stage_averages_its_weights_anew() -> None:
    recipe = Recipe((Stage(10_000, 64), Stage(20_000, 80)), batch=100)
    assert [recipe.steps_in_stage(seen) for seen in (0, 9_900, 10_000, 10_500)] == [0, 99, 0, 5]
    assert recipe.averaging(0) == pytest.approx(0.1)
    assert recipe.averaging(1_000_000) == recipe.average_decay


@pytest.mark.parametrize("text", ["", "64", "2000:64,1000:112", "1000:64,1000:112", "1000:16", "a:b"])
def test_stages_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="--stages"):
        planned_recipe(text, None)


def test_genuine_pairs_of_a_person_are_limited() -> None:
    people = np.array([0] * 12 + [1, 1, 2], np.int64)
    pairs, genuine = person_pairs(people)
    assert genuine.sum() == 10 + 1
    assert (~genuine).sum() == 12 * 2 + 12 + 2
    np.testing.assert_array_equal(people[pairs[:, 0]] == people[pairs[:, 1]], genuine)


def test_measures_of_pairs_with_known_answers() -> None:
    cosines = np.array([0.9, 0.8, 0.3, 0.4, 0.1, 0.0, -0.1], np.float32)
    genuine = np.array([True, True, True, False, False, False, False])
    measured = measure_pairs(cosines, genuine)
    assert measured.accuracy == pytest.approx((1 + 3 / 4) / 2)
    assert 0.1 <= measured.threshold < 0.3
    assert accuracy_at(cosines, genuine, measured.threshold) == pytest.approx(measured.accuracy)
    assert measured.tar_at_far_1e2 == pytest.approx(2 / 3)


def test_cosines_are_of_the_named_rows() -> None:
    vectors = np.eye(3, dtype=np.float32)
    pairs = np.array([[0, 0], [0, 1], [2, 2]], np.int64)
    np.testing.assert_array_equal(pair_cosines(vectors, pairs), [1, 0, 1])


def test_the_curve_is_drawn_from_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("seen,accuracy,other\n100,0.71,\n200,,3\n300,0.92,\n", encoding="utf-8")
    series = read_series(log, ["accuracy"])
    assert series == {"accuracy": [(100.0, 0.71), (300.0, 0.92)]}
    chart = draw_curve(series, "Accuracy & more")
    assert chart.count("<polyline") == 1
    assert "Accuracy &amp; more" in chart
    with pytest.raises(NotEnoughDataError):
        draw_curve({"accuracy": []}, "empty")
    with pytest.raises(NotEnoughDataError):
        read_series(tmp_path / "none.csv", ["accuracy"])
