"""Fused vectors: their cosine is the weighted mean of the parts' cosines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from facerec_app.core.errors import ConfigError
from facerec_app.core.protocols import FeatureExtractor
from facerec_app.core.types import Embeddings, FaceCrops, UInt8Array
from facerec_app.extraction.fusion_extractor import FusedPart, FusionExtractor


@dataclass(frozen=True)
class CornerExtractor:
    """Unit vectors of the first ``dimension`` bytes of each crop."""

    version: str
    dimension: int

    def embed(self, crops: FaceCrops) -> Embeddings:
        vectors = crops.pixels_rgb.reshape(len(crops), -1)[:, : self.dimension].astype(np.float32) - 100
        lengths = np.linalg.norm(vectors, axis=1)
        return Embeddings(vectors / lengths[:, None], self.version, lengths)


def crops(count: int) -> FaceCrops:
    pixels: UInt8Array = np.random.default_rng(0).integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    ones = np.ones(count, np.float32)
    return FaceCrops(pixels, np.zeros((count, 2, 3), np.float32), ones, ones, ones, ones)


def fused(first: float, second: float) -> FusionExtractor:
    return FusionExtractor(
        [FusedPart(CornerExtractor("one-1", 5), first), FusedPart(CornerExtractor("two-1", 9), second)]
    )


def cosine(extractor: FeatureExtractor) -> float:
    left, right = extractor.embed(crops(2)).vectors
    return float(left @ right)


def test_the_cosine_of_fused_vectors_is_the_weighted_mean_of_the_parts_cosines() -> None:
    one, two = CornerExtractor("one-1", 5), CornerExtractor("two-1", 9)
    assert cosine(fused(3.0, 1.0)) == pytest.approx(0.75 * cosine(one) + 0.25 * cosine(two), abs=1e-6)
    assert fused(3.0, 1.0).dimension == 14


def test_it_is_as_sure_as_the_part_that_counts_most() -> None:
    for first, second, surest in ((3.0, 1.0, CornerExtractor("one-1", 5)), (1.0, 3.0, CornerExtractor("two-1", 9))):
        np.testing.assert_array_equal(fused(first, second).embed(crops(3)).norms, surest.embed(crops(3)).norms)


def test_a_part_may_give_some_of_its_values_only() -> None:
    one, two = CornerExtractor("one-1", 5), CornerExtractor("two-1", 9)
    some = FusionExtractor([FusedPart(one, 3.0), FusedPart(two, 1.0, (4, 9))])
    last = two.embed(crops(2)).vectors[:, 4:9]
    left, right = last / np.linalg.norm(last, axis=1, keepdims=True)
    assert some.dimension == 10
    assert cosine(some) == pytest.approx(0.75 * cosine(one) + 0.25 * float(left @ right), abs=1e-6)
    assert some.version != FusionExtractor([FusedPart(one, 3.0), FusedPart(two, 1.0, (3, 8))]).version


@pytest.mark.parametrize("values", [(4, 10), (-1, 4), (5, 5), (6, 4)])
def test_values_that_a_part_does_not_have_are_refused(values: tuple[int, int]) -> None:
    with pytest.raises(ConfigError, match="of 9; mend the profile"):
        FusionExtractor(
            [FusedPart(CornerExtractor("one-1", 5), 1.0), FusedPart(CornerExtractor("two-1", 9), 1.0, values)]
        )


def test_versions_tell_parts_and_weights_apart_but_not_their_scale() -> None:
    other = FusionExtractor([FusedPart(CornerExtractor("one-2", 5), 3.0), FusedPart(CornerExtractor("two-1", 9), 1.0)])
    versions = {fused(3.0, 1.0).version, fused(2.0, 1.0).version, other.version}
    assert len(versions) == 3
    assert fused(6.0, 2.0).version == fused(3.0, 1.0).version


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_weights_that_are_not_above_zero_are_refused(weight: float) -> None:
    with pytest.raises(ConfigError, match="weight above 0"):
        fused(1.0, weight)
