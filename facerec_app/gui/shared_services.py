"""The application's services, made one at a time whichever thread asks first."""

from __future__ import annotations

import threading

from facerec_app.capture.image_folder_source import ImageFolderSource
from facerec_app.config.settings import Settings
from facerec_app.core.protocols import FrameSource
from facerec_app.services.application import Application
from facerec_app.services.calibration import CalibrationService
from facerec_app.services.corrections import CorrectionService
from facerec_app.services.enrolment import EnrolmentService
from facerec_app.services.gallery_session import GallerySession
from facerec_app.services.guided_capture import GuidedCapture
from facerec_app.services.library import Library
from facerec_app.services.live_session import FramePipeline
from facerec_app.services.name_explanation import NameExplanationService
from facerec_app.services.people import PeopleService
from facerec_app.services.retraining import RetrainingService
from facerec_app.services.versions import VersionService


class SharedServices:
    """Guards the first use: making a service loads networks, which takes a moment and must happen once.

    The window asks in its background threads only, so that it appears before anything is loaded.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self._given = application
        self._lock = threading.RLock()

    @property
    def settings(self) -> Settings:
        """The settings in use."""
        return self._application.settings

    def prepared(self, settings: Settings) -> Application:
        """Return an application with other settings that is ready to take over; takes a moment.

        Raises:
            FacerecError: if it cannot be made; the present one goes on.
        """
        application = self._application.with_settings(settings)
        try:
            application.gallery()
            application.enrolment()
            application.make_pipeline()
        except BaseException:
            application.close()
            raise
        return application

    def use(self, application: Application) -> None:
        """Let another application serve from now on; the one before is closed unless it was given from outside.

        What can be taken back outlasts a change of settings, unless another gallery is opened.
        """
        with self._lock:
            before, self._application = self._application, application
            if before.settings.database_dir == application.settings.database_dir:
                application.people().take_over(before.people())
                application.library().take_over(before.library())
        if before is not self._given:
            before.close()

    def close_own(self) -> None:
        """Close what was made here; whoever gave an application closes that."""
        if self._application is not self._given:
            self._application.close()

    def calibration(self) -> CalibrationService:
        """Return the service that tells what strictness means."""
        with self._lock:
            return self._application.calibration()

    def profile_names(self) -> tuple[str, ...]:
        """Return the recognition profiles that can be chosen."""
        with self._lock:
            return tuple(self._application.models().manifest.profiles)

    def people(self) -> PeopleService:
        """Return the service for looking up and changing people."""
        with self._lock:
            return self._application.people()

    def enrolment(self) -> EnrolmentService:
        """Return the service for adding faces."""
        with self._lock:
            return self._application.enrolment()

    def guided_capture(self) -> GuidedCapture:
        """Return a new guided capture, for one person."""
        with self._lock:
            return self._application.guided_capture()

    def corrections(self) -> CorrectionService:
        """Return the service for "this is not X"."""
        with self._lock:
            return self._application.corrections()

    def name_explanation(self) -> NameExplanationService:
        """Return the service for "why this name?"."""
        with self._lock:
            return self._application.name_explanation()

    def retraining(self) -> RetrainingService:
        """Return the service that retrains in a process of its own."""
        with self._lock:
            return self._application.retraining()

    def versions(self) -> VersionService:
        """Return the service for trained networks."""
        with self._lock:
            return self._application.versions()

    def gallery(self) -> GallerySession:
        """Return the gallery as recognition sees it."""
        with self._lock:
            return self._application.gallery()

    def library(self) -> Library:
        """Return the services of search, comparison and judgement."""
        with self._lock:
            return self._application.library()

    def make_pipeline(self, source: FrameSource) -> FramePipeline:
        """Return a new pipeline on the present gallery that fits a source."""
        with self._lock:
            self._application.enrolment()  # shares its parts with the pipeline
            if isinstance(source, ImageFolderSource):
                return self._application.make_still_pipeline()
            return self._application.make_pipeline()
