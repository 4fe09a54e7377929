"""How strongly a JPEG was compressed, read from its quantisation table."""

from __future__ import annotations

import io
from functools import cache

from PIL import Image, UnidentifiedImageError

_LUMINANCE = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
    87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip
"""ITU-T T.81 (the JPEG standard), table K.1."""


@cache
def _sums() -> tuple[int, ...]:
    """Return the sums of the table at quality 1 to 100; entries are whole numbers from 1 to 255."""
    scales = [200 - 2 * quality if quality >= 50 else 5000 // quality for quality in range(1, 101)]
    return tuple(sum(min(max((entry * scale + 50) // 100, 1), 255) for entry in _LUMINANCE) for scale in scales)


def jpeg_quality(data: bytes) -> float:
    """Return the quality, 1 to 100, on the scale of the Independent JPEG Group's library; NaN if it is no JPEG.

    The library multiplies the standard's table K.1 by ``S / 100`` with ``S = 200 - 2 Q`` from quality 50 on and
    ``5000 / Q`` below, cut to 255; the sum of the table in the file tells ``Q``, in whatever order it is stored. Tables
    of other encoders give the quality that compresses about as much. It is of the last compression only; earlier ones
    leave no table.
    """
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as picture:
            tables: dict[int, list[int]] = getattr(picture, "quantization", {})
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return float("nan")
    if 0 not in tables:
        return float("nan")
    stored = sum(tables[0])
    return float(min(range(1, 101), key=lambda quality: abs(_sums()[quality - 1] - stored)))
