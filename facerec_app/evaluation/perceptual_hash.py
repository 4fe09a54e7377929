"""A short code of how a face's picture looks, the same for copies that were saved, scaled or brightened again."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from facerec_app.core.types import Int64Array, UInt8Array

HASH_BYTES = 8
HASH_BITS = 8 * HASH_BYTES
_SIDE_PX = 32
_FREQUENCIES = 8


def perceptual_hashes(crops_rgb: Iterable[UInt8Array]) -> UInt8Array:
    """Return 64 bits for each picture: which low frequencies of its brightness are above their median.

    The usual pHash (Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010, section 3.1.1):
    the cosine transform of a 32x32 grey picture, its lowest 8x8 frequencies against their median, the mean left out.
    OpenCV's transform is all it takes; the package ImageHash computes the same and would bring SciPy and PyWavelets.

    Args:
        crops_rgb: N pictures, each ``(H, W, 3)`` uint8; of an aligned face, another cut or tilt of the picture that it
            comes from changes little.

    Returns:
        ``(N, 8)`` uint8.
    """
    codes = []
    for crop in crops_rgb:
        grey = cv2.cvtColor(np.ascontiguousarray(crop), cv2.COLOR_RGB2GRAY)
        small = cv2.resize(grey, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA).astype(np.float32)
        low = cv2.dct(small)[:_FREQUENCIES, :_FREQUENCIES].ravel()
        bits = low > np.median(low[1:])
        bits[0] = False
        codes.append(np.packbits(bits))
    return np.array(codes, np.uint8).reshape(-1, HASH_BYTES)


def hash_distances(left: UInt8Array, right: UInt8Array) -> Int64Array:
    """Return ``(N,)`` int64, how many of the 64 bits differ between rows of two ``(N, 8)`` uint8 arrays."""
    return np.asarray(np.unpackbits(left ^ right, axis=1).sum(axis=1), np.int64)
