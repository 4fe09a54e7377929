"""Extractors of local features: of the shipped network, or of one that the user names."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from facerec_app.core.errors import ConfigError, WeightsMissingError
from facerec_app.matching.feature_map import DEFAULT_MAP, FeatureMap, feature_map
from facerec_app.matching.feature_projection import projection_from_bytes
from facerec_app.matching.local_feature_extractor import LocalFeatureExtractor
from facerec_app.models.model_store import ModelStore

_NETWORK = "resnet50-local"


@dataclass(frozen=True, slots=True)
class LocalFeatureChoice:
    """Which network and map to take local features from.

    Attributes:
        map_name: ``conv3`` or ``conv4``.
        network: ResNet50 as an ONNX file of the user's own; None is the shipped one.
        projection: made for that network by ``facerec_app.matching.train_local_projection``.
    """

    map_name: str = DEFAULT_MAP
    network: Path | None = None
    projection: Path | None = None


class LocalExtractors:
    """Makes each extractor once.

    Args:
        models: the shipped models.
        threads: processor threads of each network; None means all.
    """

    def __init__(self, models: ModelStore, threads: int | None) -> None:
        self._models = models
        self._threads = threads
        self._made: dict[LocalFeatureChoice, LocalFeatureExtractor] = {}
        self._lock = threading.Lock()

    def get(self, choice: LocalFeatureChoice) -> LocalFeatureExtractor:
        """Return the extractor.

        Raises:
            ConfigError: if there is no such map, or only one of network and projection is named.
            WeightsMissingError, WeightsRejectedError: if a file is missing or cannot be used.
            ModelVersionMismatchError: if the projection was made for another network.
        """
        with self._lock:
            if choice not in self._made:
                self._made[choice] = self._make(choice, feature_map(choice.map_name))
            return self._made[choice]

    def _make(self, choice: LocalFeatureChoice, chosen: FeatureMap) -> LocalFeatureExtractor:
        if (choice.network is None) is not (choice.projection is None):
            raise ConfigError(
                "A network of your own needs the projection that was made for it, and the other way round; give both "
                "--network and --projection."
            )
        if choice.network is None or choice.projection is None:
            network = self._models.read(_NETWORK)
            content, name = self._models.read(chosen.projection_file), chosen.projection_file
        else:
            # The projection carries the network's SHA-256; a network that was changed is refused by the extractor.
            network, content, name = _read(choice.network), _read(choice.projection), choice.projection.name
        return LocalFeatureExtractor(network, projection_from_bytes(content, name), chosen, threads=self._threads)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise WeightsMissingError(f"{path} cannot be read ({exc.strerror}); check the path.") from exc
