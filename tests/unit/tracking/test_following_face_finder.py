"""When the whole picture is searched and when a look at the faces is enough."""

from __future__ import annotations

import numpy as np
import pytest

from facerec_app.core.types import FaceDetections, Float32Array, Frame, UInt8Array
from facerec_app.tracking.following_face_finder import FollowingFaceFinder
from facerec_app.tracking.picture_change import PictureCells, cells_touched, sampled_picture

HEIGHT, WIDTH, FACE = 160, 320, 48


class PatchDetector:
    """Finds bright squares of one size; counts how it was asked."""

    name = "patches"

    def __init__(self) -> None:
        self.searches = 0
        self.looks: list[Float32Array] = []

    def detect(self, pixels_rgb: UInt8Array) -> FaceDetections:
        self.searches += 1
        return faces_at(corners_of(pixels_rgb))

    def look_again(self, pixels_rgb: UInt8Array, boxes_xyxy: Float32Array) -> FaceDetections:
        self.looks.append(boxes_xyxy)
        seen = corners_of(pixels_rgb)
        near = [c for c in seen if (np.abs(boxes_xyxy[:, :2] - np.array(c)).max(axis=1) < FACE / 3).any()]
        return faces_at(near)


def corners_of(pixels_rgb: UInt8Array) -> list[tuple[int, int]]:
    bright = pixels_rgb[..., 0] > 200
    starts = bright.copy()
    starts[1:] &= ~bright[:-1]
    starts[:, 1:] &= ~bright[:, :-1]
    rows, columns = np.nonzero(starts)
    return list(zip(columns.tolist(), rows.tolist(), strict=True))


def faces_at(corners: list[tuple[int, int]]) -> FaceDetections:
    count = len(corners)
    boxes = np.array([[x, y, x + FACE, y + FACE] for x, y in corners], np.float32).reshape(count, 4)
    return FaceDetections(boxes, np.zeros((count, 5, 2), np.float32), np.ones(count, np.float32))


def picture(*corners: tuple[int, int], light: int = 0) -> UInt8Array:
    ground = np.random.default_rng(5).integers(40, 90, (HEIGHT // 20, WIDTH // 20, 3)).astype(np.uint8)
    pixels = ground.repeat(20, axis=0).repeat(20, axis=1) + np.uint8(light)
    for x, y in corners:
        pixels[y : y + FACE, x : x + FACE] = 250
    return pixels


def frame(index: int, pixels: UInt8Array, rate: float = 30.0) -> Frame:
    return Frame(pixels, index, index / rate, "test")


@pytest.fixture
def detector() -> PatchDetector:
    return PatchDetector()


@pytest.fixture
def finder(detector: PatchDetector) -> FollowingFaceFinder:
    return FollowingFaceFinder(detector, every_frames=4, every_s=0.15, still_s=1.0)


def test_a_moving_face_is_followed_with_a_few_searches(finder: FollowingFaceFinder, detector: PatchDetector) -> None:
    for index in range(41):
        found = finder.find(frame(index, picture((20 + 3 * index, 60))))
        assert found.boxes_xyxy[:, 0].tolist() == [20 + 3 * index]
    assert detector.searches <= 11
    assert len(detector.looks) >= 30


def test_somebody_new_is_found_within_three_frames(finder: FollowingFaceFinder, detector: PatchDetector) -> None:
    for late in range(4):
        finder.reset()
        counts = [
            len(finder.find(frame(i, picture((20, 60)) if i < 20 + late else picture((20, 60), (200, 90)))))
            for i in range(30)
        ]
        assert counts[19 + late] == 1
        assert counts[23 + late] == 2


def test_with_few_frames_a_second_every_frame_is_searched(finder: FollowingFaceFinder, detector: PatchDetector) -> None:
    for index in range(6):
        finder.find(frame(index, picture((20 + 5 * index, 60), (250 - 30 * index, 10)), rate=5.0))
    assert detector.searches == 6


def test_a_still_picture_costs_a_search_a_second_and_then_fewer_and_no_look(
    finder: FollowingFaceFinder, detector: PatchDetector
) -> None:
    noise = np.random.default_rng(1)
    searches = []
    for index in range(301):
        pixels = picture((20, 60)).astype(np.int16) + noise.integers(-3, 4, (HEIGHT, WIDTH, 1))
        assert len(finder.find(frame(index, np.clip(pixels, 0, 255).astype(np.uint8)))) == 1
        searches.append(detector.searches)
    assert searches[59] == 2
    assert searches[285] == 4, "one every three seconds when nothing has moved for two"
    assert detector.looks == []


def test_a_picture_that_has_long_been_still_is_looked_at_every_fourth_frame(
    finder: FollowingFaceFinder, detector: PatchDetector
) -> None:
    rested = []
    for index in range(120):
        assert len(finder.find(frame(index, picture((20, 60))))) == 1
        rested.append(finder.is_resting)
    assert not any(rested[:60])
    assert sum(rested[60:]) == 45, "three of four frames"


def test_somebody_who_comes_into_a_still_picture_is_found_within_three_frames(finder: FollowingFaceFinder) -> None:
    for late in range(4):
        finder.reset()
        counts = [
            len(finder.find(frame(i, picture((20, 60)) if i < 90 + late else picture((20, 60), (200, 90)))))
            for i in range(100)
        ]
        assert counts[89 + late] == 1
        assert counts[93 + late] == 2


def test_another_scene_ends_the_rest_at_once(finder: FollowingFaceFinder, detector: PatchDetector) -> None:
    index = 0
    while not finder.is_resting:  # the first of three frames without a look
        finder.find(frame(index, picture((20, 60))))
        index += 1
    other = np.ascontiguousarray(picture((150, 90))[::-1, ::-1])
    assert len(finder.find(frame(index, other))) == len(corners_of(other))
    assert not finder.is_resting


def test_light_that_changes_everywhere_is_no_motion(finder: FollowingFaceFinder, detector: PatchDetector) -> None:
    for index in range(20):
        finder.find(frame(index, picture(light=2 * index)))
    assert detector.searches == 1


def test_a_cut_is_searched_at_once(finder: FollowingFaceFinder, detector: PatchDetector) -> None:
    finder.find(frame(0, picture((20, 60))))
    flipped = np.ascontiguousarray(picture((150, 90))[::-1, ::-1])
    assert len(finder.find(frame(1, flipped))) == len(corners_of(flipped))
    assert detector.searches == 2


def test_a_face_that_is_hidden_for_a_frame_is_looked_for_where_it_was(
    finder: FollowingFaceFinder, detector: PatchDetector
) -> None:
    shown = [
        len(finder.find(frame(i, picture((20, 60), (180, 20 + i)) if i != 1 else picture((20, 60))))) for i in range(4)
    ]
    assert shown == [2, 1, 2, 2]
    assert detector.searches == 1


def test_after_a_jump_back_and_a_change_of_size_the_picture_is_searched(
    finder: FollowingFaceFinder, detector: PatchDetector
) -> None:
    finder.find(frame(100, picture((20, 60))))
    finder.find(frame(5, picture((20, 60))))
    finder.find(frame(6, np.ascontiguousarray(picture((20, 60))[:140])))
    assert detector.searches == 3


def test_searching_every_frame_is_left_to_the_detector(detector: PatchDetector) -> None:
    finder = FollowingFaceFinder(detector, every_frames=1)
    for index in range(5):
        finder.find(frame(index, picture((20, 60))))
    assert detector.searches == 5


def test_cells_tell_where_a_picture_changed() -> None:
    before, after = PictureCells(picture()), PictureCells(picture((160, 80)))
    change = after.change_from(before)
    box = np.array([[160, 80, 160 + FACE, 80 + FACE]], np.float32)
    touched = cells_touched(box, after.cell_size_px, change.shape)[0]
    assert change[touched].min() > 50
    assert change[~touched].max() < 5


def test_a_box_touches_the_cells_under_it_and_no_others() -> None:
    boxes = np.array([[8, 8, 16, 24], [-50, -50, -10, -10], [9, 9, 9.5, 9.5]], np.float32)
    touched = cells_touched(boxes, (8.0, 8.0), (4, 5))
    assert np.argwhere(touched[0]).tolist() == [[1, 1], [2, 1]]
    assert not touched[1].any()
    assert np.argwhere(touched[2]).tolist() == [[1, 1]]


@pytest.mark.parametrize(("height", "width", "step"), [(90, 1279, 2), (7, 1920, 4), (50, 959, 1), (3, 100, 1)])
def test_a_sample_is_every_nth_pixel(height: int, width: int, step: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (height, width, 3)).astype(np.uint8)
    sample = sampled_picture(pixels, 480)
    whole = pixels[: height // step * step, : width // step * step]
    assert np.array_equal(sample, whole[::step, ::step])
