"""Fine-tuning the ResNet50 on somebody's own people: kept only if they gain by it and nobody else loses."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import numpy as np

from facerec_app.core.errors import TrainingCancelledError
from facerec_app.core.protocols import FaceAligner, FaceDetector
from facerec_app.core.types import FaceCrops, Float32Array, Int64Array, UInt8Array
from facerec_app.extraction.resnet50_extractor import Resnet50Extractor
from facerec_app.inference.openvino_session import OpenvinoSession
from facerec_app.models.extractor_versions import ExtractorVersions
from facerec_app.models.model_store import ModelStore
from facerec_app.models.tuned_versions import TunedVersion
from facerec_app.services.finetuning_result import FinetuningResult
from facerec_app.services.own_people import read_own_people
from facerec_app.services.present_network import NetworkInUse
from facerec_app.services.progress import CancelCheck, never_cancelled
from facerec_app.training.extractor.extractor_head import FROZEN_UP_TO, part_way, require_head, served_arrays
from facerec_app.training.extractor.finetuning_judgement import (
    ExtractorComparison,
    ShippedThreshold,
    compare_extractors,
)
from facerec_app.training.extractor.finetuning_options import FinetuningOptions
from facerec_app.training.extractor.own_faces import FaceParts, OwnFaces, split_faces
from facerec_app.training.extractor.student_weights import StudentWeights, load_student

OnStage = Callable[[str, int, int], None]
"""Told ``reading``, ``looking``, ``learning`` or ``judging``, how much of it is done and of how much."""
PROFILE = "resnet50"
"""The profile, and the kind of its extractor."""
WEIGHTS = "resnet50-face-weights"
_RATES = (1e-2, 1e-3)
_BATCH = 16


class HeadTrainer(Protocol):
    """Trains the head of the extractor; ``KerasFinetuner`` does."""

    def train(
        self,
        start: StudentWeights,
        maps: Float32Array,
        people: Int64Array,
        *,
        on_epoch: Callable[[int, int, float], None],
        cancelled: CancelCheck,
    ) -> Mapping[str, Float32Array]: ...


@dataclass(frozen=True, slots=True)
class FinetuningParts:
    """What a fine-tuning is made of.

    Attributes:
        models: the shipped models.
        detector: makes what finds the faces.
        aligner: of profile ``resnet50``.
        shipped_network: the shipped similarity network and calibration of that profile.
        make_trainer: makes the trainer; importing it takes seconds.
        threads: processor threads; None means all.
    """

    models: ModelStore
    detector: Callable[[], FaceDetector]
    aligner: FaceAligner
    shipped_network: Callable[[], NetworkInUse]
    make_trainer: Callable[[FinetuningOptions], HeadTrainer]
    threads: int | None


class ExtractorFinetuningService:
    """Goes on from the shipped weights and keeps what is better.

    Args:
        versions: where fine-tuned extractors are kept.
        parts: what it takes.
    """

    def __init__(self, versions: ExtractorVersions, parts: FinetuningParts) -> None:
        self.versions = versions
        self._parts = parts

    def finetune(
        self,
        folder: Path,
        options: FinetuningOptions,
        *,
        on_stage: OnStage = lambda stage, done, total: None,
        cancelled: CancelCheck = never_cancelled,
    ) -> FinetuningResult:
        """Learn from a folder of people, judge, and bring the result into use for profile ``resnet50`` if it is better.

        Args:
            folder: one folder of pictures for each person.
            options: of the method.
            on_stage: told how far it is.
            cancelled: asked between pictures and between steps.

        Raises:
            ConfigError: there is no such folder, or nothing in it.
            NotEnoughDataError: there are too few people or pictures.
            TrainingCancelledError: ``cancelled`` said so; nothing was changed.
            TrainingError, ModelError, GalleryWriteError: nothing was changed.
        """
        parts = self._parts
        faces = read_own_people(folder, parts.detector, parts.aligner, on_stage, cancelled)
        split = split_faces(faces.people, options.seed)
        start = load_student(parts.models.path(WEIGHTS))
        require_head(start)
        maps = self._maps(faces.crops_rgb[split.training], on_stage, cancelled)
        trained = parts.make_trainer(options).train(
            start,
            maps,
            np.tile(faces.people[split.training], 2),
            on_epoch=lambda epoch, triplets, loss: on_stage("learning", epoch, options.epochs),
            cancelled=cancelled,
        )
        arrays = served_arrays(part_way(start, trained, options.share))
        comparison = self._compare(faces, split, arrays, on_stage, cancelled)
        version_id = None if comparison.objections else self._keep(arrays, comparison, options)
        return FinetuningResult(version_id, comparison, faces.faults)

    def rollback(self) -> str | None:
        """Go back to the extractor before the present one; return it, None for the shipped one.

        Raises:
            ConfigError: the shipped one is in use.
        """
        return self.versions.rollback()

    def _maps(self, crops_rgb: UInt8Array, on_stage: OnStage, cancelled: CancelCheck) -> Float32Array:
        """Return ``(2 N, H, W, C)``: what the frozen part says of the faces, then of their mirror images."""
        models, profile = self._parts.models, self._parts.models.profile(PROFILE)
        session = OpenvinoSession(
            models.read(profile.extractor_file),
            name=profile.extractor_file,
            threads=self._parts.threads,
            end_layers=(FROZEN_UP_TO,),
        )
        looks = np.concatenate([crops_rgb, crops_rgb[:, :, ::-1]])
        found = []
        for first in range(0, len(looks), _BATCH):
            _stop_if(cancelled)
            found.append(session.run(looks[first : first + _BATCH])[0])
            on_stage("looking", min(first + _BATCH, len(looks)), len(looks))
        return np.ascontiguousarray(np.concatenate(found).transpose(0, 2, 3, 1))

    def _compare(
        self,
        faces: OwnFaces,
        split: FaceParts,
        arrays: Mapping[str, np.ndarray],
        on_stage: OnStage,
        cancelled: CancelCheck,
    ) -> ExtractorComparison:
        """Embed every face as the live path would, before and after, and judge."""
        total, done = 2 * len(faces.people), 0
        features = []
        for tuned in (None, arrays):
            extractor = self._extractor(tuned)
            rows = []
            for first in range(0, len(faces.people), _BATCH):
                _stop_if(cancelled)
                crops = _crops(faces.crops_rgb[first : first + _BATCH])
                rows.append(extractor.embed(crops).vectors)
                done += len(crops)
                on_stage("judging", done, total)
            features.append(np.concatenate(rows))
        network = self._parts.shipped_network()
        tail = network.calibration.tail
        thresholds = [ShippedThreshold(rate, tail.score_at(float(np.log10(rate)))) for rate in _RATES]
        return compare_extractors(features[0], features[1], faces.people, split, network.scorer.log_odds, thresholds)

    def _extractor(self, tuned: Mapping[str, np.ndarray] | None) -> Resnet50Extractor:
        profile = self._parts.models.profile(PROFILE)
        return Resnet50Extractor(
            self._parts.models,
            model=profile.extractor_file,
            output=profile.extractor_output or "pooled",
            mirror=profile.mirror,
            threads=self._parts.threads,
            tuned=tuned,
        )

    def _keep(
        self, arrays: Mapping[str, np.ndarray], comparison: ExtractorComparison, options: FinetuningOptions
    ) -> str:
        now = datetime.now(UTC)
        before, after = comparison.before, comparison.after
        figures: dict[str, float | None] = {"likeness": comparison.likeness, "people": comparison.people}
        for name in ("own_rank1", "own_tar", "others_tar"):
            figures |= {f"{name}_before": getattr(before, name), name: getattr(after, name)}
        rates = zip(comparison.thresholds, before.impostor_rates, after.impostor_rates, strict=True)
        for threshold, rate_before, rate in rates:
            name = f"impostor_rate_{threshold.rate:g}"
            figures |= {f"{name}_before": rate_before, name: rate}
        version = TunedVersion(
            f"{now:%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:6]}",
            now.isoformat(timespec="seconds"),
            self.versions.shipped_sha256,
            comparison.training,
            comparison.judging + comparison.others,
            figures,
            asdict(options),
        )
        return self.versions.add(version, arrays, promote=True).version_id


def _crops(pixels_rgb: UInt8Array) -> FaceCrops:
    """Return crops whose place and quality nobody asks for."""
    nothing = np.zeros(len(pixels_rgb), np.float32)
    return FaceCrops(pixels_rgb, np.zeros((len(pixels_rgb), 2, 3), np.float32), nothing, nothing, nothing, nothing)


def _stop_if(cancelled: CancelCheck) -> None:
    if cancelled():
        raise TrainingCancelledError("The fine-tuning was cancelled; the present extractor stays in use.")
