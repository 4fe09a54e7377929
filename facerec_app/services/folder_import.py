"""Importing a folder of people: workers read pictures, one writer stores the faces in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from facerec_app.capture.images import read_image_file
from facerec_app.core.errors import UnreadableImageError
from facerec_app.gallery.bulk_enrolment import BulkEnrolment
from facerec_app.gallery.records import Consent
from facerec_app.services.bulk_parts import BulkParts
from facerec_app.services.enrolment_report import ImportReport
from facerec_app.services.face_reader import FaceReader
from facerec_app.services.gallery_session import GallerySession
from facerec_app.services.import_plan import ImportPlan, plan_import
from facerec_app.services.import_writer import ImportWriter
from facerec_app.services.picture_reading import PictureRead, PictureToRead, read_pictures
from facerec_app.services.picture_record import picture_reads_of
from facerec_app.services.progress import CancelCheck, ProgressCallback, never_cancelled, no_progress
from facerec_app.services.worker_pool import WorkerPool, run_in_order

_PICTURES_A_JOB = 4
_Job = tuple[PictureToRead, ...]


class FolderImport:
    """Enrols a folder that holds a folder a person.

    Whoever reads the pictures (this process, its worker processes or a cluster), the faces enrolled and the report are
    the same: pictures are judged one by one, and compared with one another and stored in their order by one writer.

    Args:
        enrolment: where faces go.
        gallery: the people who are there before.
        reader: reads pictures in this process.
        bulk: what workers run.
    """

    def __init__(self, enrolment: BulkEnrolment, gallery: GallerySession, reader: FaceReader, bulk: BulkParts) -> None:
        self._enrolment = enrolment
        self._gallery = gallery
        self._reader = reader
        self._bulk = bulk

    def run(
        self,
        root: Path,
        *,
        consent: Consent | None = None,
        progress: ProgressCallback = no_progress,
        cancelled: CancelCheck = never_cancelled,
        pool: WorkerPool | None = None,
    ) -> ImportReport:
        """Enrol everybody; pictures that were imported before are passed over.

        Args:
            root: the folder.
            consent: recorded with new people.
            progress: units are pictures; what it counts survives a kill.
            cancelled: asked several times a second.
            pool: who reads; None takes this computer's processes where that is faster. A given pool stays open.

        Raises:
            ConfigError: if there is no such folder or it holds no folder with pictures.
            GalleryError: if the gallery cannot be read or written; what was enrolled before is kept.
            WorkersError: if a worker was lost or answered wrongly; likewise.
        """
        plan = plan_import(root, self._enrolment.known_people())
        writer = ImportWriter(self._enrolment, self._gallery.index().snapshot, plan, consent, progress)
        own = self._bulk.local_pool(len(plan.pictures)) if pool is None else None
        finished = False
        try:
            with writer, closing(self._reads(plan, pool or own, cancelled)) as reads:
                for read in reads:
                    writer.take(read)
            finished = not cancelled()
        finally:
            if own is not None:
                own.close(at_once=not finished)
        return writer.report(stopped=cancelled())

    def _reads(
        self, plan: ImportPlan, pool: WorkerPool | None, cancelled: CancelCheck
    ) -> Generator[PictureRead, None, None]:
        """Yield what every picture of a plan holds, in order."""
        if pool is None:
            for picture in plan.pictures:
                if cancelled():
                    return
                yield from read_pictures(self._reader, [picture])
            return
        version = self._reader.extractor.version
        asked: deque[list[tuple[str, UnreadableImageError | None]]] = deque()
        jobs = _jobs_of(plan, asked, with_content=not pool.sees_files)
        for records in run_in_order(pool, self._bulk.read, jobs, cancelled=cancelled):
            pictures = asked.popleft()
            sources = [source for source, fault in pictures if fault is None]
            answers = iter(picture_reads_of(records, sources, version))
            for source, fault in pictures:
                yield next(answers) if fault is None else PictureRead(source, None, fault)


def _jobs_of(
    plan: ImportPlan, asked: deque[list[tuple[str, UnreadableImageError | None]]], *, with_content: bool
) -> Iterator[_Job]:
    """Yield what is handed to workers, and note for each job its sources and those that cannot be sent."""
    for start in range(0, len(plan.pictures), _PICTURES_A_JOB):
        pictures = plan.pictures[start : start + _PICTURES_A_JOB]
        noted: list[tuple[str, UnreadableImageError | None]] = []
        job: list[PictureToRead] = []
        for picture in pictures:
            try:
                job.append(replace(picture, content=read_image_file(picture.file)) if with_content else picture)
                noted.append((picture.source, None))
            except UnreadableImageError as exc:
                noted.append((picture.source, exc))
        asked.append(noted)
        yield tuple(job)
