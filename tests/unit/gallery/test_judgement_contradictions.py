"""Answers that cannot all be true, as short as they can be shown."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from facerec_app.gallery.judgement_contradictions import Contradiction, disputed_answers, find_contradictions
from facerec_app.gallery.judgement_entry import MoreAlike
from facerec_app.gallery.records import Judgement

_AT = datetime(2026, 11, 1, tzinfo=UTC)
NOBODY: dict[str, str] = {}


def pair(text: str) -> Judgement:
    """Return what ``A=B`` or ``A!B`` says."""
    return Judgement(text[0], text[2], text[1] == "=", "Ann", _AT)


def likeness(text: str) -> MoreAlike:
    """Return what ``R:A>B`` says: A is more like R than B is."""
    return MoreAlike(text[0], text[2], text[4], "Ann", _AT)


def kinds(found: tuple[Contradiction, ...]) -> list[str]:
    return [one.kind for one in found]


def test_answers_that_fit_together_are_no_contradiction() -> None:
    said = [pair("A=B"), pair("B=C"), pair("A!D"), pair("D=E")]
    filed = {"A": "ada", "B": "ada", "C": "ada", "D": "bo", "E": "bo"}
    assert find_contradictions(said, [likeness("A:B>D"), likeness("A:B>E")], filed) == ()


def test_chain_is_the_shortest_one_and_ends_in_the_answer_against_it() -> None:
    said = [pair("A=B"), pair("B=C"), pair("C=D"), pair("A=E"), pair("E=D"), pair("A!D")]
    (found,) = find_contradictions(said, [], NOBODY)
    assert found.kind == "chain"
    assert found.face_ids == ("A", "E", "D")
    assert found.answers == (pair("A=E"), pair("E=D"), pair("A!D"))


def test_answers_against_the_names_are_told_apart_from_chains() -> None:
    filed = {"A": "ada", "B": "ada", "C": "bo", "D": "bo"}
    found = find_contradictions([pair("A!B"), pair("B=C")], [likeness("A:C>B"), likeness("A:B>C")], filed)
    assert kinds(found) == ["filed_together", "filed_apart", "likeness_filed"]
    assert [one.face_ids for one in found] == [("A", "B"), ("B", "C"), ("A", "C", "B")]


def test_answer_in_a_chain_is_not_shown_again_against_the_names() -> None:
    filed = {"A": "ada", "B": "ada", "C": "ada"}
    assert kinds(find_contradictions([pair("A=B"), pair("B=C"), pair("A!C")], [], filed)) == ["chain"]


def test_likeness_that_goes_round_is_found_from_one_face_and_across_faces() -> None:
    of_one = [likeness("R:A>B"), likeness("R:B>C"), likeness("R:C>A")]
    (found,) = find_contradictions([], of_one, NOBODY)
    assert found.kind == "likeness_circle"
    assert set(found.answers) == set(of_one)
    # d(R,A) < d(R,B), d(B,R) < d(B,A), d(A,B) < d(A,R)
    across = [likeness("R:A>B"), likeness("B:R>A"), likeness("A:B>R")]
    assert kinds(find_contradictions([], across, NOBODY)) == ["likeness_circle"]
    assert find_contradictions([], across[:2], NOBODY) == ()


def test_without_the_disputed_answers_the_others_fit_together() -> None:
    generator = np.random.default_rng(5)
    faces = [chr(ord("A") + n) for n in range(12)]
    filed = {face: f"person{n // 3}" for n, face in enumerate(faces)}
    for _ in range(30):
        pairs = {tuple(sorted(generator.choice(faces, 2, replace=False).tolist())) for _ in range(25)}
        said = [Judgement(a, b, bool(generator.integers(2)), "Ann", _AT) for a, b in sorted(pairs)]
        alike = [likeness("{}:{}>{}".format(*generator.choice(faces, 3, replace=False))) for _ in range(10)]
        for names in (filed, NOBODY):
            disputed = disputed_answers(find_contradictions(said, alike, names))
            left = [j for j in said if j not in disputed], [m for m in alike if m not in disputed]
            assert find_contradictions(*left, names) == ()
        assert disputed


def test_a_long_chain_and_many_answers_take_no_time() -> None:
    chain = [Judgement(f"{n:05}", f"{n + 1:05}", True, "Ann", _AT) for n in range(20_000)]
    (found,) = find_contradictions([*chain, Judgement("00000", "20000", False, "Ann", _AT)], [], NOBODY)
    assert len(found.answers) == 20_001
