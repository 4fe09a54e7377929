"""Heads are turned to the side as training pictures: the template stays, the far side shrinks, both sides alike."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from facerec_app.core.types import Float32Array, UInt8Array
from facerec_app.training.extractor.face_dataset import CROP_PX, TEMPLATE_XY
from facerec_app.training.extractor.face_turning import turned

SIDE_PX = 128
LANDMARKS = TEMPLATE_XY + (SIDE_PX - CROP_PX) / 2


def dots(places: Float32Array) -> UInt8Array:
    """Return a black picture with a white dot at each place."""
    picture = np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8)
    for x, y in places.tolist():
        cv2.circle(picture, (round(x), round(y)), 2, (255, 255, 255), -1)
    return picture


def centres(picture: UInt8Array) -> Float32Array:
    """Return ``(N, 2)`` centres of the bright spots."""
    count, _, _, found = cv2.connectedComponentsWithStats((picture[..., 0] > 96).astype(np.uint8))
    return np.asarray(found[1:count], np.float32)


@pytest.mark.parametrize("yaw", [-30, -12, 12, 30])
def test_eyes_and_mouth_stay_near_their_places(yaw: int) -> None:
    """The turned face is aligned again: only the nose, which stands out, moves against the template."""
    eyes_and_mouth = LANDMARKS[[0, 1, 3, 4]]
    found = centres(turned(dots(eyes_and_mouth), yaw, 42))
    assert found.shape == eyes_and_mouth.shape
    distances = np.linalg.norm(found[:, None] - eyes_and_mouth[None], axis=2)
    assert sorted(distances.argmin(axis=1).tolist()) == [0, 1, 2, 3]
    assert distances.min(axis=1).max() < 5.0
    nose = centres(turned(dots(LANDMARKS[[2]]), yaw, 42))
    assert np.sign(nose[0, 0] - LANDMARKS[2, 0]) == np.sign(yaw)


@pytest.mark.parametrize("yaw", [-45, -20, 20, 45])
def test_the_side_that_turns_away_gets_narrow(yaw: int) -> None:
    signs = np.sign([yaw, -yaw])
    away, towards = (np.array([[64 + sign * 18, 60], [64 + sign * 36, 60]], np.float32) for sign in signs)
    widths = []
    for side in (away, towards):
        found = centres(turned(dots(side), yaw, 42))
        widths.append(abs(found[0, 0] - found[1, 0]) if len(found) == 2 else 0.0)
    assert widths[0] < 0.8 * widths[1]


def test_both_sides_are_alike() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (SIDE_PX, SIDE_PX, 3)).astype(np.uint8)
    picture = np.asarray(cv2.GaussianBlur(noise, (0, 0), 4), np.uint8)
    left = turned(np.ascontiguousarray(picture[:, ::-1]), -25, 36)[:, ::-1].astype(float)
    right = turned(picture, 25, 36).astype(float)
    assert np.abs(left - right).mean() < 2.0  # the template itself is not quite symmetrical


def test_a_face_that_does_not_turn_stays_as_it_is() -> None:
    picture = np.random.default_rng(2).integers(0, 256, (SIDE_PX, SIDE_PX, 3)).astype(np.uint8)
    np.testing.assert_allclose(turned(picture, 0, 36), picture, atol=1)
