"""The square of a picture that shows a face, for people to look at."""

from __future__ import annotations

from facerec_app.core.types import Float32Array, UInt8Array


def square_around(box_xyxy: Float32Array, margin: float = 0.35) -> tuple[float, float, float]:
    """Return (left, top, side) of a square around a face, in pixels of its picture.

    Args:
        box_xyxy: ``(4,)`` px.
        margin: how much larger than the box's longer side.
    """
    x0, y0, x1, y1 = (float(v) for v in box_xyxy)
    side = max(x1 - x0, y1 - y0) * (1.0 + margin)
    return (x0 + x1 - side) / 2, (y0 + y1 - side) / 2, side


def cut_face_square(pixels_rgb: UInt8Array, box_xyxy: Float32Array | None = None) -> UInt8Array:
    """Return a copy of the square of a picture around a face, or of its middle, ``(S, S, 3)`` uint8.

    Args:
        pixels_rgb: ``(H, W, 3)`` uint8.
        box_xyxy: ``(4,)`` px; the square is moved and made smaller as needed to lie inside the picture.
    """
    height, width = pixels_rgb.shape[:2]
    if box_xyxy is None:
        side = min(width, height)
        left, top = (width - side) // 2, (height - side) // 2
    else:
        x, y, wanted = square_around(box_xyxy)
        side = max(1, min(round(wanted), width, height))
        left = min(max(round(x), 0), width - side)
        top = min(max(round(y), 0), height - side)
    return pixels_rgb[top : top + side, left : left + side].copy()
