"""What every face detector promises."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from facerec_app.core.geometry import pairwise_iou
from facerec_app.core.protocols import FollowingFaceDetector
from facerec_app.core.types import FaceDetections, UInt8Array
from facerec_app.detection.mtcnn_detector import MtcnnDetector
from facerec_app.detection.yunet_detector import YunetDetector
from facerec_app.models.model_store import ModelStore

MAKERS: dict[str, Callable[[ModelStore], FollowingFaceDetector]] = {
    "mtcnn": MtcnnDetector,
    "mtcnn-20": lambda store: MtcnnDetector(store, min_face_size_px=20),
    "mtcnn-80": lambda store: MtcnnDetector(store, min_face_size_px=80),
    "yunet": YunetDetector,
}


@pytest.fixture(scope="module", params=sorted(MAKERS))
def detector(request: pytest.FixtureRequest) -> FollowingFaceDetector:
    return MAKERS[request.param](ModelStore())


def read(path: Path) -> UInt8Array:
    picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.ascontiguousarray(picture[..., ::-1], np.uint8)


@pytest.fixture(scope="module")
def portrait(demo_dir: Path) -> UInt8Array:
    """A photograph of one frontal face, 400 px high, face about 140 px high."""
    picture = read(demo_dir / "people" / "Grace_Hopper" / "grace_hopper.jpg")
    height, width = picture.shape[:2]
    size = (round(400 * width / height), 400)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def assert_well_formed(found: FaceDetections) -> None:
    count = len(found)
    assert found.boxes_xyxy.shape == (count, 4)
    assert found.landmarks_xy.shape == (count, 5, 2)
    assert found.scores.shape == (count,)
    assert {found.boxes_xyxy.dtype, found.landmarks_xy.dtype, found.scores.dtype} == {np.dtype(np.float32)}
    assert ((found.scores >= 0) & (found.scores <= 1)).all()
    assert (np.diff(found.scores) <= 0).all()
    assert (found.boxes_xyxy[:, 2:] > found.boxes_xyxy[:, :2]).all()


def test_a_portrait_has_one_face_with_landmarks_in_order(detector: FollowingFaceDetector, portrait: UInt8Array) -> None:
    found = detector.detect(portrait)
    assert_well_formed(found)
    assert len(found) == 1
    left_eye, right_eye, nose, left_mouth, right_mouth = found.landmarks_xy[0]
    left, top, right, bottom = found.boxes_xyxy[0]
    assert left < left_eye[0] < nose[0] < right_eye[0] < right
    assert left_mouth[0] < right_mouth[0]
    assert top < max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1]) < bottom
    assert found.scores[0] > 0.7


@pytest.mark.parametrize(
    "shape",
    [(1, 1), (1, 300), (300, 1), (11, 11), (12, 12), (13, 40), (3, 5000), (100, 100), (479, 641)],
    ids=lambda shape: f"{shape[1]}x{shape[0]}",
)
@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_picture_of_one_colour_has_no_face(
    detector: FollowingFaceDetector, shape: tuple[int, int], value: int
) -> None:
    found = detector.detect(np.full((*shape, 3), value, np.uint8))
    assert_well_formed(found)
    assert len(found) == 0


def test_noise_is_survived(detector: FollowingFaceDetector) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    assert_well_formed(detector.detect(noise))


def test_a_face_in_a_huge_picture_is_found_at_its_place(detector: FollowingFaceDetector, portrait: UInt8Array) -> None:
    height, width = portrait.shape[:2]
    huge = np.full((4000, 6000, 3), 90, np.uint8)
    enlarged = np.asarray(cv2.resize(portrait, (4 * width, 4 * height), interpolation=cv2.INTER_CUBIC), np.uint8)
    huge[1000 : 1000 + 4 * height, 2000 : 2000 + 4 * width] = enlarged
    found = detector.detect(huge)
    assert_well_formed(found)
    expected = detector.detect(portrait).boxes_xyxy * 4 + np.array([2000, 1000, 2000, 1000], np.float32)
    assert pairwise_iou(expected, found.boxes_xyxy).max() > 0.7


def test_a_face_moves_with_its_picture(detector: FollowingFaceDetector, portrait: UInt8Array) -> None:
    moved = np.full((portrait.shape[0] + 60, portrait.shape[1] + 100, 3), 128, np.uint8)
    moved[60:, 100:] = portrait
    before, after = detector.detect(portrait), detector.detect(moved)
    assert np.abs(after.landmarks_xy[0] - before.landmarks_xy[0] - [100, 60]).max() < 6


def test_a_face_cut_by_the_edge_does_no_harm(detector: FollowingFaceDetector, portrait: UInt8Array) -> None:
    left, top, right, bottom = detector.detect(portrait).boxes_xyxy[0].astype(int)
    for part in (
        portrait[:, (left + right) // 2 :],
        portrait[(top + bottom) // 2 :],
        portrait[:, : (left + right) // 2],
    ):
        assert_well_formed(detector.detect(np.ascontiguousarray(part)))


def test_a_read_only_view_is_taken_and_left_as_it_was(detector: FollowingFaceDetector, portrait: UInt8Array) -> None:
    view = portrait[..., ::-1].copy()[..., ::-1]
    view.setflags(write=False)
    found = detector.detect(view)
    assert (view == portrait).all()
    np.testing.assert_allclose(found.boxes_xyxy, detector.detect(portrait).boxes_xyxy, atol=1e-3)


def test_the_same_picture_gives_the_same_faces(detector: FollowingFaceDetector, portrait: UInt8Array) -> None:
    first, second = detector.detect(portrait), detector.detect(portrait)
    assert (first.boxes_xyxy == second.boxes_xyxy).all()
    assert (first.landmarks_xy == second.landmarks_xy).all()


def test_results_do_not_change_with_later_calls(detector: FollowingFaceDetector, portrait: UInt8Array) -> None:
    found = detector.detect(portrait)
    kept = found.boxes_xyxy.copy()
    detector.detect(np.ascontiguousarray(portrait[::-1]))
    assert (found.boxes_xyxy == kept).all()


def test_faces_of_lfw_are_found(detector: FollowingFaceDetector, test_data_dir: Path) -> None:
    pictures = sorted((test_data_dir / "lfw").glob("*/*.jpg"))[11::320]
    centres = np.array([125.0, 125.0])
    found = 0
    for path in pictures:
        boxes = detector.detect(read(path)).boxes_xyxy
        inside = ((boxes[:, :2] < centres) & (boxes[:, 2:] > centres)).all(axis=1)
        found += bool(inside.any())
    assert found >= len(pictures) - 1


def test_most_of_a_group_are_found(detector: FollowingFaceDetector, test_data_dir: Path) -> None:
    found = detector.detect(read(test_data_dir / "photos" / "scenes" / "multiface.jpg"))
    assert_well_formed(found)
    assert len(found) >= 3


def test_a_look_finds_a_face_that_moved_a_little(detector: FollowingFaceDetector, portrait: UInt8Array) -> None:
    found = detector.detect(portrait)
    side = found.boxes_xyxy[0, 2] - found.boxes_xyxy[0, 0]
    again = detector.look_again(portrait, found.boxes_xyxy + np.float32(0.1) * side)
    assert_well_formed(again)
    assert len(again) == 1
    assert pairwise_iou(again.boxes_xyxy, found.boxes_xyxy)[0, 0] > 0.75
    apart = np.linalg.norm(again.landmarks_xy[0] - found.landmarks_xy[0], axis=1) / side
    assert apart.max() < 0.06


def test_a_look_at_an_empty_place_or_at_none_finds_nothing(detector: FollowingFaceDetector) -> None:
    plain = np.full((240, 320, 3), 90, np.uint8)
    places = np.array([[20, 20, 90, 90], [-40, -40, 30, 30], [300, 200, 420, 320]], np.float32)
    assert len(detector.look_again(plain, places)) == 0
    assert len(detector.look_again(plain, np.zeros((0, 4), np.float32))) == 0


def test_looks_find_the_faces_of_a_group_in_a_large_picture(
    detector: FollowingFaceDetector, portrait: UInt8Array
) -> None:
    picture = np.full((1080, 1920, 3), 120, np.uint8)
    height, width = portrait.shape[:2]
    for left, top in [(0, 0), (700, 300), (1920 - width, 1080 - height), (1100, 40)]:
        picture[top : top + height, left : left + width] = portrait
    found = detector.detect(picture)
    again = detector.look_again(picture, found.boxes_xyxy)
    assert_well_formed(again)
    assert len(again) == len(found) == 4
    assert pairwise_iou(found.boxes_xyxy, again.boxes_xyxy).max(axis=1).min() > 0.75
