"""Names for the faces of pictures from a folder with one file a person, without enrolling anybody."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from facerec_app.capture.images import iter_image_files, read_image
from facerec_app.core.errors import ConfigError, EnrolmentError, NoFaceError, UnreadableImageError
from facerec_app.core.geometry import box_areas
from facerec_app.core.protocols import FaceAligner, FaceDetector, FeatureExtractor
from facerec_app.core.types import Float32Array, Frame, FrameResult, GallerySnapshot, Verdict
from facerec_app.decision.person_ranker import TemplatePersonRanker
from facerec_app.decision.threshold_decider import ThresholdDecider
from facerec_app.gallery.exact_index import ExactIndex
from facerec_app.pipeline.picture_pipeline import PicturePipeline
from facerec_app.services.present_network import NetworkInUse
from facerec_app.services.progress import CancelCheck, Progress, ProgressCallback, never_cancelled, no_progress
from facerec_app.services.recognition import PictureOutcome


@dataclass(frozen=True, slots=True)
class OneShotAccuracy:
    """Names given to the largest face of each picture, held against the pictures' file names.

    Attributes:
        known: pictures of people who are in the folder, and how many of them were named
        right: rightly,
        wrong: with another's name; the rest were left Unknown or show no face.
        strangers: pictures of people who are not in the folder, and how many of them
        kept_unknown: were given no name.
    """

    known: int
    right: int
    wrong: int
    strangers: int
    kept_unknown: int

    @property
    def accuracy(self) -> float:
        """Share of all pictures about which the right thing is said."""
        return (self.right + self.kept_unknown) / max(self.known + self.strangers, 1)


def person_of(picture: Path) -> str:
    """Return whose picture a file is by its name: ``Ada_Lovelace_0002.jpg`` is Ada Lovelace's."""
    words = re.sub(r"[_\s]+", " ", picture.stem).strip()
    without_number = re.sub(r"[\s-]*\d+$", "", words)
    return without_number or words


class OneShotNaming:
    """Compares faces with the faces of a folder.

    Args:
        detector, aligner, extractor: of the profile in use.
        network: returns what judges at present.
        stranger_rate: accepted share of strangers who are given a name.
    """

    def __init__(
        self,
        detector: FaceDetector,
        aligner: FaceAligner,
        extractor: FeatureExtractor,
        network: Callable[[], NetworkInUse],
        stranger_rate: float,
    ) -> None:
        self._detector = detector
        self._aligner = aligner
        self._extractor = extractor
        self._network = network
        self._stranger_rate = stranger_rate

    def read_folder(
        self,
        folder: Path,
        *,
        on_error: Callable[[EnrolmentError], None] = lambda error: None,
        progress: ProgressCallback = no_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> GallerySnapshot:
        """Return the faces of a folder, the largest of each picture; files of one name but for a number are one person.

        Args:
            folder: of pictures; nothing is written to it.
            on_error: takes what is wrong with a picture; the others are not affected.
            progress: is told of each picture.
            cancelled: what was read so far is returned when it says so.

        Raises:
            ConfigError: if the folder holds no picture with a face in it.
            InferenceError: if a network fails.
        """
        if not folder.is_dir():
            raise ConfigError(f"{folder} is no folder; name one with a picture a person.")
        pictures = list(iter_image_files(folder))
        names: list[str] = []
        vectors: list[Float32Array] = []
        for number, picture in enumerate(pictures):
            if cancelled():
                break
            progress(Progress(number, len(pictures), picture.name))
            try:
                vectors.append(self._face_of(picture))
            except EnrolmentError as exc:
                on_error(exc)
                continue
            names.append(person_of(picture))
        if not vectors:
            raise ConfigError(
                f"{folder} holds no picture with a face in it, or only in folders of its own; put one a person right "
                "there, or enrol folders of people with 'facerec import'."
            )
        return GallerySnapshot(
            np.stack(vectors),
            np.array(names),
            np.array([f"{row}" for row in range(len(names))]),
            self._extractor.version,
            0,
            MappingProxyType({name: name for name in names}),
        )

    def identify(
        self,
        people: GallerySnapshot,
        pictures: Sequence[Path],
        *,
        progress: ProgressCallback = no_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> Iterator[PictureOutcome]:
        """Yield one outcome a picture, in order; a picture that cannot be read does not stop the others.

        Raises:
            ModelError: if a network fails.
        """
        network = self._network()
        pipeline = PicturePipeline(
            self._detector,
            self._aligner,
            self._extractor,
            TemplatePersonRanker(network.scorer),
            ThresholdDecider(network.calibration, stranger_rate=self._stranger_rate),
            ExactIndex(people),
        )
        for number, picture in enumerate(pictures):
            if cancelled():
                return
            progress(Progress(number, len(pictures), picture.name))
            try:
                frame = Frame(read_image(picture), 0, 0.0, str(picture))
                yield PictureOutcome(picture, pipeline.process(frame), None)
            except UnreadableImageError as exc:
                yield PictureOutcome(picture, None, exc)
        progress(Progress(len(pictures), len(pictures)))

    def _face_of(self, picture: Path) -> Float32Array:
        pixels = read_image(picture)
        found = self._detector.detect(pixels)
        if not len(found):
            raise NoFaceError(f"No face was found in {picture}; put a picture there that shows one from the front.")
        largest = found.select(np.array([int(np.argmax(box_areas(found.boxes_xyxy)))]))
        return np.asarray(self._extractor.embed(self._aligner.align(pixels, largest)).vectors[0], np.float32)


class AccuracyTally:
    """Holds names against file names, a picture at a time.

    Args:
        people: names of everybody in the folder.
    """

    def __init__(self, people: frozenset[str]) -> None:
        self._people = people
        self._known = self._right = self._wrong = self._strangers = self._kept_unknown = 0

    def add(self, picture: Path, result: FrameResult) -> None:
        """Count one picture, by its largest face."""
        given = _name_of_largest(result)
        if person_of(picture) in self._people:
            self._known += 1
            self._right += given == person_of(picture)
            self._wrong += given not in (None, person_of(picture))
        else:
            self._strangers += 1
            self._kept_unknown += given is None

    def result(self) -> OneShotAccuracy:
        """Return what was counted."""
        return OneShotAccuracy(self._known, self._right, self._wrong, self._strangers, self._kept_unknown)


def _name_of_largest(result: FrameResult) -> str | None:
    if not len(result.detections):
        return None
    decision = result.decisions[int(np.argmax(box_areas(result.detections.boxes_xyxy)))]
    return result.name_of(decision) if decision.verdict is Verdict.KNOWN else None
