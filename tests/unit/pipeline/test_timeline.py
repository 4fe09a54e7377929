"""Sightings: who was there, from when to when."""

import numpy as np

from facerec_app.core.types import FaceDetections, Frame, FrameResult, IdentityDecision, Verdict
from facerec_app.pipeline.timeline import Timeline

NAMES = {"p1": "Ada"}


def result(index: int, *decisions: IdentityDecision) -> FrameResult:
    count = len(decisions)
    detections = FaceDetections(
        np.tile(np.array([0, 0, 10, 10], np.float32), (count, 1)),
        np.zeros((count, 5, 2), np.float32),
        np.ones(count, np.float32),
    )
    frame = Frame(np.zeros((4, 4, 3), np.uint8), index, index / 10.0, "test")
    ids = np.array([d.track_id for d in decisions], np.int64)
    return FrameResult(frame, detections, ids, decisions, {}, 1, NAMES)


def known(track_id: int, probability: float = 0.9) -> IdentityDecision:
    return IdentityDecision(track_id, Verdict.KNOWN, "p1", probability, 0.5, "")


def unknown(track_id: int) -> IdentityDecision:
    return IdentityDecision(track_id, Verdict.UNKNOWN, None, 0.01, 0.0, "")


def undecided(track_id: int) -> IdentityDecision:
    return IdentityDecision(track_id, Verdict.UNDECIDED, None, 0.3, 0.0, "")


def test_frames_before_the_verdict_count_for_the_person_the_track_turns_out_to_be() -> None:
    timeline = Timeline()
    for i in range(3):
        timeline.add(result(i, undecided(1)))
    for i in range(3, 10):
        timeline.add(result(i, known(1)))
    (sighting,) = timeline.sightings()
    assert (sighting.name, sighting.start_s, sighting.end_s, sighting.frames) == ("Ada", 0.0, 0.9, 10)
    assert abs(sighting.probability - 0.9) < 1e-6


def test_a_person_away_for_longer_than_the_gap_is_seen_twice() -> None:
    timeline = Timeline(max_gap_s=1.0)
    for i in [*range(5), *range(30, 35)]:
        timeline.add(result(i, known(1 if i < 10 else 2)))
    assert [(s.start_s, s.end_s) for s in timeline.sightings()] == [(0.0, 0.4), (3.0, 3.4)]


def test_a_short_absence_on_a_new_track_is_one_sighting() -> None:
    timeline = Timeline(max_gap_s=1.0)
    for i in [*range(5), *range(9, 15)]:
        timeline.add(result(i, known(1 if i < 5 else 2)))
    assert len(timeline.sightings()) == 1


def test_strangers_are_kept_apart_by_track_and_brief_ones_left_out() -> None:
    timeline = Timeline(min_unknown_frames=5)
    for i in range(10):
        timeline.add(result(i, unknown(1), *([unknown(2)] if i < 3 else [])))
    (sighting,) = timeline.sightings()
    assert sighting.name == "Unknown"
    assert sighting.track_id == 1
