"""Local features of real pictures: a known warp is found again, another scene is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facerec_app.core.errors import ConfigError, ModelVersionMismatchError, WeightsRejectedError
from facerec_app.matching.feature_map import MOST_FEATURES, feature_map
from facerec_app.matching.feature_projection import fit_projection, projection_from_bytes, projection_to_bytes
from facerec_app.matching.keypoints import keypoints_of
from facerec_app.matching.local_feature_extractor import LocalFeatureExtractor
from facerec_app.matching.picture_match import CHANCE_INLIERS, match_pictures
from facerec_app.models.model_store import ModelStore
from facerec_app.services.local_extractors import LocalExtractors, LocalFeatureChoice
from tests.unit.matching.matching_material import DEMO_SOURCES, shipped_extractor, small_picture, warped


def test_known_warp_is_found_again_to_five_pixels() -> None:
    extractor = shipped_extractor()
    picture = small_picture(DEMO_SOURCES / "obama3.jpg", 480)
    moved, truth = warped(picture)
    match = match_pictures(extractor.extract(picture), extractor.extract(moved), extractor.feature_map.rule)
    left, right = match.inlier_positions
    errors = np.linalg.norm(left @ truth[:, :2].T + truth[:, 2] - right, axis=1)
    assert match.inliers >= 50
    assert (errors <= 5).mean() >= 0.8


def test_another_scene_agrees_no_more_than_chance() -> None:
    extractor = shipped_extractor()
    left, right = (
        extractor.extract(small_picture(DEMO_SOURCES / name, 400)) for name in ("astronaut.png", "obama3.jpg")
    )
    assert match_pictures(left, right, extractor.feature_map.rule).inliers < CHANCE_INLIERS


@pytest.mark.parametrize("map_name", ["conv3", "conv4"])
def test_features_are_at_most_a_thousand_unit_vectors_inside_the_picture(map_name: str) -> None:
    picture = small_picture(DEMO_SOURCES / "biden.jpg", 240)
    features = shipped_extractor(map_name).extract(picture)
    assert 50 < len(features) <= MOST_FEATURES
    assert features.descriptors.shape == (len(features), 40)
    np.testing.assert_allclose(np.linalg.norm(features.descriptors, axis=1), 1.0, atol=1e-4)
    assert (np.diff(features.scores) <= 0).all()
    height, width = picture.shape[:2]
    assert (features.positions_xy >= 0).all()
    assert (features.positions_xy <= [width - 1, height - 1]).all()


def test_tiny_picture_has_few_features_and_no_error() -> None:
    extractor = shipped_extractor()
    tiny = extractor.extract(np.full((3, 5, 3), 90, np.uint8))
    assert match_pictures(tiny, tiny, extractor.feature_map.rule).inliers <= len(tiny)


def test_keypoint_lies_between_cells_where_the_scores_say_so() -> None:
    layer_map = np.zeros((1, 5, 5), np.float32)
    layer_map[0, 2, 2], layer_map[0, 2, 3] = 1.0, 0.8
    found = keypoints_of(layer_map, suppress=True)
    assert (int(found.rows[0]), int(found.columns[0])) == (2, 2)
    assert 2.2 < found.centres_xy[0, 0] <= 2.5
    assert found.centres_xy[0, 1] == pytest.approx(2.0)
    assert len(keypoints_of(layer_map, suppress=False).scores) == 25


def test_features_of_two_versions_are_never_compared() -> None:
    extractor = shipped_extractor()
    features = extractor.extract(np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(ModelVersionMismatchError, match="extract both again"):
        match_pictures(features, replace(features, version="other"), extractor.feature_map.rule)


def test_projection_comes_back_from_its_bytes_and_damage_is_refused() -> None:
    vectors = np.random.default_rng(0).normal(size=(400, 60)).astype(np.float32)
    projection = fit_projection(vectors, "layer", "0" * 64, whitened=True)
    again = projection_from_bytes(projection_to_bytes(projection), "a")
    np.testing.assert_array_equal(again.apply(vectors), projection.apply(vectors))
    with pytest.raises(WeightsRejectedError, match="damaged"):
        projection_from_bytes(projection_to_bytes(projection)[:-40], "cut.safetensors")


def test_projection_of_another_network_is_refused() -> None:
    models = ModelStore()
    chosen = feature_map("conv3")
    projection = projection_from_bytes(models.read(chosen.projection_file), chosen.projection_file)
    with pytest.raises(ModelVersionMismatchError, match=r"docs/matching.md"):
        LocalFeatureExtractor(models.read("resnet50-local"), replace(projection, network_sha256="1" * 64), chosen)


def test_unknown_map_or_half_a_network_of_ones_own_is_refused() -> None:
    extractors = LocalExtractors(ModelStore(), None)
    with pytest.raises(ConfigError, match="conv3 or conv4"):
        extractors.get(LocalFeatureChoice("conv9"))
    with pytest.raises(ConfigError, match="--projection"):
        extractors.get(LocalFeatureChoice(network=DEMO_SOURCES / "astronaut.png"))
