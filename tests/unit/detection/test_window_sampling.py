"""Windows on and beside faces keep to their rule."""

from __future__ import annotations

import numpy as np
import pytest

from facerec_app.core.errors import ConfigError
from facerec_app.core.types import FaceDetections
from facerec_app.detection.window_sampling import (
    WindowSettings,
    covered_shares,
    regression_offsets,
    sample_face_windows,
)


def faces(*boxes: tuple[float, float, float, float]) -> FaceDetections:
    count = len(boxes)
    return FaceDetections(np.array(boxes, np.float32), np.zeros((count, 5, 2), np.float32), np.ones(count, np.float32))


def test_windows_on_faces_cover_more_than_half_and_those_beside_do_not() -> None:
    found = faces((100, 80, 180, 190), (400, 200, 450, 260))
    settings = WindowSettings(samples=40)
    windows = sample_face_windows(found, (640, 480), settings, np.random.default_rng(1))
    assert windows.on_face.sum() == 40
    assert (~windows.on_face).sum() == 40
    for row in range(len(windows)):
        shares = covered_shares(windows.boxes_xyxy[row], found.boxes_xyxy)
        if windows.on_face[row]:
            assert shares[windows.face_rows[row]] > 0.5
        else:
            assert shares.max() <= 0.5
    sides = windows.boxes_xyxy[:, 2:] - windows.boxes_xyxy[:, :2]
    np.testing.assert_allclose(sides[:, 0], sides[:, 1], rtol=1e-4)
    longer = np.array([110.0, 60.0])[windows.face_rows]
    np.testing.assert_allclose(sides[:, 0], windows.scales * longer, rtol=1e-4)
    assert set(windows.scales.tolist()) == set(np.array(settings.scales, np.float32).tolist())


def test_windows_beside_lie_in_the_picture_where_it_is_large_enough() -> None:
    windows = sample_face_windows(faces((300, 200, 340, 250)), (640, 480), WindowSettings(), np.random.default_rng(2))
    beside = windows.boxes_xyxy[~windows.on_face]
    assert beside[:, :2].min() >= 0
    assert (beside[:, 2] <= 640).all()
    assert (beside[:, 3] <= 480).all()


def test_a_picture_that_a_face_fills_has_no_background() -> None:
    windows = sample_face_windows(faces((0, 0, 100, 100)), (100, 100), WindowSettings(), np.random.default_rng(3))
    assert windows.on_face.all()
    assert len(windows) == 5


def test_offsets_lead_from_the_window_to_the_face() -> None:
    window = np.array([[10, 20, 110, 120]], np.float32)
    box = np.array([[30, 10, 90, 100]], np.float32)
    offsets = regression_offsets(window, box)
    np.testing.assert_allclose(offsets, [[0.2, -0.1, -0.2, -0.2]], atol=1e-6)
    np.testing.assert_allclose(window + offsets * 100, box, atol=1e-4)


@pytest.mark.parametrize("wrong", [{"samples": 0}, {"size_px": 3}, {"test_share": 1.0}, {"seed": -1}])
def test_settings_that_cannot_be_meant_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        WindowSettings(**wrong)  # type: ignore[arg-type]
