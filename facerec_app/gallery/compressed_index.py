"""The nearest of very many enrolled faces: all of them at eight bits a value, the best again exactly."""

from __future__ import annotations

from typing import Any

import numpy as np

from facerec_app.core.errors import ConfigError, GalleryError
from facerec_app.core.types import Candidates, Embeddings, Float32Array, GallerySnapshot, Int64Array
from facerec_app.gallery.exact_index import ExactIndex, check_versions, exact_cosines

RERANKED_SHARE = 2
RERANKED_LEAST = 32
"""How many faces are compared again exactly: twice what was asked for, at least 32 (docs/adr/0007)."""
MANY_PROBES = 16
"""From so many probes on, one product of all of them takes less time than each by the codes (docs/adr/0007)."""
MANY_FACES = 512
"""Where more are asked for, the exact product takes less than comparing so many again."""
_TRAINING_ROWS = 100_000
_ADDED_ROWS = 65_536


def looked_at(count: int) -> int:
    """Return how many faces are compared exactly when so many are asked for."""
    return max(RERANKED_SHARE * count, RERANKED_LEAST)


def compression_is_available() -> bool:
    """Return whether the library for very large galleries is installed (the extra ``large``)."""
    from importlib.util import find_spec

    return find_spec("faiss") is not None


class CompressedIndex:
    """Compares a probe with every face at a quarter of the memory and a fraction of the time of the exact product.

    Each of a vector's values becomes eight bits of its own range (faiss' ``IndexScalarQuantizer``; Douze et al., "The
    Faiss library", 2024), and the best faces by these codes are ranked by their exact cosines. No face is passed over,
    as in a graph or a list of cells, which lose one neighbour in ten among faces (docs/adr/0007): recall at 10 against
    the exact index is above 0.999.

    Belongs to one snapshot and never changes. Making it takes a third of a second for a million faces.
    """

    def __init__(self, snapshot: GallerySnapshot, *, threads: int = 1) -> None:
        """Compress a gallery.

        Args:
            snapshot: the gallery.
            threads: processor threads of one search.

        Raises:
            ConfigError: the library is not installed.
            GalleryError: it fails.
        """
        self._snapshot = snapshot
        self._faiss = _library()
        self._threads = threads
        try:
            self._codes = self._compress(snapshot.vectors)
        except RuntimeError as exc:
            raise GalleryError(
                f"The gallery of {len(snapshot)} faces cannot be compressed for searching: {exc}."
            ) from exc

    @property
    def snapshot(self) -> GallerySnapshot:
        return self._snapshot

    @property
    def code_bytes(self) -> int:
        """Memory of the codes, beside the vectors of the snapshot."""
        return int(self._codes.sa_code_size()) * len(self._snapshot)

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
        rows = np.sort(self.nearest_codes(probes.vectors, looked_at(kept)), axis=1)
        cosines = exact_cosines(probes.vectors, self._snapshot.vectors, rows)
        order = np.lexsort((rows, -cosines), axis=1)[:, :kept]
        return Candidates(np.take_along_axis(rows, order, axis=1), np.take_along_axis(cosines, order, axis=1))

    def nearest_codes(self, vectors: Float32Array, count: int) -> Int64Array:
        """Return ``(N, min(count, G))`` rows that are nearest to vectors by the codes alone."""
        self._faiss.omp_set_num_threads(self._threads)  # of this thread; the library's default is every core
        found = self._codes.search(np.ascontiguousarray(vectors), min(count, len(self._snapshot)))[1]
        return np.asarray(found, np.int64)

    def _compress(self, vectors: Float32Array) -> Any:
        """Return the library's index of all rows; ranges are taken from rows spread over the gallery."""
        kind = self._faiss.ScalarQuantizer.QT_8bit
        codes = self._faiss.IndexScalarQuantizer(vectors.shape[1], kind, self._faiss.METRIC_INNER_PRODUCT)
        if not len(vectors):
            return codes
        step = max(1, len(vectors) // _TRAINING_ROWS)
        codes.train(np.ascontiguousarray(vectors[::step]))
        for start in range(0, len(vectors), _ADDED_ROWS):  # in parts: a mapped gallery is not copied whole
            codes.add(np.ascontiguousarray(vectors[start : start + _ADDED_ROWS]))
        return codes


def _library() -> Any:
    try:
        import faiss
    except ImportError as exc:
        raise ConfigError(
            "Very large galleries need the library faiss; install it with: pip install faiss-cpu."
        ) from exc
    return faiss
