"""Retrains the similarity network on the gallery, in this process; the window does it in another one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from facerec_app.core.errors import GalleryWriteError, TrainingCancelledError, TrainingError
from facerec_app.core.file_lock import FileLock
from facerec_app.core.types import GallerySnapshot
from facerec_app.decision.identity_calibration import identity_calibration_to_bytes
from facerec_app.models.version_record import VersionData, VersionRecord
from facerec_app.models.version_store import VersionStore
from facerec_app.services.gallery_session import GallerySession
from facerec_app.services.present_network import NetworkInUse, PresentNetwork
from facerec_app.services.progress import CancelCheck, never_cancelled
from facerec_app.services.training_result import TrainingOutcome, TrainingProgress, TrainingResult, result_of
from facerec_app.services.versions import VersionService
from facerec_app.similarity.similarity_weights import similarity_weights_to_bytes
from facerec_app.training.epoch_report import EpochReport
from facerec_app.training.feature_statistics import FeatureStatistics
from facerec_app.training.gallery_material import GalleryMaterial, material_of
from facerec_app.training.gallery_training import GalleryExperiment, GalleryTrainingRequest, train_on_gallery

TRAINING_LOCK = ".training.lock"


class GalleryTrainingService:
    """Trains, compares, stores and, unless the candidate is worse, promotes.

    Args:
        gallery: the enrolled faces.
        versions: where candidates are kept.
        store: the same versions' files.
        present: the network in use.
        shipped: the network that training starts from.
        statistics: of features, to draw impostors from.
        stranger_rate: that verdicts are judged at.
    """

    def __init__(
        self,
        gallery: GallerySession,
        versions: VersionService,
        store: VersionStore,
        present: PresentNetwork,
        shipped: Callable[[], NetworkInUse],
        statistics: Callable[[], FeatureStatistics],
        stranger_rate: float,
    ) -> None:
        self._gallery = gallery
        self._versions = versions
        self._store = store
        self._present = present
        self._shipped = shipped
        self._statistics = statistics
        self._stranger_rate = stranger_rate

    def train(
        self,
        request: GalleryTrainingRequest,
        *,
        insist: bool = False,
        progress: Callable[[TrainingProgress], None] = lambda progress: None,
        cancelled: CancelCheck = never_cancelled,
        about_to_store: Callable[[], None] = lambda: None,
    ) -> TrainingResult:
        """Carry the request out.

        Args:
            request: what to train.
            insist: promote the candidate even if it is worse.
            progress: told of every stage and epoch.
            cancelled: asked before each batch of faces and pairs.
            about_to_store: called when the training is over and the version is stored and promoted, in a moment.

        Raises:
            NotEnoughDataError: nobody is enrolled.
            TrainingError: another retraining is running, or somebody was removed meanwhile; or as the message says.
            TrainingCancelledError: it was cancelled; nothing was changed.
            GalleryWriteError: the version could not be stored; the present network stays in use.
        """
        with self._only_one():
            began = time.monotonic()
            progress(TrainingProgress("reading"))
            self._store.sweep()
            self._forget_removed_people()
            snapshot, material = self._material(cancelled)
            present = self._present.refresh()
            experiment = self._experiment(request, material, present, progress, cancelled)
            if cancelled():
                raise TrainingCancelledError("The training was cancelled; the present network stays in use.")
            progress(TrainingProgress("storing"))
            about_to_store()
            parent = present.version_id
            outcome, record, objections = self._store_and_promote(request, material, experiment, parent, insist)
            return result_of(
                experiment,
                material,
                snapshot.names,
                outcome=outcome,
                version_id=record.version_id if record is not None else None,
                parent_id=parent,
                objections=objections,
                seconds=time.monotonic() - began,
            )

    def _experiment(
        self,
        request: GalleryTrainingRequest,
        material: GalleryMaterial,
        present: NetworkInUse,
        progress: Callable[[TrainingProgress], None],
        cancelled: CancelCheck,
    ) -> GalleryExperiment:
        shipped, epochs = self._shipped(), request.options.epochs
        progress(TrainingProgress("starting", epochs=epochs))

        def tell(report: EpochReport) -> None:
            accuracy, left = report.validation_accuracy, report.seconds_left
            progress(TrainingProgress("training", report.epoch, report.epochs, report.loss, accuracy, left))

        return train_on_gallery(
            material,
            request,
            shipped=(shipped.scorer.weights, shipped.calibration),
            present=(present.scorer.weights, present.calibration),
            statistics=self._statistics(),
            stranger_rate=self._stranger_rate,
            on_stage=lambda stage: progress(TrainingProgress(stage, epochs=epochs)),
            on_epoch=tell,
            cancelled=cancelled,
        )

    @contextmanager
    def _only_one(self) -> Iterator[None]:
        folder = self._store.folder
        lock = FileLock(folder / TRAINING_LOCK)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            free = lock.acquire()
        except OSError as exc:
            raise GalleryWriteError(
                f"The folder {folder} cannot be written ({exc.strerror}); free some space or check its rights."
            ) from exc
        if not free:
            raise TrainingError("This gallery is being retrained already; wait until that is done or cancel it.")
        try:
            yield
        finally:
            lock.release()

    def _forget_removed_people(self) -> None:
        people = self._gallery.store.people()
        faces = (face.face_id for person in people for face in self._gallery.store.faces_of(person.person_id))
        if self._store.ids():
            self._versions.forget_all_but((person.person_id for person in people), faces)

    def _material(self, cancelled: CancelCheck) -> tuple[GallerySnapshot, GalleryMaterial]:
        self._gallery.embed_missing(cancelled=cancelled)
        if cancelled():
            raise TrainingCancelledError("The training was cancelled; the present network stays in use.")
        snapshot = self._gallery.index().snapshot
        log = self._gallery.store.judgement_log
        return snapshot, material_of(snapshot, log.judgements(), log.more_alike())

    def _store_and_promote(
        self,
        request: GalleryTrainingRequest,
        material: GalleryMaterial,
        experiment: GalleryExperiment,
        parent: str | None,
        insist: bool,
    ) -> tuple[TrainingOutcome, VersionRecord | None, tuple[str, ...]]:
        if not experiment.is_new:
            return "unchanged", None, ()
        self._require_everybody(material)
        record = self._store.add(
            version_record_of(request, material, experiment, parent),
            similarity_weights_to_bytes(experiment.weights),
            identity_calibration_to_bytes(experiment.calibration),
        )
        objections = list(experiment.comparison.objections)
        if self._versions.present_id() != parent:
            objections.append("another version was brought into use meanwhile")
        if objections and not insist:
            return "kept", record, tuple(objections)
        self._versions.promote(record.version_id)
        return "promoted", record, tuple(objections)

    def _require_everybody(self, material: GalleryMaterial) -> None:
        enrolled = {person.person_id for person in self._gallery.store.people()}
        if set(material.person_ids) - enrolled:
            raise TrainingError("Somebody was removed from the gallery during the training; train again without them.")


def version_record_of(
    request: GalleryTrainingRequest, material: GalleryMaterial, experiment: GalleryExperiment, parent: str | None
) -> VersionRecord:
    """Return what is to be known of an experiment's candidate."""
    people: dict[str, tuple[str, ...]] = {}
    for face_id, person_id in zip(material.face_ids, material.person_ids, strict=True):
        people[person_id] = (*people.get(person_id, ()), face_id)
    enrolled = len(material.face_ids)
    parts = {
        name: tuple(material.face_ids[row] for row in rows.tolist() if row < enrolled)
        for name, rows in experiment.split.part_of().items()
    }
    created_at = datetime.now(UTC).replace(microsecond=0)
    scorer_version = experiment.weights.version
    return VersionRecord(
        version_id=f"{created_at:%Y%m%d-%H%M%S}-{scorer_version.rpartition('-')[2][:6]}",
        created_at=created_at,
        extractor_version=material.features.extractor_version,
        scorer_version=scorer_version,
        objective=request.objective,
        parent=parent,
        options={
            **asdict(request.options),
            "from_scratch": request.from_scratch,
            "correction_weight": experiment.answer_weight,
        },
        seed=request.options.seed,
        data=VersionData(
            people,
            experiment.split.by,
            parts,
            len(material.confirmed_rows),
            request.sampled_people,
            more_alike=len(material.more_alike_rows),
            disputed=material.disputed,
        ),
        metrics=_metrics(experiment),
    )


def _metrics(experiment: GalleryExperiment) -> dict[str, Any]:
    """Return the figures without any identifier: those of people stand in the record's data alone."""
    comparison, changes = experiment.comparison, experiment.comparison.changes
    figures = {
        whom: {"before": asdict(both[0]), "after": asdict(both[1])}
        for whom, both in (("own", comparison.own), ("others", comparison.others))
        if both is not None
    }
    counts = ("faces_right", "faces_wrong", "faces_judged", "corrections_right", "corrections_judged")
    return {
        **figures,
        **{name: getattr(changes, name) for name in counts},
        "objections": comparison.objections,
        "best_epoch": experiment.trained.best_epoch,
        "validation_losses": experiment.trained.validation_losses,
    }
