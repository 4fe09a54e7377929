"""The geometric check finds the map that most matches follow, and no other."""

from __future__ import annotations

import numpy as np

from facerec_app.core.types import Float32Array
from facerec_app.matching.affine_ransac import fit_affine

TRUTH = np.array([[0.68, -0.18, 40.0], [0.18, 0.68, 12.0]])


def matches(right: int, wrong: int) -> tuple[Float32Array, Float32Array]:
    generator = np.random.default_rng(3)
    start = generator.uniform(0, 500, (right + wrong, 2))
    end = start @ TRUTH[:, :2].T + TRUTH[:, 2] + generator.normal(0, 1, start.shape)
    end[right:] = generator.uniform(0, 500, (wrong, 2))
    return start.astype(np.float32), end.astype(np.float32)


def test_finds_the_map_among_twice_as_many_wrong_matches() -> None:
    fit = fit_affine(*matches(40, 80), residual_px=6.0)
    assert fit.inliers[:40].all()
    assert fit.inliers[40:].sum() <= 2
    assert fit.matrix is not None
    np.testing.assert_allclose(fit.matrix[:, :2], TRUTH[:, :2], atol=0.02)


def test_matches_without_a_common_map_have_hardly_any_inliers() -> None:
    assert fit_affine(*matches(0, 60), residual_px=6.0).count < 6


def test_mirror_image_is_no_view_of_the_same_picture() -> None:
    start, _ = matches(40, 0)
    mirrored = np.column_stack([500 - start[:, 0], start[:, 1]]).astype(np.float32)
    assert fit_affine(start, mirrored, residual_px=3.0).count < 10


def test_same_input_gives_the_same_answer() -> None:
    one, other = (fit_affine(*matches(20, 40), residual_px=6.0) for _ in range(2))
    np.testing.assert_array_equal(one.inliers, other.inliers)
    np.testing.assert_array_equal(one.matrix, other.matrix)


def test_two_matches_or_points_in_a_line_fix_nothing() -> None:
    start, end = matches(2, 0)
    assert fit_affine(start, end, residual_px=6.0).matrix is None
    line = np.column_stack([np.arange(20), np.arange(20)]).astype(np.float32) * 10
    assert fit_affine(line, line, residual_px=6.0).matrix is None
