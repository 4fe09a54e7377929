"""Pictures made worse on purpose, to see what recognition bears: as a webcam across a dim room would show them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from facerec_app.core.types import UInt8Array
from facerec_app.evaluation.face_embedding import PictureChange


@dataclass(frozen=True, slots=True)
class Degradation:
    """One controlled change.

    Attributes:
        name: as reports state it; also part of the cache's key.
        change: does it.
        scale: by which faces become smaller before they are enlarged again, 1 if they do not.
    """

    name: str
    change: PictureChange
    scale: float = 1.0


def shrunk(pixels_rgb: UInt8Array, scale: float) -> UInt8Array:
    """Return the picture made smaller and brought back to its size, as if the face had been that much farther away."""
    height, width = pixels_rgb.shape[:2]
    small = cv2.resize(
        pixels_rgb, (max(round(width * scale), 1), max(round(height * scale), 1)), interpolation=cv2.INTER_AREA
    )
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def blurred(pixels_rgb: UInt8Array, sigma_px: float) -> UInt8Array:
    """Return the picture out of focus by a Gaussian of the given width."""
    return np.asarray(cv2.GaussianBlur(pixels_rgb, (0, 0), sigma_px), np.uint8)


def darkened(pixels_rgb: UInt8Array, light: float) -> UInt8Array:
    """Return the picture with that share of the light and the noise that a small sensor then has.

    Noise of fixed size (four grey levels, one standard deviation) is added after the light is taken away; it is drawn
    from the picture's own size and sum, so that the same picture always gets the same noise.
    """
    generator = np.random.default_rng([pixels_rgb.shape[0], pixels_rgb.shape[1], int(pixels_rgb.sum())])
    noise = generator.normal(scale=4.0, size=pixels_rgb.shape)
    return np.clip(pixels_rgb * light + noise, 0, 255).round().astype(np.uint8)


def compressed(pixels_rgb: UInt8Array, quality: int) -> UInt8Array:
    """Return the picture after one more JPEG compression."""
    _, data = cv2.imencode(".jpg", pixels_rgb[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)[:, :, ::-1])


def standard_degradations() -> tuple[Degradation, ...]:
    """Return the changes that reports show, each a kind and a strength."""
    made = [Degradation(f"size x {scale:g}", partial(shrunk, scale=scale), scale) for scale in (0.5, 0.35, 0.25, 0.18)]
    made += [Degradation(f"blur {sigma:g} px", partial(blurred, sigma_px=sigma)) for sigma in (1.5, 3.0, 5.0)]
    made += [Degradation(f"light x {light:g}", partial(darkened, light=light)) for light in (0.3, 0.15, 0.08)]
    made += [Degradation(f"JPEG quality {quality}", partial(compressed, quality=quality)) for quality in (30, 15, 8)]
    return tuple(made)
