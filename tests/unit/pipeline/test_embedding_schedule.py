"""Which faces are embedded when."""

from __future__ import annotations

import numpy as np

from facerec_app.pipeline.embedding_schedule import EmbeddingSchedule

CALM = np.zeros(1, bool)


def looks_of(schedule: EmbeddingSchedule, frames: range, quality: float = 0.5, rate: float = 30.0) -> list[int]:
    track, qualities = np.array([7], np.int64), np.array([quality], np.float32)
    return [i for i in frames if schedule.due(track, qualities, i / rate, CALM)[0]]


def test_a_new_face_is_looked_at_frame_after_frame_then_less_and_less() -> None:
    looks = looks_of(EmbeddingSchedule(), range(300))
    assert looks[:4] == [0, 1, 2, 3]
    gaps = np.diff(looks[3:])
    assert set(gaps[:6].tolist()) <= {12, 13}  # 0.4 s
    assert set(gaps[6:].tolist()) <= {30, 31}  # 1 s
    assert len(gaps) >= 12


def test_a_better_crop_and_a_track_in_doubt_are_looked_at_at_once() -> None:
    schedule = EmbeddingSchedule()
    looks_of(schedule, range(10))
    track = np.array([7], np.int64)
    assert not schedule.due(track, np.array([0.6], np.float32), 10 / 30, CALM)[0]
    assert schedule.due(track, np.array([0.7], np.float32), 10 / 30, CALM)[0]
    assert schedule.due(track, np.array([0.1], np.float32), 11 / 30, np.ones(1, bool))[0]


def test_a_track_that_ended_is_new_when_it_comes_back() -> None:
    schedule = EmbeddingSchedule()
    looks_of(schedule, range(10))
    schedule.forget(frozenset({8}))
    assert looks_of(schedule, range(10, 14)) == [10, 11, 12, 13]


def test_the_same_crop_of_a_settled_track_is_not_embedded_again() -> None:
    schedule = EmbeddingSchedule()
    track, quality, calm = np.array([1], np.int64), np.array([0.8], np.float32), np.array([False])
    looked = [schedule.due(track, quality, float(second), calm, same_crops=True)[0] for second in range(14)]
    assert looked == [True] * 10 + [False] * 4, "until it is settled, looks add up"
    assert schedule.due(track, quality, 14.0, calm)[0], "another crop is looked at"
    assert schedule.due(track, quality, 14.1, np.array([True]), same_crops=True)[0], "so is a track in doubt"
