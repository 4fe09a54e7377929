"""What is installed, whether it is whole, how fast it runs here, and what to do about each fault."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import sqlite3
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from facerec_app.capture.camera_source import CameraDescription, CameraSource, list_cameras
from facerec_app.config.paths import DatabasePaths
from facerec_app.config.settings import Settings
from facerec_app.core.errors import FacerecError, GalleryReadError
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.models.model_store import ModelStore
from facerec_app.services.stage_measurement import StageSpeed, StageTimes, speed_by_stage

_PACKAGES = (
    "numpy",
    "opencv-python-headless",
    "openvino",
    "PySide6-Essentials",
    "tensorflow",
    "keras",
    "mtcnn",
    "joblib",
    "pillow",
    "pillow-heif",
)
_LEAST_FREE_BYTES = 500 * 1024 * 1024


class Health(Enum):
    """How a check came out."""

    GOOD = "good"
    NOTE = "note"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        what: a few words.
        health: how it came out.
        found: what was found.
        remedy: what to do, empty where nothing is to be done.
    """

    what: str
    health: Health
    found: str
    remedy: str = ""


class DoctorService:
    """Looks at the installation, the gallery and the devices; changes nothing.

    Args:
        settings: in use.
        models: the shipped model files.
        check_gallery: opens the gallery read-only and returns a line on it; raises ``GalleryError`` if it is damaged.
        run_stages: takes some frames of the demonstration through every stage and returns the times of each.
    """

    def __init__(
        self,
        settings: Settings,
        models: ModelStore,
        check_gallery: Callable[[], str],
        run_stages: Callable[[int], list[StageTimes]],
    ) -> None:
        self._settings = settings
        self._models = models
        self._check_gallery = check_gallery
        self._run_stages = run_stages

    def examine(self) -> list[Check]:
        """Return every check, most basic first."""
        return [
            _python_check(),
            *_package_checks(),
            *self._model_checks(),
            self._gallery_check(),
            self._disk_check(),
            *_camera_checks(),
        ]

    def stage_speed(self, frames: int = 60) -> Mapping[str, StageSpeed]:
        """Return how long each stage takes on the demonstration video, and all together.

        Raises:
            FacerecError: if the demonstration or a network cannot be used.
        """
        return speed_by_stage(self._run_stages(frames)[5:])  # the first frames also pay for start-up

    def _model_checks(self) -> list[Check]:
        try:
            states = self._models.check()
        except FacerecError as exc:
            return [Check("model files", Health.FAULT, str(exc), "install FaceRec again")]
        faults = [
            Check(f"model {name}", Health.FAULT, str(error), "install FaceRec again")
            for name, error in states.items()
            if error is not None
        ]
        return faults or [Check("model files", Health.GOOD, f"all {len(states)} whole (SHA-256)")]

    def _gallery_check(self) -> Check:
        try:
            found = self._check_gallery()
        except FacerecError as exc:
            return Check("gallery", Health.FAULT, str(exc), "restore the database folder from a backup")
        return Check("gallery", Health.GOOD, f"{found} (SQLite {sqlite3.sqlite_version})")

    def _disk_check(self) -> Check:
        folder = _nearest_existing(self._settings.database_dir)
        free = shutil.disk_usage(folder).free
        found = f"{free / 1e9:.1f} GB free at {folder}"
        if free < _LEAST_FREE_BYTES:
            return Check("disk", Health.FAULT, found, "free some space before enrolling people")
        return Check("disk", Health.GOOD, found)


def gallery_state(paths: DatabasePaths, store: Callable[[], GalleryStore]) -> str:
    """Return in words how a gallery is; one that is not there yet is not made.

    Raises:
        GalleryError: it is damaged.
    """
    if not paths.database_file.exists():
        return f"empty, will be made in {paths.root}"
    problems = store().check()
    if problems:
        raise GalleryReadError("; ".join(problems))
    people = store().people()
    faces = sum(person.face_count for person in people)
    return f"sound: {len(people)} people, {faces} faces in {paths.root}"


def _python_check() -> Check:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if not (3, 11) <= sys.version_info[:2] < (3, 14):
        return Check("Python", Health.FAULT, found, "use Python 3.11, 3.12 or 3.13")
    return Check("Python", Health.GOOD, found)


def _package_checks() -> list[Check]:
    found: list[str] = []
    faults: list[Check] = []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            faults.append(Check(f"package {name}", Health.FAULT, "not installed", f"pip install {name}"))
    return faults or [Check("packages", Health.GOOD, ", ".join(found))]


def _camera_checks() -> list[Check]:
    cameras = list_cameras()
    if not cameras:
        return [
            Check("cameras", Health.NOTE, "none found", "plug one in; video files, streams and pictures work without")
        ]
    return [_camera_check(camera) for camera in cameras]


def _camera_check(camera: CameraDescription) -> Check:
    what = f"camera {camera.number}"
    try:
        source = CameraSource(camera.number)
        try:
            frame = source.read()
        finally:
            source.close()
    except FacerecError as exc:
        return Check(what, Health.FAULT, f"{camera.name} does not answer: {exc}", "close other programs that use it")
    if frame is None:
        return Check(what, Health.FAULT, f"{camera.name} gives no picture", "close other programs that use it")
    return Check(what, Health.GOOD, f"{camera.name}, {frame.width_px}x{frame.height_px}")


def _nearest_existing(folder: Path) -> Path:
    return next(parent for parent in (folder, *folder.parents) if parent.exists())
