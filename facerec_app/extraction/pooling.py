"""How the map of a convolutional network becomes a vector: names and the regions of regional maximum pooling."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

Pooling = Literal["average", "max", "regional-max"]
POOLINGS: tuple[Pooling, ...] = get_args(Pooling)
RMAC_LEVELS = 3
"""As Tolias, Sicre and Jégou measured best."""
POOLED = "pooled"
"""Name of the output of a network that pools by the mean; the others add their pooling to it."""


@dataclass(frozen=True, slots=True)
class MapRegion:
    """A square part of a map: rows ``top`` to ``top + side``, columns ``left`` to ``left + side``."""

    top: int
    left: int
    side: int


def rmac_regions(side: int, levels: int = RMAC_LEVELS) -> tuple[MapRegion, ...]:
    """Return the regions of R-MAC for a square map.

    Tolias, Sicre and Jégou, "Particular object retrieval with integral max-pooling of CNN activations", ICLR 2016,
    section 3.2: at level l there are l x l squares of side ``2 * side / (l + 1)``, spread evenly from edge to edge, so
    that neighbours overlap by about 40 %. Level 1 is the whole map.

    Args:
        side: of the map.
        levels: of the pyramid; levels whose squares would be smaller than one cell are left out.
    """
    regions = []
    for level in range(1, levels + 1):
        size = 2 * side // (level + 1)
        if size < 1:
            break
        starts = [math.floor(step * (side - size) / max(level - 1, 1)) for step in range(level)]
        regions += [MapRegion(top, left, size) for top in starts for left in starts]
    return tuple(regions)


def output_name(pooling: Pooling) -> str:
    """Return what a network's pooled output is called: it says how it was pooled."""
    return POOLED if pooling == "average" else f"{POOLED}_{pooling.replace('-', '_')}"


def pooling_of_output(name: str) -> Pooling | None:
    """Return the pooling that an output's name says, or None if it says none."""
    return next((pooling for pooling in POOLINGS if output_name(pooling) == name), None)
