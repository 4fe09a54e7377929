"""What the command line and the window are given: every service, made when first asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from facerec_app.config.settings import Settings
from facerec_app.core.protocols import FrameSource
from facerec_app.models.model_store import ModelStore
from facerec_app.pipeline.recognition_pipeline import RecognitionPipeline
from facerec_app.pipeline.still_pipeline import StillPipeline
from facerec_app.services.calibration import CalibrationService
from facerec_app.services.corrections import CorrectionService
from facerec_app.services.demonstration import DemonstrationService
from facerec_app.services.doctor import DoctorService
from facerec_app.services.enrolment import EnrolmentService
from facerec_app.services.evaluation import EvaluationService
from facerec_app.services.feature_report import FeatureReportService
from facerec_app.services.gallery_session import GallerySession
from facerec_app.services.gallery_training import GalleryTrainingService
from facerec_app.services.guided_capture import GuidedCapture
from facerec_app.services.library import Library
from facerec_app.services.model_comparison import ModelComparison
from facerec_app.services.name_explanation import NameExplanationService
from facerec_app.services.people import PeopleService
from facerec_app.services.recognition import RecognitionService
from facerec_app.services.retraining import RetrainingService
from facerec_app.services.versions import VersionService


class Application(Protocol):
    """The program as its front ends see it.

    Services are made once and may be used from any thread, one call at a time; ``make_pipeline`` and
    ``make_still_pipeline`` give a new pipeline for the thread that calls them.
    """

    @property
    def settings(self) -> Settings: ...

    def with_settings(self, settings: Settings) -> Application:
        """Return another application with other settings; both have to be closed."""
        ...

    def models(self) -> ModelStore: ...

    def gallery(self) -> GallerySession: ...

    def people(self) -> PeopleService: ...

    def enrolment(self) -> EnrolmentService: ...

    def recognition(self) -> RecognitionService: ...

    def guided_capture(self) -> GuidedCapture:
        """Return a new one, for one person."""
        ...

    def corrections(self) -> CorrectionService: ...

    def calibration(self) -> CalibrationService: ...

    def name_explanation(self) -> NameExplanationService: ...

    def versions(self) -> VersionService: ...

    def gallery_training(self) -> GalleryTrainingService:
        """Return what retrains in this process; a window uses ``retraining``."""
        ...

    def feature_report(self) -> FeatureReportService: ...

    def retraining(self) -> RetrainingService: ...

    def evaluation(self, *, keep_features: bool = True) -> EvaluationService:
        """Return the service; with ``keep_features``, features of pictures stay in the user's cache folder."""
        ...

    def library(self) -> Library: ...

    def model_comparison(self) -> ModelComparison: ...

    def demonstration(self) -> DemonstrationService: ...

    def doctor(self) -> DoctorService: ...

    def make_pipeline(self) -> RecognitionPipeline: ...

    def make_still_pipeline(self) -> StillPipeline:
        """Return a new pipeline for pictures that have nothing to do with each other."""
        ...

    def open_source(self, spec: str, on_status: Callable[[str], None] | None = None) -> FrameSource: ...

    def close(self) -> None:
        """Close the gallery."""
        ...


ApplicationFactory = Callable[[Settings], Application]
