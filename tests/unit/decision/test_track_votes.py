"""Many looks, one verdict."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facerec_app.core.types import IdentityDecision, PersonScores, Verdict
from facerec_app.decision.identity_calibration import IdentityCalibration, ImpostorTail
from facerec_app.decision.person_ranker import empty_person_scores
from facerec_app.decision.track_votes import AVERAGED_LOOKS, TrackVotes
from tests.unit.decision.decision_material import calibration, look

ANN = look(ann=7.0, bob=-4.0)
BOB = look(ann=-4.0, bob=7.0)
STRANGER = look(ann=-4.0, bob=-5.0)


def watch(votes: TrackVotes, *scores: PersonScores, quality: float = 0.8, start_s: float = 0.0) -> IdentityDecision:
    """Give one track these looks, ten a second, and return the last decision."""
    for number, each in enumerate(scores):
        votes.add(1, each, quality, start_s + 0.1 * number)
        votes.decide(np.array([1]))
    return votes.decide(np.array([1]))[0]


def test_agreeing_looks_name_the_person_within_three() -> None:
    decision = watch(TrackVotes(calibration()), ANN, ANN, ANN)
    assert (decision.verdict, decision.person_id) == (Verdict.KNOWN, "ann")
    assert decision.probability > 0.95
    assert "3 looks" in decision.reason


def test_one_look_is_not_enough() -> None:
    assert watch(TrackVotes(calibration()), ANN).verdict is Verdict.UNDECIDED


def test_a_track_that_was_never_looked_at_is_undecided() -> None:
    decision = TrackVotes(calibration()).decide(np.array([3]))[0]
    assert (decision.track_id, decision.verdict, decision.person_id) == (3, Verdict.UNDECIDED, None)


def test_a_stranger_becomes_unknown() -> None:
    decision = watch(TrackVotes(calibration()), STRANGER, STRANGER, STRANGER)
    assert (decision.verdict, decision.person_id) == (Verdict.UNKNOWN, None)


@pytest.mark.parametrize("position", range(6))
def test_one_bad_frame_never_gives_a_stranger_a_name(position: int) -> None:
    votes = TrackVotes(calibration())
    scores = [STRANGER] * 6
    scores[position] = look(ann=15.0, bob=-4.0)
    for number, each in enumerate(scores):
        votes.add(1, each, 0.8, 0.1 * number)
        assert votes.decide(np.array([1]))[0].verdict is not Verdict.KNOWN


def test_bad_looks_alone_name_nobody() -> None:
    weak = look(ann=4.5, bob=-4.0)
    assert watch(TrackVotes(calibration()), weak, weak, weak, quality=0.8).verdict is Verdict.KNOWN
    assert watch(TrackVotes(calibration()), weak, weak, weak, quality=0.02).verdict is not Verdict.KNOWN


def test_a_good_look_weighs_more_than_bad_ones() -> None:
    votes = TrackVotes(calibration())
    for number in range(3):
        votes.add(1, look(ann=-1.0, bob=-2.0), 0.05, 0.1 * number)
    for number in range(3, 6):
        votes.add(1, ANN, 0.9, 0.1 * number)
    assert votes.decide(np.array([1]))[0].person_id == "ann"


def test_a_name_stands_through_a_few_weaker_looks() -> None:
    votes = TrackVotes(calibration())
    watch(votes, ANN, ANN, ANN, ANN)
    decision = watch(votes, look(ann=1.0, bob=-4.0), look(ann=1.0, bob=-4.0), quality=0.3, start_s=0.4)
    assert (decision.verdict, decision.person_id) == (Verdict.KNOWN, "ann")


def test_a_track_that_went_over_to_another_face_loses_its_name_within_two_looks() -> None:
    votes = TrackVotes(calibration())
    watch(votes, *[ANN] * 20)
    assert watch(votes, STRANGER, STRANGER, start_s=2.0).verdict is not Verdict.KNOWN


def test_a_track_that_went_over_to_another_enrolled_face_takes_their_name() -> None:
    votes = TrackVotes(calibration())
    watch(votes, *[ANN] * 20)
    assert watch(votes, BOB, BOB, start_s=2.0).person_id == "bob"


def test_two_faces_never_carry_one_name() -> None:
    votes = TrackVotes(calibration())
    for number in range(4):
        votes.add(1, look(ann=5.0, bob=-4.0), 0.8, 0.1 * number)
        votes.add(2, look(ann=8.0, bob=-4.0), 0.8, 0.1 * number)
    first, second = votes.decide(np.array([1, 2]))
    assert (first.verdict, first.person_id) == (Verdict.UNDECIDED, None)
    assert "another face" in first.reason
    assert (second.verdict, second.person_id) == (Verdict.KNOWN, "ann")


def test_the_other_face_gets_the_name_back_when_it_is_alone() -> None:
    votes = TrackVotes(calibration())
    for number in range(4):
        votes.add(1, look(ann=5.0, bob=-4.0), 0.8, 0.1 * number)
        votes.add(2, look(ann=8.0, bob=-4.0), 0.8, 0.1 * number)
    votes.decide(np.array([1, 2]))
    assert votes.decide(np.array([1]))[0].person_id == "ann"


def test_forgotten_tracks_start_again() -> None:
    votes = TrackVotes(calibration())
    watch(votes, ANN, ANN, ANN)
    votes.forget(frozenset({2}))
    assert votes.decide(np.array([1]))[0].verdict is Verdict.UNDECIDED


def test_an_empty_gallery_makes_everybody_unknown() -> None:
    nobody = empty_person_scores(1, 0)
    decision = watch(TrackVotes(calibration()), nobody, nobody, nobody)
    assert decision.verdict is Verdict.UNKNOWN
    assert "nobody is enrolled" in decision.reason


def test_people_who_come_and_go_among_the_nearest_are_compared_fairly() -> None:
    votes = TrackVotes(calibration())
    mixed = [look(ann=5.0, bob=-1.0), look(ann=6.0, cid=-2.0), look(ann=5.5, dan=-2.0)]
    decision = watch(votes, *mixed)
    assert decision.person_id == "ann"
    assert decision.runner_up_id in {"bob", "cid", "dan"}


def test_where_looks_are_averaged_the_newest_speaks_for_all_and_must_be_surer() -> None:
    blurred, clear, weak = look(ann=0.5, bob=-2.0), look(ann=7.0, bob=-4.0), look(ann=4.5, bob=-4.0)
    film = (blurred, blurred, blurred, blurred, clear, clear)
    assert watch(TrackVotes(calibration()), *film).verdict is not Verdict.KNOWN
    assert watch(TrackVotes(calibration(), rules=AVERAGED_LOOKS), *film).person_id == "ann"
    assert watch(TrackVotes(calibration(), rules=AVERAGED_LOOKS), blurred, clear).verdict is not Verdict.KNOWN
    assert watch(TrackVotes(calibration(), rules=AVERAGED_LOOKS), weak, weak, weak).verdict is not Verdict.KNOWN


def with_bar(log_odds: float) -> IdentityCalibration:
    """Return a calibration whose bar is everywhere the same, whatever rate and gallery."""
    return replace(calibration(), tail=ImpostorTail((-1.0, -2.0, -3.0), (log_odds,) * 3))


def test_where_the_bar_lies_below_zero_bad_looks_do_not_lift_a_stranger_over_it() -> None:
    below = look(ann=-3.0)
    for quality in (0.02, 0.05, 0.3, 0.9):
        decision = watch(TrackVotes(with_bar(-2.0)), *[below] * 6, quality=quality)
        assert decision.verdict is not Verdict.KNOWN, quality
    assert watch(TrackVotes(with_bar(-2.0)), *[look(ann=-1.5)] * 6).verdict is Verdict.KNOWN


def test_a_name_above_a_bar_below_zero_is_not_taken_for_contradicted() -> None:
    votes = TrackVotes(with_bar(-2.0))
    watch(votes, *[look(ann=-1.5)] * 4)
    assert "8 looks" in watch(votes, *[look(ann=-1.5)] * 4, start_s=0.4).reason


def test_caution_does_not_put_the_bar_where_scores_end() -> None:
    crowd = look(gallery_people=5000, ann=15.0, bob=2.0)
    votes = TrackVotes(with_bar(14.4), rules=AVERAGED_LOOKS)
    assert watch(votes, *[crowd] * 20, quality=0.9).person_id == "ann"


def test_where_looks_are_averaged_bad_ones_name_who_their_mean_is_surely_like() -> None:
    sure = look(ann=12.0, bob=-4.0)
    assert watch(TrackVotes(calibration(), rules=AVERAGED_LOOKS), sure, sure, quality=0.03).person_id == "ann"


def test_two_looks_that_each_speak_against_the_name_end_it_although_their_mean_with_older_ones_does_not() -> None:
    votes = TrackVotes(calibration(), rules=AVERAGED_LOOKS)
    assert watch(votes, ANN, ANN, ANN).person_id == "ann"
    assert not votes.add(1, ANN, 0.8, 0.4, STRANGER)
    assert votes.add(1, ANN, 0.8, 0.5, STRANGER)
