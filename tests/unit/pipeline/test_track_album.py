"""The pictures kept of each face that is followed."""

from __future__ import annotations

import numpy as np

from facerec_app.core.types import FaceDetections, Frame
from facerec_app.pipeline.track_album import TrackAlbum


def test_pictures_of_a_track_that_went_over_to_another_face_are_dropped_and_others_stay() -> None:
    boxes = np.array([[10, 10, 60, 60], [80, 10, 130, 60]], np.float32)
    faces = FaceDetections(boxes, np.zeros((2, 5, 2), np.float32), np.ones(2, np.float32))
    album, tracks = TrackAlbum(), np.array([1, 2])
    album.add(Frame(np.zeros((90, 160, 3), np.uint8), 0, 0.0, "test"), faces, tracks, np.array([0.5, 0.5], np.float32))
    album.drop(frozenset({1, 7}))
    assert album.pictures(1) == []
    assert len(album.pictures(2)) == 1
