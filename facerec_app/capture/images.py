"""Pictures from and to disk.

Pillow reads every header (format, size, orientation) before anything is decoded. JPEGs, by far the most common, are
then decoded by OpenCV, which takes about half the time for identical pixels (``docs/sources.md``); Pillow decodes the
rest, because it knows palettes, 16 bits, CMYK, alpha and HEIC.
"""

from __future__ import annotations

import io
import re
import struct
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import (
    BmpImagePlugin,
    Image,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from facerec_app.core.atomic_file import write_bytes_atomically
from facerec_app.core.errors import OutputWriteError, UnreadableImageError
from facerec_app.core.types import UInt8Array

MAX_PIXELS = 120_000_000
"""Largest picture that is decoded: 360 MB of RGB; telephones' 108-megapixel pictures fit."""
_MAX_FILE_BYTES = 512 * 1024 * 1024

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".heic", ".heif"}
)
# Only these: Pillow also knows formats that run other programs (EPS) or that nobody means.
_FORMATS = tuple(
    reader.format
    for reader in (
        JpegImagePlugin.JpegImageFile,  # also the multi-picture files of telephones, which begin with a JPEG
        PngImagePlugin.PngImageFile,
        WebPImagePlugin.WebPImageFile,
        BmpImagePlugin.BmpImageFile,
        TiffImagePlugin.TiffImageFile,
    )
)
_ORIENTATION_TAG = 0x0112

# The limit here is the program's; Pillow's own (twice this number, an error) stays as a second net.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)

# What decoders are known to raise on damaged or hostile files.
_DECODING_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    RuntimeError,
    MemoryError,
    TypeError,
    KeyError,
    IndexError,
    OverflowError,
    struct.error,
    zlib.error,
    cv2.error,
)


def read_image(path: Path, *, max_pixels: int = MAX_PIXELS) -> UInt8Array:
    """Return the first picture of a file, upright, as ``(H, W, 3)`` uint8 RGB.

    JPEG, PNG, WebP, BMP, TIFF and HEIC. EXIF orientation is honoured; grey, palette, 16-bit and CMYK pictures are
    converted; transparent parts are laid over white, as viewers show them (dropping the alpha channel would bring up
    whatever colours lie hidden under it).

    Args:
        path: the file; its name may hold any letters, for it is opened by Python and not by a decoder.
        max_pixels: a picture with more is refused from its header alone, before memory is taken for it.

    Raises:
        UnreadableImageError: the file is missing, no picture, truncated, damaged or too large.
    """
    return decode_image(read_image_file(path), str(path), max_pixels=max_pixels)


def decode_image(data: bytes, what: str, *, max_pixels: int = MAX_PIXELS) -> UInt8Array:
    """Return the picture in ``data`` as ``read_image`` does; ``what`` names it in errors.

    Raises:
        UnreadableImageError: as ``read_image``.
    """
    try:
        with _open_header(data) as image:
            width, height = image.size
            if width * height > max_pixels:
                raise _too_large(what, max_pixels)
            if image.format in {"JPEG", "MPO"} and image.mode in {"RGB", "L"}:
                return _decode_jpeg(data, int(image.getexif().get(_ORIENTATION_TAG, 1)), (width, height))
            return _to_rgb(ImageOps.exif_transpose(image))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
        raise _too_large(what, max_pixels) from exc
    except UnidentifiedImageError as exc:
        raise UnreadableImageError(f"{what} is no picture (JPEG, PNG, WebP, BMP, TIFF or HEIC).") from exc
    except _DECODING_ERRORS as exc:
        raise UnreadableImageError(f"{what} is damaged or cut off and cannot be decoded; copy it again.") from exc


def read_image_file(path: Path) -> bytes:
    """Return the bytes of a picture's file, to be decoded here or elsewhere.

    Raises:
        UnreadableImageError: the file is missing, empty, larger than any picture, or cannot be read.
    """
    try:
        if not path.is_file():
            reason = "is a folder, not a picture" if path.is_dir() else "does not exist"
            raise UnreadableImageError(f"{path} {reason}; give the name of a picture file.")
        size = path.stat().st_size
        if size > _MAX_FILE_BYTES:
            raise UnreadableImageError(f"{path} has {size // 2**20} MB, more than any picture that is read; skipped.")
        if size == 0:
            raise UnreadableImageError(f"{path} is an empty file; copy it again.")
        return path.read_bytes()
    except (OSError, ValueError) as exc:
        raise UnreadableImageError(f"{path} cannot be read: {getattr(exc, 'strerror', None) or exc}.") from exc


def _too_large(what: str, max_pixels: int) -> UnreadableImageError:
    return UnreadableImageError(
        f"{what} has more than {max_pixels / 1e6:g} million pixels; save it smaller and try again."
    )


def _open_header(data: bytes) -> Image.Image:
    """Return the picture with its header read and nothing decoded."""
    if data[4:8] == b"ftyp":  # ISO base media file format: HEIC
        import pillow_heif

        pillow_heif.register_heif_opener()
        return Image.open(io.BytesIO(data), formats=["HEIF"])
    return Image.open(io.BytesIO(data), formats=_FORMATS)


def _decode_jpeg(data: bytes, orientation: int, size: tuple[int, int]) -> UInt8Array:
    flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if pixels is None or (pixels.shape[1], pixels.shape[0]) != size:
        raise ValueError("not decoded")
    return _upright(np.asarray(pixels, np.uint8), orientation)


def _upright(pixels: UInt8Array, orientation: int) -> UInt8Array:
    """Undo an EXIF orientation (values 2 to 8 of tag 0x0112, Exif 2.32, section 4.6.4)."""
    if orientation in {5, 6, 7, 8}:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _to_rgb(image: Image.Image) -> UInt8Array:
    """Return 8-bit RGB pixels of a picture of any mode."""
    if image.mode.startswith(("I", "F")):
        grey = _deep_grey_to_bytes(np.array(image))
        return np.ascontiguousarray(np.repeat(grey[:, :, None], 3, axis=2))
    if image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return np.array(Image.alpha_composite(white, rgba).convert("RGB"), np.uint8)
    return np.array(image if image.mode == "RGB" else image.convert("RGB"), np.uint8)


def _deep_grey_to_bytes(grey: npt.NDArray[Any]) -> UInt8Array:
    """Reduce grey levels of 16 or 32 bits, or fractions, to 8 bits."""
    if np.issubdtype(grey.dtype, np.floating):
        finite = np.nan_to_num(grey, posinf=0.0, neginf=0.0)
        grey = finite * 255.0 if finite.max(initial=0.0) <= 1.0 else finite
    elif grey.dtype.itemsize == 2 or grey.max(initial=0) > 255:
        grey = grey.astype(np.int64) >> 8
    return np.asarray(np.clip(grey, 0, 255), np.uint8)


def write_jpeg(path: Path, pixels_rgb: UInt8Array, *, quality: int = 95) -> None:
    """Write ``(H, W, 3)`` uint8 RGB pixels as a JPEG, whole or not at all.

    Raises:
        OutputWriteError: the folder is missing, not writable or full; a file that stood there is untouched.
    """
    _write_encoded(path, pixels_rgb, ".jpg", [cv2.IMWRITE_JPEG_QUALITY, quality])


def write_png(path: Path, pixels_rgb: UInt8Array) -> None:
    """Write ``(H, W, 3)`` uint8 RGB pixels as a PNG, whole or not at all.

    Raises:
        OutputWriteError: as ``write_jpeg``.
    """
    _write_encoded(path, pixels_rgb, ".png", [cv2.IMWRITE_PNG_COMPRESSION, 3])


def _write_encoded(path: Path, pixels_rgb: UInt8Array, kind: str, options: list[int]) -> None:
    is_encoded, encoded = cv2.imencode(kind, cv2.cvtColor(pixels_rgb, cv2.COLOR_RGB2BGR), options)
    if not is_encoded:
        height, width = pixels_rgb.shape[:2]
        raise OutputWriteError(
            f"{path} cannot be written: {width} x {height} px are too many for {kind}; make it smaller."
        )
    try:
        write_bytes_atomically(path, encoded.tobytes())
    except OSError as exc:
        raise OutputWriteError(
            f"{path} cannot be written: {exc.strerror or exc}; free space or choose another place."
        ) from exc


def iter_image_files(folder: Path, *, recursive: bool = False) -> Iterator[Path]:
    """Yield the picture files of a folder, by name, numbers in names in their natural order (2 before 10).

    Hidden files and folders are left out, and so is every link that leads out of the folder: a folder of pictures from
    somebody else must not make the program read other parts of the disk.

    Raises:
        UnreadableImageError: the folder cannot be read.
    """
    root = folder.resolve()
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: (natural_order(entry.stem), entry.suffix))
    except OSError as exc:
        raise UnreadableImageError(f"The folder {folder} cannot be read: {exc.strerror or exc}.") from exc
    for entry in entries:
        if entry.name.startswith(".") or (entry.is_symlink() and not _stays_in(entry, root)):
            continue
        if entry.is_dir():
            if recursive and not entry.is_symlink():  # a link to a folder could lead round in a circle
                yield from iter_image_files(entry, recursive=True)
        elif entry.suffix.lower() in IMAGE_SUFFIXES and entry.is_file():
            yield entry


def is_folder(path: Path) -> bool:
    """Return whether a path leads to a folder; a name that is too long to be one's does not."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _stays_in(link: Path, root: Path) -> bool:
    """Return whether a link leads to something in a folder; one that leads nowhere or to itself does not."""
    try:
        return link.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):  # RuntimeError: Python's word for a circle before 3.13
        return False


def natural_order(name: str) -> tuple[tuple[int, int | str], ...]:
    """Return a sort key under which ``img2`` comes before ``img10``, without regard to case."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name.casefold())
    return tuple((0, int(part)) if part[0] in "0123456789" else (1, part) for part in parts)
