"""Average precision of detections: by hand, against COCO's own evaluator, and what counts as right."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest

from facerec_app.core.face_annotations import FaceAnnotations
from facerec_app.core.types import FaceDetections, Float32Array
from facerec_app.training.detection_metrics import (
    DetectionCurve,
    PictureMatch,
    match_picture,
    missed_rows,
    operating_point,
)


def found(boxes: list[list[float]], scores: list[float]) -> FaceDetections:
    count = len(boxes)
    return FaceDetections(
        np.array(boxes, np.float32).reshape(count, 4), np.zeros((count, 5, 2), np.float32), np.array(scores, np.float32)
    )


def truth(*boxes: list[float], difficult: list[bool] | None = None) -> FaceAnnotations:
    return FaceAnnotations.of(np.array(boxes, np.float32).reshape(-1, 4), difficult=difficult)


def shifted(box: Float32Array, generator: np.random.Generator) -> list[float]:
    return [float(v) for v in box + generator.normal(0, 12, 4)]


def drawn(pictures: int = 60, seed: int = 3) -> tuple[list[FaceDetections], list[FaceAnnotations]]:
    """Return pictures in which a detector finds most faces, some twice, and invents others."""
    generator = np.random.default_rng(seed)
    detections, truths = [], []
    for _ in range(pictures):
        corners = generator.uniform(0, 800, (generator.integers(0, 5), 2))
        boxes = np.concatenate([corners, corners + generator.uniform(40, 120, corners.shape)], axis=1)
        rows = [shifted(box, generator) for box in boxes if generator.random() < 0.85]
        rows += [shifted(box, generator) for box in boxes if generator.random() < 0.2]
        rows += [[x, y, x + 60, y + 60] for x, y in generator.uniform(0, 800, (generator.integers(0, 3), 2))]
        detections.append(found(rows, list(generator.uniform(0.1, 1, len(rows)))))
        truths.append(truth(*boxes.tolist()))
    return detections, truths


def test_average_precision_is_the_area_that_a_hand_computes() -> None:
    # Right, wrong, right, and one face never found: precision 1, 1/2, 2/3 at recalls 1/3, 1/3, 2/3.
    matches = [
        match_picture(found([[0, 0, 10, 10], [50, 50, 60, 60]], [0.9, 0.8]), truth([0, 0, 10, 10], [80, 80, 90, 90])),
        match_picture(found([[0, 0, 10, 10]], [0.7]), truth([0, 0, 10, 10])),
    ]
    curve = DetectionCurve.of(matches)
    assert curve.average_precision() == pytest.approx(1 / 3 * 1 + 1 / 3 * 2 / 3)
    precision, recall = curve.precision_recall()
    assert precision == pytest.approx([1, 1 / 2, 2 / 3])
    assert recall == pytest.approx([1 / 3, 1 / 3, 2 / 3])


def test_average_precision_agrees_with_cocos_own_evaluator() -> None:
    coco = pytest.importorskip("pycocotools.coco", reason="pycocotools is not installed")
    evaluator = pytest.importorskip("pycocotools.cocoeval")
    detections, truths = drawn()
    document = {
        "images": [{"id": n} for n in range(len(truths))],
        "categories": [{"id": 1, "name": "face"}],
        "annotations": [
            {"id": 100 * n + row + 1, "image_id": n, "category_id": 1, "iscrowd": 0, "area": float(w * h),
             "bbox": [float(x), float(y), float(w), float(h)]}
            for n, faces in enumerate(truths)
            for row, (x, y, w, h) in enumerate(sized(faces.boxes_xyxy))
        ],
    }  # fmt: skip
    results = [
        {"image_id": n, "category_id": 1, "score": float(score), "bbox": [float(v) for v in box]}
        for n, faces in enumerate(detections)
        for box, score in zip(sized(faces.boxes_xyxy), faces.scores, strict=True)
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        reference = coco.COCO()
        reference.dataset = document
        reference.createIndex()
        evaluation = evaluator.COCOeval(reference, reference.loadRes(results), "bbox")
        evaluation.params.maxDets = [100, 100, 100]
        evaluation.evaluate()
        evaluation.accumulate()
    at_half = evaluation.eval["precision"][0, :, 0, 0, -1]
    ours = DetectionCurve.of([match_picture(a, b) for a, b in zip(detections, truths, strict=True)])
    # COCO samples the curve at 101 recalls, which differs from the whole area by less than a hundredth.
    assert ours.average_precision() == pytest.approx(float(at_half.mean()), abs=0.01)
    assert 0.4 < ours.average_precision() < 0.95


def sized(boxes: Float32Array) -> Float32Array:
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)


def test_second_detection_of_a_face_is_a_false_alarm() -> None:
    match = match_picture(found([[0, 0, 10, 10], [0, 0, 10, 9]], [0.6, 0.9]), truth([0, 0, 10, 10]))
    assert match.right.tolist() == [True, False]  # the better score, not the better box, takes the face
    assert match.scores.tolist() == pytest.approx([0.9, 0.6])


def test_overlap_below_a_half_is_a_miss_and_a_false_alarm() -> None:
    match = match_picture(found([[0, 0, 10, 10]], [0.9]), truth([5, 0, 15, 10]))
    point = operating_point([match], 0.5)
    assert (point.found, point.missed, point.false_alarms) == (0, 1, 1)
    assert missed_rows(match, 0.5).tolist() == [0]


def test_difficult_face_counts_neither_way() -> None:
    match = match_picture(found([[0, 0, 10, 10]], [0.9]), truth([0, 0, 10, 10], difficult=[True]))
    point = operating_point([match], 0.5)
    assert (point.found, point.missed, point.false_alarms) == (0, 0, 0)
    assert missed_rows(match, 0.5).size == 0


def test_operating_point_leaves_out_what_scores_less() -> None:
    match = match_picture(
        found([[0, 0, 10, 10], [50, 50, 60, 60]], [0.9, 0.4]), truth([0, 0, 10, 10], [50, 50, 60, 60])
    )
    point = operating_point([match], 0.5)
    assert (point.recall, point.precision) == (0.5, 1.0)
    assert missed_rows(match, 0.5).tolist() == [1]


def test_bootstrap_draws_are_the_same_pictures_for_two_detectors() -> None:
    detections, truths = drawn()
    one = DetectionCurve.of([match_picture(a, b) for a, b in zip(detections, truths, strict=True)])
    half = [faces.select(faces.scores > 0.5) for faces in detections]
    other = DetectionCurve.of([match_picture(a, b) for a, b in zip(half, truths, strict=True)])
    differences = one.average_precision_draws(200) - other.average_precision_draws(200)
    assert np.percentile(differences, 2.5) > 0  # leaving out half of the detections is worse beyond chance


def test_pictures_without_faces_have_no_average_precision() -> None:
    empty: list[PictureMatch] = [match_picture(FaceDetections.empty(), FaceAnnotations.empty())]
    assert np.isnan(DetectionCurve.of(empty).average_precision())
