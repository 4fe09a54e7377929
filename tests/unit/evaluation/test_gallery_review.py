"""What leave-one-out says of a gallery whose faults are known."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pytest

from facerec_app.core.errors import InferenceError, NotEnoughDataError
from facerec_app.core.types import GallerySnapshot, IdentityDecision, Int64Array, PersonScores, Verdict
from facerec_app.evaluation.gallery_report import gallery_report
from facerec_app.evaluation.gallery_review import GalleryReview, LeftOutRanker, review_gallery
from facerec_app.similarity.cosine_scorer import CosineScorer


class BarDecider:
    """Names whoever has log odds above zero."""

    def decide(self, scores: PersonScores, track_ids: Int64Array | None = None) -> tuple[IdentityDecision, ...]:
        best = str(scores.person_ids[0, 0])
        known = bool(scores.logits[0, 0] > 0)
        verdict = Verdict.KNOWN if known else Verdict.UNKNOWN
        return (IdentityDecision(-1, verdict, best if known else None, 0.9, 0.5, "", best, None),)


def gallery() -> GallerySnapshot:
    """Ann, Bob and Cay with four faces; one of Bob's is Ann; Cay's last two are one; Dee has a single face."""
    generator = np.random.default_rng(4)
    centres = {name: generator.normal(size=64) for name in ("ann", "bob", "cay", "dee")}
    shown = [*["ann"] * 4, *["bob"] * 3, "ann", *["cay"] * 4, "dee"]
    labels = [*["ann"] * 4, *["bob"] * 4, *["cay"] * 4, "dee"]
    vectors = np.stack([centres[name] + 0.55 * generator.normal(size=64) for name in shown])
    vectors[11] = vectors[10] + 0.01 * generator.normal(size=64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = np.array([f"face{number:02d}" for number in range(len(labels))])
    names = MappingProxyType({name: name.title() for name in centres})
    return GallerySnapshot(vectors.astype(np.float32), np.array(labels), ids, "made-up", 1, names)


def reviewed(snapshot: GallerySnapshot) -> GalleryReview:
    scorer = CosineScorer(middle=0.5, slope=20.0)
    return review_gallery(snapshot, LeftOutRanker(scorer, snapshot), BarDecider())


def test_a_wrong_picture_is_found_with_whom_it_shows() -> None:
    review = reviewed(gallery())
    assert [(face.face_id, face.person_id, face.named_id) for face in review.mislabelled] == [("face07", "bob", "ann")]
    assert review.confused == (("bob", "ann", 1),)


def test_the_same_picture_twice_is_found() -> None:
    (pair,) = reviewed(gallery()).duplicates
    assert (pair.left_face_id, pair.right_face_id) == ("face10", "face11")
    assert pair.left_person_id == pair.right_person_id == "cay"


def test_advice_is_given_to_those_who_need_it_first() -> None:
    advice = {row.person_id: row for row in reviewed(gallery()).people}
    assert "look like Ann" in advice["bob"].advice
    assert advice["dee"].advice.startswith("Add another picture")
    assert advice["dee"].recognised is None
    assert (advice["ann"].recognised, advice["ann"].advice) == (4, "")
    assert [bool(row.advice) for row in reviewed(gallery()).people] == [True, True, False, False]


def test_the_report_names_people_and_shows_their_pictures(tmp_path: object) -> None:
    from pathlib import Path

    snapshot = gallery()
    pictures = {str(face): Path(f"{face}.jpg") for face in snapshot.face_ids.tolist()}
    report = gallery_report(reviewed(snapshot), snapshot.names, pictures, {}, ())
    values = report.to_json()
    assert values["recognised"] == 11
    assert values["confused"] == [{"person_id": "bob", "name": "Bob", "named_id": "ann", "named_as": "Ann", "faces": 1}]
    assert {table.title for table in report.tables} == {
        "What to do", "Who is taken for whom", "Faces that may be another person's", "Nearly the same picture twice",
    }  # fmt: skip
    assert report.pictures[0].rows[0].files[0] == Path("face07.jpg")


def test_a_gallery_of_one_face_or_without_numbers_is_refused() -> None:
    whole = gallery()
    one = GallerySnapshot(whole.vectors[:1], whole.person_ids[:1], whole.face_ids[:1], "made-up", 1)
    with pytest.raises(NotEnoughDataError, match="at least two"):
        review_gallery(one, LeftOutRanker(CosineScorer(), one), BarDecider())
    broken = GallerySnapshot(whole.vectors * np.float32(np.nan), whole.person_ids, whole.face_ids, "made-up", 1)
    with pytest.raises(InferenceError):
        review_gallery(broken, LeftOutRanker(CosineScorer(), whole), BarDecider())
