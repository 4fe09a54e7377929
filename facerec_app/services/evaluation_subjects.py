"""From what a user types to what is evaluated: ``cosine``, ``shipped``, a profile, a version or a weights file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from facerec_app.core.errors import ConfigError, ModelVersionMismatchError, WeightsMissingError
from facerec_app.core.protocols import SimilarityScorer
from facerec_app.decision.identity_calibration import IdentityCalibration, identity_calibration_from_bytes
from facerec_app.evaluation.face_embedding import FaceSource
from facerec_app.evaluation.subject import Subject, cosine_subject
from facerec_app.models.version_store import VersionStore
from facerec_app.similarity.similarity_network import SimilarityNetwork

COSINE = "cosine"
SHIPPED = "shipped"
PRESENT = "present"
_MOST_WEIGHTS_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ProfileParts:
    """What one recognition profile is made of, each part made when it is asked for.

    Attributes:
        name: of the profile.
        source: makes the way from pictures to features.
        shipped: gives the shipped similarity network and calibration; raises ``WeightsMissingError`` without any.
        present: gives those in use, which may be a trained version.
        hashes: SHA-256 by model file.
    """

    name: str
    source: Callable[[], FaceSource]
    shipped: Callable[[], JudgingParts]
    present: Callable[[], JudgingParts]
    hashes: Mapping[str, str]


class JudgingParts(Protocol):
    """A similarity network with its calibration."""

    @property
    def scorer(self) -> SimilarityScorer: ...

    @property
    def calibration(self) -> IdentityCalibration: ...


class ProfileLookup(Protocol):
    """Finds the parts of a profile."""

    def __call__(self, name: str) -> ProfileParts: ...


class EvaluationSubjects:
    """Understands how users name what is to be evaluated.

    Args:
        own: parts of the profile in use.
        profiles: names of all profiles.
        parts_of: makes the parts of another profile.
        versions: trained networks.
    """

    def __init__(
        self, own: ProfileParts, profiles: Collection[str], parts_of: ProfileLookup, versions: VersionStore
    ) -> None:
        self.own = own
        self._profiles = profiles
        self._parts_of = parts_of
        self._versions = versions
        self._sources: dict[str, FaceSource] = {}

    def subject(self, spec: str) -> Subject:
        """Return what is meant by ``cosine``, ``shipped``, ``present``, a profile's name, a version or a file.

        Raises:
            ConfigError: if nothing of that name is known.
            ModelError: if it cannot be loaded.
        """
        if spec == COSINE:
            return self._cosine()
        if spec in {SHIPPED, PRESENT}:
            judging = self.own.shipped() if spec == SHIPPED else self.own.present()
            return self._made(spec, self.own, judging.scorer, judging.calibration, {})
        name = spec.removeprefix("profile:")
        if name in self._profiles or name != spec:
            parts = self.own if name == self.own.name else self._parts_of(name)
            judging = parts.present()
            return self._made(f"profile {name}", parts, judging.scorer, judging.calibration, {})
        if Path(spec).suffix == ".safetensors":
            return self._from_file(Path(spec))
        return self._from_version(spec.removeprefix("version:"))

    def source(self) -> FaceSource:
        """Return the way from pictures to features of the profile in use."""
        return self._source_of(self.own)

    def hashes(self) -> dict[str, str]:
        """Return the SHA-256 of the model files of the profile in use."""
        return {f"model:{name}": digest for name, digest in self.own.hashes.items()}

    def _cosine(self) -> Subject:
        try:
            judging = self.own.shipped()
        except WeightsMissingError:  # a profile without a network still has cosine
            from facerec_app.similarity.cosine_scorer import CosineScorer

            return Subject(COSINE, self.source(), CosineScorer(middle=0.0, slope=1.0), None, None, self.hashes())
        return cosine_subject(self._made(COSINE, self.own, judging.scorer, judging.calibration, {}))

    def _from_file(self, file: Path) -> Subject:
        try:
            if file.stat().st_size > _MOST_WEIGHTS_BYTES:
                raise ConfigError(f"{file} is too large for a similarity network; check the name.")
            content = file.read_bytes()
        except OSError as exc:
            raise ConfigError(f"The weights {file} cannot be read: {exc.strerror or exc}; check the name.") from exc
        network = SimilarityNetwork.from_bytes(content, file.name)
        digest = hashlib.sha256(content).hexdigest()
        return self._made(file.name, self.own, network, None, {f"weights:{file.name}": digest})

    def _from_version(self, spec: str) -> Subject:
        try:
            version_id = self._versions.find(spec)
        except ConfigError as exc:
            raise ConfigError(
                f"There is no '{spec}' to evaluate; give cosine, shipped, present, a profile "
                f"({', '.join(sorted(self._profiles))}), a weights file (.safetensors) or a trained version."
            ) from exc
        stored = self._versions.read(version_id)
        network = SimilarityNetwork.from_bytes(stored.weights, version_id)
        calibration = identity_calibration_from_bytes(stored.calibration, version_id)
        digest = hashlib.sha256(stored.weights).hexdigest()
        return self._made(f"version {version_id}", self.own, network, calibration, {f"weights:{version_id}": digest})

    def _made(
        self, name: str, parts: ProfileParts, scorer: SimilarityScorer, calibration: IdentityCalibration | None,
        hashes: dict[str, str],
    ) -> Subject:  # fmt: skip
        source = self._source_of(parts)
        if isinstance(scorer, SimilarityNetwork):
            made_for, given = scorer.weights.extractor_version, source.path.extractor.version
            if made_for != given:
                raise ModelVersionMismatchError(
                    f"'{name}' was trained on features of '{made_for}', the profile '{parts.name}' makes those of "
                    f"'{given}'; choose the profile that fits with --profile."
                )
        models = {f"model:{model}": digest for model, digest in parts.hashes.items()}
        threshold = calibration.pair_threshold if calibration is not None else None
        return Subject(
            name, source, scorer, threshold, calibration,
            {**models, **hashes, "similarity_version": scorer.version, "profile": parts.name},
        )  # fmt: skip

    def _source_of(self, parts: ProfileParts) -> FaceSource:
        if parts.name not in self._sources:
            self._sources[parts.name] = parts.source()
        return self._sources[parts.name]
