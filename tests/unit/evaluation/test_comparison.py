"""Paired tests and thresholds chosen on other people."""

from __future__ import annotations

import numpy as np
import pytest

from facerec_app.core.errors import NotEnoughDataError
from facerec_app.core.types import Float32Array
from facerec_app.evaluation.comparison import compared, compared_scorer, comparison_report
from facerec_app.evaluation.paired_tests import PairedDifference, independent_pairs, mcnemar, verdict_sentence
from facerec_app.evaluation.threshold_choice import cross_fitted_correct
from facerec_app.evaluation.verification_run import VerificationRun
from facerec_app.similarity.cosine_scorer import CosineScorer
from facerec_app.training.verification_metrics import PersonBootstrap, ScoredPairs
from tests.unit.evaluation.evaluation_material import made_faces

COSINE = CosineScorer(middle=0.0, slope=1.0).log_odds


def noisy(left: Float32Array, right: Float32Array) -> Float32Array:
    generator = np.random.default_rng(len(left))
    return (COSINE(left, right) + 0.4 * generator.normal(size=len(left))).astype(np.float32)


def test_mcnemar_by_hand() -> None:
    first = np.array([True] * 8 + [False] * 2 + [True] * 90)
    second = np.array([False] * 8 + [True] * 2 + [True] * 90)
    result = mcnemar(first, second)
    assert (result.only_first, result.only_second, result.trials) == (8, 2, 100)
    # Two-sided binomial tail of at most 2 of 10: 2 * (1 + 10 + 45) / 1024.
    assert result.p_value == pytest.approx(112 / 1024)
    assert mcnemar(first, first).p_value == 1.0


def test_independent_pairs_use_each_person_once_in_each_kind() -> None:
    run = VerificationRun(made_faces([3] * 15))
    pairs = run.score_all(COSINE)
    rows = independent_pairs(pairs)
    genuine, impostor = rows[pairs.same[rows]], rows[~pairs.same[rows]]
    assert len(np.unique(pairs.people[genuine, 0])) == len(genuine) == 15
    assert len(np.unique(pairs.people[impostor])) == 2 * len(impostor)


def test_thresholds_come_from_people_of_neither_face() -> None:
    # Everybody's genuine pair scores 0.6, impostors 0.4, except person 0, whose pairs are turned round: judged by
    # the others' threshold they are wrong, whatever would have suited them.
    people, scores, same = [], [], []
    for person in range(20):
        people.append((person, person))
        same.append(True)
        scores.append(0.1 if person == 0 else 0.6)
        for other in range(person + 1, 20):
            people.append((person, other))
            same.append(False)
            scores.append(0.9 if person == 0 else 0.4)
    pairs = ScoredPairs(np.array(scores, np.float32), np.array(same), np.array(people, np.int64))
    correct, threshold = cross_fitted_correct(pairs)
    involved = (pairs.people == 0).any(axis=1)
    assert not correct[involved].any()
    assert correct[~involved].all()
    assert 0.4 < threshold < 0.6


def test_too_few_people_for_thresholds_are_refused() -> None:
    with pytest.raises(NotEnoughDataError, match="choose a threshold"):
        cross_fitted_correct(VerificationRun(made_faces([2, 1, 1])).score_all(COSINE))


def test_a_worse_scorer_is_found_out_and_an_equal_one_is_not() -> None:
    run = VerificationRun(made_faces([4] * 30, spread=1.0), None, PersonBootstrap(60))
    good = compared_scorer("good", run, COSINE, run.bootstrap)
    bad = compared_scorer("bad", run, noisy, run.bootstrap)
    told = compared(good, bad)
    assert told.sentence.startswith("good is better than bad beyond chance")
    assert compared(bad, good).sentence.startswith("good is better than bad beyond chance")
    same = compared(good, compared_scorer("again", run, COSINE, run.bootstrap))
    assert same.sentence.startswith("No difference beyond chance")
    assert all(row.difference == 0 for row in same.differences)
    values = comparison_report(told, run, {}, ()).to_json()
    assert {"sentence", "differences", "mcnemar", "thresholds", "hashes"} <= set(values)
    assert values["differences"][0]["name"].startswith("TAR at FAR")


def test_one_figure_decides_and_the_others_are_only_mentioned() -> None:
    unclear = PairedDifference("TAR", 0.90, 0.89, (-0.01, 0.02))
    clear = PairedDifference("accuracy", 0.90, 0.80, (0.05, 0.15))
    sentence = verdict_sentence("A", "B", (unclear, clear))
    assert sentence.startswith("No difference beyond chance between A and B")
    assert "accuracy +10.00" in sentence
    assert verdict_sentence("A", "B", (clear, unclear)).startswith("A is better than B beyond chance")
