"""The gallery as recognition sees it: always the present state, always embedded by the extractor in use."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import numpy as np

from facerec_app.core.errors import FacerecError, GalleryReadError
from facerec_app.core.protocols import FaceAligner, FeatureExtractor, GalleryIndex
from facerec_app.core.types import Embeddings, GallerySnapshot
from facerec_app.gallery.compressed_index import CompressedIndex, compression_is_available
from facerec_app.gallery.exact_index import ExactIndex
from facerec_app.gallery.gallery_store import GalleryStore
from facerec_app.gallery.records import EnrolledFace
from facerec_app.inference.processor_threads import live_threads
from facerec_app.services.progress import CancelCheck, Progress, ProgressCallback, never_cancelled, no_progress

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
    """

    def __init__(self, store: GalleryStore, extractor: FeatureExtractor, aligner: FaceAligner) -> None:
        self.store = store
        self.compressed_from = COMPRESSED_FROM_FACES
        self._extractor = extractor
        self._aligner = aligner
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
                self._index = ExactIndex(snapshot)
                if len(snapshot) >= self.compressed_from and compression_is_available():
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
            index = CompressedIndex(snapshot, threads=live_threads(0))
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
        embedded = 0
        unreadable: list[GalleryReadError] = []
        for start in range(0, len(missing), _EMBED_BATCH):
            if cancelled():
                break
            progress(Progress(start, len(missing)))
            embedded += self._embed(missing[start : start + _EMBED_BATCH], unreadable)
        if missing:
            progress(Progress(len(missing), len(missing)))
        self._warn(unreadable)
        return embedded

    def _warn(self, unreadable: list[GalleryReadError]) -> None:
        """Say once for each set of lost pictures that their faces take no part."""
        lines = frozenset(str(exc) for exc in unreadable)
        if lines and lines != self._warned:
            more = f" ({len(lines) - 1} more like it)" if len(lines) > 1 else ""
            _LOGGER.warning("An enrolled face is left out of recognition: %s%s", unreadable[0], more)
        self._warned = lines

    def _embed(self, faces: tuple[EnrolledFace, ...], unreadable: list[GalleryReadError]) -> int:
        """Embed what can be read and return how many faces that were."""
        face_ids: list[str] = []
        vectors = []
        for face in faces:
            try:
                picture = self.store.read_picture(face.face_id)
            except GalleryReadError as exc:
                unreadable.append(exc)
                continue
            crops = self._aligner.align(picture, face.detections())
            vectors.append(self._extractor.embed(crops).vectors)
            face_ids.append(face.face_id)
        if face_ids:
            self.store.put_embeddings(face_ids, Embeddings(np.concatenate(vectors), self._extractor.version))
        return len(face_ids)
