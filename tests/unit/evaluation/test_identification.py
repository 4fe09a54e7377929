"""Open-set protocol and its metrics."""

from __future__ import annotations

import numpy as np
import pytest

from facerec_app.core.errors import NotEnoughDataError, TrainingCancelledError
from facerec_app.evaluation.identification_metrics import (
    identification_figures,
    repeated_misses,
    stranger_threshold,
)
from facerec_app.evaluation.identification_protocol import (
    OpenSetPeople,
    OpenSetPlan,
    OpenSetTrials,
    draw_galleries,
    people_by_pictures,
    run_open_set,
    split_in_halves,
)
from facerec_app.similarity.cosine_scorer import CosineScorer
from tests.unit.evaluation.evaluation_material import made_faces

FACES = made_faces([4] * 12 + [1] * 30)
PROBES, SINGLES = people_by_pictures(FACES, FACES.labelled.people, 1)
PEOPLE = OpenSetPeople(PROBES, (SINGLES[:10], SINGLES[10:]), SINGLES[10:])


def trials(
    best: list[float], right: list[bool], enrolled: list[bool], person: list[int] | None = None
) -> OpenSetTrials:
    count = len(best)
    people = np.array(person if person is not None else list(range(count)), np.int64)
    return OpenSetTrials(
        np.arange(count), people, np.array(enrolled), np.array(best, np.float32),
        np.where(right, 1, 2).astype(np.int64), np.array(best) > 2, people, np.where(enrolled, 0, -1).astype(np.int64),
    )  # fmt: skip


@pytest.mark.parametrize("size", [1, 5, 12, 20, 30])
@pytest.mark.parametrize("draw", [0, 1])
def test_nobody_is_on_both_sides_and_no_picture_is_both_enrolled_and_asked(size: int, draw: int) -> None:
    probed = []
    for gallery in draw_galleries(FACES, PEOPLE, OpenSetPlan(size, 1), draw):
        people = FACES.labelled.person_index
        enrolled, asked = set(people[gallery.enrolled].tolist()), set(people[gallery.strangers].tolist())
        assert len(enrolled) == size
        assert not enrolled & asked
        assert not set(gallery.enrolled.tolist()) & set(gallery.probes.tolist())
        assert set(people[gallery.probes].tolist()) <= enrolled
        probed += gallery.probes.tolist()
    # Every probe person is enrolled once in a draw and asked about with all other pictures.
    assert sorted({FACES.labels[row] for row in probed}) == sorted(PROBES)
    assert len(probed) == len(set(probed)) == 3 * len(PROBES)


def test_each_stranger_asks_once_in_a_draw() -> None:
    galleries = draw_galleries(FACES, PEOPLE, OpenSetPlan(5, 1), 0)
    asked = np.concatenate([gallery.strangers for gallery in galleries])
    assert sorted(FACES.labels[row] for row in asked.tolist()) == sorted(PEOPLE.strangers)


def test_the_first_fillers_are_used_up_before_the_strangers() -> None:
    (gallery,) = draw_galleries(FACES, PEOPLE, OpenSetPlan(25, 1), 0)
    enrolled = {FACES.labels[row] for row in gallery.enrolled.tolist()}
    assert set(SINGLES[:10]) <= enrolled
    assert len(enrolled & set(SINGLES[10:])) == 3
    assert len(gallery.strangers) == 20 - 3


def test_the_same_seed_draws_the_same_and_another_another() -> None:
    plan = OpenSetPlan(12, 2, seed=3)
    first, again = (draw_galleries(FACES, PEOPLE, plan, 1)[0].enrolled for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, draw_galleries(FACES, PEOPLE, OpenSetPlan(12, 2, seed=4), 1)[0].enrolled)


def test_too_few_people_say_how_many_there_are() -> None:
    with pytest.raises(NotEnoughDataError, match="there are 42"):
        draw_galleries(FACES, PEOPLE, OpenSetPlan(43), 0)
    with pytest.raises(NotEnoughDataError, match="no stranger"):
        draw_galleries(FACES, PEOPLE, OpenSetPlan(42), 0)
    with pytest.raises(NotEnoughDataError, match="more than 4 pictures"):
        split_in_halves(FACES, 4, 1)


def test_halves_share_nobody() -> None:
    halves = split_in_halves(FACES, 1, 5)
    known = {*halves.probes, *halves.fillers[0]}
    assert not known & set(halves.strangers)
    assert len(known | set(halves.strangers)) == 42
    assert len(halves.probes) == 6


def test_easy_people_are_all_found_and_a_missing_face_is_a_miss() -> None:
    faces = made_faces([3] * 8 + [1] * 10, spread=0.05)
    several, singles = people_by_pictures(faces, faces.labelled.people, 1)
    people = OpenSetPeople(several, (), singles)
    asked = run_open_set(faces, people, OpenSetPlan(8, draws=2), CosineScorer(), None)
    assert identification_figures(asked, 8, decided=False).misses["10 %"].fnir == 0.0
    lost = faces.pictures.index("p00/1.jpg")
    faces.rows.found[lost] = False
    asked = run_open_set(faces, people, OpenSetPlan(8, draws=2), CosineScorer(), None)
    missed = asked.enrolled & ~asked.right
    assert set(asked.person[missed].tolist()) == {0}
    assert {lost} <= set(asked.picture[missed].tolist())
    figures = identification_figures(asked, 8, decided=False)
    assert figures.misses["10 %"].fnir == pytest.approx(missed.sum() / asked.enrolled.sum())


def test_a_stop_ends_it() -> None:
    with pytest.raises(TrainingCancelledError):
        run_open_set(FACES, PEOPLE, OpenSetPlan(5), CosineScorer(), None, cancelled=lambda: True)


def test_the_threshold_lets_no_more_strangers_through_than_stated() -> None:
    scores = np.array([5.0, 4.0, 3.0, 2.0, 1.0])
    for rate, through in ((0.0, 0), (0.19, 0), (0.2, 1), (0.5, 2)):
        assert (scores > stranger_threshold(scores, np.ones(5), rate)).sum() == through


def test_misses_by_hand() -> None:
    # Ten strangers up to 5; at FPIR 10 % one of them may pass, so a name needs more than 4.
    best = [9.0, 4.5, 4.0, 8.0, 5.0, 4.0, 3, 2, 1, 0, 0, 0, 0, 0]
    figures = identification_figures(
        trials(best, [True, True, True, False] + [False] * 10, [True] * 4 + [False] * 10), 4, decided=True
    )
    miss = figures.misses["10 %"]
    assert miss.threshold == pytest.approx(4.0)
    assert miss.fnir == pytest.approx(0.5)  # one at the threshold, one with somebody else first
    assert (miss.strangers_beyond, miss.enough) == (1, False)
    assert figures.misses["1 %"].fnir == pytest.approx(0.75)
    assert figures.cmc[:2].tolist() == [0.75, 1.0]
    assert figures.decision is not None
    assert figures.decision.fpir == pytest.approx(0.3)
    assert figures.decision.fnir == pytest.approx(0.25)
    assert figures.decision.wrong_name == pytest.approx(0.25)


def test_people_with_many_pictures_weigh_less_by_person() -> None:
    best, person = [9.0, 9, 9, 1] + [2.0] * 4, [0, 0, 0, 1, 2, 3, 4, 5]
    figures = identification_figures(
        trials(best, [True] * 4 + [False] * 4, [True] * 4 + [False] * 4, person), 2, decided=False
    )
    assert figures.misses["10 %"].fnir == pytest.approx(0.25)
    assert figures.misses["10 %"].fnir_by_person == pytest.approx(0.5)
    low, high = figures.misses["10 %"].fnir_interval
    assert low == 0.0
    assert high == 1.0


def test_repeated_misses_name_the_pictures() -> None:
    asked = trials([1.0, 9.0, 3.0], [True, True, False], [True, True, False])
    assert repeated_misses(asked, 2.0) == [(0, 1, 1.0, 0)]
