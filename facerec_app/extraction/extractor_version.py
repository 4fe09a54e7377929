"""The version string of an extractor: two vectors are comparable exactly if it is the same."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class ExtractorRecipe:
    """Everything that decides what vector a face gets.

    Attributes:
        network: short name, the beginning of the version string.
        layer: where the network is cut.
        pooling: how the map at that layer becomes a vector; ``none`` where the layer is a vector already.
        input_size_px: side of the crops.
        preprocessing: of the pixels before the network, including mirror averaging.
        weights_sha256: of the weights.
    """

    network: str
    layer: str
    pooling: str
    input_size_px: int
    preprocessing: str
    weights_sha256: str

    @property
    def version(self) -> str:
        """``network-layer-size-hash``, the hash (12 hexadecimal digits) covering every attribute.

        A pooling other than the mean stands behind the layer: ``resnet50-conv5_block2_out-max-112-...``.
        """
        canonical = json.dumps(asdict(self), sort_keys=True)
        digest = hashlib.sha256(canonical.encode()).hexdigest()[:12]
        pooled = "" if self.pooling in ("average", "none") else f"-{self.pooling}"
        return f"{self.network}-{self.layer}{pooled}-{self.input_size_px}-{digest}"
