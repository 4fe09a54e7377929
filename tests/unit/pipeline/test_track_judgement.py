"""From what was seen of a face to the name of its track."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facerec_app.core.types import Embeddings, Float32Array, GallerySnapshot, IdentityDecision
from facerec_app.decision.name_vetoes import NameVetoes
from facerec_app.decision.person_ranker import TemplatePersonRanker
from facerec_app.decision.track_votes import AVERAGED_LOOKS, TrackVotes, VotingRules
from facerec_app.gallery.exact_index import ExactIndex
from facerec_app.pipeline.track_judgement import TrackJudgement
from facerec_app.pipeline.track_looks import TrackLooks
from facerec_app.similarity.cosine_scorer import CosineScorer
from tests.unit.decision.decision_material import calibration

ANN, BOB = np.eye(4, dtype=np.float32)[:2]
TRACK = np.array([1], np.int64)
SCORER = CosineScorer(middle=0.3, slope=25.0)


class Watched:
    """One face in view of a gallery of two people."""

    def __init__(self, *, averages: bool) -> None:
        self.index = ExactIndex(
            GallerySnapshot(np.stack([ANN, BOB]), np.array(["ann", "bob"]), np.array(["1", "2"]), "v", 1)
        )
        self.looks = TrackLooks(averages=averages)
        self.votes = TrackVotes(calibration(), rules=AVERAGED_LOOKS if averages else VotingRules())
        ranker = TemplatePersonRanker(SCORER, bar_weight=0.0)
        self.judgement = TrackJudgement(ranker, self.votes, NameVetoes(lambda: SCORER), self.looks)
        self.seconds = 0.0

    def look_at(self, face: Float32Array, quality: float = 0.9, norm: float = 1.0) -> IdentityDecision:
        embeddings = Embeddings(face[None], "v", np.array([norm], np.float32))
        qualities = np.array([quality], np.float32)
        self.seconds += 0.1
        self.looks.add(TRACK, embeddings, qualities, self.seconds)
        ranked = self.judgement.rank_newest(TRACK, embeddings, self.index)
        self.judgement.vote(TRACK, ranked, qualities, self.seconds, self.index)
        return self.judgement.decide(TRACK, {})[0]


@pytest.mark.parametrize("averages", [False, True])
def test_name_goes_with_the_second_look_at_another_face_in_the_same_place(averages: bool) -> None:
    watched = Watched(averages=averages)
    for _ in range(12):
        decision = watched.look_at(ANN)
    assert decision.person_id == "ann"
    assert watched.look_at(BOB).person_id in {"ann", None}, "one look may deceive"
    assert watched.look_at(BOB).person_id != "ann"
    watched.look_at(BOB)
    assert watched.look_at(BOB).person_id == "bob"


@pytest.mark.parametrize("averages", [False, True])
def test_name_goes_also_with_another_face_that_the_network_is_less_sure_of(averages: bool) -> None:
    watched = Watched(averages=averages)
    for _ in range(12):
        watched.look_at(ANN)
    names = [watched.look_at(BOB, norm=0.7).person_id for _ in range(4)]
    assert "ann" not in names[1:]
    assert names[-1] == "bob"


@pytest.mark.parametrize("averages", [False, True])
@pytest.mark.parametrize(("quality", "looks"), [(0.24, 3), (0.1, 5)])
def test_name_goes_also_with_poor_looks_at_another_face(averages: bool, quality: float, looks: int) -> None:
    watched = Watched(averages=averages)
    for _ in range(12):
        watched.look_at(ANN)
    names = [watched.look_at(BOB, quality, norm=0.8).person_id for _ in range(looks + 2)]
    assert "ann" not in names[looks - 1 :]
    assert len(watched.looks.own(1)) == looks + 2, "what was seen of the new face is kept"


def test_a_stranger_is_not_named_by_one_look_among_many_that_the_network_is_less_sure_of() -> None:
    watched = Watched(averages=True)
    somebody = np.array([0, 0, 1, 0], np.float32)
    alike = np.asarray((ANN + 1.7 * somebody) / np.linalg.norm(ANN + 1.7 * somebody), np.float32)
    names = {watched.look_at(alike, 0.2).person_id}
    assert watched.judgement.decide(TRACK, {})[0].margin > 0.9, "it is the one look that would do"
    names |= {watched.look_at(somebody, 0.2, norm=0.75).person_id for _ in range(14)}
    assert names == {None}


@pytest.mark.parametrize("averages", [False, True])
def test_looks_are_judged_again_as_surely_as_they_were_seen(averages: bool) -> None:
    watched = Watched(averages=averages)
    between = np.asarray((ANN + 1.5 * BOB) / np.linalg.norm(ANN + 1.5 * BOB), np.float32)
    for face, norm in ((ANN, 1.0), (between, 0.6), (ANN, 1.0), (between, 0.6)):
        before = watched.look_at(face, norm=norm)
    watched.judgement.judge_again(watched.index)
    after = watched.judgement.decide(TRACK, {})[0]
    assert (after.person_id, after.verdict, after.margin) == (before.person_id, before.verdict, before.margin)
    assert after.person_id == "ann"


def test_what_was_seen_of_the_other_face_is_in_no_mean_any_more_and_another_gallery_changes_nothing() -> None:
    watched = Watched(averages=True)
    for face in [ANN] * 12 + [BOB] * 3:
        watched.look_at(face)
    np.testing.assert_array_equal(watched.looks.own(1).vectors, [BOB] * 3)
    before = watched.judgement.decide(TRACK, {})[0]
    watched.judgement.judge_again(watched.index)
    after = watched.judgement.decide(TRACK, {})[0]
    assert (after.person_id, after.verdict) == (before.person_id, before.verdict)


def test_looks_that_were_not_cut_when_they_were_seen_are_cut_when_they_are_judged_again() -> None:
    watched = Watched(averages=True)
    for number, face in enumerate([ANN] * 6 + [BOB] * 4):
        watched.looks.add(TRACK, Embeddings(face[None], "v"), np.array([0.9], np.float32), 0.1 * number)
    watched.judgement.judge_again(watched.index)
    assert watched.judgement.decide(TRACK, {})[0].person_id == "bob"
    assert len(watched.looks.own(1)) <= 4


@pytest.mark.parametrize("averages", [False, True])
@pytest.mark.parametrize("faces_of_bob", [23, 30])
def test_name_goes_also_where_all_the_nearest_faces_are_the_other_persons(averages: bool, faces_of_bob: int) -> None:
    watched = Watched(averages=averages)
    vectors = np.stack([ANN, *[BOB] * faces_of_bob])
    people = np.array(["ann", *["bob"] * faces_of_bob])
    ids = np.array([str(row) for row in range(len(people))])
    watched.index = ExactIndex(GallerySnapshot(vectors, people, ids, "v", 1))
    for _ in range(12):
        assert watched.look_at(ANN).person_id in {"ann", None}
    names = [watched.look_at(BOB).person_id for _ in range(6)]
    assert "ann" not in names[1:]
    assert names[-1] == "bob"


def test_what_was_said_of_the_face_before_is_not_held_against_the_next() -> None:
    watched = Watched(averages=True)
    said = replace(watched.index.snapshot, rejected_vectors=ANN[None], rejected_person_ids=np.array(["bob"]))
    watched.index = ExactIndex(said)
    for face in [ANN] * 12 + [BOB] * 6:
        decision = watched.look_at(face)
    assert decision.person_id == "bob"
