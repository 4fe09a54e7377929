"""The library's services put together from the parts that the application has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from facerec_app import __version__
from facerec_app.config.paths import user_cache_dir
from facerec_app.config.settings import Settings
from facerec_app.core.protocols import FaceAligner, FeatureExtractor, FollowingFaceDetector
from facerec_app.decision.name_vetoes import NameVetoes, VetoingPersonRanker
from facerec_app.decision.threshold_decider import ThresholdDecider
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.unnamed_faces import UnnamedFaces
from facerec_app.models.model_store import ModelStore
from facerec_app.pipeline.finished_tracks import FinishedTracks
from facerec_app.services.dataset_check import DatasetCheckService
from facerec_app.services.face_reader import FaceReader
from facerec_app.services.face_search import FaceSearchService
from facerec_app.services.gallery_browser import GalleryBrowser
from facerec_app.services.gallery_session import GallerySession
from facerec_app.services.judgements import JudgementService
from facerec_app.services.picture_inspection import PictureInspector
from facerec_app.services.present_network import NetworkInUse, PresentRanker
from facerec_app.services.similarity_questions import SimilarityQuestions
from facerec_app.services.unknown_collection import UnknownCollectionService
from facerec_app.services.unknown_faces import UnknownFacesService


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
        return DatasetCheckService(self._picture_inspector(keep_features), self._parts.network)

    def _picture_inspector(self, keep_features: bool) -> PictureInspector:
        parts = self._parts
        settings = f"faces from {parts.settings.min_face_px} px; facerec {__version__}"
        folder = user_cache_dir() / "inspection" if keep_features else None
        return PictureInspector(parts.detector(), parts.aligner(), parts.extractor(), settings, folder)

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
        )

    @cached_property
    def _finished_tracks(self) -> FinishedTracks:
        return FinishedTracks()

    def _name_judges(self) -> tuple[VetoingPersonRanker, ThresholdDecider]:
        """Return who ranks and who decides, as for single pictures."""
        decider = ThresholdDecider(self._parts.network().calibration, stranger_rate=self._parts.settings.stranger_rate)
        ranker = PresentRanker(self._parts.network, decider)
        return VetoingPersonRanker(ranker, NameVetoes(lambda: self._parts.network().scorer)), decider
