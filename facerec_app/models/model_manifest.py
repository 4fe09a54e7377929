"""Typed reading of ``manifest.json``, which says of every model file what it is and of every profile what it uses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from facerec_app.core.errors import WeightsMissingError, WeightsRejectedError

MANIFEST_NAME = "manifest.json"
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One entry of the manifest.

    Attributes:
        name: key of the entry.
        file: file name beside the manifest; never a path.
        sha256: of the file's bytes, hexadecimal.
        size_bytes: length of the file.
        source: package, version and file that it was built from, or the training run.
        licence: of the weights.
        input: name, shape, type and units of what goes in.
        output: the same of what comes out.
        layer: where the network is cut, if it is.
        version: of the entry; part of the versions that extractors and scorers state.
        measured: figures by the name of the measurement.
    """

    name: str
    file: str
    sha256: str
    size_bytes: int
    source: str
    licence: str
    input: str
    output: str
    layer: str | None
    version: str
    measured: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FusionPart:
    """What one profile's extractor adds to a fusion.

    Attributes:
        profile: key of the profile.
        share: how much it counts.
        values: the first of its values that takes part and the first that does not any more; None means all.
        mirror: in place of the profile's own, if given.
    """

    profile: str
    share: float
    values: tuple[int, int] | None = None
    mirror: bool | None = None


@dataclass(frozen=True, slots=True)
class RecognitionProfile:
    """Detector, aligner, extractor, similarity weights and calibration that were measured together.

    Attributes:
        name: key of the profile.
        detector: ``mtcnn`` or ``yunet``; the default, a user may choose the other.
        alignment_template: key of ``facerec_app.alignment.templates.TEMPLATES``.
        crop_size_px: side of the aligned crops.
        extractor: ``sface``, ``resnet50`` or ``fusion``.
        extractor_file: manifest name of its network; of a fusion, that of the first part.
        similarity_file: manifest name of the similarity network's weights, or None for calibrated cosine alone.
        calibration_file: manifest name of the calibration, or None.
        statistics_file: manifest name of the feature statistics for retraining, or None.
        measured: figures by the name of the measurement.
        extractor_output: which of the network's outputs is served, where it has several.
        mirror: whether each face's vector is averaged with that of its mirror image (twice the time).
        averages_looks: whether looks at one face in a video are judged by their mean feature.
        fused: of a fusion, what it is made of.
    """

    name: str
    detector: str
    alignment_template: str
    crop_size_px: int
    extractor: str
    extractor_file: str
    similarity_file: str | None
    calibration_file: str | None
    statistics_file: str | None
    measured: Mapping[str, float | str] = field(default_factory=dict)
    extractor_output: str | None = None
    mirror: bool = False
    averages_looks: bool = False
    fused: tuple[FusionPart, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelManifest:
    """Everything ``manifest.json`` says.

    Attributes:
        files: entries by name.
        profiles: recognition profiles by name.
        default_profile: used unless the user chooses.
    """

    files: Mapping[str, ModelFile]
    profiles: Mapping[str, RecognitionProfile]
    default_profile: str

    def extractor_files(self, profile: RecognitionProfile) -> tuple[str, ...]:
        """Return the manifest names of every network that a profile's extractor runs."""
        if not profile.fused:
            return (profile.extractor_file,)
        return tuple(self.profiles[part.profile].extractor_file for part in profile.fused)


def read_manifest(folder: Path) -> ModelManifest:
    """Read the manifest of a folder of model files.

    Raises:
        WeightsMissingError: if there is none.
        WeightsRejectedError: if it is damaged or of another schema.
    """
    path = folder / MANIFEST_NAME
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        raise WeightsMissingError(f"The model manifest {path} is missing; install FaceRec again.") from exc
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as exc:
        raise WeightsRejectedError(f"The model manifest {path} cannot be read ({exc}); install FaceRec again.") from exc
    try:
        return _parse(content)
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise WeightsRejectedError(f"The model manifest {path} is damaged ({exc!r}); install FaceRec again.") from exc


def _parse(content: dict[str, Any]) -> ModelManifest:
    if content["schema"] != SCHEMA:
        raise ValueError(f"schema {content['schema']!r}, expected {SCHEMA}")
    files = {name: _parse_file(name, entry) for name, entry in content["files"].items()}
    profiles = {name: _parse_profile(name, entry) for name, entry in content["profiles"].items()}
    for profile in profiles.values():
        references = (
            profile.extractor_file,
            profile.similarity_file,
            profile.calibration_file,
            profile.statistics_file,
        )
        unknown = [reference for reference in references if reference is not None and reference not in files]
        if unknown:
            raise ValueError(f"profile {profile.name} names {unknown[0]}, which has no entry")
    for profile in profiles.values():
        parts = [profiles[part.profile] for part in profile.fused if part.profile in profiles]
        if len(parts) != len(profile.fused) or any(part.fused for part in parts):
            raise ValueError(f"profile {profile.name} fuses a profile that is missing or a fusion itself")
    if content["default_profile"] not in profiles:
        raise ValueError("the default profile has no entry")
    return ModelManifest(files, profiles, content["default_profile"])


def _parse_profile(name: str, entry: dict[str, Any]) -> RecognitionProfile:
    parts = [
        FusionPart(**part | {"values": tuple(part["values"]) if "values" in part else None})
        for part in entry.get("fused", [])
    ]
    return RecognitionProfile(name=name, **entry | {"fused": tuple(parts)})


def _parse_file(name: str, entry: dict[str, Any]) -> ModelFile:
    model_file = ModelFile(
        name=name, size_bytes=int(entry["bytes"]), **{k: v for k, v in entry.items() if k != "bytes"}
    )
    if Path(model_file.file).name != model_file.file or "\\" in model_file.file:
        raise ValueError(f"entry {name} names a path instead of a file")
    if len(model_file.sha256) != 64 or int(model_file.sha256, 16) < 0:
        raise ValueError(f"entry {name} has no SHA-256")
    return model_file
