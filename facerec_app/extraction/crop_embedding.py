"""What all extractors do with crops: batches, mirror averaging, unit length."""

from __future__ import annotations

import numpy as np

from facerec_app.core.errors import InferenceError
from facerec_app.core.protocols import InferenceSession
from facerec_app.core.types import Embeddings, FaceCrops, Float32Array, UInt8Array

MAX_BATCH = 16
"""Larger batches are no faster per face on two cores and take more memory (docs/adr/0001-runtime.md)."""


def embed_crops(
    session: InferenceSession,
    crops: FaceCrops,
    *,
    size_px: int,
    dimension: int,
    mirror: bool,
    version: str,
    output: int = 0,
) -> Embeddings:
    """Return one unit-length embedding per crop.

    Args:
        session: takes ``(B, S, S, 3)`` uint8 RGB and returns ``(B, D)`` float32.
        crops: N aligned crops.
        size_px: S.
        dimension: D.
        mirror: add the vector of the mirrored crop before the length is made one; costs twice.
        version: of the extractor.
        output: which of the network's outputs holds the vectors.

    Returns:
        ``(N, D)`` float32; N = 0 returns an empty result without running the network.

    Raises:
        InferenceError: if the crops have another size, the network fails, or a vector has no length.
    """
    if not len(crops):
        return Embeddings(np.zeros((0, dimension), np.float32), version, np.zeros(0, np.float32))
    pixels = crops.pixels_rgb
    if pixels.shape[1:] != (size_px, size_px, 3):
        raise InferenceError(
            f"The extractor {version} takes crops of {size_px}x{size_px} px but was given {pixels.shape[1:]}; "
            "use the aligner of its profile."
        )
    if mirror:
        # One batch: a single face of a large network takes as long as reading its weights does (docs/speed.md).
        both = _run_in_batches(session, np.concatenate([pixels, pixels[:, :, ::-1]]), output)
        vectors = both[: len(pixels)] + both[len(pixels) :]
    else:
        vectors = _run_in_batches(session, pixels, output)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not (lengths > 1e-6).all():
        raise InferenceError(f"The extractor {version} returned a vector without length; run 'facerec models check'.")
    return Embeddings(np.asarray(vectors / lengths, np.float32), version, np.asarray(lengths[:, 0], np.float32))


def _run_in_batches(session: InferenceSession, pixels_rgb: UInt8Array, output: int) -> Float32Array:
    starts = range(0, len(pixels_rgb), MAX_BATCH)
    return np.concatenate([session.run(pixels_rgb[start : start + MAX_BATCH])[output] for start in starts])
