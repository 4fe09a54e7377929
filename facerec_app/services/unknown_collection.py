"""How faces without a name come to be kept: from the pictures of a folder, and from live tracks nobody could name."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facerec_app.capture.images import decode_image, is_folder, iter_image_files, read_image_file
from facerec_app.core.errors import ConfigError, EnrolmentError, LowQualityFaceError, UnreadableImageError
from facerec_app.core.protocols import GalleryIndex, PersonRanker, PictureDecider
from facerec_app.core.types import Float32Array, Verdict
from facerec_app.core.validation import readable_path
from facerec_app.gallery.prepared_face import PreparedFace
from facerec_app.gallery.unnamed_face import FaceOrigin, UnnamedState
from facerec_app.gallery.unnamed_faces import UnnamedFaces
from facerec_app.pipeline.finished_tracks import FinishedTrack, FinishedTracks
from facerec_app.services.face_reader import FaceReader, ReadFace
from facerec_app.services.progress import CancelCheck, Progress, ProgressCallback, never_cancelled, no_progress

MOST_LIVE_FACES = 600
"""Faces of live sources that are kept, in all; the oldest go first."""
MOST_ALIKE = 12
"""Faces of one stranger that live sources may add: more of somebody who comes every day teach nothing."""
_COUNTS = ("pictures", "added", "known", "poor", "unwanted", "searched_before")
_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RefusedPicture:
    """A file that could not be used."""

    path: Path
    error: EnrolmentError


@dataclass(frozen=True, slots=True)
class CollectionReport:
    """What came of some pictures.

    Attributes:
        pictures: searched for faces.
        added: faces that are kept now.
        known: faces left out because the recogniser knows whose they are.
        poor: faces left out because they are too small, blurred, dark or turned away.
        unwanted: faces left out because they are like one that is never asked about.
        searched_before: pictures passed over.
        refused: files that could not be used.
        cancelled: whether the user ended it; the same request goes on from there.
    """

    pictures: int
    added: int
    known: int
    poor: int
    unwanted: int
    searched_before: int
    refused: tuple[RefusedPicture, ...]
    cancelled: bool


class UnknownCollectionService:
    """Takes faces that are good enough to be enrolled and that nobody enrolled has.

    Args:
        faces: where they are kept.
        reader: finds, judges and embeds them.
        index: returns the gallery's present state.
        ranker, decider: say whom the recogniser takes a face for.
        alike_cosine: returns the cosine from which faces like those given are one person's.
        finished: where the live path leaves tracks that have ended.
    """

    def __init__(
        self,
        faces: UnnamedFaces,
        reader: FaceReader,
        index: Callable[[], GalleryIndex],
        ranker: PersonRanker,
        decider: PictureDecider,
        alike_cosine: Callable[[Float32Array], float],
        finished: FinishedTracks,
    ) -> None:
        self._faces = faces
        self._reader = reader
        self._index = index
        self._ranker = ranker
        self._decider = decider
        self._alike_cosine = alike_cosine
        self._finished = finished

    @property
    def keeps_live(self) -> bool:
        """Whether faces of live sources are kept; they are not until the user asks for it."""
        return self._faces.keeps_live

    def keep_live(self, wanted: bool) -> None:
        """Keep faces of live sources from now on, or no longer.

        Raises:
            GalleryWriteError: it could not be stored.
        """
        self._faces.keep_live(wanted)
        if not wanted:
            self._finished.is_wanted = False
            self._finished.fetch()

    def begin_source(self, *, is_live: bool) -> FinishedTracks:
        """Forget what an earlier source left and hold the tracks of this one if it is live and the user wants that.

        Returns:
            Where they will be: while it has something waiting, ``add_finished`` has something to do.
        """
        self._finished.fetch()
        self._finished.is_wanted = is_live and self.keeps_live
        return self._finished

    def add_finished(self) -> int:
        """Keep the faces of the tracks that have ended, as ``add_tracks`` does.

        Raises:
            GalleryError: they could not be stored.
            InferenceError: a network fails.
        """
        return self.add_tracks(self._finished.fetch())

    def add_pictures(
        self,
        paths: Sequence[Path],
        *,
        again: bool = False,
        progress: ProgressCallback = no_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> CollectionReport:
        """Take the faces of pictures; a folder stands for all pictures in it and below it.

        A picture that was searched before is passed over, whatever it is called now, so an interrupted request goes on
        where it stopped. What one picture gives is kept whole or not at all.

        Args:
            paths: files and folders.
            again: also search pictures that were searched before.
            progress: units are pictures.
            cancelled: asked between pictures.

        Raises:
            ConfigError: none of them is a picture or holds one.
            GalleryError: what was added before is kept.
            InferenceError: a network fails.
        """
        files = list(_pictures_of(paths))
        if not files:
            raise ConfigError("No pictures (JPEG, PNG, WebP, BMP, TIFF, HEIC) are there; name another file or folder.")
        counts: Counter[str] = Counter()
        ignored = self._vectors({UnnamedState.IGNORED})
        refused: list[RefusedPicture] = []
        for number, path in enumerate(files):
            if cancelled():
                break
            progress(Progress(number, len(files), path.name))
            try:
                counts += self._add_picture(path, again, ignored)
            except UnreadableImageError as exc:
                refused.append(RefusedPicture(path, exc))
        seen = counts["pictures"] + counts["searched_before"] + len(refused)
        progress(Progress(seen, len(files)))
        numbers = {name: counts[name] for name in _COUNTS}
        return CollectionReport(**numbers, refused=tuple(refused), cancelled=seen < len(files))

    def add_tracks(self, tracks: Sequence[FinishedTrack]) -> int:
        """Keep the best pictures of tracks that ended without a name, if the user wants that; return how many.

        A track of which any picture is recognised is left out whole, and so are those that look like a face which is
        never asked about and those of somebody of whom enough is kept already.

        Raises:
            GalleryError: they could not be stored.
            InferenceError: a network fails.
        """
        if not tracks or not self.keeps_live:
            return 0
        added = 0
        ignored = self._vectors({UnnamedState.IGNORED})
        for track in tracks:
            read = list(self._read_track(track))
            if not read or any(self._is_known(face) for face in read) or self._alike(read[0], ignored):
                continue
            if self._alike(read[0], self._vectors({UnnamedState.OPEN})) >= MOST_ALIKE:
                continue
            added += len(self._faces.add([PreparedFace.of(face.face) for face in read], FaceOrigin.LIVE))
        if added:
            self._faces.remove_oldest_live(MOST_LIVE_FACES)
        return added

    def _add_picture(self, path: Path, again: bool, ignored: Float32Array) -> Counter[str]:
        data = read_image_file(path)
        sha256 = hashlib.sha256(data).hexdigest()
        if not again and self._faces.was_searched(sha256):
            return Counter(searched_before=1)
        pixels_rgb = decode_image(data, str(path))
        detections = self._reader.faces(pixels_rgb)
        good = self._reader.good_rows(pixels_rgb, detections)
        counts = Counter(pictures=1, poor=len(detections) - len(good))
        kept: list[PreparedFace] = []
        for row in good:
            read = self._reader.read_detection(pixels_rgb, detections.select(np.array([row])), readable_path(path))
            if self._is_known(read):
                counts["known"] += 1
            elif self._alike(read, ignored):
                counts["unwanted"] += 1
            else:
                kept.append(PreparedFace.of(read.face))
        counts["added"] += len(self._faces.add_of_picture(sha256, kept))
        return counts

    def _read_track(self, track: FinishedTrack) -> Iterator[ReadFace]:
        for picture in track.pictures:
            what = f"{picture.source_id} at {picture.timestamp_s:.1f} s"
            try:
                yield self._reader.read_detection(picture.pixels_rgb, picture.detection, what)
            except LowQualityFaceError as exc:
                _LOGGER.debug("A picture of a stranger is not kept: %s", exc)

    def _is_known(self, face: ReadFace) -> bool:
        index = self._index()
        if not len(index.snapshot):
            return False
        (decision,) = self._decider.decide(self._ranker.rank(face.embedding, index))
        return decision.verdict is Verdict.KNOWN

    def _vectors(self, states: AbstractSet[UnnamedState]) -> Float32Array:
        """Return the features of the faces in these states, ``(M, D)``."""
        by_id = self._faces.vectors(self._reader.extractor.version)
        wanted = [by_id[one.face_id] for one in self._faces.all() if one.state in states and one.face_id in by_id]
        return np.stack(wanted) if wanted else np.zeros((0, 0), np.float32)

    def _alike(self, face: ReadFace, others: Float32Array) -> int:
        """Return how many of ``(M, D)`` features are the same person's as a face."""
        if not len(others):
            return 0
        alike_cosine = self._alike_cosine(face.embedding.vectors)
        return int(np.count_nonzero(others @ face.embedding.vectors[0] >= alike_cosine))


def _pictures_of(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if is_folder(path):
            yield from iter_image_files(path, recursive=True)
        else:
            yield path
