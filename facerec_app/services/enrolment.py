"""Enrolling people: from pictures, videos, folders and the face in view."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facerec_app.capture.images import iter_image_files, read_image
from facerec_app.core.errors import (
    CaptureError,
    ConfigError,
    EnrolmentError,
    FacerecError,
    NearDuplicateError,
    NoFaceError,
    PersonNotFoundError,
)
from facerec_app.core.protocols import GalleryIndex
from facerec_app.core.types import Float32Array, UInt8Array
from facerec_app.core.validation import clean_person_name
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
from facerec_app.services.gallery_session import GallerySession
from facerec_app.services.lookalike_check import LookalikeCheck
from facerec_app.services.progress import CancelCheck, Progress, ProgressCallback, never_cancelled, no_progress
from facerec_app.services.video_people import VideoPeople, find_people_in_video, most_seen_person, spans_text

__all__ = ["EnrolmentReport", "EnrolmentRow", "EnrolmentService", "ImportReport", "PictureToEnrol", "is_video_file"]

_NEAR_DUPLICATE_COSINE = 0.985


@dataclass(frozen=True, slots=True)
class _Offer:
    """A picture offered for enrolment, read only when its turn comes.

    Attributes:
        what: its name, kept as the face's source.
        read: finds and judges the face.
        is_once: whether a picture of that name is the same picture and enrolled once only.
        insist: whether it is enrolled also if it is known as somebody else.
    """

    what: str
    read: Callable[[], ReadFace]
    is_once: bool = False
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
        lookalikes: finds faces that are enrolled as somebody else; None where the profile cannot tell.
    """

    def __init__(
        self,
        store: GalleryStore,
        reader: FaceReader,
        gallery: GallerySession,
        lookalikes: LookalikeCheck | None = None,
    ) -> None:
        self._store = store
        self._reader = reader
        self._gallery = gallery
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
        offers = [
            _Offer(what, self._reader_of_file(PictureToEnrol(file), what), is_once=True, insist=True)
            for file, what in named
            if what not in before
        ]
        return self._enrol(name, offers, _Work(consent, progress, cancelled))

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
                person, face_id = self._add(name, read, offer, work.consent)
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
        own = float(np.max(np.stack(vectors) @ read.embedding.vectors[0])) if vectors else -1.0
        if own > _NEAR_DUPLICATE_COSINE:
            raise NearDuplicateError(
                f"The face in {offer.what} is the same picture as one that is enrolled; nothing new to learn."
            )
        if self._lookalikes is not None and not offer.insist:
            person_id = person.person_id if person is not None else None
            self._lookalikes.refuse_other(read.embedding, index, person_id, own, offer.what)

    def _add(self, name: str, read: ReadFace, offer: _Offer, consent: Consent | None) -> tuple[Person, str | None]:
        """Add a face, and its person with the first; nothing if another program imported this picture meanwhile."""
        with self._store.transaction():  # a person is never left without a face
            person = self._find(name)
            if person is None:
                person = self._store.add_person(name, consent=consent)
            elif offer.is_once and any(f.source == offer.what for f in self._store.faces_of(person.person_id)):
                return person, None
            return person, self._store.add_face(person.person_id, read.face)

    def _offers(
        self, paths: Iterable[Path | PictureToEnrol], insist: bool, work: _Work, notes: list[str]
    ) -> Iterator[_Offer]:
        for given in paths:
            asked = given if isinstance(given, PictureToEnrol) else PictureToEnrol(given)
            path, forced = asked.path, insist or asked.insist
            if path.is_dir():
                for file in iter_image_files(path):
                    yield _Offer(str(file), self._reader_of_file(PictureToEnrol(file), str(file)), insist=forced)
            elif is_video_file(path):
                yield from self._video_offers(path, forced, work, notes)
            else:
                yield _Offer(str(path), self._reader_of_file(asked, str(path)), insist=forced)

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

    def _sources_of(self, name: str) -> frozenset[str]:
        person = self._find(name)
        return frozenset(f.source for f in self._store.faces_of(person.person_id)) if person else frozenset()


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
