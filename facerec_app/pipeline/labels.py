"""Text on pictures, in any script that the machine has a font for."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from facerec_app.core.types import UInt8Array

# Tried in order; Pillow looks in the system's font folders. Its own built-in font covers Latin scripts.
_FONT_FILES = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "arialuni.ttf", "Arial Unicode.ttf", "segoeui.ttf")
_PADDING_PX = 4


@lru_cache(maxsize=8)
def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    for name in _FONT_FILES:
        try:
            return ImageFont.truetype(name, size_px)
        except OSError:
            continue
    return ImageFont.load_default(size_px)


@lru_cache(maxsize=512)
def text_picture(text: str, size_px: int, text_rgb: tuple[int, int, int], back_rgb: tuple[int, int, int]) -> UInt8Array:
    """Return ``(h, w, 3)`` uint8: the text on a plain ground with a small padding; cached, never write to it."""
    font = _font(size_px)
    left, _, right, _ = font.getbbox(text)
    top, bottom = font.getbbox("Ág")[1], font.getbbox("Ág")[3]
    width = int(np.ceil(right - left)) + 2 * _PADDING_PX
    height = int(np.ceil(bottom - top)) + 2 * _PADDING_PX
    image = Image.new("RGB", (width, height), back_rgb)
    ImageDraw.Draw(image).text((_PADDING_PX - left, _PADDING_PX - top), text, fill=text_rgb, font=font)
    return np.asarray(image, np.uint8)


def paste(picture_rgb: UInt8Array, patch_rgb: UInt8Array, left_px: int, top_px: int) -> None:
    """Copy a patch into a picture in place, moved so that it lies inside, cut if it is larger than the picture."""
    height, width = picture_rgb.shape[:2]
    patch = patch_rgb[:height, :width]
    left = min(max(left_px, 0), width - patch.shape[1])
    top = min(max(top_px, 0), height - patch.shape[0])
    picture_rgb[top : top + patch.shape[0], left : left + patch.shape[1]] = patch
