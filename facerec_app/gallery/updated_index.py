"""A compressed index that goes on serving after faces were added and removed."""

from __future__ import annotations

import numpy as np

from facerec_app.core.types import Candidates, Embeddings, GallerySnapshot, Int64Array
from facerec_app.gallery.compressed_index import MANY_FACES, MANY_PROBES, CompressedIndex, looked_at
from facerec_app.gallery.exact_index import ExactIndex, check_versions, exact_cosines

MOST_ADDED = 20_000
"""Faces that are compared one by one beside the codes: half a millisecond; more, and new codes are made."""
MOST_REMOVED = 1_000
"""Rows of the codes that stand for nobody; so many more are looked at."""


class UpdatedIndex:
    """The codes of an earlier snapshot, without the faces that are gone, and the faces that came since, exactly.

    Belongs to one snapshot and never changes. Making it takes a fraction of the time of new codes.
    """

    def __init__(self, codes: CompressedIndex, snapshot: GallerySnapshot, row_of_code: Int64Array, added: int) -> None:
        """Carry codes over.

        Args:
            codes: of an earlier snapshot.
            snapshot: the present one.
            row_of_code: ``(C,)`` its row for each row of the codes, -1 where the face is gone.
            added: number of its rows, at the end, that the codes do not have.
        """
        self._codes = codes
        self._snapshot = snapshot
        self._row_of_code = row_of_code
        self._added = added
        self._gone = len(row_of_code) - (len(snapshot) - added)

    @property
    def snapshot(self) -> GallerySnapshot:
        return self._snapshot

    def nearest(self, probes: Embeddings, count: int) -> Candidates:
        """Return the ``min(count, G)`` nearest gallery faces of each probe by cosine, best first.

        Equal cosines are ordered by gallery row.

        Raises:
            ModelVersionMismatchError: probes and gallery come from different extractor versions.
        """
        check_versions(probes, self._snapshot)
        kept = max(0, min(count, len(self._snapshot)))
        if kept == 0 or len(probes) == 0:
            return Candidates(np.zeros((len(probes), kept), np.int64), np.zeros((len(probes), kept), np.float32))
        if len(probes) >= MANY_PROBES or kept > MANY_FACES:
            return ExactIndex(self._snapshot).nearest(probes, count)
        coded = self._row_of_code[self._codes.nearest_codes(probes.vectors, looked_at(kept) + self._gone)]
        new = np.broadcast_to(
            np.arange(len(self._snapshot) - self._added, len(self._snapshot)), (len(probes), self._added)
        )
        new_cosines = probes.vectors @ self._snapshot.vectors[len(self._snapshot) - self._added :].T
        cosines = np.where(coded >= 0, exact_cosines(probes.vectors, self._snapshot.vectors, coded), -np.inf)
        rows = np.concatenate([coded, new], axis=1)
        cosines = np.concatenate([cosines, np.clip(new_cosines, -1.0, 1.0)], axis=1).astype(np.float32)
        order = np.lexsort((rows, -cosines), axis=1)[:, :kept]
        return Candidates(np.take_along_axis(rows, order, axis=1), np.take_along_axis(cosines, order, axis=1))

    def carried_to(self, snapshot: GallerySnapshot) -> UpdatedIndex | None:
        """Return the index of a later snapshot, None if that did not come from this one or too much has changed."""
        return _carried(self._codes, self._snapshot, self._row_of_code, self._added, snapshot)


def carried_over(index: object, snapshot: GallerySnapshot) -> UpdatedIndex | None:
    """Return the index of a later snapshot from an earlier one's, None if everything has to be compressed anew."""
    if isinstance(index, UpdatedIndex):
        return index.carried_to(snapshot)
    if isinstance(index, CompressedIndex):
        same = np.arange(len(index.snapshot), dtype=np.int64)
        return _carried(index, index.snapshot, same, 0, snapshot)
    return None


def _carried(
    codes: CompressedIndex, base: GallerySnapshot, row_of_code: Int64Array, added: int, snapshot: GallerySnapshot
) -> UpdatedIndex | None:
    change = snapshot.change
    if change is None or change.base_revision != base.revision or snapshot.extractor_version != base.extractor_version:
        return None
    removed = change.removed_rows
    if len(removed):
        shift = np.searchsorted(removed, row_of_code)
        gone = (row_of_code < 0) | np.isin(row_of_code, removed)
        row_of_code = np.where(gone, -1, row_of_code - shift)
        added -= int((removed >= len(base) - added).sum())
    added += change.added
    if added > MOST_ADDED or len(row_of_code) - (len(snapshot) - added) > MOST_REMOVED:
        return None
    return UpdatedIndex(codes, snapshot, row_of_code, added)
