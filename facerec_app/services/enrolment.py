"""Enrolling people: from pictures, videos, folders and the face in view."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facerec_app.capture.images import IMAGE_SUFFIXES, iter_image_files, read_image
from facerec_app.core.errors import (
    CaptureError,
    ConfigError,
    EnrolmentError,
    FacerecError,
    NoFaceError,
    PersonNotFoundError,
)
from facerec_app.core.types import Float32Array
from facerec_app.core.validation import clean_person_name
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.records import Consent, Person
from facerec_app.pipeline.track_album import FacePicture
from facerec_app.services.face_reader import FaceReader, ReadFace
from facerec_app.services.gallery_session import GallerySession
from facerec_app.services.progress import CancelCheck, Progress, ProgressCallback, never_cancelled, no_progress
from facerec_app.services.video_faces import faces_of_video

_NEAR_DUPLICATE_COSINE = 0.985


@dataclass(frozen=True, slots=True)
class EnrolmentRow:
    """What became of one picture.

    Attributes:
        what: file name, or where in a video.
        face_id: of the enrolled face, None if it was refused or another program enrolled it meanwhile.
        error: why it was refused, None if it was not.
    """

    what: str
    face_id: str | None
    error: FacerecError | None


@dataclass(frozen=True, slots=True)
class EnrolmentReport:
    """What became of one person's pictures.

    Attributes:
        name: of the person.
        person_id: None if no picture was good enough and the person is not enrolled.
        rows: one a picture, in order.
    """

    name: str
    person_id: str | None
    rows: tuple[EnrolmentRow, ...]

    @property
    def enrolled(self) -> int:
        """Number of faces that were added."""
        return sum(row.face_id is not None for row in self.rows)

    @property
    def refused(self) -> tuple[EnrolmentRow, ...]:
        """The pictures that were not taken."""
        return tuple(row for row in self.rows if row.error is not None)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a folder of people.

    Attributes:
        people: one report a person.
        skipped: pictures that were imported before.
        cancelled: whether the user ended it.
    """

    people: tuple[EnrolmentReport, ...]
    skipped: int
    cancelled: bool

    @property
    def enrolled(self) -> int:
        return sum(report.enrolled for report in self.people)

    @property
    def refused(self) -> tuple[EnrolmentRow, ...]:
        return tuple(row for report in self.people for row in report.refused)


@dataclass(frozen=True, slots=True)
class _Offer:
    """A picture offered for enrolment, read only when its turn comes.

    Attributes:
        what: its name, kept as the face's source.
        read: finds and judges the face.
        is_once: whether a picture of that name is the same picture and enrolled once only.
    """

    what: str
    read: Callable[[], ReadFace]
    is_once: bool = False


class EnrolmentService:
    """Adds faces to the gallery, each behind the quality gate.

    A person is created with their first good face, so a request without any leaves nothing behind. A name that is
    enrolled already gets the new faces added.

    Args:
        store: where faces go.
        reader: finds and judges them.
        gallery: is told of changes.
    """

    def __init__(self, store: GalleryStore, reader: FaceReader, gallery: GallerySession) -> None:
        self._store = store
        self._reader = reader
        self._gallery = gallery

    def enrol_files(
        self,
        name: str,
        paths: Sequence[Path],
        *,
        consent: Consent | None = None,
        progress: ProgressCallback = no_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> EnrolmentReport:
        """Enrol a person from pictures, folders of pictures and videos.

        Raises:
            ConfigError: if the name cannot be used, or nothing was given.
            GalleryError: if the gallery cannot be read or written.
        """
        clean = clean_person_name(name)
        offers = list(self._offers(paths))
        if not offers:
            raise ConfigError(f"No pictures were given for {clean}; name pictures, videos or folders that hold some.")
        report = self._enrol(clean, offers, consent, progress, cancelled)
        self._gallery.announce()
        return report

    def enrol_track(
        self, name: str, pictures: Sequence[FacePicture], *, consent: Consent | None = None
    ) -> EnrolmentReport:
        """Enrol the face of a track from the best pictures kept of it.

        Raises:
            ConfigError: if the name cannot be used.
            NoFaceError: if the track has no pictures any more.
            GalleryError: if the gallery cannot be read or written.
        """
        clean = clean_person_name(name)
        if not pictures:
            raise NoFaceError("The face has left the picture; wait until it is in view again.")
        offers = [
            _Offer(f"{picture.source_id} at {picture.timestamp_s:.1f} s", self._reader_of(picture))
            for picture in pictures
        ]
        report = self._enrol(clean, offers, consent, no_progress, never_cancelled)
        self._gallery.announce()
        return report

    def import_folder(
        self,
        root: Path,
        *,
        consent: Consent | None = None,
        progress: ProgressCallback = no_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> ImportReport:
        """Enrol a folder that holds a folder a person, named after them ("Ada_Lovelace" becomes "Ada Lovelace").

        Pictures that were imported before are passed over, so an interrupted import goes on where it stopped.

        Raises:
            ConfigError: if there is no such folder or it holds no folder with pictures.
            GalleryError: if the gallery cannot be read or written; what was enrolled before is kept.
        """
        people = _people_of(root)
        total = sum(len(files) for _, files in people)
        done = 0
        reports: list[EnrolmentReport] = []
        for folder_name, files in people:
            if cancelled():
                break

            def report_one(inner: Progress, before: int = done) -> None:
                progress(Progress(before + inner.done, total, inner.what))

            reports.append(self._import_person(folder_name, files, consent, report_one, cancelled))
            done += len(files)
        progress(Progress(done, total))
        self._gallery.announce()
        stopped = cancelled()
        seen = sum(row.face_id is not None or row.error is not None for report in reports for row in report.rows)
        return ImportReport(tuple(reports), 0 if stopped else total - seen, stopped)

    def _import_person(
        self,
        folder_name: str,
        files: Sequence[Path],
        consent: Consent | None,
        progress: ProgressCallback,
        cancelled: CancelCheck,
    ) -> EnrolmentReport:
        try:
            name = clean_person_name(folder_name.replace("_", " "))
        except ConfigError as exc:
            return EnrolmentReport(folder_name, None, tuple(EnrolmentRow(str(f), None, exc) for f in files))
        before = self._sources_of(name)
        named = [(file, f"{folder_name}/{file.name}") for file in files]
        offers = [self._picture_offer(file, what, is_once=True) for file, what in named if what not in before]
        return self._enrol(name, offers, consent, progress, cancelled)

    def _enrol(
        self,
        name: str,
        offers: Sequence[_Offer],
        consent: Consent | None,
        progress: ProgressCallback,
        cancelled: CancelCheck,
    ) -> EnrolmentReport:
        person = self._find(name)
        vectors = self._vectors_of(person)
        rows: list[EnrolmentRow] = []
        for number, offer in enumerate(offers):
            if cancelled():
                break
            progress(Progress(number, len(offers), Path(offer.what).name))
            try:
                read = offer.read()
                _refuse_duplicate(read, vectors, offer.what)
            except (EnrolmentError, CaptureError) as exc:
                rows.append(EnrolmentRow(offer.what, None, exc))
                continue
            person, face_id = self._add(name, read, offer, consent)
            rows.append(EnrolmentRow(offer.what, face_id, None))
            vectors.append(read.embedding.vectors[0])
        progress(Progress(len(rows), len(offers)))
        return EnrolmentReport(person.name if person else name, person.person_id if person else None, tuple(rows))

    def _add(self, name: str, read: ReadFace, offer: _Offer, consent: Consent | None) -> tuple[Person, str | None]:
        """Add a face, and its person with the first; nothing if another program imported this picture meanwhile."""
        with self._store.transaction():  # a person is never left without a face
            person = self._find(name)
            if person is None:
                person = self._store.add_person(name, consent=consent)
            elif offer.is_once and any(f.source == offer.what for f in self._store.faces_of(person.person_id)):
                return person, None
            return person, self._store.add_face(person.person_id, read.face)

    def _offers(self, paths: Iterable[Path]) -> Iterator[_Offer]:
        for path in paths:
            if path.is_dir():
                yield from (self._picture_offer(file, str(file)) for file in iter_image_files(path))
            elif path.suffix.lower() in IMAGE_SUFFIXES or not _looks_like_video(path):
                yield self._picture_offer(path, str(path))
            else:
                yield from self._video_offers(path)

    def _picture_offer(self, path: Path, what: str, *, is_once: bool = False) -> _Offer:
        return _Offer(what, lambda: self._reader.read(read_image(path), what), is_once)

    def _video_offers(self, path: Path) -> list[_Offer]:
        try:
            return [_Offer(read.face.source, _giving(read)) for read in faces_of_video(path, self._reader)]
        except (EnrolmentError, CaptureError) as exc:
            return [_Offer(str(path), _refusing(exc))]

    def _reader_of(self, picture: FacePicture) -> Callable[[], ReadFace]:
        what = f"{picture.source_id} at {picture.timestamp_s:.1f} s"
        return lambda: self._reader.read_detection(picture.pixels_rgb, picture.detection, what)

    def _find(self, name: str) -> Person | None:
        try:
            return self._store.find_person(name)
        except PersonNotFoundError:
            return None

    def _sources_of(self, name: str) -> frozenset[str]:
        person = self._find(name)
        return frozenset(f.source for f in self._store.faces_of(person.person_id)) if person else frozenset()

    def _vectors_of(self, person: Person | None) -> list[Float32Array]:
        if person is None:
            return []
        snapshot = self._gallery.index().snapshot
        return list(snapshot.vectors[snapshot.person_ids == person.person_id])


def _giving(read: ReadFace) -> Callable[[], ReadFace]:
    return lambda: read


def _refusing(error: FacerecError) -> Callable[[], ReadFace]:
    def refuse() -> ReadFace:
        raise error

    return refuse


def _refuse_duplicate(read: ReadFace, vectors: Sequence[Float32Array], what: str) -> None:
    if vectors and float(np.max(np.stack(vectors) @ read.embedding.vectors[0])) > _NEAR_DUPLICATE_COSINE:
        raise EnrolmentError(f"The face in {what} is the same picture as one that is enrolled; nothing new to learn.")


_VIDEO_SUFFIXES = frozenset({".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".3gp", ".ts"})


def _looks_like_video(path: Path) -> bool:
    return path.suffix.lower() in _VIDEO_SUFFIXES


def _people_of(root: Path) -> list[tuple[str, list[Path]]]:
    """Return folder names with their pictures; folders without any are left out."""
    if not root.is_dir():
        raise ConfigError(f"There is no folder {root}; give a folder that holds a folder of pictures for each person.")
    folders = sorted(entry for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    people = [(folder.name, list(iter_image_files(folder))) for folder in folders]
    people = [(name, files) for name, files in people if files]
    if not people:
        raise ConfigError(
            f"{root} holds no folder with pictures; put each person's pictures in a folder of their name."
        )
    return people
