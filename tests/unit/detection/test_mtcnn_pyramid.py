"""The canvas of pyramid levels and what P-Net sees of it."""

from __future__ import annotations

import numpy as np
import pytest

from facerec_app.core.types import Float32Array
from facerec_app.detection.mtcnn_pyramid import CELL_PX, GAP, STRIDE_PX, level_scales, paint_canvas, plan_layout
from facerec_app.inference.openvino_session import OpenvinoSession
from facerec_app.models.model_store import ModelStore

SIZES = [(640, 360), (250, 250), (641, 359), (1920, 1080), (12, 400), (333, 77), (20, 20)]


def noise(width_px: int, height_px: int) -> Float32Array:
    generator = np.random.default_rng(width_px)
    return generator.uniform(0, 255, (height_px, width_px, 3)).astype(np.float32)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("min_face_size_px", [20, 40, 80])
def test_levels_lie_apart_on_the_canvas_at_even_places(size: tuple[int, int], min_face_size_px: int) -> None:
    layout = plan_layout(*size, min_face_size_px)
    taken = np.zeros((layout.height_px, layout.width_px), np.int64)
    for level in layout.levels:
        assert level.left_px % STRIDE_PX == 0
        assert level.top_px % STRIDE_PX == 0
        assert level.left_px + level.width_px < layout.width_px
        assert level.top_px + level.height_px < layout.height_px
        taken[
            level.top_px : level.top_px + level.height_px + 1, level.left_px : level.left_px + level.width_px + 1
        ] += 1
    assert taken.max(initial=0) <= 1


@pytest.mark.parametrize("min_face_size_px", [20, 24, 40, 80])
def test_the_pyramid_ends_where_a_window_no_longer_fits(min_face_size_px: int) -> None:
    scales = level_scales(640, 360, min_face_size_px)
    assert scales[0] == pytest.approx(CELL_PX / min_face_size_px)
    assert 360 * scales[-1] >= CELL_PX > 360 * scales[-1] * 0.709


def test_a_picture_smaller_than_the_smallest_face_has_no_levels() -> None:
    assert plan_layout(39, 500, 40).levels == ()


@pytest.mark.parametrize("size", [(640, 360), (1920, 1080), (251, 333)])
def test_every_level_shows_the_whole_picture(size: tuple[int, int]) -> None:
    width, height = size
    ramp = np.broadcast_to(np.linspace(0, 255, width, dtype=np.float32)[None, :, None], (height, width, 3))
    layout = plan_layout(width, height, 20)
    canvas = paint_canvas(np.ascontiguousarray(ramp), layout)
    covered = np.zeros(canvas.shape[:2], bool)
    for level in layout.levels:
        place = (
            slice(level.top_px, level.top_px + level.height_px),
            slice(level.left_px, level.left_px + level.width_px),
        )
        part = canvas[place]
        covered[place] = True
        expected = (np.arange(level.width_px) + 0.5) * 255 / level.width_px
        np.testing.assert_allclose(part[level.height_px // 2, :, 0], expected, atol=1.0)
    assert (canvas[~covered] == GAP).all()


@pytest.mark.parametrize("size", [(250, 250), (211, 97)])
def test_pnet_sees_each_level_as_if_it_were_alone(size: tuple[int, int]) -> None:
    pnet = OpenvinoSession(ModelStore().read("mtcnn_pnet"), name="mtcnn_pnet")
    layout = plan_layout(*size, 20)
    canvas = paint_canvas(noise(*size), layout)
    together = pnet.run(canvas[None])[0][0]
    for level in layout.levels:
        alone = pnet.run(
            canvas[None, level.top_px : level.top_px + level.height_px, level.left_px : level.left_px + level.width_px]
        )[0][0]
        assert alone.shape[1:] == (level.rows, level.columns)
        top, left = level.top_px // STRIDE_PX, level.left_px // STRIDE_PX
        part = together[:, top : top + level.rows, left : left + level.columns]
        np.testing.assert_allclose(part, alone, atol=1e-3)
