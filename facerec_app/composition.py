"""The one place that names concrete classes: from settings to a working application."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from facerec_app import __version__
from facerec_app.alignment.five_point_aligner import FivePointAligner
from facerec_app.alignment.templates import TEMPLATES
from facerec_app.config.paths import assets_dir, user_cache_dir
from facerec_app.config.settings import Settings
from facerec_app.core.protocols import FeatureExtractor, FollowingFaceDetector, FrameSource
from facerec_app.core.types import GallerySnapshot
from facerec_app.decision.identity_calibration import IdentityCalibration
from facerec_app.decision.name_vetoes import NameVetoes, VetoingPersonRanker
from facerec_app.decision.threshold_decider import ThresholdDecider
from facerec_app.decision.track_votes import AVERAGED_LOOKS, TrackVotes, VotingRules
from facerec_app.detection.profile_detector import make_detector
from facerec_app.evaluation.face_embedding import FaceSource
from facerec_app.evaluation.feature_cache import FeatureCache
from facerec_app.extraction.profile_extractor import make_extractor
from facerec_app.gallery.bulk_enrolment import BulkEnrolment
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.inference.processor_threads import live_threads, set_opencv_threads
from facerec_app.library_composition import ComposedLibrary, LibraryParts
from facerec_app.models.detector_versions import DetectorVersions
from facerec_app.models.extractor_versions import tuned_file_in_use
from facerec_app.models.model_manifest import RecognitionProfile
from facerec_app.models.model_store import ModelStore
from facerec_app.models.tuned_versions import TunedFile
from facerec_app.models.version_store import VersionStore
from facerec_app.pipeline.embedding_schedule import EmbeddingSchedule
from facerec_app.pipeline.picture_pipeline import PicturePipeline
from facerec_app.pipeline.recognition_pipeline import RecognitionPipeline, Stages
from facerec_app.pipeline.still_pipeline import StillPipeline
from facerec_app.pipeline.track_album import TrackAlbum
from facerec_app.pipeline.track_looks import TrackLooks
from facerec_app.services.application import Application
from facerec_app.services.bulk_parts import BulkParts
from facerec_app.services.calibration import CalibrationService
from facerec_app.services.corrections import CorrectionService
from facerec_app.services.demonstration import DemonstrationService
from facerec_app.services.doctor import DoctorService, gallery_state
from facerec_app.services.enrolment import EnrolmentService
from facerec_app.services.evaluation import EvaluationService
from facerec_app.services.evaluation_subjects import EvaluationSubjects, ProfileParts
from facerec_app.services.face_reader import FaceReader
from facerec_app.services.feature_report import FEATURE_REPORT_NAME, FeatureReportService
from facerec_app.services.folder_import import FolderImport
from facerec_app.services.gallery_session import GallerySession
from facerec_app.services.gallery_training import GalleryTrainingService
from facerec_app.services.guided_capture import GuidedCapture
from facerec_app.services.lookalike_check import LookalikeCheck
from facerec_app.services.model_comparison import ModelComparison
from facerec_app.services.name_explanation import NameExplanationService
from facerec_app.services.people import PeopleService
from facerec_app.services.present_network import HoldsCalibration, NetworkInUse, PresentNetwork, PresentRanker
from facerec_app.services.recognition import RecognitionService
from facerec_app.services.retraining import RetrainingService
from facerec_app.services.shipped_network import lent_to, shipped_network, shipped_statistics
from facerec_app.services.stage_measurement import StageTimes, measure_stages
from facerec_app.services.versions import VersionService
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.tracking.following_face_finder import FollowingFaceFinder
from facerec_app.tracking.motion_tracker import MotionTracker
from facerec_app.training.feature_statistics import FeatureStatistics
from facerec_app.worker_composition import bulk_parts


def compose(settings: Settings) -> Application:
    """Return the application for these settings; nothing is loaded before it is needed."""
    return ComposedApplication(settings)


class ComposedApplication:
    """Makes every part once, when it is first asked for."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._detectors: dict[tuple[int, int | None], FollowingFaceDetector] = {}

    @property
    def settings(self) -> Settings:
        return self._settings

    def with_settings(self, settings: Settings) -> ComposedApplication:
        return ComposedApplication(settings)

    def models(self) -> ModelStore:
        return self._models

    def gallery(self) -> GallerySession:
        return self._gallery

    def people(self) -> PeopleService:
        return self._people

    def enrolment(self) -> EnrolmentService:
        return self._enrolment

    def recognition(self) -> RecognitionService:
        return self._recognition

    def guided_capture(self) -> GuidedCapture:
        return GuidedCapture(self._aligner, self._extractor, self._scorer)

    def calibration(self) -> CalibrationService:
        return CalibrationService(
            lambda: self._present_gallery().index().snapshot,
            self._calibrated_network,
            self._settings.stranger_rate,
        )

    def corrections(self) -> CorrectionService:
        return CorrectionService(self._store, self._gallery, self._name_vetoes)

    def name_explanation(self) -> NameExplanationService:
        return NameExplanationService(
            self._store,
            self._gallery,
            self._make_ranker(),
            self._scorer,
            self._name_vetoes,
            self._calibration,
            stranger_rate=self._settings.stranger_rate,
        )

    def versions(self) -> VersionService:
        return self._versions

    def gallery_training(self) -> GalleryTrainingService:
        return GalleryTrainingService(
            self._gallery,
            self._versions,
            self._version_store,
            self._present_network,
            self._shipped_network,
            self._feature_statistics,
            self._settings.stranger_rate,
        )

    def feature_report(self) -> FeatureReportService:
        return FeatureReportService(self._gallery, self._settings.database.versions_dir)

    def retraining(self) -> RetrainingService:
        return RetrainingService(self._settings, self._version_store, self._take_promoted_network)

    def evaluation(self, *, keep_features: bool = True) -> EvaluationService:
        subjects = EvaluationSubjects(
            self._profile_parts(), self._models.manifest.profiles, self._parts_of_profile, self._version_store
        )
        cache = FeatureCache(user_cache_dir() / "features" if keep_features else None)
        return EvaluationService(subjects, cache, self._gallery_for_review, self._settings.stranger_rate)

    def model_comparison(self) -> ModelComparison:
        return ModelComparison(self._models, lambda: self._picture_detector, self._settings.threads or None)

    def library(self) -> ComposedLibrary:
        return self._library

    def demonstration(self) -> DemonstrationService:
        return DemonstrationService(assets_dir() / "demo", self._enrolment, self._recognition, self._people)

    def doctor(self) -> DoctorService:
        return DoctorService(self._settings, self._models, self._gallery_state, self._demonstration_times)

    def make_pipeline(self) -> RecognitionPipeline:
        set_opencv_threads(self._live_threads)
        averages = self._profile.averages_looks
        rules = AVERAGED_LOOKS if averages else VotingRules()
        votes = TrackVotes(self._calibration, stranger_rate=self._settings.stranger_rate, rules=rules)
        stages = Stages(
            finder=FollowingFaceFinder(self._detector(self._settings.min_face_px, self._live_threads)),
            aligner=self._aligner,
            tracker=MotionTracker(),
            extractor=self._extractor,
            ranker=self._make_ranker(votes),
            votes=votes,
            vetoes=self._name_vetoes,
            schedule=EmbeddingSchedule(),
            album=TrackAlbum(),
            looks=TrackLooks(averages=averages),
            finished=self._library.finished_tracks(),
        )
        return RecognitionPipeline(stages, self._present_gallery().index())

    def make_still_pipeline(self) -> StillPipeline:
        return StillPipeline(self._make_picture_pipeline())

    def open_source(self, spec: str, on_status: Callable[[str], None] | None = None) -> FrameSource:
        from facerec_app.capture.open_source import open_source

        return open_source(spec, on_status=on_status)

    def close(self) -> None:
        store = self.__dict__.get("_store")
        if store is not None:
            store.close()

    def _profile_parts(self) -> ProfileParts:
        profile = self._profile
        names = [*self._models.manifest.extractor_files(profile), profile.similarity_file, profile.calibration_file]
        return ProfileParts(
            profile.name,
            self._face_source,
            self._shipped_network,
            self._present_network.current,
            {name: self._models.entry(name).sha256 for name in names if name is not None}
            | ({} if self._tuned_extractor is None else {"fine-tuned extractor": self._tuned_extractor.sha256}),
        )

    def _parts_of_profile(self, name: str) -> ProfileParts:
        return ComposedApplication(self._settings.with_overrides(profile=name))._profile_parts()

    def _face_source(self) -> FaceSource:
        from facerec_app.capture.images import read_image
        from facerec_app.training.picture_features import FacePath

        # As live, and as the similarity network was trained and its threshold chosen: not from the stills' 20 px on.
        detector = self._detector(self._settings.min_face_px, self._live_threads)
        path = FacePath(read_image, detector, self._aligner, self._extractor)
        settings = f"faces from {self._settings.min_face_px} px; {self._profile.alignment_template}"
        tuned = self._detector_versions.present()
        settings += f"; detector {tuned.version_id}" if tuned is not None else ""
        return FaceSource(path, f"{settings} at {self._profile.crop_size_px} px; facerec {__version__}")

    def _gallery_for_review(self) -> tuple[GallerySnapshot, Mapping[str, Path]]:
        snapshot = self._present_gallery().index().snapshot
        faces = [face for person in self._store.people() for face in self._store.faces_of(person.person_id)]
        return snapshot, {face.face_id: face.picture_file for face in faces}

    def _make_picture_pipeline(self) -> PicturePipeline:
        decider = ThresholdDecider(self._calibration, stranger_rate=self._settings.stranger_rate)
        return PicturePipeline(
            self._picture_detector,
            self._aligner,
            self._extractor,
            VetoingPersonRanker(self._make_ranker(decider), self._name_vetoes),
            decider,
            self._present_gallery().index(),
        )

    def _present_gallery(self) -> GallerySession:
        """Return the gallery with every face embedded by the extractor in use."""
        self._gallery.embed_missing()
        return self._gallery

    def _make_ranker(self, decider: HoldsCalibration | None = None) -> PresentRanker:
        return PresentRanker(self._present_network.current, decider)

    def _judge_again(self) -> None:
        """Let running views judge anew; a gallery that nobody uses yet need not be opened for that."""
        if "_gallery" in self.__dict__:
            self._gallery.announce()

    @cached_property
    def _name_vetoes(self) -> NameVetoes:
        return NameVetoes(lambda: self._scorer)

    def _gallery_state(self) -> str:
        return gallery_state(self._settings.database, lambda: self._store)

    def _demonstration_times(self, frames: int) -> list[StageTimes]:
        source = self.open_source(str(assets_dir() / "demo" / "demo.mp4"))
        # The first seconds show nobody; the figures are to be those of a face being followed.
        return measure_stages(source, self.make_pipeline(), frames=frames, first_index=60)

    @property
    def _live_threads(self) -> int:
        return live_threads(self._settings.threads)

    @cached_property
    def _models(self) -> ModelStore:
        return ModelStore()

    @property
    def _detector_versions(self) -> DetectorVersions:
        return DetectorVersions(self._settings.database.detectors_dir)

    @cached_property
    def _profile(self) -> RecognitionProfile:
        return self._models.profile(self._settings.profile)

    @cached_property
    def _store(self) -> GalleryStore:
        return GalleryStore(self._settings.database)

    @cached_property
    def _gallery(self) -> GallerySession:
        return GallerySession(self._store, self._extractor, self._aligner, self._bulk)

    @cached_property
    def _bulk(self) -> BulkParts:
        tuned = (self._tuned_extractor, self._detector_versions.file_in_use())
        return bulk_parts(self._profile.name, self._settings, *tuned)

    @cached_property
    def _library(self) -> ComposedLibrary:
        return ComposedLibrary(
            LibraryParts(
                settings=self._settings,
                models=lambda: self._models,
                store=lambda: self._store,
                gallery=self._present_gallery,
                detector=lambda: self._picture_detector,
                aligner=lambda: self._aligner,
                extractor=lambda: self._extractor,
                network=self._present_network.current,
            )
        )

    @cached_property
    def _people(self) -> PeopleService:
        return PeopleService(self._store, self._versions)

    @cached_property
    def _enrolment(self) -> EnrolmentService:
        reader = FaceReader(self._picture_detector, self._aligner, self._extractor)
        importer = FolderImport(BulkEnrolment(self._store), self._gallery, reader, self._bulk)
        return EnrolmentService(self._store, reader, self._gallery, importer, self._lookalikes)

    @cached_property
    def _lookalikes(self) -> LookalikeCheck | None:
        if self._profile.similarity_file is None or self._profile.calibration_file is None:
            return None
        decider = ThresholdDecider(self._calibration, stranger_rate=self._settings.stranger_rate)
        return LookalikeCheck(self._make_ranker(decider), decider)

    @cached_property
    def _recognition(self) -> RecognitionService:
        return RecognitionService(self.make_pipeline, self._make_picture_pipeline)

    @cached_property
    def _picture_detector(self) -> FollowingFaceDetector:
        return self._detector(self._settings.picture_min_face_px, self._settings.threads or None)

    @cached_property
    def _aligner(self) -> FivePointAligner:
        return FivePointAligner(TEMPLATES[self._profile.alignment_template], self._profile.crop_size_px)

    @cached_property
    def _extractor(self) -> FeatureExtractor:
        return make_extractor(self._models, self._profile, threads=self._live_threads, tuned=self._tuned_extractor)

    def _calibrated_network(self) -> tuple[SimilarityNetwork, IdentityCalibration]:
        present = self._present_network.current()
        return present.scorer, present.calibration

    @property
    def _scorer(self) -> SimilarityNetwork:
        return self._present_network.current().scorer

    @property
    def _calibration(self) -> IdentityCalibration:
        return self._present_network.current().calibration

    @cached_property
    def _present_network(self) -> PresentNetwork:
        present = PresentNetwork(self._version_store, self._shipped_network, lambda: self._extractor.version)
        present.observe(self._judge_again)
        return present

    @cached_property
    def _versions(self) -> VersionService:
        derived = [self._settings.database.versions_dir / FEATURE_REPORT_NAME]
        return VersionService(self._version_store, self._present_network, lambda: self._extractor.version, derived)

    @cached_property
    def _version_store(self) -> VersionStore:
        return VersionStore(self._settings.database.versions_dir)

    def _take_promoted_network(self) -> None:
        self._present_network.refresh()

    def _feature_statistics(self) -> FeatureStatistics:
        statistics = shipped_statistics(self._models, self._profile)
        tuned = self._tuned_extractor is not None
        return replace(statistics, extractor_version=self._extractor.version) if tuned else statistics

    def _shipped_network(self) -> NetworkInUse:
        network = shipped_network(self._models, self._profile)
        return network if self._tuned_extractor is None else lent_to(network, self._extractor.version)

    @cached_property
    def _tuned_extractor(self) -> TunedFile | None:
        """Return the fine-tuned head in use; None for the shipped one and for profiles that have none."""
        return tuned_file_in_use(self._settings.database.extractors_dir, self._models, self._profile)

    def _detector(self, min_face_px: int, threads: int | None) -> FollowingFaceDetector:
        key = (min_face_px, threads)
        if key not in self._detectors:
            name = self._settings.detector or self._profile.detector
            tuned = self._detector_versions.file_in_use()
            self._detectors[key] = make_detector(
                self._models, name, min_face_px=min_face_px, threads=threads, tuned=tuned
            )
        return self._detectors[key]
