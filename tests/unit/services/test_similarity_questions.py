"""Questions on a real gallery of features, and the answers to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from facerec_app.config.paths import DatabasePaths
from facerec_app.core.errors import NotEnoughDataError
from facerec_app.gallery.exact_index import ExactIndex
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.judgement_entry import Answer
from facerec_app.services.judgements import JudgementService
from facerec_app.services.present_network import NetworkInUse
from facerec_app.services.similarity_questions import NEIGHBOURS, SimilarityQuestions
from facerec_app.similarity.similarity_network import SimilarityNetwork
from tests.benchmarks.training_features import shipped_network
from tests.retraining_material import enrol_features, sampled_people, with_lookalikes

Make = Callable[[], SimilarityQuestions]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[GalleryStore]:
    enrol_features(tmp_path, with_lookalikes(sampled_people(8, 3)))
    with GalleryStore(DatabasePaths(tmp_path)) as opened:
        yield opened


@pytest.fixture
def make(store: GalleryStore) -> Make:
    weights, calibration = shipped_network()
    network = NetworkInUse(SimilarityNetwork(weights), calibration)
    version = weights.extractor_version
    return lambda: SimilarityQuestions(lambda: ExactIndex(store.snapshot(version)), lambda: network, store)


def test_first_question_is_what_the_network_is_most_in_doubt_about(make: Make) -> None:
    question = make().next()
    assert question == make().next()
    assert len(question.neighbours) == NEIGHBOURS
    assert question.face_id not in {face.face_id for face in question.neighbours}
    cosines = [face.cosine for face in question.neighbours]
    assert cosines == sorted(cosines, reverse=True)
    assert any(0.02 < face.probability < 0.98 for face in question.neighbours), "the network is in doubt"
    everything = make()
    worths = [everything.next().worth for _ in range(24)]
    assert worths[0] == max(worths) == question.worth
    assert worths[0] > 2 * np.median(worths)


def test_answered_pairs_and_references_are_not_asked_again_until_taken_back(make: Make, store: GalleryStore) -> None:
    questions, service = make(), JudgementService(store)
    first = questions.next()
    said = [Answer("different", first.face_id, face.face_id) for face in first.neighbours]
    service.note(said, decided_by="Ann")
    later = [questions.next().face_id for _ in range(6)]
    assert first.face_id not in later
    assert len(set(later)) == 6
    assert [face.answer for face in questions.about(first.face_id).neighbours] == ["different"] * NEIGHBOURS
    assert make().next().face_id != first.face_id
    for _ in said:
        service.undo(decided_by="Ann")
    assert make().next().face_id == first.face_id


def test_given_questions_come_again_when_all_were_given(make: Make) -> None:
    questions = make()
    given = [questions.next().face_id for _ in range(25)]
    assert len(set(given[:24])) == 24
    assert given[24] == given[0]


def test_too_few_faces_are_said_in_one_line(make: Make, store: GalleryStore) -> None:
    for person in store.people():
        store.remove_person(person.person_id)
    with pytest.raises(NotEnoughDataError, match="enrol people first"):
        make().next()
    with pytest.raises(NotEnoughDataError, match="takes no part"):
        make().about("gone")


def test_state_counts_answers_and_those_that_no_training_uses(store: GalleryStore) -> None:
    service = JudgementService(store)
    one, other = (store.faces_of(person.person_id) for person in store.people()[:2])
    answers = [
        Answer("same", one[0].face_id, one[1].face_id),
        Answer("different", one[0].face_id, other[0].face_id),
        Answer("same", one[2].face_id, other[1].face_id),
        Answer("more_alike", one[0].face_id, one[1].face_id, other[0].face_id),
    ]
    service.note(answers, decided_by="Ann")
    state = service.state()
    assert (state.counts.same, state.counts.different, state.counts.more_alike, state.counts.total) == (2, 1, 1, 4)
    assert state.counts.disputed == 1
    assert [found.kind for found in state.contradictions] == ["filed_apart"]
    assert {owner.name for owner in state.owners.values()} == {person.name for person in store.people()[:2]}
    service.withdraw(answers[2], decided_by="Ben")
    assert service.state().contradictions == ()
    assert [entry.decided_by for entry in service.state(most=2).entries] == ["Ben", "Ann"]


def test_a_gallery_of_many_faces_is_looked_through_in_part(
    store: GalleryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facerec_app.services.similarity_questions._POOL", 5)
    weights, calibration = shipped_network()
    network = NetworkInUse(SimilarityNetwork(weights), calibration)
    snapshot = store.snapshot(weights.extractor_version)
    questions = SimilarityQuestions(lambda: ExactIndex(snapshot), lambda: network, store)
    pool = {questions.next(seed=4).face_id for _ in range(5)}
    assert len(pool) == 5
    chosen = np.random.default_rng(4).permutation(len(snapshot))[:5]
    assert pool == set(snapshot.face_ids[chosen].tolist())
