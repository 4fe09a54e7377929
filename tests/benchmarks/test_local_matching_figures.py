"""What local matching finds: known warps, different scenes, portraits, and how long a pair takes.

``PYTHONPATH=FOLDER_OF_SKIMAGE FACEREC_TEST_DATA=... pytest -s -m benchmark
tests/benchmarks/test_local_matching_figures.py``

The sample pictures of scikit-image are used where that package can be found; only its files are read.
"""

from __future__ import annotations

import importlib.util
import itertools
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from facerec_app.capture.images import read_image
from facerec_app.composition import compose
from facerec_app.config.settings import Settings
from facerec_app.core.types import Float32Array
from facerec_app.matching.aligned_face_match import match_faces
from facerec_app.matching.local_features import LocalFeatures
from facerec_app.matching.picture_match import CHANCE_INLIERS, match_pictures
from facerec_app.services.picture_comparison import PictureComparisonService, outside_faces
from facerec_app.training.lfw_pairs import read_pair_list
from tests.unit.matching.matching_material import shipped_extractor, small_picture, warped

pytestmark = pytest.mark.benchmark
SAMPLES = (
    "astronaut.png", "brick.png", "camera.png", "chelsea.png", "coffee.png", "coins.png", "grass.png", "gravel.png",
    "hubble_deep_field.jpg", "ihc.png", "motorcycle_left.png", "page.png", "retina.jpg", "rocket.jpg", "text.png",
)  # fmt: skip
ONE_SCENE = ({"obama3.jpg", "two_people.jpg"}, {"obama_partial_face.jpg", "obama_partial_face2.jpg"})
"""Pictures of photos/scenes that show one moment."""
LONGEST_PX = 640
LFW_PAIRS = 60


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A picture and its warp, with the features of both and of the picture outside its faces."""

    name: str
    features: LocalFeatures
    warped_features: LocalFeatures
    truth: Float32Array
    outside: LocalFeatures


@cache
def comparison_service() -> PictureComparisonService:
    nowhere = Path(__file__).parent / "no gallery"  # it is not asked for, so it is not made
    return compose(Settings(database_dir=nowhere)).library().picture_comparison()


def picture_files(data: Path) -> list[Path]:
    found = importlib.util.find_spec("skimage")
    folders = list(found.submodule_search_locations or ()) if found is not None else []
    samples = [Path(folders[0]) / "data" / name for name in SAMPLES] if folders else []
    print(f"\n{len(samples)} sample pictures of scikit-image")
    return [file for file in samples if file.is_file()] + sorted((data / "photos" / "scenes").iterdir())


@cache
def scenes(data: Path, map_name: str) -> tuple[Scene, ...]:
    extractor, made = shipped_extractor(map_name), []
    for file in picture_files(data):
        picture = small_picture(file, LONGEST_PX)
        moved, truth = warped(picture)
        features = extractor.extract(picture)
        faces = comparison_service().read_picture(picture, file.name).detections
        made.append(Scene(file.name, features, extractor.extract(moved), truth, outside_faces(features, faces)))
    return tuple(made)


@pytest.mark.parametrize("map_name", ["conv3", "conv4"])
def test_known_warp(test_data_dir: Path, map_name: str) -> None:
    rule, good = shipped_extractor(map_name).feature_map.rule, []
    for scene in scenes(test_data_dir, map_name):
        match = match_pictures(scene.features, scene.warped_features, rule)
        left, right = match.inlier_positions
        errors = np.linalg.norm(left @ scene.truth[:, :2].T + scene.truth[:, 2] - right, axis=1)
        near = float((errors <= 5).mean()) if len(errors) else 0.0
        good.append(match.inliers >= 50 and near >= 0.8)
        print(
            f"{map_name} {scene.name:26} {match.inliers:4} inliers, {near:4.0%} within 5 px {'' if good[-1] else '-'}"
        )
    print(f"{map_name}: {sum(good)} of {len(good)} pictures meet 50 inliers of which 80 % within 5 px")
    if map_name == "conv3":
        assert sum(good) >= len(good) - 3  # a wall of bricks, and two small pictures of nothing but text


@pytest.mark.parametrize("map_name", ["conv3", "conv4"])
def test_different_scenes(test_data_dir: Path, map_name: str) -> None:
    rule = shipped_extractor(map_name).feature_map.rule
    pairs = [
        (one, other)
        for one, other in itertools.combinations(scenes(test_data_dir, map_name), 2)
        if {one.name, other.name} not in ONE_SCENE
    ]
    for what, part in (("whole pictures", "features"), ("outside the faces", "outside")):
        counts = [match_pictures(getattr(one, part), getattr(other, part), rule).inliers for one, other in pairs]
        above = sorted(
            ((count, one.name, other.name) for count, (one, other) in zip(counts, pairs, strict=True)), reverse=True
        )
        many = sum(count >= CHANCE_INLIERS for count in counts)
        print(f"\n{map_name}, {what}: {many} of {len(pairs)} pairs with {CHANCE_INLIERS} inliers or more; {above[:8]}")
        if (map_name, part) == ("conv3", "outside"):
            assert many <= 0.01 * len(pairs)


def test_portraits(test_data_dir: Path) -> None:
    photos = test_data_dir / "photos"
    files = sorted([*(photos / "known").rglob("*.*"), *(photos / "known_single").rglob("*.*")])
    pairs = [
        (one, other, one.parent == other.parent)
        for one, other in itertools.combinations([file for file in files if file.is_file()], 2)
    ]
    report_faces("portraits of photos/known and known_single", pairs)
    listed = read_pair_list(test_data_dir / "splits" / "test_pairs.txt").pairs
    generator = np.random.default_rng(0)
    drawn = []
    for same in (True, False):
        of_kind = [pair for pair in listed if pair.same is same]
        drawn += [of_kind[row] for row in generator.choice(len(of_kind), LFW_PAIRS, replace=False)]
    root = test_data_dir / "lfw"
    report_faces("LFW test pairs", [(root / pair.left, root / pair.right, pair.same) for pair in drawn])


def report_faces(title: str, pairs: list[tuple[Path, Path, bool]]) -> None:
    service, extractor = comparison_service(), shipped_extractor()
    counts: dict[bool, list[int]] = {True: [], False: []}
    for one, other, same in pairs:
        left, right = (service.read_picture(read_image(file), file.name) for file in (one, other))
        if min(left.largest, right.largest) < 0:
            continue
        landmarks = [picture.detections.landmarks_xy[picture.largest] for picture in (left, right)]
        found = match_faces(extractor, left.pixels_rgb, landmarks[0], right.pixels_rgb, landmarks[1])
        counts[same].append(found.match.inliers)
    alike, unlike = (np.array(counts[same]) for same in (True, False))
    area = float(np.mean((alike[:, None] > unlike) + 0.5 * (alike[:, None] == unlike)))
    for words, values in (("one person", alike), ("two people", unlike)):
        shares = np.percentile(values, [10, 50, 90])
        print(f"\n{title}, {words}: {len(values)} pairs, inliers 10/50/90 % {shares}, most {values.max()}")
    print(f"{title}: area under the ROC curve of the number of inliers {area:.3f}")


@pytest.mark.parametrize("map_name", ["conv3", "conv4"])
def test_time_of_a_pair(test_data_dir: Path, map_name: str) -> None:
    extractor = shipped_extractor(map_name)
    scenes_dir = test_data_dir / "photos" / "scenes"
    left, right = (read_image(scenes_dir / name) for name in ("obama_and_biden.jpg", "multiface.jpg"))
    spent = []
    for _ in range(5):
        started = time.perf_counter()
        match_pictures(extractor.extract(left), extractor.extract(right), extractor.feature_map.rule)
        spent.append(time.perf_counter() - started)
    print(f"\n{map_name}: features and matches of a pair {min(spent):.2f} to {max(spent):.2f} s")
    assert np.median(spent) < 3.0
