"""Enrolling people: from pictures, videos, folders and the face in view."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facerec_app.capture.images import is_folder, iter_image_files, read_image
from facerec_app.core.errors import (
    CaptureError,
    ConfigError,
    EnrolmentError,
    FacerecError,
    NoFaceError,
    PersonNotFoundError,
)
from facerec_app.core.protocols import GalleryIndex
from facerec_app.core.types import Float32Array, UInt8Array
from facerec_app.core.validation import clean_person_name, readable_path
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.records import Consent, Person
from facerec_app.pipeline.track_album import FacePicture
from facerec_app.services.enrolment_report import (
    EnrolmentReport,
    EnrolmentRow,
    ImportReport,
    PictureToEnrol,
    RowCallback,
    no_row,
)
from facerec_app.services.face_reader import FaceReader, ReadFace
from facerec_app.services.folder_import import FolderImport
from facerec_app.services.gallery_session import GallerySession
from facerec_app.services.lookalike_check import LookalikeCheck
from facerec_app.services.near_duplicates import refuse_near_duplicate
from facerec_app.services.progress import CancelCheck, Progress, ProgressCallback, never_cancelled, no_progress
from facerec_app.services.video_people import VideoPeople, find_people_in_video, most_seen_person, spans_text
from facerec_app.services.worker_pool import WorkerPool

__all__ = ["EnrolmentReport", "EnrolmentRow", "EnrolmentService", "ImportReport", "PictureToEnrol", "is_video_file"]


@dataclass(frozen=True, slots=True)
class _Offer:
    """A picture offered for enrolment, read only when its turn comes.

    Attributes:
        what: its name, kept as the face's source.
        read: finds and judges the face.
        insist: whether it is enrolled also if it is known as somebody else.
    """

    what: str
    read: Callable[[], ReadFace]
    insist: bool = False


@dataclass(frozen=True, slots=True)
class _Work:
    """How a request is to be carried out."""

    consent: Consent | None = None
    progress: ProgressCallback = no_progress
    cancelled: CancelCheck = never_cancelled
    on_row: RowCallback = no_row


class EnrolmentService:
    """Adds faces to the gallery, each behind the quality gate.

    A person is created with their first good face, so a request without any leaves nothing behind. A name that is
    enrolled already gets the new faces added.

    Args:
        store: where faces go.
        reader: finds and judges them.
        gallery: is told of changes.
        importer: enrols folders of people.
        lookalikes: finds faces that are enrolled as somebody else; None where the profile cannot tell.
    """

    def __init__(
        self,
        store: GalleryStore,
        reader: FaceReader,
        gallery: GallerySession,
        importer: FolderImport,
        lookalikes: LookalikeCheck | None = None,
    ) -> None:
        self._store = store
        self._reader = reader
        self._gallery = gallery
        self._import = importer
        self._lookalikes = lookalikes

    def enrol_files(
        self,
        name: str,
        paths: Sequence[Path | PictureToEnrol],
        *,
        consent: Consent | None = None,
        insist: bool = False,
        progress: ProgressCallback = no_progress,
        cancelled: CancelCheck = never_cancelled,
        on_row: RowCallback = no_row,
    ) -> EnrolmentReport:
        """Enrol a person from pictures, folders of pictures and videos.

        Of a video, the person it shows most is enrolled; the report's notes say if others were there.

        Args:
            name: of the person.
            paths: files and folders.
            consent: recorded with a new person.
            insist: enrol also what is known as somebody else.
            progress: units are pictures.
            cancelled: asked between pictures.
            on_row: hears of each picture as soon as it is judged, in the calling thread.

        Raises:
            ConfigError: if the name cannot be used, or nothing was given.
            GalleryError: if the gallery cannot be read or written.
        """
        clean = clean_person_name(name)
        work = _Work(consent, progress, cancelled, on_row)
        notes: list[str] = []
        offers = list(self._offers(paths, insist, work, notes))
        if not offers and not cancelled():
            raise ConfigError(f"No pictures were given for {clean}; name pictures, videos or folders that hold some.")
        report = self._enrol(clean, offers, work)
        self._gallery.announce()
        return replace(report, notes=tuple(notes))

    def enrol_faces(
        self,
        name: str,
        faces: Sequence[ReadFace],
        *,
        consent: Consent | None = None,
        insist: bool = False,
        on_row: RowCallback = no_row,
    ) -> EnrolmentReport:
        """Enrol faces that were read before, such as those of one person of a video.

        Raises:
            ConfigError: if the name cannot be used.
            GalleryError: if the gallery cannot be read or written.
        """
        clean = clean_person_name(name)
        offers = [_Offer(read.face.source, _giving(read), insist=insist) for read in faces]
        report = self._enrol(clean, offers, _Work(consent, on_row=on_row))
        self._gallery.announce()
        return report

    def people_of_video(
        self, path: Path, *, progress: ProgressCallback = no_progress, cancelled: CancelCheck = never_cancelled
    ) -> VideoPeople:
        """Search a video for faces, grouped by person; see ``find_people_in_video``.

        Raises:
            SourceOpenError: if the file is no video.
        """
        return find_people_in_video(path, self._reader, progress=progress, cancelled=cancelled)

    def faces_in(self, path: Path) -> tuple[UInt8Array, Float32Array]:
        """Return a picture, ``(H, W, 3)`` uint8, and the boxes of all faces found in it, ``(N, 4)`` px.

        Raises:
            UnreadableImageError: if the file is no picture.
        """
        pixels_rgb = read_image(path)
        return pixels_rgb, self._reader.faces(pixels_rgb).boxes_xyxy

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
            # Who names a face in view sees it and what it was taken for.
            _Offer(f"{picture.source_id} at {picture.timestamp_s:.1f} s", self._reader_of(picture), insist=True)
            for picture in pictures
        ]
        report = self._enrol(clean, offers, _Work(consent))
        self._gallery.announce()
        return report

    def import_folder(
        self,
        root: Path,
        *,
        consent: Consent | None = None,
        progress: ProgressCallback = no_progress,
        cancelled: CancelCheck = never_cancelled,
        pool: WorkerPool | None = None,
    ) -> ImportReport:
        """Enrol a folder that holds a folder a person, named after them ("Ada_Lovelace" becomes "Ada Lovelace").

        Pictures that were imported before are passed over, so an interrupted import goes on where it stopped.

        Args:
            root: the folder.
            consent: recorded with new people.
            progress: units are pictures; what it counts survives a kill.
            cancelled: asked several times a second.
            pool: who reads the pictures; None takes this computer's processes where that is faster.

        Raises:
            WorkersError: if a worker was lost or answered wrongly; what was enrolled before is kept.
            ConfigError: if there is no such folder or it holds no folder with pictures.
            GalleryError: if the gallery cannot be read or written; what was enrolled before is kept.
        """
        report = self._import.run(root, consent=consent, progress=progress, cancelled=cancelled, pool=pool)
        self._gallery.announce()
        return report

    def _enrol(self, name: str, offers: Sequence[_Offer], work: _Work) -> EnrolmentReport:
        person, index = self._find(name), self._gallery.index()
        vectors = _vectors_of(person, index)
        rows: list[EnrolmentRow] = []
        for number, offer in enumerate(offers):
            if work.cancelled():
                break
            work.progress(Progress(number, len(offers), Path(offer.what).name))
            try:
                read = offer.read()
                self._check(read, offer, vectors, person, index)
            except (EnrolmentError, CaptureError) as exc:
                rows.append(EnrolmentRow(offer.what, None, exc))
            else:
                person, face_id = self._add(name, read, work.consent)
                rows.append(EnrolmentRow(offer.what, face_id, None))
                vectors.append(read.embedding.vectors[0])
            work.on_row(rows[-1])
        work.progress(Progress(len(rows), len(offers)))
        return EnrolmentReport(person.name if person else name, person.person_id if person else None, tuple(rows))

    def _check(
        self,
        read: ReadFace,
        offer: _Offer,
        vectors: Sequence[Float32Array],
        person: Person | None,
        index: GalleryIndex,
    ) -> None:
        """Refuse what is enrolled already, as this person or as another.

        Raises:
            NearDuplicateError, AlreadyEnrolledError: as the message says.
        """
        own = refuse_near_duplicate(vectors, read.embedding, offer.what)
        if self._lookalikes is not None and not offer.insist:
            person_id = person.person_id if person is not None else None
            self._lookalikes.refuse_other(read.embedding, index, person_id, own, offer.what)

    def _add(self, name: str, read: ReadFace, consent: Consent | None) -> tuple[Person, str]:
        """Add a face, and its person with the first."""
        with self._store.transaction():  # a person is never left without a face
            person = self._find(name)
            if person is None:
                person = self._store.add_person(name, consent=consent)
            return person, self._store.add_face(person.person_id, read.face)

    def _offers(
        self, paths: Iterable[Path | PictureToEnrol], insist: bool, work: _Work, notes: list[str]
    ) -> Iterator[_Offer]:
        for given in paths:
            asked = given if isinstance(given, PictureToEnrol) else PictureToEnrol(given)
            path, forced = asked.path, insist or asked.insist
            if is_folder(path):
                for file in iter_image_files(path):
                    what = readable_path(file)
                    yield _Offer(what, self._reader_of_file(PictureToEnrol(file), what), insist=forced)
            elif is_video_file(path):
                yield from self._video_offers(path, forced, work, notes)
            else:
                what = readable_path(path)
                yield _Offer(what, self._reader_of_file(asked, what), insist=forced)

    def _reader_of_file(self, asked: PictureToEnrol, what: str) -> Callable[[], ReadFace]:
        def read() -> ReadFace:
            pixels_rgb = read_image(asked.path)
            if asked.box_xyxy is None:
                return self._reader.read(pixels_rgb, what)
            return self._reader.read_box(pixels_rgb, np.array(asked.box_xyxy, np.float32), what)

        return read

    def _video_offers(self, path: Path, insist: bool, work: _Work, notes: list[str]) -> list[_Offer]:
        """Return the looks at the person whom a video shows most."""
        try:
            found = self.people_of_video(path, progress=work.progress, cancelled=work.cancelled)
            if found.cancelled:
                return []
            chosen = most_seen_person(found)
        except (EnrolmentError, CaptureError) as exc:
            return [_Offer(str(path), _refusing(exc))]
        others = found.people[1:]
        if others:
            who = "1 other person was" if len(others) == 1 else f"{len(others)} others were"
            seen = f" (seen {spans_text(others[0])})" if len(others) == 1 else ""
            notes.append(f"{who} in {path.name}{seen}; the one seen most, {spans_text(chosen)}, was taken.")
        return [_Offer(read.face.source, _giving(read), insist=insist) for read in chosen.pictures]

    def _reader_of(self, picture: FacePicture) -> Callable[[], ReadFace]:
        what = f"{picture.source_id} at {picture.timestamp_s:.1f} s"
        return lambda: self._reader.read_detection(picture.pixels_rgb, picture.detection, what)

    def _find(self, name: str) -> Person | None:
        try:
            return self._store.find_person(name)
        except PersonNotFoundError:
            return None


def _vectors_of(person: Person | None, index: GalleryIndex) -> list[Float32Array]:
    if person is None:
        return []
    snapshot = index.snapshot
    return list(snapshot.vectors[snapshot.person_ids == person.person_id])


def _giving(read: ReadFace) -> Callable[[], ReadFace]:
    return lambda: read


def _refusing(error: FacerecError) -> Callable[[], ReadFace]:
    def refuse() -> ReadFace:
        raise error

    return refuse


_VIDEO_SUFFIXES = frozenset({".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".3gp", ".ts"})


def is_video_file(path: Path) -> bool:
    """Return whether a file's name says that it is a video."""
    return path.suffix.lower() in _VIDEO_SUFFIXES
