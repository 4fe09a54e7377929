"""Which face a picture is of, and which faces are good enough."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from facerec_app.alignment.five_point_aligner import FivePointAligner
from facerec_app.alignment.templates import TEMPLATES
from facerec_app.capture.images import read_image
from facerec_app.core.errors import LowQualityFaceError, MultipleFacesError, NoFaceError
from facerec_app.core.types import FaceCrops, FaceDetections, UInt8Array
from facerec_app.detection.yunet_detector import YunetDetector
from facerec_app.models.model_store import ModelStore
from facerec_app.services.quality_gate import QualityLimits, check_quality, choose_subject

LIMITS = QualityLimits()
PORTRAIT = (60, 60, 190, 190)  # the middle of a picture of 250 x 250


def faces(*boxes: tuple[int, int, int, int]) -> FaceDetections:
    count = len(boxes)
    return FaceDetections(
        np.array(boxes, np.float32).reshape(count, 4), np.zeros((count, 5, 2), np.float32), np.ones(count, np.float32)
    )


def subject_of(*boxes: tuple[int, int, int, int], size_px: tuple[int, int] = (250, 250)) -> int:
    return choose_subject(faces(*boxes), size_px, LIMITS, "picture.jpg")


def test_no_face_and_one_face() -> None:
    with pytest.raises(NoFaceError, match=r"picture\.jpg"):
        subject_of()
    assert subject_of((0, 0, 20, 20)) == 0


def test_a_face_three_times_as_large_as_all_others_is_the_subject() -> None:
    assert subject_of((0, 0, 40, 40), (100, 20, 220, 140), (200, 200, 240, 240)) == 1


def test_a_portrait_with_others_at_its_rim_is_of_the_face_in_the_middle() -> None:
    assert subject_of((-30, 60, 80, 170), PORTRAIT, (200, 20, 290, 130)) == 1


def test_two_people_side_by_side_are_refused() -> None:
    with pytest.raises(MultipleFacesError, match="2 faces"):
        subject_of((20, 80, 100, 180), (150, 80, 230, 180))


def test_a_portrait_beside_a_face_that_is_well_inside_the_picture_is_refused() -> None:
    with pytest.raises(MultipleFacesError):
        subject_of((100, 60, 230, 190), (240, 60, 340, 170), size_px=(400, 250))


def test_the_middle_of_a_group_is_not_taken_for_a_portrait() -> None:
    row = [(100 + 200 * i, 200, 190 + 200 * i, 310) for i in range(5)]
    with pytest.raises(MultipleFacesError, match="5 faces"):
        subject_of(*row, size_px=(1090, 600))


def test_a_larger_face_at_the_rim_makes_the_picture_ambiguous() -> None:
    with pytest.raises(MultipleFacesError):
        subject_of((0, 0, 140, 150), PORTRAIT)


@pytest.fixture(scope="module")
def photograph(demo_dir: Path) -> UInt8Array:
    return read_image(demo_dir / "sources" / "astronaut.png")


@pytest.fixture(scope="module")
def found(photograph: UInt8Array) -> FaceDetections:
    return YunetDetector(ModelStore()).detect(photograph)


@pytest.fixture(scope="module")
def portrait(photograph: UInt8Array, found: FaceDetections) -> FaceCrops:
    return crops_of(photograph, found)


def crops_of(pixels_rgb: UInt8Array, found: FaceDetections) -> FaceCrops:
    return FivePointAligner(next(iter(TEMPLATES.values())), 112).align(pixels_rgb, found)


def test_a_good_portrait_passes_and_a_blurred_or_small_one_is_refused(
    photograph: UInt8Array, found: FaceDetections, portrait: FaceCrops
) -> None:
    assert len(portrait) == 1
    check_quality(portrait, 0, LIMITS, "portrait.jpg")
    blurred = np.asarray(cv2.GaussianBlur(photograph, (0, 0), 12), np.uint8)
    with pytest.raises(LowQualityFaceError, match=r"blurred\.jpg is blurred"):
        check_quality(crops_of(blurred, found), 0, LIMITS, "blurred.jpg")
    small = np.asarray(cv2.resize(photograph, (128, 128), interpolation=cv2.INTER_AREA), np.uint8)
    quarter = np.float32(0.25)
    shrunk = FaceDetections(found.boxes_xyxy * quarter, found.landmarks_xy * quarter, found.scores)
    with pytest.raises(LowQualityFaceError, match="too small"):
        check_quality(crops_of(small, shrunk), 0, LIMITS, "small.jpg")


@pytest.mark.parametrize(
    ("quality", "value", "words"),
    [
        ("brightness", 0.05, "dark"),
        ("brightness", 0.97, "over-exposed"),
        ("yaw_deg", -70.0, "turned"),
        ("yaw_deg", 70.0, "turned"),
        ("sharpness", 0.1, "blurred"),
        ("size_px", 31.0, "31 px wide"),
    ],
)
def test_each_fault_is_named_with_what_to_do(portrait: FaceCrops, quality: str, value: float, words: str) -> None:
    values = {name: getattr(portrait, name) for name in FaceCrops.__slots__}
    faulty = FaceCrops(**{**values, quality: np.array([value], np.float32)})
    with pytest.raises(LowQualityFaceError, match=words) as refused:
        check_quality(faulty, 0, LIMITS, "face.jpg")
    assert "; " in str(refused.value), "it says what to do"
