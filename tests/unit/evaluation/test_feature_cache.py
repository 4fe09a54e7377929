"""Features are computed once; whatever the cache holds that is not right is computed again."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from facerec_app.capture.images import read_image, write_jpeg
from facerec_app.core.errors import InferenceError, TrainingCancelledError, UnreadableImageError
from facerec_app.core.types import Embeddings, FaceCrops, FaceDetections, UInt8Array
from facerec_app.evaluation.face_embedding import FaceSource, aligned_crops, embed_faces
from facerec_app.evaluation.feature_cache import FeatureCache
from facerec_app.evaluation.picture_faces import PictureFaces
from facerec_app.training.picture_features import FacePath


class MiddleDetector:
    """Finds one face in the middle of every picture that is not black, and counts."""

    name = "middle"

    def __init__(self) -> None:
        self.looks = 0

    def detect(self, pixels_rgb: UInt8Array) -> FaceDetections:
        self.looks += 1
        if pixels_rgb.max() < 40:
            return FaceDetections.empty()
        height, width = pixels_rgb.shape[:2]
        box = np.array([[width / 4, height / 4, 3 * width / 4, 3 * height / 4]], np.float32)
        return FaceDetections(box, np.zeros((1, 5, 2), np.float32), np.ones(1, np.float32))


class WholeAligner:
    """Gives the picture's corner as the crop."""

    crop_size_px = 16

    def align(self, pixels_rgb: UInt8Array, detections: FaceDetections) -> FaceCrops:
        one = np.full(1, 0.5, np.float32)
        return FaceCrops(pixels_rgb[None, :16, :16], np.zeros((1, 2, 3), np.float32), one * 80, one, one, one)


class ColourExtractor:
    """The mean colour as a feature of unit length; NaN if told so."""

    version, dimension = "colour-1", 3

    def __init__(self) -> None:
        self.broken = False

    def embed(self, crops: FaceCrops) -> Embeddings:
        means = crops.pixels_rgb.mean(axis=(1, 2)) + 1.0
        vectors = (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)
        return Embeddings(vectors * np.float32(np.nan if self.broken else 1), self.version)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "people"
    for number in range(20):
        (folder / f"p{number}").mkdir(parents=True)
        colour = (0, 0, 0) if number == 3 else (200, 10 * number + 30, 60)
        write_jpeg(folder / f"p{number}" / "1.jpg", np.full((40, 40, 3), colour, np.uint8))
    return folder


NAMES = [f"p{number}/1.jpg" for number in range(20)]


def run(root: Path, cache: FeatureCache, settings: str = "at 40 px") -> tuple[PictureFaces, MiddleDetector]:
    detector = MiddleDetector()
    source = FaceSource(FacePath(read_image, detector, WholeAligner(), ColourExtractor()), settings)
    return embed_faces(root, NAMES, source, cache), detector


def test_a_second_run_looks_at_nothing_and_gives_the_same(root: Path, tmp_path: Path) -> None:
    first, _ = run(root, FeatureCache(tmp_path / "cache"))
    again, detector = run(root, FeatureCache(tmp_path / "cache"))
    assert detector.looks == 0
    np.testing.assert_array_equal(first.rows.vectors, again.rows.vectors)
    np.testing.assert_array_equal(first.rows.size_px, again.rows.size_px)
    assert first.missing == again.missing == ("p3/1.jpg",)
    assert first.data_sha256 == again.data_sha256


def test_a_changed_picture_or_setting_is_looked_at_again(root: Path, tmp_path: Path) -> None:
    run(root, FeatureCache(tmp_path / "cache"))
    write_jpeg(root / "p5" / "1.jpg", np.full((40, 40, 3), (10, 220, 10), np.uint8))
    changed, detector = run(root, FeatureCache(tmp_path / "cache"))
    assert detector.looks == 1
    assert changed.rows.vectors[5, 1] > 0.9
    _, detector = run(root, FeatureCache(tmp_path / "cache"), "at 20 px")
    assert detector.looks >= 20


@pytest.mark.parametrize("damage", ["truncated", "foreign", "not numbers", "empty", "packed in another way"])
def test_a_damaged_cache_is_said_and_replaced(root: Path, tmp_path: Path, damage: str) -> None:
    good, _ = run(root, FeatureCache(tmp_path / "cache"))
    (file,) = (tmp_path / "cache").iterdir()
    if damage == "truncated":
        file.write_bytes(file.read_bytes()[:-200])
    elif damage == "empty":
        file.write_bytes(b"")
    elif damage == "packed in another way":
        data = bytearray(file.read_bytes())
        data[data.index(b"PK\x01\x02") + 10] = 99
        file.write_bytes(data)
    else:
        with np.load(file, allow_pickle=False) as stored:
            arrays = dict(stored)
        if damage == "foreign":
            arrays["facts"] = np.array(["another", "program"])
        else:
            arrays["vectors"] = arrays["vectors"] * np.nan
        np.savez(file, **arrays)
    cache = FeatureCache(tmp_path / "cache")
    again, detector = run(root, cache)
    assert detector.looks >= 20
    assert "computing again" in cache.remarks[0]
    np.testing.assert_array_equal(good.rows.vectors, again.rows.vectors)
    assert run(root, FeatureCache(tmp_path / "cache"))[1].looks == 0


def test_a_cache_that_cannot_be_written_costs_only_a_remark(root: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be", encoding="utf-8")
    cache = FeatureCache(tmp_path / "cache")
    faces, _ = run(root, cache)
    assert faces.rows.found.sum() == 19
    assert "cannot be written" in cache.remarks[-1]


def test_without_a_folder_nothing_is_kept(root: Path, tmp_path: Path) -> None:
    run(root, FeatureCache(None))
    assert run(root, FeatureCache(None))[1].looks >= 20


def test_what_was_computed_before_a_stop_is_kept(root: Path, tmp_path: Path) -> None:
    asked = iter(range(100))
    source = FaceSource(FacePath(read_image, MiddleDetector(), WholeAligner(), ColourExtractor()), "at 40 px")
    with pytest.raises(TrainingCancelledError):
        embed_faces(root, NAMES, source, FeatureCache(tmp_path / "cache"), cancelled=lambda: next(asked) >= 10)
    assert run(root, FeatureCache(tmp_path / "cache"))[1].looks == 10


def test_features_that_are_no_numbers_are_an_error_and_never_kept(root: Path, tmp_path: Path) -> None:
    extractor = ColourExtractor()
    extractor.broken = True
    source = FaceSource(FacePath(read_image, MiddleDetector(), WholeAligner(), extractor), "at 40 px")
    with pytest.raises(InferenceError, match="not finite"):
        embed_faces(root, NAMES, source, FeatureCache(tmp_path / "cache"))
    assert not (tmp_path / "cache").exists()


def test_a_picture_that_is_gone_is_named(root: Path) -> None:
    source = FaceSource(FacePath(read_image, MiddleDetector(), WholeAligner(), ColourExtractor()), "")
    with pytest.raises(UnreadableImageError, match=r"p0.2\.jpg"):
        embed_faces(root, ["p0/2.jpg"], source, FeatureCache(None))


def test_crops_are_cut_again_from_what_was_kept(root: Path) -> None:
    source = FaceSource(FacePath(read_image, MiddleDetector(), WholeAligner(), ColourExtractor()), "")
    faces = embed_faces(root, NAMES, source, FeatureCache(None))
    crops = aligned_crops(root, faces, source)
    assert crops.shape == (20, 16, 16, 3)
    assert crops[3].max() == 0
    np.testing.assert_array_equal(crops[7], read_image(root / "p7" / "1.jpg")[:16, :16])


class FailingExtractor(ColourExtractor):
    """Fails at the second batch."""

    def __init__(self) -> None:
        super().__init__()
        self.batches = 0

    def embed(self, crops: FaceCrops) -> Embeddings:
        self.batches += 1
        if self.batches > 1:
            raise InferenceError("The network ran out of memory.")
        return super().embed(crops)


def test_a_failing_network_is_said_as_it_is_and_what_was_computed_before_is_kept(root: Path, tmp_path: Path) -> None:
    path = FacePath(read_image, MiddleDetector(), WholeAligner(), FailingExtractor())
    with pytest.raises(InferenceError, match="out of memory"):
        embed_faces(root, NAMES, FaceSource(path, "at 40 px"), FeatureCache(tmp_path / "cache"))
    again, detector = run(root, FeatureCache(tmp_path / "cache"))
    assert detector.looks < 10
    assert again.rows.vectors[again.rows.found].any(axis=1).all()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_no_text_is_a_name_like_others(root: Path) -> None:
    name = os.fsdecode(b"p1/J\xf6rg.jpg")
    (root / "p1" / "1.jpg").rename(root / name)
    source = FaceSource(FacePath(read_image, MiddleDetector(), WholeAligner(), ColourExtractor()), "at 40 px")
    assert embed_faces(root, [name], source, FeatureCache(None)).rows.found.all()
