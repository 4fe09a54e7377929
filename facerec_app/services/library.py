"""What the library's pages and their commands are given: search, comparison, judgements and training data."""

from __future__ import annotations

from typing import Protocol

from facerec_app.pipeline.finished_tracks import FinishedTracks
from facerec_app.services.box_data_sets import BoxDataSetService
from facerec_app.services.box_editing import BoxEditingService
from facerec_app.services.dataset_check import DatasetCheckService
from facerec_app.services.dataset_making import DatasetMakingService
from facerec_app.services.detection_evaluation import DetectionEvaluationService
from facerec_app.services.detector_tuning import DetectorTuningService
from facerec_app.services.extractor_finetuning import ExtractorFinetuningService
from facerec_app.services.face_capture import FaceCapture
from facerec_app.services.face_search import FaceSearchService
from facerec_app.services.gallery_browser import GalleryBrowser
from facerec_app.services.judgements import JudgementService
from facerec_app.services.local_extractors import LocalExtractors
from facerec_app.services.one_shot_naming import OneShotNaming
from facerec_app.services.picture_comparison import PictureComparisonService
from facerec_app.services.selfie_faces import SelfieFaces
from facerec_app.services.similarity_questions import SimilarityQuestions
from facerec_app.services.unknown_collection import UnknownCollectionService
from facerec_app.services.unknown_faces import UnknownFacesService


class Library(Protocol):
    """Services made once; any thread may use them, one call at a time."""

    def face_search(self) -> FaceSearchService: ...

    def picture_comparison(self) -> PictureComparisonService: ...

    def local_extractors(self) -> LocalExtractors: ...

    def one_shot_naming(self) -> OneShotNaming: ...

    def box_editing(self) -> BoxEditingService: ...

    def box_data_sets(self) -> BoxDataSetService: ...

    def detection_evaluation(self) -> DetectionEvaluationService: ...

    def detector_tuning(self) -> DetectorTuningService: ...

    def extractor_finetuning(self) -> ExtractorFinetuningService: ...

    def judgements(self) -> JudgementService: ...

    def similarity_questions(self) -> SimilarityQuestions: ...

    def gallery_browser(self) -> GalleryBrowser: ...

    def dataset_check(self, *, keep_features: bool = True) -> DatasetCheckService:
        """Return the service; with ``keep_features``, what was found in pictures stays in the user's cache folder."""
        ...

    def take_over(self, other: Library) -> None:
        """Go on with what another library of the same gallery remembers: what can be taken back."""
        ...

    def unknown_faces(self) -> UnknownFacesService: ...

    def unknown_collection(self) -> UnknownCollectionService: ...

    def finished_tracks(self) -> FinishedTracks:
        """Return where the live path leaves strangers' tracks that have ended."""
        ...

    def dataset_making(self) -> DatasetMakingService: ...

    def face_capture(self) -> FaceCapture: ...

    def selfie_faces(self) -> SelfieFaces: ...
