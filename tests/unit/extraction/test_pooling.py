"""Maximum and regional maximum pooling against a straightforward reference."""

from __future__ import annotations

import numpy as np
import pytest

from facerec_app.core.types import Float32Array
from facerec_app.extraction.pooling import MapRegion, output_name, pooling_of_output, rmac_regions


def reference_regions(side: int, levels: int) -> list[tuple[int, int, int]]:
    """Tolias et al. 2016 as their published code places regions on a square map: centres first, then corners."""
    found = []
    for level in range(1, levels + 1):
        width = 2 * side // (level + 1)
        if width == 0:
            continue
        half = width // 2 - 1
        step = (side - width) / (level - 1) if level > 1 else 0.0
        corners = [int(np.floor(half + number * step)) - half for number in range(level)]
        found += [(top, left, width) for top in corners for left in corners]
    return found


def reference_rmac(maps: Float32Array, levels: int) -> Float32Array:
    pooled = []
    for picture in maps:
        total = np.zeros(picture.shape[-1])
        for top, left, width in reference_regions(picture.shape[0], levels):
            values = [picture[row, column] for row in range(top, top + width) for column in range(left, left + width)]
            greatest = np.array(values).max(axis=0)
            total += greatest / np.linalg.norm(greatest)
        pooled.append(total)
    return np.array(pooled, np.float32)


@pytest.mark.parametrize("side", [1, 2, 3, 4, 7, 8, 14])
def test_regions_lie_where_the_reference_puts_them(side: int) -> None:
    ours = [(region.top, region.left, region.side) for region in rmac_regions(side)]
    assert ours == reference_regions(side, 3)
    assert all(0 <= top <= side - width and 0 <= left <= side - width for top, left, width in ours)


def test_the_first_region_is_the_whole_map_and_levels_reach_every_edge() -> None:
    regions = rmac_regions(7)
    assert regions[0] == MapRegion(0, 0, 7)
    assert len(regions) == 1 + 4 + 9
    for start, end in ((1, 5), (5, 14)):
        level = regions[start:end]
        assert {region.top + region.side for region in level} >= {7}
        assert {region.left for region in level} >= {0}


def test_outputs_say_how_they_were_pooled() -> None:
    assert [pooling_of_output(output_name(way)) for way in ("average", "max", "regional-max")] == [
        "average",
        "max",
        "regional-max",
    ]
    assert output_name("average") == "pooled"
    assert pooling_of_output("projection") is None


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_regional_maxima_are_those_of_the_reference() -> None:
    pytest.importorskip("keras")
    from facerec_app.extraction.keras_resnet50 import RegionalMaxPooling2D

    maps = np.random.default_rng(2).random((3, 7, 7, 11), np.float32)
    np.testing.assert_allclose(np.asarray(RegionalMaxPooling2D()(maps)), reference_rmac(maps, 3), rtol=1e-4)
    dark = np.zeros((1, 4, 4, 5), np.float32)
    np.testing.assert_array_equal(np.asarray(RegionalMaxPooling2D()(dark)), np.zeros((1, 5)))
