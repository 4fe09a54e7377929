"""Crops, where their landmarks lie, and what is said of their quality."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from facerec_app.alignment.face_quality import brightness_of, sharpness_of, yaw_deg_of
from facerec_app.alignment.five_point_aligner import FivePointAligner
from facerec_app.alignment.templates import ARCFACE_112, TEMPLATES, scaled_template
from facerec_app.core.geometry import apply_transforms
from facerec_app.core.types import FaceDetections, Float32Array, UInt8Array
from facerec_app.detection.yunet_detector import YunetDetector
from facerec_app.models.model_store import ModelStore


def placed(landmarks_xy: Float32Array, angle_deg: float, scale: float, shift: tuple[float, float]) -> Float32Array:
    angle = np.radians(angle_deg)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray(landmarks_xy @ turn.T + shift, np.float32)


def detections_of(landmarks: list[Float32Array]) -> FaceDetections:
    points = np.stack(landmarks)
    boxes = np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)
    return FaceDetections(boxes, points, np.ones(len(points), np.float32))


def dots_picture(points: Float32Array, size: tuple[int, int] = (400, 500)) -> UInt8Array:
    picture = np.zeros((*size, 3), np.uint8)
    for x, y in points:
        cv2.circle(picture, (round(float(x)), round(float(y))), 5, (255, 255, 255), -1)
    return picture


@pytest.mark.parametrize("angle_deg", [0, 25, -60, 180])
@pytest.mark.parametrize("scale", [0.7, 1.0, 2.0])
def test_landmarks_come_to_lie_on_the_template(angle_deg: float, scale: float) -> None:
    landmarks = placed(ARCFACE_112 - 56, angle_deg, scale, (230.0, 190.0))
    crops = FivePointAligner(ARCFACE_112, 112).align(dots_picture(landmarks), detections_of([landmarks]))
    np.testing.assert_allclose(apply_transforms(crops.frame_to_crop, landmarks[None])[0], ARCFACE_112, atol=1e-2)
    grey = crops.pixels_rgb[0, ..., 0].astype(float)
    for x, y in ARCFACE_112:
        left, top = int(x) - 7, int(y) - 7
        patch = grey[top : top + 15, left : left + 15]
        rows, columns = np.mgrid[0:15, 0:15]
        centre = np.array([(columns * patch).sum(), (rows * patch).sum()]) / patch.sum()
        np.testing.assert_allclose(centre + np.array([left, top]), [x, y], atol=1.2)


def test_one_crop_per_detection_in_order() -> None:
    faces = [placed(ARCFACE_112 - 56, 0, 1, (float(x), 200.0)) for x in (100, 250, 400)]
    picture = np.zeros((400, 500, 3), np.uint8)
    for value, face in enumerate(faces):
        picture[:, int(face[2, 0]) - 40 : int(face[2, 0]) + 40] = 50 * (value + 1)
    crops = FivePointAligner(ARCFACE_112, 112).align(picture, detections_of(faces))
    assert crops.pixels_rgb.shape == (3, 112, 112, 3)
    assert crops.pixels_rgb[:, 56, 56, 0].tolist() == [50, 100, 150]


def test_no_detections_give_no_crops() -> None:
    crops = FivePointAligner(ARCFACE_112, 112).align(np.zeros((50, 50, 3), np.uint8), FaceDetections.empty())
    assert len(crops) == 0
    assert crops.pixels_rgb.shape == (0, 112, 112, 3)
    assert crops.size_px.shape == crops.sharpness.shape == crops.yaw_deg.shape == crops.brightness.shape == (0,)


def test_landmarks_that_coincide_do_no_harm() -> None:
    crops = FivePointAligner(ARCFACE_112, 112).align(
        np.zeros((50, 50, 3), np.uint8), detections_of([np.full((5, 2), 20, np.float32)])
    )
    assert np.isfinite(crops.size_px).all()
    assert np.isfinite(crops.yaw_deg).all()


def test_size_grows_with_the_face() -> None:
    faces = [placed(ARCFACE_112 - 56, 10, scale, (250.0, 200.0)) for scale in (0.5, 1.0, 2.0)]
    sizes = FivePointAligner(ARCFACE_112, 112).align(dots_picture(faces[0]), detections_of(faces)).size_px
    np.testing.assert_allclose(sizes, [0.69 * 56, 0.69 * 112, 0.69 * 224], rtol=1e-4)


def test_size_does_not_depend_on_the_crop_s() -> None:
    face = placed(ARCFACE_112 - 56, 10, 1.3, (250.0, 200.0))
    sizes = [
        FivePointAligner(scaled_template(ARCFACE_112, 112, size), size)
        .align(dots_picture(face), detections_of([face]))
        .size_px[0]
        for size in (112, 224)
    ]
    assert sizes[0] == pytest.approx(sizes[1], rel=1e-4)


def test_a_scaled_template_keeps_edges_in_place() -> None:
    corners = np.array([[-0.5, -0.5], [111.5, 111.5]], np.float32)
    np.testing.assert_allclose(scaled_template(corners, 112, 224), [[-0.5, -0.5], [223.5, 223.5]], atol=1e-4)


def test_templates_are_in_landmark_order() -> None:
    for template in TEMPLATES.values():
        left_eye, right_eye, nose, left_mouth, right_mouth = template
        assert left_eye[0] < nose[0] < right_eye[0]
        assert left_mouth[0] < right_mouth[0]
        assert left_eye[1] < nose[1] < left_mouth[1]


@pytest.fixture(scope="module")
def portrait_crop(demo_dir: Path) -> UInt8Array:
    content = (demo_dir / "people" / "Grace_Hopper" / "grace_hopper.jpg").read_bytes()
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    picture = np.ascontiguousarray(decoded[..., ::-1], np.uint8)
    crops = FivePointAligner(ARCFACE_112, 112).align(picture, YunetDetector(ModelStore()).detect(picture))
    return crops.pixels_rgb


def test_sharpness_falls_with_blur(portrait_crop: UInt8Array) -> None:
    blurred = [np.asarray(cv2.GaussianBlur(portrait_crop[0], (0, 0), sigma), np.uint8) for sigma in (0.8, 1.5, 3.0)]
    values = sharpness_of(np.stack([portrait_crop[0], *blurred]))
    assert (np.diff(values) < 0).all()
    assert values[0] > 0.5
    assert values[-1] < values[0] / 2


def test_sharpness_hardly_depends_on_light(portrait_crop: UInt8Array) -> None:
    dimmed = (portrait_crop.astype(np.float32) * 0.6 + 20).astype(np.uint8)
    assert sharpness_of(dimmed)[0] == pytest.approx(sharpness_of(portrait_crop)[0], abs=0.05)


def test_a_crop_of_one_colour_has_no_sharpness() -> None:
    assert sharpness_of(np.full((2, 112, 112, 3), 99, np.uint8)).tolist() == [0, 0]


def test_brightness_is_mean_luminance() -> None:
    values = np.stack([np.full((112, 112, 3), level, np.uint8) for level in (0, 51, 255)])
    np.testing.assert_allclose(brightness_of(values), [0, 0.2, 1.0], atol=1e-3)


def head_turned(yaw_deg: float) -> Float32Array:
    """Return the landmarks of a generic head (units of half eye distances) turned to the picture's right."""
    head = np.array([[-1, -1.1, 0], [1, -1.1, 0], [0, 0, 0.9], [-0.8, 1.2, 0.1], [0.8, 1.2, 0.1]])
    yaw = np.radians(yaw_deg)
    return np.stack([head[:, 0] * np.cos(yaw) + head[:, 2] * np.sin(yaw), head[:, 1]], axis=1).astype(np.float32)


@pytest.mark.parametrize("yaw_deg", [-50, -20, 0, 15, 40])
def test_yaw_of_a_turned_head_is_estimated_with_its_sign(yaw_deg: float) -> None:
    assert yaw_deg_of(head_turned(yaw_deg)[None])[0] == pytest.approx(yaw_deg, abs=4)


def test_a_mirrored_face_has_the_opposite_yaw() -> None:
    face = head_turned(25)
    mirrored = (face * [-1, 1])[[1, 0, 2, 4, 3]].astype(np.float32)
    assert yaw_deg_of(mirrored[None])[0] == pytest.approx(-yaw_deg_of(face[None])[0], abs=1e-3)
