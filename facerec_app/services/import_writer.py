"""The one writer of an import: stores what was read, in order, a group of faces at a time."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from types import TracebackType

from facerec_app.core.errors import CaptureError, EnrolmentError, FacerecError, NearDuplicateError
from facerec_app.core.types import Float32Array, GallerySnapshot
from facerec_app.gallery.bulk_enrolment import AddedFace, BulkEnrolment
from facerec_app.gallery.prepared_face import PreparedFace
from facerec_app.gallery.records import Consent
from facerec_app.services.enrolment_report import EnrolmentReport, EnrolmentRow, ImportReport
from facerec_app.services.import_plan import ImportPlan
from facerec_app.services.near_duplicates import refuse_near_duplicate
from facerec_app.services.picture_reading import PictureRead
from facerec_app.services.progress import Progress, ProgressCallback

_GROUP_FACES = 64
_GROUP_S = 0.5
"""A group of faces is one transaction: as many faces or as much time as this, whichever comes first."""


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """A picture that waits to be stored: its person, and a face or the reason why there is none."""

    person: int
    source: str
    face: PreparedFace | None
    error: FacerecError | None


class ImportWriter:
    """Takes pictures in the order of a plan; leaving the ``with`` block stores what is left, also after an error.

    Progress is told of pictures only when their faces are safe on disk.

    Args:
        enrolment: where faces go.
        before: the gallery as it is, for telling pictures that are enrolled already.
        plan: what is imported.
        consent: recorded with new people.
        progress: units are pictures.
    """

    def __init__(
        self,
        enrolment: BulkEnrolment,
        before: GallerySnapshot,
        plan: ImportPlan,
        consent: Consent | None,
        progress: ProgressCallback,
    ) -> None:
        self._enrolment = enrolment
        self._plan = plan
        self._consent = consent
        self._progress = progress
        self._vectors = _vectors_by_key(before, plan)
        self._waiting: list[_Judged] = []
        self._taken = 0
        self._rows: list[list[EnrolmentRow]] = [[] for _ in plan.people]
        self._people: dict[str, tuple[str, str]] = {
            key: (known.person_id, known.name) for key, known in plan.known.items()
        }
        for number, person in enumerate(plan.people):
            if person.fault is not None:
                self._rows[number] = [EnrolmentRow(str(file), None, person.fault) for file in person.files]
        self._done = plan.total - len(plan.pictures)
        self._stored_at_s = time.monotonic()
        progress(Progress(self._done, plan.total))

    def __enter__(self) -> ImportWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._store()

    def take(self, read: PictureRead) -> None:
        """Judge the plan's next picture; it is stored with its group.

        Raises:
            FacerecError: what was met concerns more than this picture (a network that fails).
            GalleryError: the group cannot be stored; nothing of it was kept.
        """
        person = self._plan.person_of[self._taken]
        self._taken += 1
        if read.error is not None and not isinstance(read.error, EnrolmentError | CaptureError):
            raise read.error
        self._waiting.append(self._judged(person, read))
        if len(self._waiting) >= _GROUP_FACES or time.monotonic() - self._stored_at_s > _GROUP_S:
            self._store()

    def report(self, *, stopped: bool) -> ImportReport:
        """Return what became of every picture."""
        reports = [self._report_of(number) for number, rows in enumerate(self._rows) if rows or not stopped]
        seen = sum(row.face_id is not None or row.error is not None for rows in self._rows for row in rows)
        return ImportReport(tuple(reports), 0 if stopped else self._plan.total - seen, stopped)

    def _judged(self, person: int, read: PictureRead) -> _Judged:
        embedding = read.face.face.embedding if read.face is not None else None
        if embedding is None:
            return _Judged(person, read.source, None, read.error)
        vectors = self._vectors[self._plan.people[person].key]
        try:
            refuse_near_duplicate(vectors, embedding, read.source)
        except NearDuplicateError as exc:
            return _Judged(person, read.source, None, exc)
        vectors.append(embedding.vectors[0])
        return _Judged(person, read.source, read.face, None)

    def _store(self) -> None:
        """Store the faces that wait, then count them."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            faces = [(self._plan.people[one.person].name or "", one.face) for one in waiting if one.face is not None]
            added = iter(self._enrolment.add(faces, consent=self._consent) if faces else ())
            for one in waiting:
                self._count(one, next(added) if one.face is not None else None)
            self._done += len(waiting)
            self._progress(Progress(self._done, self._plan.total, waiting[-1].source))
        self._stored_at_s = time.monotonic()

    def _count(self, one: _Judged, added: AddedFace | None) -> None:
        if added is not None:
            self._people[self._plan.people[one.person].key] = (added.person_id, added.name)
        face_id = added.face_id if added is not None else None
        self._rows[one.person].append(EnrolmentRow(one.source, face_id, one.error))

    def _report_of(self, number: int) -> EnrolmentReport:
        person, rows = self._plan.people[number], tuple(self._rows[number])
        if person.name is None:
            return EnrolmentReport(person.folder_name, None, rows)
        person_id, name = self._people.get(person.key, (None, person.name))
        return EnrolmentReport(name, person_id, rows)


def _vectors_by_key(snapshot: GallerySnapshot, plan: ImportPlan) -> defaultdict[str, list[Float32Array]]:
    """Return the features of those enrolled people of whom pictures are to be read."""
    vectors: defaultdict[str, list[Float32Array]] = defaultdict(list)
    wanted = {plan.people[number].key for number in set(plan.person_of)}
    key_of = {plan.known[key].person_id: key for key in wanted if key in plan.known}
    if key_of:
        for row, person_id in enumerate(snapshot.person_ids.tolist()):
            if person_id in key_of:
                vectors[key_of[person_id]].append(snapshot.vectors[row])
    return vectors
