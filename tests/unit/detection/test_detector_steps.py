"""The steps that detectors are made of."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from facerec_app.core.types import Float32Array
from facerec_app.detection.crop_sampling import OUTSIDE, sample_few_windows, sample_windows
from facerec_app.detection.non_maximum_suppression import suppress_overlaps


def random_boxes(count: int, seed: int) -> Float32Array:
    generator = np.random.default_rng(seed)
    corners = generator.uniform(0, 100, (count, 2))
    return np.concatenate([corners, corners + generator.uniform(5, 60, (count, 2))], axis=1).astype(np.float32)


def overlap_of(a: Float32Array, b: Float32Array, kind: str) -> float:
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    area_a, area_b = (a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1])
    inter = width * height
    return float(inter / (area_a + area_b - inter) if kind == "union" else inter / min(area_a, area_b))


@pytest.mark.parametrize("overlap", ["union", "smaller"])
@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7])
def test_a_box_stays_exactly_if_no_better_one_overlaps_it(
    overlap: Literal["union", "smaller"], threshold: float
) -> None:
    boxes = random_boxes(60, 1)
    scores = np.random.default_rng(2).random(60).astype(np.float32)
    order = np.argsort(-scores)
    expected = [
        row
        for place, row in enumerate(order)
        if all(overlap_of(boxes[better], boxes[row], overlap) <= threshold for better in order[:place])
    ]
    assert suppress_overlaps(boxes, scores, threshold, overlap).tolist() == expected


def test_no_boxes_and_one_box_are_returned_as_they_are() -> None:
    assert suppress_overlaps(random_boxes(0, 0), np.zeros(0, np.float32), 0.5).tolist() == []
    assert suppress_overlaps(random_boxes(1, 0), np.ones(1, np.float32), 0.5).tolist() == [0]


def test_windows_are_bilinear_samples_with_grey_outside() -> None:
    height, width, size = 40, 60, 24
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    plane = np.stack([2 * columns, 3 * rows, columns + rows], axis=-1)  # bilinear sampling is exact on planes
    boxes = np.array([[5.5, 7.25, 28.5, 30.25], [-6, -4, 18, 20], [45, 25, 70, 50]], np.float32)
    windows = sample_windows(plane, boxes, size)
    for box, window in zip(boxes, windows, strict=True):
        xs = (box[0] + (box[2] - box[0]) * np.arange(size) / (size - 1)) * (width - 1) / width
        ys = (box[1] + (box[3] - box[1]) * np.arange(size) / (size - 1)) * (height - 1) / height
        inside = np.outer((ys >= 0) & (ys <= height - 1), (xs >= 0) & (xs <= width - 1))
        grid_y, grid_x = np.meshgrid(ys, xs, indexing="ij")
        expected = np.stack([2 * grid_x, 3 * grid_y, grid_x + grid_y], axis=-1)
        np.testing.assert_allclose(window[inside], expected[inside], atol=2e-3)
        assert (window[~inside] == OUTSIDE).all()


def test_more_windows_than_one_call_takes_are_sampled_alike() -> None:
    picture = np.random.default_rng(0).uniform(0, 255, (50, 50, 3)).astype(np.float32)
    boxes = random_boxes(1500, 4)
    together = sample_windows(picture, boxes, 24)
    np.testing.assert_array_equal(together[-10:], sample_windows(picture, boxes[-10:], 24))
    np.testing.assert_array_equal(together[1330:1340], sample_windows(picture, boxes[1330:1340], 24))


def test_no_boxes_give_no_windows() -> None:
    assert sample_windows(np.zeros((9, 9, 3), np.float32), random_boxes(0, 0), 24).shape == (0, 24, 24, 3)


@pytest.mark.parametrize("size_px", [(1920, 1080), (101, 77)])
def test_windows_of_a_picture_in_bytes_are_the_same_to_the_bit(size_px: tuple[int, int]) -> None:
    width, height = size_px
    picture = np.random.default_rng(6).integers(0, 256, (height, width, 3)).astype(np.uint8)
    edges = np.array([[-30, -20, 25, 35], [width - 20, height - 30, width + 40, height + 30]], np.float32)
    beyond = np.array([[-90, 10, -40, 60], [10, height + 5, 60, height + 55]], np.float32)
    whole = np.array([[0, 0, width - 1, height - 1], [0, 0, width, height]], np.float32)
    boxes = np.concatenate([random_boxes(40, 7), random_boxes(40, 8) * np.float32(9.37), edges, beyond, whole])
    expected = sample_windows(np.ascontiguousarray(picture, np.float32), boxes, 48)
    np.testing.assert_array_equal(sample_few_windows(picture, boxes, 48), expected)
    assert sample_few_windows(picture, random_boxes(0, 0), 48).shape == (0, 48, 48, 3)
