"""The library's services put together from the parts that the application has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from facerec_app import __version__
from facerec_app.alignment.five_point_aligner import FivePointAligner
from facerec_app.alignment.templates import TEMPLATES
from facerec_app.config.paths import user_cache_dir
from facerec_app.config.settings import Settings
from facerec_app.core.protocols import FaceAligner, FeatureExtractor, FollowingFaceDetector
from facerec_app.core.types import Float32Array
from facerec_app.decision.name_vetoes import NameVetoes, VetoingPersonRanker
from facerec_app.decision.threshold_decider import ThresholdDecider
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.unnamed_faces import UnnamedFaces
from facerec_app.models.detector_versions import DetectorVersions
from facerec_app.models.extractor_versions import ExtractorVersions
from facerec_app.models.model_store import ModelStore
from facerec_app.pipeline.finished_tracks import FinishedTracks
from facerec_app.services.box_data_sets import BoxDataSetService
from facerec_app.services.box_editing import BoxEditingService
from facerec_app.services.dataset_check import DatasetCheckService
from facerec_app.services.dataset_making import DatasetMakingService
from facerec_app.services.detection_evaluation import LEAST_SCORE, DetectionEvaluationService, MeasuredDetector
from facerec_app.services.detector_tuning import DetectorTuningService
from facerec_app.services.extractor_finetuning import PROFILE as RESNET50_PROFILE
from facerec_app.services.extractor_finetuning import ExtractorFinetuningService, FinetuningParts
from facerec_app.services.face_capture import FaceCapture
from facerec_app.services.face_reader import FaceReader
from facerec_app.services.face_search import FaceSearchService
from facerec_app.services.gallery_browser import GalleryBrowser
from facerec_app.services.gallery_session import GallerySession
from facerec_app.services.judgements import JudgementService
from facerec_app.services.library import Library
from facerec_app.services.local_extractors import LocalExtractors
from facerec_app.services.one_shot_naming import OneShotNaming
from facerec_app.services.picture_comparison import PictureComparisonService
from facerec_app.services.picture_inspection import PictureInspector
from facerec_app.services.present_network import NetworkInUse, PresentRanker
from facerec_app.services.selfie_faces import SelfieFaces
from facerec_app.services.shipped_network import shipped_network
from facerec_app.services.similarity_questions import SimilarityQuestions
from facerec_app.services.unknown_collection import UnknownCollectionService
from facerec_app.services.unknown_faces import UnknownFacesService
from facerec_app.training.detector_tuning_options import DetectorTuningOptions
from facerec_app.training.extractor.finetuning_options import FinetuningOptions

if TYPE_CHECKING:
    from facerec_app.detection.mtcnn_detector import MtcnnDetector
    from facerec_app.training.extractor.keras_finetuner import KerasFinetuner
    from facerec_app.training.keras_onet_trainer import KerasOnetTrainer

_SMALLEST_FACE_PX = 20


@dataclass(frozen=True, slots=True)
class LibraryParts:
    """Parts of the application, each made when first asked for.

    Attributes:
        settings: in force.
        models: the shipped models.
        store: where people and faces are.
        gallery: the gallery in use, every face embedded by the extractor in use.
        detector: for pictures, from small faces on.
        aligner, extractor: of the profile in use.
        network: similarity network and calibration that judge at present.
    """

    settings: Settings
    models: Callable[[], ModelStore]
    store: Callable[[], GalleryStore]
    gallery: Callable[[], GallerySession]
    detector: Callable[[], FollowingFaceDetector]
    aligner: Callable[[], FaceAligner]
    extractor: Callable[[], FeatureExtractor]
    network: Callable[[], NetworkInUse]


class ComposedLibrary:
    """Makes every service once, when it is first asked for."""

    def __init__(self, parts: LibraryParts) -> None:
        self._parts = parts

    def face_search(self) -> FaceSearchService:
        return self._face_search

    def picture_comparison(self) -> PictureComparisonService:
        return self._picture_comparison

    def local_extractors(self) -> LocalExtractors:
        return self._local_extractors

    def one_shot_naming(self) -> OneShotNaming:
        parts = self._parts
        return OneShotNaming(
            parts.detector(), parts.aligner(), parts.extractor(), parts.network, parts.settings.stranger_rate
        )

    def box_editing(self) -> BoxEditingService:
        return self._box_editing

    def box_data_sets(self) -> BoxDataSetService:
        return BoxDataSetService(self._parts.store(), self._box_editing)

    def detection_evaluation(self) -> DetectionEvaluationService:
        return DetectionEvaluationService(self._measured_detector)

    def detector_tuning(self) -> DetectorTuningService:
        from facerec_app.detection.mtcnn_detector import DEFAULT_THRESHOLDS, ONET
        from facerec_app.inference.onnx_weights import read_weights

        parts = self._parts
        return DetectorTuningService(
            DetectorVersions(parts.settings.database.detectors_dir),
            lambda: read_weights(parts.models().read(ONET)),
            lambda weights: self._curious_mtcnn(_SMALLEST_FACE_PX, weights),
            _make_onet_trainer,
            DEFAULT_THRESHOLDS[2],
        )

    def extractor_finetuning(self) -> ExtractorFinetuningService:
        parts, models = self._parts, self._parts.models()
        profile = models.profile(RESNET50_PROFILE)
        shipped = models.entry(profile.extractor_file).sha256
        return ExtractorFinetuningService(
            ExtractorVersions(parts.settings.database.extractors_dir, shipped),
            FinetuningParts(
                models,
                parts.detector,
                FivePointAligner(TEMPLATES[profile.alignment_template], profile.crop_size_px),
                lambda: shipped_network(models, profile),
                _make_finetuner,
                parts.settings.threads or None,
            ),
        )

    @cached_property
    def _local_extractors(self) -> LocalExtractors:
        return LocalExtractors(self._parts.models(), self._parts.settings.threads or None)

    @cached_property
    def _picture_comparison(self) -> PictureComparisonService:
        parts = self._parts
        return PictureComparisonService(
            parts.store, parts.detector(), parts.aligner(), parts.extractor(), parts.network, self._local_extractors
        )

    @cached_property
    def _box_editing(self) -> BoxEditingService:
        parts = self._parts
        return BoxEditingService(
            parts.store(),
            parts.detector,
            parts.aligner,
            parts.extractor,
            self._announce,
        )

    def _announce(self) -> None:
        self._present_gallery.announce()

    def _measured_detector(self, name: str | None, min_face_px: int) -> MeasuredDetector:
        """Return a detector that reports what it would not believe in use, too."""
        from facerec_app.detection.mtcnn_detector import DEFAULT_THRESHOLDS, ONET
        from facerec_app.detection.yunet_detector import DEFAULT_SCORE, YunetDetector

        settings = self._parts.settings.with_overrides(detector=name, min_face_px=min_face_px)
        models = self._parts.models()
        chosen = settings.detector or models.profile(settings.profile).detector
        if chosen == "yunet":
            detector = YunetDetector(models, score_threshold=LEAST_SCORE, threads=settings.threads or None)
            return MeasuredDetector(detector, "yunet", DEFAULT_SCORE, {"yunet": models.entry("yunet").sha256})
        versions = DetectorVersions(settings.database.detectors_dir)
        weights = versions.weights_in_use()
        tuned = versions.present() if weights is not None else None
        hashes = {name: models.entry(name).sha256 for name in ("mtcnn_pnet", "mtcnn_rnet", ONET)}
        title = "mtcnn"
        if tuned is not None:
            title, hashes[ONET] = f"mtcnn tuned {tuned.version_id}", tuned.sha256
        return MeasuredDetector(self._curious_mtcnn(min_face_px, weights), title, DEFAULT_THRESHOLDS[2], hashes)

    def _curious_mtcnn(self, min_face_px: int, weights: Mapping[str, Float32Array] | None) -> MtcnnDetector:
        """Return the cascade with a last stage that lets faces of every score through."""
        from facerec_app.detection.mtcnn_detector import DEFAULT_THRESHOLDS, MtcnnDetector

        first, second, _ = DEFAULT_THRESHOLDS
        return MtcnnDetector(
            self._parts.models(),
            min_face_size_px=float(min_face_px),
            thresholds=(first, second, LEAST_SCORE),
            threads=self._parts.settings.threads or None,
            onet_weights=weights,
        )

    def judgements(self) -> JudgementService:
        return JudgementService(self._parts.store())

    def similarity_questions(self) -> SimilarityQuestions:
        return self._similarity_questions

    def gallery_browser(self) -> GalleryBrowser:
        return self._gallery_browser

    @cached_property
    def _present_gallery(self) -> GallerySession:
        return self._parts.gallery()

    @cached_property
    def _gallery_browser(self) -> GalleryBrowser:
        parts = self._parts
        return GalleryBrowser(parts.store(), lambda: self._present_gallery.index().snapshot, parts.network)

    @cached_property
    def _face_search(self) -> FaceSearchService:
        parts = self._parts
        return FaceSearchService(
            parts.store(),
            parts.detector(),
            parts.aligner(),
            parts.extractor(),
            parts.network,
            parts.gallery().index,
            UnnamedFaces(parts.store().database),
        )

    @cached_property
    def _similarity_questions(self) -> SimilarityQuestions:
        parts = self._parts
        return SimilarityQuestions(lambda: parts.gallery().index(), parts.network, parts.store())

    def dataset_check(self, *, keep_features: bool = True) -> DatasetCheckService:
        return DatasetCheckService(lambda: self._picture_inspector(keep_features), self._parts.network)

    def face_capture(self) -> FaceCapture:
        return FaceCapture(self._parts.detector(), self._parts.aligner())

    def selfie_faces(self) -> SelfieFaces:
        return SelfieFaces(self._parts.detector())

    def dataset_making(self) -> DatasetMakingService:
        parts = self._parts
        return DatasetMakingService(parts.store, parts.detector, parts.aligner, parts.extractor)

    def _picture_inspector(self, keep_features: bool) -> PictureInspector:
        parts = self._parts
        settings = f"faces from {parts.settings.min_face_px} px; facerec {__version__}"
        folder = user_cache_dir() / "inspection" if keep_features else None
        return PictureInspector(parts.detector(), parts.aligner(), parts.extractor(), settings, folder)

    def take_over(self, other: Library) -> None:
        if isinstance(other, ComposedLibrary) and "_unknown_faces" in other.__dict__:  # else nothing was changed there
            self._unknown_faces.history.take_over(other.unknown_faces().history)

    def unknown_faces(self) -> UnknownFacesService:
        return self._unknown_faces

    def unknown_collection(self) -> UnknownCollectionService:
        return self._unknown_collection

    def finished_tracks(self) -> FinishedTracks:
        return self._finished_tracks

    @cached_property
    def _unknown_faces(self) -> UnknownFacesService:
        parts = self._parts
        return UnknownFacesService(
            UnnamedFaces(parts.store().database),
            parts.gallery(),
            parts.aligner(),
            parts.extractor(),
            parts.network,
            *self._name_judges(),
        )

    @cached_property
    def _unknown_collection(self) -> UnknownCollectionService:
        parts = self._parts
        return UnknownCollectionService(
            UnnamedFaces(parts.store().database),
            FaceReader(parts.detector(), parts.aligner(), parts.extractor()),
            parts.gallery().index,
            *self._name_judges(),
            self.unknown_faces().alike_cosine,
            self._finished_tracks,
        )

    @cached_property
    def _finished_tracks(self) -> FinishedTracks:
        return FinishedTracks()

    def _name_judges(self) -> tuple[VetoingPersonRanker, ThresholdDecider]:
        """Return who ranks and who decides, as for single pictures."""
        decider = ThresholdDecider(self._parts.network().calibration, stranger_rate=self._parts.settings.stranger_rate)
        ranker = PresentRanker(self._parts.network, decider)
        return VetoingPersonRanker(ranker, NameVetoes(lambda: self._parts.network().scorer)), decider


def _make_onet_trainer(options: DetectorTuningOptions) -> KerasOnetTrainer:
    from facerec_app.training.keras_onet_trainer import KerasOnetTrainer

    return KerasOnetTrainer(options)


def _make_finetuner(options: FinetuningOptions) -> KerasFinetuner:
    from facerec_app.training.extractor.keras_finetuner import KerasFinetuner

    return KerasFinetuner(options)
