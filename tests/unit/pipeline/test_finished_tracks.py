"""Only strangers who have left are held, and only while somebody wants them."""

from __future__ import annotations

import numpy as np
import pytest

from facerec_app.core.types import FaceDetections, Frame, IdentityDecision, Verdict
from facerec_app.pipeline.finished_tracks import FinishedTracks
from facerec_app.pipeline.track_album import TrackAlbum


def decision(track_id: int, verdict: Verdict) -> IdentityDecision:
    return IdentityDecision(track_id, verdict, "ada" if verdict is Verdict.KNOWN else None, 0.9, 0.5, "")


def note(finished: FinishedTracks, *said: tuple[int, Verdict]) -> None:
    track_ids = np.array([track_id for track_id, _ in said], np.int64)
    finished.note(track_ids, [decision(*one) for one in said])


@pytest.fixture
def album() -> TrackAlbum:
    """Return pictures of tracks 1 to 4."""
    made = TrackAlbum()
    boxes = np.array([[10, 10, 60, 60]], np.float32)
    landmarks = np.full((1, 5, 2), 30, np.float32)
    for index in range(6):
        frame = Frame(np.full((80, 80, 3), index, np.uint8), index, index * 0.5, "camera")
        for track_id in (1, 2, 3, 4):
            faces = FaceDetections(boxes, landmarks, np.ones(1, np.float32))
            made.add(frame, faces, np.array([track_id]), np.array([0.1 * index], np.float32))
    return made


@pytest.fixture
def finished() -> FinishedTracks:
    made = FinishedTracks()
    made.is_wanted = True
    return made


def test_stranger_who_left_is_held_with_the_best_pictures(finished: FinishedTracks, album: TrackAlbum) -> None:
    note(finished, (1, Verdict.UNDECIDED))
    note(finished, (1, Verdict.UNKNOWN))
    finished.take_ended(album, frozenset({1}))
    assert not finished.has_waiting
    finished.take_ended(album, frozenset())
    (track,) = finished.fetch()
    assert track.track_id == 1
    assert [round(picture.quality, 1) for picture in track.pictures] == [0.5, 0.4, 0.3]
    assert finished.fetch() == ()


def test_who_was_named_at_any_moment_or_never_decided_is_not_held(finished: FinishedTracks, album: TrackAlbum) -> None:
    note(finished, (1, Verdict.KNOWN), (2, Verdict.UNKNOWN), (3, Verdict.UNDECIDED))
    note(finished, (1, Verdict.UNKNOWN), (2, Verdict.KNOWN), (4, Verdict.UNKNOWN))
    note(finished, (4, Verdict.UNDECIDED))
    finished.take_ended(album, frozenset())
    assert finished.fetch() == ()


def test_nothing_is_held_unless_it_is_wanted(album: TrackAlbum) -> None:
    finished = FinishedTracks()
    note(finished, (1, Verdict.UNKNOWN))
    finished.take_ended(album, frozenset())
    finished.is_wanted = True
    finished.take_ended(album, frozenset())
    assert finished.fetch() == ()


def test_tracks_in_view_are_forgotten_when_the_source_jumps(finished: FinishedTracks, album: TrackAlbum) -> None:
    note(finished, (1, Verdict.UNKNOWN))
    finished.forget_tracks()
    finished.take_ended(album, frozenset())
    assert finished.fetch() == ()
