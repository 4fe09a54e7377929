"""Retrieval metrics against values worked out by hand; one-shot trials."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from facerec_app.core.errors import NotEnoughDataError
from facerec_app.core.types import Float32Array, Int64Array
from facerec_app.evaluation.one_shot import FeatureCandidateScorer, draw_one_shot_trials, run_one_shot
from facerec_app.evaluation.retrieval import average_precisions, ranked_pictures, retrieval_figures
from facerec_app.evaluation.retrieval_sheet import CSV_HEADER, ranked_csv
from facerec_app.similarity.cosine_scorer import CosineScorer
from tests.unit.evaluation.evaluation_material import made_faces

COSINE = CosineScorer(middle=0.0, slope=1.0).log_odds


def reference_average_precision(relevant: list[bool]) -> float:
    """The textbook's loop, apart from the arrays of the program."""
    hits, total = 0, 0.0
    for rank, is_relevant in enumerate(relevant, start=1):
        if is_relevant:
            hits += 1
            total += hits / rank
    return total / hits


def test_average_precision_by_hand() -> None:
    relevant = np.array([[True, False, True, False], [False, False, True, True]])
    assert average_precisions(relevant, np.array([True, True])).tolist() == [
        pytest.approx((1 + 2 / 3) / 2), pytest.approx((1 / 3 + 2 / 4) / 2),
    ]  # fmt: skip
    assert average_precisions(relevant, np.array([True, False]))[1] == 0.0


def test_the_figures_agree_with_plain_loops() -> None:
    faces = made_faces([3, 4, 2, 1, 1, 5], spread=1.4, seed=3)
    ranked = ranked_pictures(faces, COSINE)
    figures = retrieval_figures(faces, ranked)
    precisions, first, fifth = [], [], []
    for query, label in enumerate(faces.labels):
        if faces.labels.count(label) < 2:
            continue
        others = [row for row in range(len(faces)) if row != query]
        others.sort(key=lambda row: -float(faces.rows.vectors[query] @ faces.rows.vectors[row]))
        relevant = [faces.labels[row] == label for row in others]
        precisions.append(reference_average_precision(relevant))
        first.append(relevant[0])
        fifth.append(any(relevant[:5]))
    assert figures.queries == len(precisions) == 14
    assert figures.mean_average_precision == pytest.approx(np.mean(precisions), abs=1e-6)
    assert figures.hit_at_1 == pytest.approx(np.mean(first))
    assert figures.hit_at_5 == pytest.approx(np.mean(fifth))
    assert figures.mean_average_precision != pytest.approx(figures.hit_at_1)  # not a mean of hits
    assert figures.precision_at_recall[0] >= figures.precision_at_recall[-1]


def test_a_query_never_finds_itself_and_a_missing_face_is_last() -> None:
    faces = made_faces([3, 3], spread=0.1)
    faces.rows.found[4] = False
    ranked = ranked_pictures(faces, COSINE)
    assert (ranked.order != ranked.queries[:, None]).all()
    assert (ranked.order[[0, 1, 2, 3, 5], -1] == 4).all()
    assert retrieval_figures(faces, ranked).average_precisions[4] == 0.0


def test_the_csv_can_be_read_back() -> None:
    faces = made_faces([2, 2], spread=0.1)
    ranked = ranked_pictures(faces, COSINE)
    text = ranked_csv(faces, {"cosine": (ranked, retrieval_figures(faces, ranked).average_precisions)}, 2)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert tuple(rows[0]) == CSV_HEADER
    assert len(rows) == 4 * 2
    assert (rows[0]["query"], rows[0]["picture"], rows[0]["same_person"]) == ("p00/0.jpg", "p00/1.jpg", "1")


def test_retrieval_without_a_second_picture_is_refused() -> None:
    with pytest.raises(NotEnoughDataError, match="two pictures"):
        ranked_pictures(made_faces([1, 1, 1]), COSINE)


def test_trials_hold_one_right_candidate_each_of_another_person() -> None:
    faces = made_faces([3] * 6 + [1] * 10)
    drawn = draw_one_shot_trials(faces, 8, 200, seed=1)
    person = faces.labelled.person_index
    candidates = person[drawn.candidates]
    assert (candidates[:, 0] == person[drawn.probes]).all()
    assert (drawn.candidates[:, 0] != drawn.probes).all()
    assert all(len(set(row.tolist())) == 8 for row in candidates)
    np.testing.assert_array_equal(drawn.candidates, draw_one_shot_trials(faces, 8, 200, seed=1).candidates)
    assert not np.array_equal(drawn.candidates, draw_one_shot_trials(faces, 8, 200, seed=2).candidates)


def test_one_shot_is_perfect_with_clear_features_and_chance_without_any() -> None:
    faces = made_faces([4] * 20, spread=0.05)
    drawn = draw_one_shot_trials(faces, 10, 400, seed=1)
    assert run_one_shot(faces, drawn, FeatureCandidateScorer(faces, COSINE)).accuracy == 1.0

    class Guesses:
        def __init__(self) -> None:
            self.generator = np.random.default_rng(0)

        def score_candidates(self, probe: int, candidates: Int64Array) -> Float32Array:
            return self.generator.random(len(candidates)).astype(np.float32)

    assert run_one_shot(faces, drawn, Guesses()).accuracy == pytest.approx(0.1, abs=0.05)


def test_a_tie_and_a_missing_face_are_wrong() -> None:
    faces = made_faces([2] * 6, spread=0.01)

    class Alike:
        def score_candidates(self, probe: int, candidates: Int64Array) -> Float32Array:
            return np.zeros(len(candidates), np.float32)

    drawn = draw_one_shot_trials(faces, 3, 30, seed=1)
    assert run_one_shot(faces, drawn, Alike()).accuracy == 0.0
    faces.rows.found[:] = False
    assert run_one_shot(faces, drawn, FeatureCandidateScorer(faces, COSINE)).accuracy == 0.0


def test_too_many_ways_are_refused() -> None:
    with pytest.raises(NotEnoughDataError, match="there are 4 people"):
        draw_one_shot_trials(made_faces([2] * 4), 20, 10, seed=1)
