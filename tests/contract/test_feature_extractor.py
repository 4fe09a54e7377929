"""What every feature extractor promises."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from facerec_app.alignment.five_point_aligner import FivePointAligner
from facerec_app.alignment.templates import ARCFACE_112
from facerec_app.capture.images import read_image
from facerec_app.core.errors import InferenceError, WeightsRejectedError
from facerec_app.core.protocols import FeatureExtractor
from facerec_app.core.types import FaceCrops, UInt8Array
from facerec_app.detection.mtcnn_detector import MtcnnDetector
from facerec_app.extraction.fusion_extractor import FusedPart, FusionExtractor
from facerec_app.extraction.resnet50_extractor import Resnet50Extractor
from facerec_app.extraction.sface_extractor import SfaceExtractor
from facerec_app.models.model_store import ModelStore

CROP_SIZE_PX = 112
DEMO_PEOPLE = Path(__file__).parents[2] / "assets" / "demo" / "people"
EXTRACTORS = ["sface", "sface-mirror", "resnet50", "resnet50-mirror", "projection", "projection-mirror", "fusion"]


@pytest.fixture(scope="module")
def untrained_network(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return a ResNet50 with seeded random weights as ONNX, and its hash."""
    pytest.importorskip("onnx", reason="building a network needs the extra 'models'")
    from facerec_app.extraction.keras_onnx_export import export_onnx
    from facerec_app.extraction.keras_resnet50 import Resnet50Weights, build_resnet50

    path = tmp_path_factory.mktemp("network") / "untrained.onnx"
    weights = Resnet50Weights(untrained_seed=7)
    return path, export_onnx(build_resnet50(weights), path, weights.preprocessing)


@pytest.fixture(scope="module", params=EXTRACTORS)
def extractor(request: pytest.FixtureRequest) -> FeatureExtractor:
    mirror = request.param.endswith("-mirror")
    store = ModelStore()
    if request.param.startswith("sface"):
        return SfaceExtractor(store, mirror=mirror)
    if request.param.startswith("projection"):
        return Resnet50Extractor(store, output="projection", mirror=mirror)
    if request.param == "fusion":
        projection = Resnet50Extractor(store, output="projection")
        parts = [FusedPart(SfaceExtractor(store), 2.0), FusedPart(projection, 1.0, (128, 256))]
        return FusionExtractor(parts)
    path, sha256 = request.getfixturevalue("untrained_network")
    return Resnet50Extractor.from_file(path, sha256, layer="conv5_block2_out", mirror=mirror)


def crops_of(pixels_rgb: UInt8Array) -> FaceCrops:
    count = len(pixels_rgb)
    ones = np.ones(count, np.float32)
    return FaceCrops(pixels_rgb, np.zeros((count, 2, 3), np.float32), ones * 80, ones, ones * 0, ones)


def random_crops(count: int, seed: int = 0, size_px: int = CROP_SIZE_PX) -> FaceCrops:
    """Return crops of coloured blobs: smooth, and each different."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 256, (count, 7, 7, 3))
    pixels = coarse.repeat(size_px // 7, axis=1).repeat(size_px // 7, axis=2)
    return crops_of(pixels.astype(np.uint8))


def test_vectors_have_unit_length(extractor: FeatureExtractor) -> None:
    embeddings = extractor.embed(random_crops(3))
    assert embeddings.vectors.shape == (3, extractor.dimension)
    assert embeddings.vectors.dtype == np.float32
    assert embeddings.extractor_version == extractor.version
    np.testing.assert_allclose(np.linalg.norm(embeddings.vectors, axis=1), 1.0, atol=1e-5)


def test_each_vector_comes_with_how_sure_the_network_was(extractor: FeatureExtractor) -> None:
    crops = random_crops(3)
    norms, alone = extractor.embed(crops).norms, extractor.embed(crops.select(np.array([2]))).norms
    assert norms is not None
    assert alone is not None
    assert norms.shape == (3,)
    assert norms.dtype == np.float32
    assert (norms > 0).all()
    assert alone[0] == pytest.approx(norms[2], rel=1e-3)


def test_no_crops_give_an_empty_result_without_running_the_network(
    extractor: FeatureExtractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from facerec_app.inference.openvino_session import OpenvinoSession

    def refuse(*_: object) -> None:
        raise AssertionError("the network ran")

    monkeypatch.setattr(OpenvinoSession, "run", refuse)
    embeddings = extractor.embed(random_crops(0))
    assert embeddings.vectors.shape == (0, extractor.dimension)
    assert embeddings.vectors.dtype == np.float32
    assert embeddings.extractor_version == extractor.version


def test_a_crop_gets_the_same_vector_alone_and_among_others(extractor: FeatureExtractor) -> None:
    crops = random_crops(19)
    together = extractor.embed(crops).vectors
    alone = np.concatenate([extractor.embed(crops.select(np.array([row]))).vectors for row in (0, 7, 18)])
    np.testing.assert_allclose(together[[0, 7, 18]], alone, atol=2e-5)


def test_different_crops_get_different_vectors(extractor: FeatureExtractor) -> None:
    vectors = extractor.embed(random_crops(2)).vectors
    assert np.abs(vectors[0] - vectors[1]).max() > 1e-4


def test_the_order_of_colours_matters(extractor: FeatureExtractor) -> None:
    crops = random_crops(1)
    swapped = crops_of(np.ascontiguousarray(crops.pixels_rgb[..., ::-1]))
    assert np.abs(extractor.embed(crops).vectors - extractor.embed(swapped).vectors).max() > 1e-4


def test_crops_of_another_size_are_refused(extractor: FeatureExtractor) -> None:
    with pytest.raises(InferenceError, match="112x112"):
        extractor.embed(random_crops(1, size_px=98))


@pytest.mark.parametrize("model, output", [("sface", ""), ("resnet50-face", "projection")])
def test_a_trained_network_is_surer_of_a_face_than_of_the_same_face_half_covered_or_hardly_to_be_seen(
    model: str, output: str
) -> None:
    store = ModelStore()
    trained = Resnet50Extractor(store, model=model, output=output) if output else SfaceExtractor(store, model=model)
    detector, aligner = MtcnnDetector(store), FivePointAligner(ARCFACE_112, CROP_SIZE_PX)
    pictures = [read_image(path) for path in sorted(DEMO_PEOPLE.rglob("*.jpg"))]
    found = [aligner.align(picture, detector.detect(picture)).pixels_rgb[:1] for picture in pictures]
    clean = np.concatenate(found)
    covered, coarse = clean.copy(), clean.copy()
    covered[:, 56:] = 60
    for crop in coarse:
        crop[...] = cv2.resize(cv2.resize(crop, (12, 12), interpolation=cv2.INTER_AREA), (CROP_SIZE_PX, CROP_SIZE_PX))
    for less in (covered, coarse):
        norms = trained.embed(crops_of(np.concatenate([clean, less]))).norms
        assert norms is not None
        assert (norms[: len(clean)] > norms[len(clean) :]).mean() >= 0.9


def test_the_mirrored_picture_gets_the_same_vector_where_mirrors_are_averaged(
    extractor: FeatureExtractor, request: pytest.FixtureRequest
) -> None:
    crops = random_crops(2)
    mirrored = crops_of(np.ascontiguousarray(crops.pixels_rgb[:, :, ::-1]))
    difference = np.abs(extractor.embed(crops).vectors - extractor.embed(mirrored).vectors).max()
    if request.node.callspec.params["extractor"].endswith("-mirror"):
        assert difference < 1e-5
    else:
        assert difference > 1e-4


def test_versions_tell_extractors_apart(untrained_network: tuple[Path, str]) -> None:
    store = ModelStore()
    path, sha256 = untrained_network
    versions = [
        SfaceExtractor(store).version,
        SfaceExtractor(store, mirror=True).version,
        Resnet50Extractor.from_file(path, sha256, layer="conv5_block2_out").version,
        Resnet50Extractor.from_file(path, sha256, layer="conv5_block2_out", mirror=True).version,
        Resnet50Extractor.from_file(path, sha256, layer="conv5_block3_out").version,
        Resnet50Extractor(store).version,
        Resnet50Extractor(store, output="projection").version,
    ]
    assert len(set(versions)) == len(versions)
    assert SfaceExtractor(store).version == versions[0]


def test_an_output_that_the_network_does_not_have_is_refused() -> None:
    with pytest.raises(WeightsRejectedError, match="no output 'smile', only pooled, projection"):
        Resnet50Extractor(ModelStore(), output="smile")
