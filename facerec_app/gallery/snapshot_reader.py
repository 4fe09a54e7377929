"""Reading the gallery into a snapshot: whole, or the last one with what has changed since."""

from __future__ import annotations

import logging
import secrets
import sqlite3
import threading
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from facerec_app.core.errors import GalleryError
from facerec_app.core.types import Float32Array, GalleryChange, GallerySnapshot
from facerec_app.gallery import embedding_rows, people_rows, schema
from facerec_app.gallery.gallery_database import GalleryDatabase
from facerec_app.gallery.name_rejections import select_vectors
from facerec_app.gallery.own_changes import OwnChanges, own_changes_since

_LOGGER = logging.getLogger(__name__)
UPDATED_FROM_FACES = 20_000
"""Smaller galleries are read in less time than anybody notices."""
COPIED_FROM_FACES = 50_000
"""Reading so many rows takes half a second; smaller galleries need no mapped copy."""
_MOST_UPDATES = 64


class SnapshotReader:
    """Keeps the last snapshot and brings it up to date.

    In a large gallery to which this program itself added a few faces, or of which it removed or changed some, only
    those are read; changed ones go to the end. Whatever else happened, everything is read: from the mapped copy of the
    last close (``snapshot_file``) if that is of this state, else row by row.
    """

    def __init__(self, database: GalleryDatabase) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._kept: GallerySnapshot | None = None
        self._mark = 0
        self._copied: int | None = None  # revision that the copy on disk is known to be of
        self.updated_from = UPDATED_FROM_FACES
        self.copied_from = COPIED_FROM_FACES

    def snapshot(self, extractor_version: str) -> GallerySnapshot:
        """Return the active faces that have an embedding of this version, as they are at this moment.

        Damaged embeddings are left out and forgotten, so that they are computed again.
        """
        with self._lock:
            snapshot, damaged, mark = self._read(extractor_version)
            if damaged:
                self._kept = None
                self._forget_embeddings(damaged, extractor_version)
            else:
                self._kept, self._mark = snapshot, mark
            self._database.forget_own_changes(self._mark)
            return snapshot

    def _read(self, extractor_version: str) -> tuple[GallerySnapshot, list[str], int]:
        with self._database.read() as connection:
            revision = schema.revision(connection)
            kept = self._kept
            fits = kept is not None and kept.extractor_version == extractor_version
            if kept is not None and fits and kept.revision == revision:
                return kept, [], self._mark
            changes = own_changes_since(connection, self._mark)
            few = len(changes.new_ids) + len(changes.other_ids) <= _MOST_UPDATES
            own = kept is not None and fits and kept.revision + changes.revisions == revision
            base = kept if own and few and kept is not None and len(kept) >= self.updated_from else None
            wanted = None if base is None else [*changes.new_ids, *changes.other_ids]
            vectors, person_ids, face_ids, damaged = self._rows(connection, extractor_version, revision, wanted)
            rejected, rejected_ids, _ = select_vectors(connection, extractor_version)
            names = MappingProxyType(people_rows.names_by_id(connection))
        snapshot = GallerySnapshot(
            vectors,
            person_ids,
            face_ids,
            extractor_version,
            revision,
            names,
            rejected,
            rejected_ids,
        )
        if base is not None and not damaged:
            snapshot = _updated(base, snapshot, changes)
        elif base is not None:
            return base, damaged, changes.mark
        snapshot.vectors.setflags(write=False)
        return snapshot, damaged, changes.mark

    def _rows(
        self, connection: sqlite3.Connection, extractor_version: str, revision: int, wanted: list[str] | None
    ) -> tuple[Float32Array, npt.NDArray[np.str_], npt.NDArray[np.str_], list[str]]:
        """Return vectors, people and identifiers of some faces or of all, and the faces whose vector is damaged."""
        if wanted is None:
            copied = self._database.snapshot_file.load(extractor_version, revision, schema.snapshot_token(connection))
            if copied is not None:
                self._copied = revision
                return copied.vectors, copied.person_ids, copied.face_ids, []
        face_ids, person_ids, vectors, damaged = embedding_rows.select_active(connection, extractor_version, wanted)
        return vectors, np.array(person_ids, dtype=np.str_), np.array(face_ids, dtype=np.str_), damaged

    def keep_copy(self) -> bool:
        """Write the mapped copy of the last snapshot, if the gallery is large and has not changed since; tell whether.

        A copy that cannot be written is only missed at the next start, so that is a line in the log.
        """
        with self._lock:
            kept, file = self._kept, self._database.snapshot_file
            if kept is None or len(kept) < self.copied_from or (kept.revision == self._copied and file.exists()):
                return False
            token = 1 + secrets.randbelow(1 << 62)
            try:
                stream = self._database.begin_copy(kept.revision, token)
                if stream is None:
                    return False
                file.finish(stream, kept, token)
            except (OSError, ValueError, GalleryError) as exc:
                _LOGGER.info("The next start reads the gallery face by face: %s", exc)
                return False
            self._copied = kept.revision
            return True

    def _forget_embeddings(self, face_ids: list[str], extractor_version: str) -> None:
        _LOGGER.warning("%d stored embeddings are damaged and will be computed again", len(face_ids))
        with self._database.write() as connection:
            embedding_rows.delete_embeddings(connection, face_ids, extractor_version)


def _updated(base: GallerySnapshot, read: GallerySnapshot, changes: OwnChanges) -> GallerySnapshot:
    """Return a snapshot without the rows of changed faces and with what was read of them at its end.

    Args:
        base: the last snapshot.
        read: the changed faces alone, with everything else as it is now.
        changes: what was changed.
    """
    gone = [row for face_id in changes.other_ids for row in np.flatnonzero(base.face_ids == face_id).tolist()]
    removed = np.array(sorted(gone), np.int64)
    before: Float32Array = np.delete(base.vectors, removed, axis=0) if len(removed) else base.vectors
    person_ids = np.delete(base.person_ids, removed) if len(removed) else base.person_ids
    face_ids = np.delete(base.face_ids, removed) if len(removed) else base.face_ids
    added = len(read)
    return GallerySnapshot(
        np.concatenate([before, read.vectors]) if added else before,
        np.concatenate([person_ids, read.person_ids]) if added else person_ids,
        np.concatenate([face_ids, read.face_ids]) if added else face_ids,
        read.extractor_version,
        read.revision,
        read.names,
        read.rejected_vectors,
        read.rejected_person_ids,
        GalleryChange(base.revision, removed, added),
    )
