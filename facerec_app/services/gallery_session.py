"""The gallery as recognition sees it: always the present state, always embedded by the extractor in use."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import closing

import numpy as np

from facerec_app.core.errors import FacerecError, GalleryReadError
from facerec_app.core.protocols import FaceAligner, FeatureExtractor, GalleryIndex
from facerec_app.core.types import Embeddings, GallerySnapshot
from facerec_app.gallery.compressed_index import CompressedIndex, compression_is_available
from facerec_app.gallery.exact_index import ExactIndex
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.records import EnrolledFace
from facerec_app.gallery.updated_index import carried_over
from facerec_app.inference.processor_threads import usable_cores
from facerec_app.services.bulk_parts import BulkParts
from facerec_app.services.progress import CancelCheck, Progress, ProgressCallback, never_cancelled, no_progress
from facerec_app.services.stored_face import EmbeddedRecord, StoredFace, embed_stored_faces, vector_of
from facerec_app.services.worker_pool import WorkerPool, run_in_order

_EMBED_BATCH = 16
COMPRESSED_FROM_FACES = 100_000
"""From here on the exact product takes longer than a video's frame rate allows (docs/speed.md)."""
_LOGGER = logging.getLogger(__name__)


class GallerySession:
    """Gives the nearest-neighbour index of the gallery's present state and tells who asked when it changes.

    Args:
        store: the gallery.
        extractor: of the profile in use.
        aligner: of the same profile, for embedding faces that were enrolled with another one.
        bulk: what worker processes run when very many faces have to be embedded; None does all of it in this process.
    """

    def __init__(
        self,
        store: GalleryStore,
        extractor: FeatureExtractor,
        aligner: FaceAligner,
        bulk: BulkParts | None = None,
    ) -> None:
        self.store = store
        self.compressed_from = COMPRESSED_FROM_FACES
        self._extractor = extractor
        self._aligner = aligner
        self._bulk = bulk
        self._lock = threading.Lock()
        self._index: GalleryIndex | None = None
        self._observers: list[Callable[[GalleryIndex], None]] = []
        self._warned: frozenset[str] = frozenset()

    def index(self) -> GalleryIndex:
        """Return the index of the present state; the same object until something changes.

        Raises:
            GalleryReadError: if the gallery is damaged.
        """
        with self._lock:
            snapshot = self.store.snapshot(self._extractor.version)
            if self._index is None or self._index.snapshot is not snapshot:
                carried = carried_over(self._index, snapshot)
                self._index = carried or ExactIndex(snapshot)
                if carried is None and len(snapshot) >= self.compressed_from and compression_is_available():
                    threading.Thread(target=self._compress, args=(snapshot,), name="compress-gallery").start()
            return self._index

    def observe(self, observer: Callable[[GalleryIndex], None]) -> None:
        """Call ``observer`` with the new index after every ``announce``, in the thread that announces."""
        self._observers.append(observer)

    def forget(self, observer: Callable[[GalleryIndex], None]) -> None:
        """Stop calling an observer."""
        self._observers.remove(observer)

    def announce(self) -> None:
        """Tell the observers that the gallery changed."""
        index = self.index()
        for observer in list(self._observers):
            observer(index)

    def _compress(self, snapshot: GallerySnapshot) -> None:
        """Put the compressed index in the exact one's place, unless the gallery has changed meanwhile."""
        try:
            index = CompressedIndex(snapshot, threads=max(1, usable_cores() // 2))
        except FacerecError:
            _LOGGER.exception("The gallery is searched uncompressed")
            return
        with self._lock:
            if self._index is None or self._index.snapshot is not snapshot:
                return
            self._index = index
        for observer in list(self._observers):
            observer(index)

    def embed_missing(
        self, *, progress: ProgressCallback = no_progress, cancelled: CancelCheck = never_cancelled
    ) -> int:
        """Embed the faces that this extractor has not seen yet and return how many it could embed.

        A face whose picture is missing or damaged is left out of recognition, with one line of warning that names it:
        one lost file must not keep everybody else from being recognised. What was embedded before a cancellation is
        kept.

        Raises:
            GalleryReadError: if the gallery itself is damaged.
            InferenceError: if the network fails.
        """
        self.index()  # reading them finds the stored ones that are damaged, which are then missing
        missing = self.store.missing_embeddings(self._extractor.version)
        if not missing:
            return 0
        pool = self._bulk.local_pool(len(missing)) if self._bulk is not None else None
        finished = False
        try:
            embedded, unreadable = self._embed_all(missing, pool, progress, cancelled)
            finished = not cancelled()
        finally:
            if pool is not None:
                pool.close(at_once=not finished)
        progress(Progress(len(missing), len(missing)))
        self._warn(unreadable)
        return embedded

    def _embed_all(
        self,
        missing: Sequence[EnrolledFace],
        pool: WorkerPool | None,
        progress: ProgressCallback,
        cancelled: CancelCheck,
    ) -> tuple[int, list[GalleryReadError]]:
        """Embed faces a batch at a time, each stored before the next, and return how many, and what is unreadable."""
        batches = [
            tuple(StoredFace.of(face) for face in missing[start : start + _EMBED_BATCH])
            for start in range(0, len(missing), _EMBED_BATCH)
        ]
        if pool is not None and self._bulk is not None:
            answers = run_in_order(pool, self._bulk.embed, batches, cancelled=cancelled)
        else:
            answers = self._embed_here(batches, cancelled)
        embedded = done = 0
        unreadable: list[GalleryReadError] = []
        progress(Progress(0, len(missing)))
        with closing(answers):
            for batch, records in zip(batches, answers, strict=False):  # fewer answers when cancelled
                embedded += self._keep(batch, records, unreadable)
                done += len(batch)
                progress(Progress(done, len(missing)))
        return embedded, unreadable

    def _embed_here(
        self, batches: Sequence[tuple[StoredFace, ...]], cancelled: CancelCheck
    ) -> Generator[list[EmbeddedRecord], None, None]:
        for batch in batches:
            if cancelled():
                return
            yield embed_stored_faces(self._aligner, self._extractor, batch)

    def _keep(
        self, batch: Sequence[StoredFace], records: Sequence[EmbeddedRecord], unreadable: list[GalleryReadError]
    ) -> int:
        """Store what was embedded and return how many faces that were."""
        face_ids, vectors = [], []
        for face, record in zip(batch, records, strict=True):
            try:
                vectors.append(vector_of(record, self._extractor.version))
            except GalleryReadError as exc:
                unreadable.append(exc)
                continue
            face_ids.append(face.face_id)
        if face_ids:
            self.store.put_embeddings(face_ids, Embeddings(np.stack(vectors), self._extractor.version))
        return len(face_ids)

    def _warn(self, unreadable: list[GalleryReadError]) -> None:
        """Say once for each set of lost pictures that their faces take no part."""
        lines = frozenset(str(exc) for exc in unreadable)
        if lines and lines != self._warned:
            more = f" ({len(lines) - 1} more like it)" if len(lines) > 1 else ""
            _LOGGER.warning("An enrolled face is left out of recognition: %s%s", unreadable[0], more)
        self._warned = lines
