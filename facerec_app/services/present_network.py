"""The similarity network in use: the promoted version of this gallery, or the shipped one."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from facerec_app.core.errors import ModelError, ModelVersionMismatchError, WeightsRejectedError
from facerec_app.core.protocols import GalleryIndex
from facerec_app.core.types import Embeddings, PersonScores
from facerec_app.decision.identity_calibration import IdentityCalibration, identity_calibration_from_bytes
from facerec_app.decision.person_ranker import TemplatePersonRanker
from facerec_app.models.version_store import StoredVersion, VersionStore
from facerec_app.similarity.similarity_network import SimilarityNetwork

_LOGGER = logging.getLogger(__name__)
_LOOK_AGAIN_S = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class NetworkInUse:
    """A similarity network with what was measured for it.

    Attributes:
        scorer: judges pairs of features.
        calibration: thresholds and probabilities of names.
        version_id: of the trained version; None for the shipped network.
        notice: why the shipped network serves although another was promoted; empty otherwise.
    """

    scorer: SimilarityNetwork
    calibration: IdentityCalibration
    version_id: str | None = None
    notice: str = ""


class PresentNetwork:
    """Gives the network in use and notices when another one was promoted, by whichever program.

    A version that is damaged or was trained on another extractor's features does no harm: the shipped network serves,
    and ``notice`` and the log say why.

    Args:
        versions: trained on the gallery.
        shipped: reads the profile's own network.
        extractor_version: of the profile; asked for only when there is a version.
    """

    def __init__(
        self, versions: VersionStore, shipped: Callable[[], NetworkInUse], extractor_version: Callable[[], str]
    ) -> None:
        self._versions = versions
        self._shipped = shipped
        self._extractor_version = extractor_version
        self._lock = threading.Lock()
        self._network: NetworkInUse | None = None
        self._state: tuple[int, int] | None = None
        self._looked_s = 0.0
        self._observers: list[Callable[[], None]] = []

    def current(self) -> NetworkInUse:
        """Return the network in use; the same object until another is promoted, looked for once a second at most.

        Raises:
            ModelError: if the shipped network is to serve and cannot.
        """
        with self._lock:
            if self._network is not None and time.monotonic() - self._looked_s < _LOOK_AGAIN_S:
                return self._network
            network, changed = self._look_again()
        self._tell(changed)
        return network

    def refresh(self) -> NetworkInUse:
        """Return the network in use, looked for now; observers hear of a change.

        Raises:
            ModelError: if the shipped network is to serve and cannot.
        """
        with self._lock:
            network, changed = self._look_again()
        self._tell(changed)
        return network

    def observe(self, observer: Callable[[], None]) -> None:
        """Call ``observer`` after every change, in the thread that noticed it."""
        self._observers.append(observer)

    def _look_again(self) -> tuple[NetworkInUse, bool]:
        state = self._versions.state()
        self._looked_s = time.monotonic()
        if self._network is not None and state == self._state:
            return self._network, False
        changed = self._network is not None
        self._network = self._read()
        self._state = state
        return self._network, changed

    def _read(self) -> NetworkInUse:
        try:
            version_id = self._versions.present_id()
            if version_id is None:
                return self._shipped()
            return self._of_version(self._versions.read(version_id))
        except ModelError as exc:
            shipped = replace(self._shipped(), notice=str(exc))
            _LOGGER.warning("The shipped similarity network is used: %s", exc)
            return shipped

    def _of_version(self, stored: StoredVersion) -> NetworkInUse:
        require_fitting(stored, self._extractor_version())
        return network_of_version(stored)

    def _tell(self, changed: bool) -> None:
        if changed:
            for observer in list(self._observers):
                observer()


def require_fitting(stored: StoredVersion, extractor_version: str) -> None:
    """Refuse a version that was trained on the features of another extractor.

    Raises:
        ModelVersionMismatchError: if it was.
    """
    record = stored.record
    if record.extractor_version != extractor_version:
        raise ModelVersionMismatchError(
            f"Version {record.version_id} was trained on features of '{record.extractor_version}', the profile in use "
            f"makes '{extractor_version}'; run 'facerec train' again or go back with 'facerec versions rollback'."
        )


def network_of_version(stored: StoredVersion) -> NetworkInUse:
    """Return the network that a version's files hold.

    Raises:
        WeightsRejectedError: if they are no network and calibration that belong together.
    """
    name = f"version {stored.record.version_id}"
    scorer = SimilarityNetwork.from_bytes(stored.weights, name)
    calibration = identity_calibration_from_bytes(stored.calibration, name)
    if not scorer.version == calibration.scorer_version == stored.record.scorer_version:
        raise WeightsRejectedError(
            f"The calibration of {name} is of another network; remove that version and train again."
        )
    return NetworkInUse(scorer, calibration, stored.record.version_id)


class HoldsCalibration(Protocol):
    """Decides by a calibration that may be replaced."""

    calibration: IdentityCalibration


class PresentRanker:
    """Ranks people by whatever network is in use and keeps the decider's calibration that of the same network.

    Args:
        present: gives the network in use.
        decider: turns the ranker's scores into names; None if nobody does.
    """

    def __init__(self, present: Callable[[], NetworkInUse], decider: HoldsCalibration | None = None) -> None:
        self._present = present
        self._decider = decider
        self._network = present()
        self._ranker = TemplatePersonRanker(self._network.scorer)

    def rank(self, probes: Embeddings, index: GalleryIndex) -> PersonScores:
        """Return the people most like each probe, best first.

        Raises:
            ModelVersionMismatchError: if probes and gallery come from different extractor versions.
            InferenceError: if a feature is not finite.
        """
        network = self._present()
        if network is not self._network:
            self._network, self._ranker = network, TemplatePersonRanker(network.scorer)
            if self._decider is not None:
                self._decider.calibration = network.calibration
        return self._ranker.rank(probes, index)
