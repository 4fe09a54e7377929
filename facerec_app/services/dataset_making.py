"""Training, validation and test sets from a folder of people or the gallery."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from facerec_app import __version__
from facerec_app.core.errors import GalleryReadError, NoFaceError, UnreadableImageError
from facerec_app.core.protocols import FaceAligner, FaceDetector, FeatureExtractor
from facerec_app.detection.window_sampling import WindowSettings
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.services.dataset_sources import DatasetSource, SourcePicture, folder_source, gallery_source
from facerec_app.services.face_set_making import FaceSetTask
from facerec_app.services.progress import CancelCheck, Progress, ProgressCallback, never_cancelled, no_progress
from facerec_app.services.window_set_making import WindowSetTask, WindowTaskName
from facerec_app.training.dataset_folder import DatasetFolder, MadeFile, PictureLine
from facerec_app.training.face_set import FaceSetSettings


@dataclass(frozen=True, slots=True)
class DatasetResult:
    """What was made.

    Attributes:
        folder: of the set.
        record: its record; None if the work was ended before.
        counts: of people, pictures, files, pairs, by part.
        left_out: pictures of which nothing could be made, and why.
    """

    folder: Path
    record: Path | None
    counts: Mapping[str, Any]
    left_out: tuple[tuple[str, str], ...]


class DatasetTask(Protocol):
    """One kind of set: what is made of a picture, and what of all together."""

    @property
    def name(self) -> str: ...

    @property
    def settings(self) -> Mapping[str, Any]:
        """Everything that decides what the set looks like, as plain values."""
        ...

    @property
    def models(self) -> Mapping[str, str]:
        """Names and versions of the networks used."""
        ...

    def parts(self, source: DatasetSource) -> Mapping[str, str]:
        """Return the part of each picture, by name; pictures that are not in it are left out.

        Raises:
            NotEnoughDataError: if the source is too small to be split.
        """
        ...

    def make(self, picture: SourcePicture, part: str, number: int, folder: DatasetFolder) -> PictureLine:
        """Write the files of one picture, its person's ``number``-th.

        Raises:
            UnreadableImageError, GalleryReadError, NoFaceError: if nothing can be made of it.
            OutputWriteError: if a file cannot be written.
        """
        ...

    def tables(self, lines: list[PictureLine], folder: DatasetFolder) -> tuple[list[MadeFile], Mapping[str, Any]]:
        """Write what is made of all pictures together and return it with counts."""
        ...


class DatasetMakingService:
    """Makes sets that come out the same from the same pictures, settings and models.

    Args:
        store: returns the gallery.
        detector, aligner, extractor: return those of the profile in use.
    """

    def __init__(
        self,
        store: Callable[[], GalleryStore],
        detector: Callable[[], FaceDetector],
        aligner: Callable[[], FaceAligner],
        extractor: Callable[[], FeatureExtractor],
    ) -> None:
        self._store = store
        self._detector = detector
        self._aligner = aligner
        self._extractor = extractor

    def face_set(self, settings: FaceSetSettings) -> DatasetTask:
        """Return the task of making aligned faces with pairs and triplets."""
        return FaceSetTask(settings, self._detector(), self._aligner(), self._extractor())

    def window_set(self, name: WindowTaskName, settings: WindowSettings) -> DatasetTask:
        """Return the task of making crops on and beside faces, or crops on faces with box offsets."""
        return WindowSetTask(name, settings, self._detector())

    def make(
        self,
        source: Path | None,
        target: Path,
        make_task: Callable[[], DatasetTask],
        *,
        progress: ProgressCallback = no_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> DatasetResult:
        """Make a set, or go on with one that was begun by the same command.

        Args:
            source: a folder with a folder for each person; None for the gallery.
            target: a new or empty folder, or one in which this set was begun.
            make_task: returns what to make; asked for when there are pictures.
            progress: told of every picture.
            cancelled: asked before every picture.

        Raises:
            ConfigError: if source or target cannot be meant.
            NotEnoughDataError: if there are too few people or faces.
            OutputWriteError: if the target cannot be written.
            ModelError, GalleryError: as the message says.
        """
        pictures = folder_source(source, target) if source is not None else gallery_source(self._store())
        task = make_task()
        parts = task.parts(pictures)
        identity = {
            "program": __version__,
            "task": task.name,
            "settings": dict(task.settings),
            "models": dict(task.models),
            "source": {"kind": pictures.kind, "pictures": len(pictures.pictures), "sha256": pictures.sha256},
        }
        folder = DatasetFolder(target, identity)
        folder.open()
        try:
            return _made(pictures, parts, task, folder, progress, cancelled)
        finally:
            folder.close()


def _made(
    source: DatasetSource, parts: Mapping[str, str], task: DatasetTask, folder: DatasetFolder,
    progress: ProgressCallback, cancelled: CancelCheck,
) -> DatasetResult:  # fmt: skip
    lines: list[PictureLine] = []
    left_out = list(source.unreadable)
    numbers: dict[str, int] = {}
    for done, picture in enumerate(source.pictures, start=1):
        if cancelled():
            return DatasetResult(folder.path, None, {}, tuple(left_out))
        if picture.name not in parts:
            left_out.append((picture.name, f"{picture.name} lies in no person's folder."))
            continue
        numbers[picture.person] = numbers.get(picture.person, 0) + 1
        line = folder.done(picture.name, picture.sha256)
        if line is None:
            line = _line(picture, parts[picture.name], numbers[picture.person], task, folder)
            folder.add(line)
        lines.append(line)
        if line.fault:
            left_out.append((picture.name, line.fault))
        progress(Progress(done, len(source.pictures), picture.name))
    tables, counts = task.tables(lines, folder)
    return DatasetResult(folder.path, folder.finish(lines, tables, counts), counts, tuple(left_out))


def _line(picture: SourcePicture, part: str, number: int, task: DatasetTask, folder: DatasetFolder) -> PictureLine:
    try:
        return task.make(picture, part, number, folder)
    except (UnreadableImageError, GalleryReadError, NoFaceError) as exc:
        return PictureLine(picture.name, picture.sha256, part, fault=str(exc))
