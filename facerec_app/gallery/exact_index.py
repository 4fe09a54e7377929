"""The nearest enrolled faces by comparing with all of them."""

from __future__ import annotations

import numpy as np

from facerec_app.core.errors import ModelVersionMismatchError
from facerec_app.core.types import Candidates, Embeddings, Float32Array, GallerySnapshot, Int64Array

_BLOCK_VALUES = 4_000_000
"""Cosines held at a time (16 MB): a block of gallery rows is chosen so that probes times rows stay under it."""


class ExactIndex:
    """Cosines of probes with every enrolled face by one matrix product, exact by construction.

    Belongs to one snapshot and never changes; a new snapshot gets a new index, swapped in whole.
    """

    def __init__(self, snapshot: GallerySnapshot) -> None:
        self._snapshot = snapshot

    @property
    def snapshot(self) -> GallerySnapshot:
        return self._snapshot

    def nearest(self, probes: Embeddings, count: int) -> Candidates:
        """Return the ``min(count, G)`` nearest gallery faces of each probe by cosine, best first.

        Equal cosines are ordered by gallery row, so the answer does not depend on block sizes.

        Raises:
            ModelVersionMismatchError: probes and gallery come from different extractor versions.
        """
        check_versions(probes, self._snapshot)
        kept = max(0, min(count, len(self._snapshot)))
        if kept == 0 or len(probes) == 0:
            return Candidates(np.zeros((len(probes), kept), np.int64), np.zeros((len(probes), kept), np.float32))
        block = max(kept, _BLOCK_VALUES // len(probes))
        rows = np.zeros((len(probes), 0), np.int64)
        cosines = np.zeros((len(probes), 0), np.float32)
        for start in range(0, len(self._snapshot), block):
            products = probes.vectors @ self._snapshot.vectors[start : start + block].T
            block_rows, block_cosines = _best(np.asarray(products, np.float32), kept)
            rows = np.concatenate([rows, block_rows + start], axis=1)
            cosines = np.concatenate([cosines, block_cosines], axis=1)
        order = np.lexsort((rows, -cosines), axis=1)[:, :kept]
        return Candidates(
            np.take_along_axis(rows, order, axis=1),
            np.asarray(np.clip(np.take_along_axis(cosines, order, axis=1), -1.0, 1.0), np.float32),
        )


def _best(cosines: Float32Array, count: int) -> tuple[Int64Array, Float32Array]:
    """Return columns and values of the ``count`` largest values of each row, in no order."""
    if count >= cosines.shape[1]:
        columns = np.broadcast_to(np.arange(cosines.shape[1]), cosines.shape)
    else:
        columns = np.argpartition(cosines, cosines.shape[1] - count, axis=1)[:, -count:]
    return columns.astype(np.int64), np.take_along_axis(cosines, columns, axis=1)


def check_versions(probes: Embeddings, snapshot: GallerySnapshot) -> None:
    """Raise ``ModelVersionMismatchError`` if probes and gallery come from different extractor versions."""
    if probes.extractor_version != snapshot.extractor_version:
        raise ModelVersionMismatchError(
            f"A face was embedded by {probes.extractor_version} and the gallery by "
            f"{snapshot.extractor_version}; open the gallery again with one profile."
        )


def exact_cosines(probes: Float32Array, vectors: Float32Array, rows: Int64Array) -> Float32Array:
    """Return the cosines of N probes with chosen gallery rows.

    Args:
        probes: ``(N, D)``, unit length.
        vectors: ``(G, D)``, unit length.
        rows: ``(N, K)``.

    Returns:
        ``(N, K)`` float32.
    """
    cosines = np.einsum("nkd,nd->nk", vectors[rows], probes)
    return np.asarray(np.clip(cosines, -1.0, 1.0), np.float32)
