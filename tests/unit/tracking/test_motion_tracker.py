"""Tracks follow faces, end at cuts, and never pass from one person to another."""

import numpy as np

from facerec_app.core.types import Embeddings, FaceDetections, Frame
from facerec_app.tracking.motion_tracker import MotionTracker


def frame_at(index: int, pixels: np.ndarray | None = None) -> Frame:
    picture = np.full((90, 160, 3), 120, np.uint8) if pixels is None else pixels
    return Frame(picture, index, index / 25.0, "test")


def faces_at(*corners_xy: tuple[float, float], side: float = 40.0) -> FaceDetections:
    boxes = np.array([[x, y, x + side, y + side] for x, y in corners_xy], np.float32).reshape(-1, 4)
    count = len(boxes)
    return FaceDetections(boxes, np.zeros((count, 5, 2), np.float32), np.ones(count, np.float32))


def test_a_moving_face_keeps_its_track() -> None:
    tracker = MotionTracker()
    ids = {int(tracker.update(frame_at(i), faces_at((i * 4.0, 20.0)))[0]) for i in range(20)}
    assert len(ids) == 1


def test_two_faces_passing_each_other_keep_theirs() -> None:
    tracker = MotionTracker()
    first = tracker.update(frame_at(0), faces_at((200.0, 30.0), (0.0, 0.0)))
    for i in range(1, 60):
        detections = faces_at((200.0 - i * 3.0, 30.0), (i * 3.0, 0.0))
        ids = tracker.update(frame_at(i), detections)
    assert first.tolist() == ids.tolist()


def test_a_face_lost_for_long_comes_back_as_a_new_track() -> None:
    tracker = MotionTracker(max_lost_s=0.5)
    before = int(tracker.update(frame_at(0), faces_at((10.0, 10.0)))[0])
    for i in range(1, 20):
        tracker.update(frame_at(i), FaceDetections.empty())
    after = int(tracker.update(frame_at(20), faces_at((10.0, 10.0)))[0])
    assert after != before


def test_a_face_missed_for_two_frames_keeps_its_track() -> None:
    tracker = MotionTracker()
    before = int(tracker.update(frame_at(0), faces_at((10.0, 10.0)))[0])
    tracker.update(frame_at(1), FaceDetections.empty())
    tracker.update(frame_at(2), FaceDetections.empty())
    assert int(tracker.update(frame_at(3), faces_at((12.0, 10.0)))[0]) == before


def test_a_scene_cut_ends_every_track() -> None:
    rng = np.random.default_rng(0)
    tracker = MotionTracker()
    dark = (rng.random((90, 160, 3)) * 60).astype(np.uint8)
    bright = np.linspace(120, 255, 160, dtype=np.uint8)[None, :, None].repeat(90, 0).repeat(3, 2)
    before = int(tracker.update(frame_at(0, dark), faces_at((10.0, 10.0)))[0])
    assert int(tracker.update(frame_at(1, dark), faces_at((10.0, 10.0)))[0]) == before
    assert int(tracker.update(frame_at(2, bright), faces_at((10.0, 10.0)))[0]) != before


def test_another_persons_features_end_the_track() -> None:
    tracker = MotionTracker()
    one, other = np.eye(8, dtype=np.float32)[:2]
    ids = tracker.update(frame_at(0), faces_at((10.0, 10.0)))
    same = tracker.check_appearance(ids, Embeddings(one[None], "v"))
    assert same.tolist() == ids.tolist()
    ids = tracker.update(frame_at(1), faces_at((10.0, 10.0)))
    changed = tracker.check_appearance(ids, Embeddings(other[None], "v"))
    assert changed.tolist() != ids.tolist()
    assert tracker.update(frame_at(2), faces_at((10.0, 10.0))).tolist() == changed.tolist()


def test_no_identifier_is_given_twice_in_a_frame_or_again_after_a_reset() -> None:
    tracker = MotionTracker()
    ids = tracker.update(frame_at(0), faces_at((0.0, 0.0), (1.0, 1.0), (90.0, 0.0)))
    assert len(set(ids.tolist())) == 3
    tracker.reset()
    assert not set(tracker.update(frame_at(1), faces_at((0.0, 0.0))).tolist()) & set(ids.tolist())


def test_a_face_that_jumps_is_suspected_of_being_another_persons() -> None:
    tracker = MotionTracker()
    ids = tracker.update(frame_at(0), faces_at((10.0, 10.0)))
    tracker.check_appearance(ids, Embeddings(np.array([[1.0, 0.0]], np.float32), "v"))
    ids = tracker.update(frame_at(1), faces_at((11.0, 10.0)))
    assert not tracker.jumped(ids).any()
    ids = tracker.update(frame_at(2), faces_at((26.0, 10.0)))
    assert tracker.jumped(ids).all()
    changed = tracker.check_appearance(ids, Embeddings(np.array([[0.3, 0.954]], np.float32), "v"))
    assert changed.tolist() != ids.tolist()


def test_faces_of_a_source_of_one_frame_a_second_keep_their_tracks_and_a_gone_one_does_not() -> None:
    tracker = MotionTracker()
    pixels = np.full((90, 160, 3), 120, np.uint8)
    seconds = [Frame(pixels, second, float(second), "test") for second in range(6)]
    ids = {int(tracker.update(frame, faces_at((10.0, 10.0)))[0]) for frame in seconds[:4]}
    assert len(ids) == 1
    tracker.update(seconds[4], FaceDetections.empty())
    assert int(tracker.update(seconds[5], faces_at((10.0, 10.0)))[0]) not in ids
