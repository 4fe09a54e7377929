"""How strongly a JPEG was compressed, read from its quantisation table."""

from __future__ import annotations

import io

from PIL import Image, UnidentifiedImageError

_STANDARD_LUMINANCE_SUM = 3691
"""Sum of the luminance table of ITU-T T.81 (the JPEG standard), table K.1."""


def jpeg_quality(data: bytes) -> float:
    """Return the quality, 1 to 100, on the scale of the Independent JPEG Group's library; NaN if it is no JPEG.

    The library multiplies the standard's table K.1 by ``S / 100`` with ``S = 200 - 2 Q`` from quality 50 on and
    ``5000 / Q`` below; the sum of the table in the file gives ``S`` and so ``Q``. Tables of other encoders give the
    quality that compresses about as much. It is of the last compression only; earlier ones leave no table.
    """
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as picture:
            tables: dict[int, list[int]] = getattr(picture, "quantization", {})
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return float("nan")
    if 0 not in tables:
        return float("nan")
    scale = 100.0 * sum(tables[0]) / _STANDARD_LUMINANCE_SUM
    quality = (200.0 - scale) / 2 if scale <= 100.0 else 5000.0 / scale
    return float(min(max(quality, 1.0), 100.0))
