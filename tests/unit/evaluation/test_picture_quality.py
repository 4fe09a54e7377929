"""Measures of pictures, figures by quality, and pictures made worse on purpose."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from facerec_app.evaluation.degradation_trial import degraded_result, probe_and_reference_rows
from facerec_app.evaluation.jpeg_quality import jpeg_quality
from facerec_app.evaluation.picture_degradations import blurred, compressed, darkened, shrunk, standard_degradations
from facerec_app.evaluation.quality_strata import MEASURES, pair_values, stratified
from facerec_app.similarity.cosine_scorer import CosineScorer
from facerec_app.training.verification_metrics import PersonBootstrap, ScoredPairs
from tests.unit.evaluation.evaluation_material import made_faces

PICTURE = np.random.default_rng(0).integers(0, 255, (60, 80, 3)).astype(np.uint8)


@pytest.mark.parametrize("quality", [10, 30, 50, 75, 90, 98])
def test_the_quality_of_a_jpeg_is_read_from_its_table(quality: int) -> None:
    _, data = cv2.imencode(".jpg", PICTURE, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert jpeg_quality(data.tobytes()) == pytest.approx(quality, abs=1.5)


def test_what_is_no_jpeg_has_no_quality() -> None:
    _, png = cv2.imencode(".png", PICTURE)
    assert math.isnan(jpeg_quality(png.tobytes()))
    assert math.isnan(jpeg_quality(b"\xff\xd8\xff\xe0 cut short"))


def test_a_pair_is_as_good_as_its_worse_picture() -> None:
    faces = made_faces([2, 2])
    faces.rows.yaw_deg[:] = [-50, 5, 10, 0]
    pairs = np.array([[0, 1], [2, 3]], np.int64)
    by_field = {measure.field: measure for measure in MEASURES}
    assert pair_values(faces.rows, pairs, by_field["yaw_deg"]).tolist() == [50.0, 10.0]
    sizes = faces.rows.size_px
    assert pair_values(faces.rows, pairs, by_field["size_px"])[0] == min(sizes[0], sizes[1])


def test_every_pair_with_two_faces_is_in_one_bin_of_each_measure() -> None:
    faces = made_faces([3] * 6)
    faces.rows.found[0] = False
    first, second = np.triu_indices(len(faces), k=1)
    pairs = np.column_stack([first, second]).astype(np.int64)
    people = faces.labelled.person_index[pairs]
    scores = np.linspace(-1, 1, len(pairs)).astype(np.float32)
    scored = ScoredPairs(scores, people[:, 0] == people[:, 1], people)
    strata = stratified(faces.rows, pairs, scored, 0.0, PersonBootstrap(20))
    usable = faces.rows.found[pairs].all(axis=1)
    for measure in MEASURES:
        own = [row for row in strata if row.measure == measure.name]
        assert sum(row.genuine for row in own) == (usable & scored.same).sum()
    sizes = [row for row in strata if row.measure == "face width"]
    rejected = sum((row.fnmr or 0) * row.genuine for row in sizes)
    assert rejected == pytest.approx((scored.scores[usable & scored.same] < 0).sum())


def test_degradations_keep_the_size_and_always_do_the_same() -> None:
    for degradation in standard_degradations():
        changed = degradation.change(PICTURE)
        assert (changed.shape, changed.dtype) == (PICTURE.shape, PICTURE.dtype)
        np.testing.assert_array_equal(changed, degradation.change(PICTURE))
    assert len({degradation.name for degradation in standard_degradations()}) == len(standard_degradations())


def test_degradations_take_away_what_they_say() -> None:
    assert shrunk(PICTURE, 0.25).std() < PICTURE.std()
    assert blurred(PICTURE, 3.0).std() < blurred(PICTURE, 1.0).std() < PICTURE.std()
    assert darkened(PICTURE, 0.2).mean() == pytest.approx(0.2 * PICTURE.mean(), abs=2)
    smooth = blurred(PICTURE, 3.0)
    assert (
        np.abs(compressed(smooth, 90).astype(int) - smooth).mean()
        < np.abs(compressed(smooth, 5).astype(int) - smooth).mean()
    )


def test_a_changed_picture_without_a_face_is_not_recognised() -> None:
    faces = made_faces([2] * 10, spread=0.05)
    probes, references = probe_and_reference_rows(faces)
    rows = faces.rows.select(probes)
    rows.found[:4] = False
    changed = type(faces)(tuple(faces.pictures[row] for row in probes), rows, "made-up", "", "")
    others = type(faces)(
        tuple(faces.pictures[row] for row in references), faces.rows.select(references), "made-up", "", ""
    )
    result = degraded_result("none", changed, others, CosineScorer(0.0, 1.0).log_odds, 0.8, 0.5)
    assert (result.found, result.accepted, result.false_accepted) == (0.6, 0.6, 0.0)
    assert result.median_size_px == pytest.approx(0.5 * np.median(rows.size_px[4:]))
