"""Which pictures of a folder are the same picture: byte for byte, pixel for pixel, or saved again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from facerec_app.core.types import BoolArray, Float32Array, Int64Array, UInt8Array
from facerec_app.evaluation.perceptual_hash import HASH_BITS, hash_distances

COPY_COSINE = 0.93
"""Cosine of the features of two faces from which they may be one picture."""
COPY_DISTANCE = 8
"""Bits of the aligned faces' perceptual hashes in which the two may differ. Among the training people of LFW, of 90
pictures compressed, halved, cut or brightened 95 % stay within 8 bits (cut and brightened: 90 %); of the 60 pairs of
one person most alike, the five within 8 bits and 0.93 are the same photographs, the others are not
(docs/datasets.md)."""
WHOLE_DISTANCE = 4
"""Bits in which the hashes of two whole pictures may differ if their faces have at least ``WHOLE_COSINE``. Of 700
training pictures compressed or scaled again, all stay within 2 bits; the eight pairs within 4 bits among all 7,600
training pictures are the same photographs (the next ones, at 6 bits, mostly are not)."""
WHOLE_COSINE = 0.5
_BLOCK = 512


class CopyKind(Enum):
    """In what way two pictures are the same."""

    BYTES = "same file"
    PIXELS = "same pixels"
    LOOKS = "nearly the same"


@dataclass(frozen=True, slots=True)
class PictureCopy:
    """Two pictures that are one; the second is the one to remove.

    Attributes:
        kept_row, copy_row: rows of what was looked at.
        kind: in what way they are the same.
        cosine: of their features; 1 where bytes or pixels are equal.
    """

    kept_row: int
    copy_row: int
    kind: CopyKind
    cosine: float


def find_copies(
    file_sha256: Sequence[str],
    pixels_sha256: Sequence[str],
    found: BoolArray,
    vectors: Float32Array,
    hashes: UInt8Array,
    picture_hashes: UInt8Array,
) -> tuple[PictureCopy, ...]:
    """Return every picture that is a copy of an earlier one, each once, with the strongest reason.

    Args:
        file_sha256: of each file's bytes.
        pixels_sha256: of each decoded picture; empty where it cannot be read.
        found: ``(N,)`` bool, whether a face was found.
        vectors: ``(N, D)`` float32, unit length where a face was found.
        hashes: ``(N, 8)`` uint8, of the aligned faces.
        picture_hashes: ``(N, 8)`` uint8, of the whole pictures.
    """
    copies = _equal(file_sha256, CopyKind.BYTES)
    taken = {copy.copy_row for copy in copies}
    equal_pixels = [copy for copy in _equal(pixels_sha256, CopyKind.PIXELS) if copy.copy_row not in taken]
    taken.update(copy.copy_row for copy in equal_pixels)
    rows = np.array([row for row in np.nonzero(found)[0].tolist() if row not in taken], np.int64)
    return (*copies, *equal_pixels, *_alike(rows, vectors, hashes, picture_hashes))


def copy_groups(count: int, copies: Sequence[PictureCopy]) -> Int64Array:
    """Return ``(N,)`` int64: the first row of the group of copies that each picture belongs to."""
    groups = np.arange(count, dtype=np.int64)
    for copy in sorted(copies, key=lambda copy: copy.copy_row):
        first, second = int(groups[copy.kept_row]), int(groups[copy.copy_row])
        groups[groups == max(first, second)] = min(first, second)
    return groups


def _equal(digests: Sequence[str], kind: CopyKind) -> list[PictureCopy]:
    first: dict[str, int] = {}
    copies = []
    for row, digest in enumerate(digests):
        if digest and first.setdefault(digest, row) != row:
            copies.append(PictureCopy(first[digest], row, kind, 1.0))
    return copies


def _alike(
    rows: Int64Array, vectors: Float32Array, hashes: UInt8Array, picture_hashes: UInt8Array
) -> list[PictureCopy]:
    best: dict[int, PictureCopy] = {}
    faces = vectors[rows]
    signs = np.unpackbits(picture_hashes[rows], axis=1).astype(np.float32) * 2.0 - 1.0
    for start in range(0, len(rows), _BLOCK):
        cosines = faces[start : start + _BLOCK] @ faces.T
        differing = (HASH_BITS - signs[start : start + _BLOCK] @ signs.T) / 2.0
        whole = (differing <= WHOLE_DISTANCE) & (cosines >= WHOLE_COSINE)
        lefts, rights = np.nonzero(whole | (cosines >= COPY_COSINE))
        later = rights > lefts + start
        lefts, rights = lefts[later], rights[later]
        near = hash_distances(hashes[rows[lefts + start]], hashes[rows[rights]]) <= COPY_DISTANCE
        near = (near & (cosines[lefts, rights] >= COPY_COSINE)) | whole[lefts, rights]
        for left, right in zip(lefts[near].tolist(), rights[near].tolist(), strict=True):
            copy = int(rows[right])
            cosine = min(float(cosines[left, right]), 1.0)
            if copy not in best or best[copy].cosine < cosine:
                best[copy] = PictureCopy(int(rows[left + start]), copy, CopyKind.LOOKS, cosine)
    return [best[row] for row in sorted(best)]
