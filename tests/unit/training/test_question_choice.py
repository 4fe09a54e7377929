"""Which questions are worth asking, and in which order."""

from __future__ import annotations

import numpy as np
import pytest

from facerec_app.core.types import BoolArray
from facerec_app.training.question_choice import QUESTION_RULES, AskedFaces, QuestionChoice, QuestionRule, worth


def asked(log_odds: list[list[float]], people: list[int], filed_same: list[list[bool]] | None = None) -> AskedFaces:
    """Return faces that are all equally unlike each other."""
    count = len(people)
    same = np.zeros((count, len(log_odds[0])), bool) if filed_same is None else np.array(filed_same)
    return AskedFaces(
        np.arange(count), np.array(people), np.eye(count, dtype=np.float32), np.array(log_odds, np.float32), same
    )


def everything(faces: AskedFaces) -> BoolArray:
    return np.ones(faces.log_odds.shape, bool)


def test_boundary_prefers_pairs_that_the_network_is_in_two_minds_about() -> None:
    faces = asked([[-9.0, -9.0], [0.0, -9.0], [0.1, -0.1], [9.0, 9.0]], [0, 1, 2, 3])
    values = worth(faces, everything(faces), "boundary", 0)
    assert np.argsort(-values)[:2].tolist() == [2, 1]
    assert values[2] == pytest.approx(2.0, abs=0.01)


def test_surprise_prefers_pairs_that_are_filed_otherwise_than_the_network_thinks() -> None:
    same = [[True, False], [False, False], [True, True]]
    faces = asked([[-6.0, -6.0], [6.0, 6.0], [6.0, 6.0]], [0, 1, 2], same)
    values = worth(faces, everything(faces), "surprise", 0)
    np.testing.assert_allclose(values, [1.0, 2.0, 0.0], atol=0.02)


@pytest.mark.parametrize("rule", QUESTION_RULES)
def test_what_was_answered_is_worth_nothing(rule: QuestionRule) -> None:
    faces = asked([[0.0, 0.0], [0.0, 0.0]], [0, 1])
    still_open = np.array([[False, False], [True, False]])
    values = worth(faces, still_open, rule, 3)
    assert values[0] == 0.0 < values[1]
    choice = QuestionChoice(faces)
    assert [choice.next(values), choice.next(values)] == [1, None]


def test_lots_depend_on_the_seed_alone() -> None:
    faces = asked([[0.0]] * 20, list(range(20)))
    first, again, other = (worth(faces, everything(faces), "random", seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_questions_are_spread_over_people_and_over_faces_that_are_unlike() -> None:
    faces = asked([[0.0], [0.1], [0.5], [1.2]], [0, 0, 1, 2])
    choice, values = QuestionChoice(faces), worth(faces, everything(faces), "boundary", 0)
    assert [choice.next(values) for _ in range(5)] == [0, 2, 3, 1, None], "the second face of a person comes last"
    vectors = np.array([[1, 0], [0.99, 0.14], [0, 1]], np.float32)
    alike = AskedFaces(np.arange(3), np.arange(3), vectors, np.array([[0.0], [0.1], [1.0]], np.float32),
                       np.zeros((3, 1), bool))  # fmt: skip
    choice = QuestionChoice(alike)
    values = worth(alike, everything(alike), "boundary", 0)
    assert [choice.next(values) for _ in range(3)] == [0, 2, 1], "a face all but the same as one asked about waits"


def test_what_was_asked_before_counts_and_what_is_left_out_is_not_asked() -> None:
    faces = asked([[0.0], [0.1], [0.2]], [0, 1, 2])
    choice, values = QuestionChoice(faces), worth(faces, everything(faces), "boundary", 0)
    choice.note(faces.vectors[0], 0)
    choice.leave_out(np.array([False, False, True]))
    assert [choice.next(values) for _ in range(3)] == [1, 0, None]
