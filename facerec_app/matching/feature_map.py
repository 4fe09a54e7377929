"""Which map of the network local features are taken from, and how they are matched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from facerec_app.core.errors import ConfigError

SCALES: tuple[float, ...] = tuple(2.0 ** (step / 2 - 2) for step in range(7))
"""0.25, 0.35, 0.5, 0.71, 1, 1.41, 2: as Noh et al. (ICCV 2017, section 4.1) take."""
MOST_FEATURES = 1000
LONGEST_SIDE_PX = 640
"""Pictures are looked at in this size at scale 1; seven scales of it are what two cores do in about a second."""


@dataclass(frozen=True, slots=True)
class MatchRule:
    """When two features, and two pictures, agree.

    Attributes:
        most_distance: between two descriptors of unit length.
        mutual: whether each feature has to be the other's nearest.
        most_ratio: of the distance to the nearest and to the second nearest (Lowe, IJCV 2004, section 7.1); None asks
            for nothing.
        residual_px: how far from the common affine map a match may lie, px of a picture of ``LONGEST_SIDE_PX``.
        trials: of the search for that map.
    """

    most_distance: float
    mutual: bool
    most_ratio: float | None
    residual_px: float
    trials: int = 1000


@dataclass(frozen=True, slots=True)
class FeatureMap:
    """One way of taking and matching local features.

    Attributes:
        name: what users choose it by.
        layer: of ResNet50.
        stride_px: pixels between neighbouring cells of its map.
        suppress: see ``keypoints_of``.
        whitened: whether its projection whitens.
        projection_file: manifest name of the shipped projection.
        rule: how its features are matched.
    """

    name: str
    layer: str
    stride_px: int
    suppress: bool
    whitened: bool
    projection_file: str
    rule: MatchRule


DEFAULT_MAP = "conv3"
FEATURE_MAPS: Mapping[str, FeatureMap] = MappingProxyType(
    {
        "conv3": FeatureMap(
            "conv3", "conv3_block4_out", 8, True, True, "local-projection-conv3", MatchRule(0.8, True, 0.95, 6.0)
        ),
        # As published for DELF, but for the attention weights.
        "conv4": FeatureMap(
            "conv4", "conv4_block6_out", 16, True, False, "local-projection-conv4", MatchRule(0.8, False, None, 20.0)
        ),
    }
)


def feature_map(name: str) -> FeatureMap:
    """Return the map of that name.

    Raises:
        ConfigError: if there is none.
    """
    try:
        return FEATURE_MAPS[name]
    except KeyError as exc:
        raise ConfigError(f"There is no map '{name}' for local features; choose {' or '.join(FEATURE_MAPS)}.") from exc
