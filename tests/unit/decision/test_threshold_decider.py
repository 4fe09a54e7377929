"""Names on single pictures."""

from __future__ import annotations

import numpy as np
import pytest

from facerec_app.core.types import PersonScores, Verdict
from facerec_app.decision.person_ranker import empty_person_scores
from facerec_app.decision.threshold_decider import ThresholdDecider, leader_of
from tests.unit.decision.decision_material import calibration, look, looks


def decide(scores: PersonScores, **options: float) -> list[tuple[Verdict, str | None]]:
    decisions = ThresholdDecider(calibration(), **options).decide(scores)
    return [(decision.verdict, decision.person_id) for decision in decisions]


def test_a_score_above_the_threshold_with_a_clear_lead_is_named() -> None:
    assert decide(look(ann=6.0, bob=-3.0)) == [(Verdict.KNOWN, "ann")]


def test_a_score_below_the_threshold_is_unknown() -> None:
    decision = ThresholdDecider(calibration()).decide(look(ann=2.5, bob=-3.0))[0]
    assert (decision.verdict, decision.person_id, decision.best_person_id) == (Verdict.UNKNOWN, None, "ann")


def test_the_threshold_grows_with_the_gallery() -> None:
    assert decide(look(1, ann=4.0)) == [(Verdict.KNOWN, "ann")]
    assert decide(look(1000, ann=4.0, bob=-3.0)) == [(Verdict.UNKNOWN, None)]


def test_a_looser_stranger_rate_names_more() -> None:
    assert decide(look(ann=2.5, bob=-3.0), stranger_rate=0.1) == [(Verdict.KNOWN, "ann")]


def test_two_people_nearly_as_likely_are_not_told_apart() -> None:
    decision = ThresholdDecider(calibration()).decide(look(ann=6.0, bob=5.5))[0]
    assert decision.verdict is Verdict.UNKNOWN
    assert "nearly as likely" in decision.reason
    assert (decision.best_person_id, decision.runner_up_id) == ("ann", "bob")


def test_one_name_goes_to_the_better_face_only() -> None:
    assert decide(looks(look(ann=6.0, bob=-3.0), look(ann=7.0, bob=-3.0), look(ann=-3.0, bob=6.0))) == [
        (Verdict.UNKNOWN, None),
        (Verdict.KNOWN, "ann"),
        (Verdict.KNOWN, "bob"),
    ]


def test_an_empty_gallery_knows_nobody() -> None:
    decision = ThresholdDecider(calibration()).decide(empty_person_scores(1, 0))[0]
    assert (decision.verdict, decision.probability) == (Verdict.UNKNOWN, 0.0)
    assert "nobody is enrolled" in decision.reason


def test_no_faces_give_no_decisions() -> None:
    assert ThresholdDecider(calibration()).decide(empty_person_scores(0, 5)) == ()


def test_the_reason_gives_the_figures_in_plain_words() -> None:
    reason = ThresholdDecider(calibration()).decide(look(5, ann=6.0, bob=-3.0))[0].reason
    assert reason.startswith("best of 5 people, 1.00, runner-up 0.00")


def test_still_pictures_have_no_track_and_tracks_keep_theirs() -> None:
    decider = ThresholdDecider(calibration())
    assert decider.decide(look(ann=6.0))[0].track_id == -1
    assert decider.decide(look(ann=6.0), np.array([7]))[0].track_id == 7


@pytest.mark.parametrize("value", [np.inf, 50.0])
def test_a_person_without_rival_may_be_named(value: float) -> None:
    decision = ThresholdDecider(calibration()).decide(look(1, ann=min(value, 15.0)))[0]
    assert decision.verdict is Verdict.KNOWN
    assert 0.99 < decision.probability <= 1.0
    assert decision.runner_up_id is None


@pytest.mark.parametrize("best", [-8.0, -1.0, 2.0, 9.0])
def test_the_runner_up_is_never_more_likely_than_the_best(best: float) -> None:
    leader = leader_of(look(ann=best, bob=best - 0.2), 0, calibration())
    assert 0.0 <= leader.runner_up_probability <= leader.probability
    assert leader.probability + leader.runner_up_probability <= 1.0
