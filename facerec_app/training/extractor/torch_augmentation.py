"""Making each picture look as if another camera had taken it, on whole batches.

Placement, light, colour, sharpness, noise, compression, and things worn before the face; the teachers' values stay
those of the clean picture. Where the teacher judges the changed picture itself, faces are also turned to the side,
shown in the dark and placed as badly as a detector places a profile: changes after which the clean picture's values
would be too much to ask for. All chance comes from the generators given.
"""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from facerec_app.core.types import Float32Array, UInt8Array
from facerec_app.training.extractor.face_dataset import CROP_PX
from facerec_app.training.extractor.face_turning import turned

JPEG_SHARE = 0.08
WORN_SHARE = 0.05
ERASED_SHARE = 0.06
COARSE_SHARE = 0.18
BLURRED_SHARE = 0.08
NOISY_SHARE = 0.2
GREY_SHARE = 0.08
TURNED_SHARE = 0.25
DIM_SHARE = 0.2
CARELESS_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class PlacementSpread:
    """How far faces lie from the template, each a standard deviation.

    Attributes:
        turn_degrees: in the picture's plane.
        scale: logarithm of the size.
        stretch: logarithm of width against height.
        shear: shift to the side for each pixel of height.
        shift_px: to the side and up or down, in pixels of the 112x112 template.
    """

    turn_degrees: float
    scale: float
    stretch: float
    shear: float
    shift_px: float


CAREFUL = PlacementSpread(4.0, 0.035, 0.03, 0.03, 1.6)
CARELESS = PlacementSpread(10.0, 0.12, 0.08, 0.08, 8.0)


def augment(
    stored_rgb: UInt8Array, side_px: int, generator: np.random.Generator, judged_as_shown: bool = False
) -> Tensor:
    """Return changed pictures as the network wants them.

    Args:
        stored_rgb: ``(N, 128, 128, 3)`` uint8 faces with the 112x112 template in the middle; changed in place.
        side_px: side of the result.
        generator: the source of chance.
        judged_as_shown: whether the teacher sees the changed pictures; then faces are also turned, darkened and placed
            carelessly.

    Returns:
        ``(N, 3, side, side)`` float32, RGB, -1 to 1.
    """
    for picture in stored_rgb:
        if judged_as_shown and generator.random() < TURNED_SHARE:
            _turn(picture, generator)
        if generator.random() < WORN_SHARE:
            _draw_worn(picture, generator)
        if generator.random() < JPEG_SHARE:
            _compress(picture, generator)
    pictures = torch.from_numpy(stored_rgb).permute(0, 3, 1, 2).float() / 255
    pictures = _place(pictures, generator, CARELESS_SHARE if judged_as_shown else 0.0)
    pictures = _coarsen(pictures, generator)
    pictures = resized(pictures, side_px)
    pictures = _recolour(pictures, generator)
    if judged_as_shown:
        pictures = _dim(pictures, generator)
    pictures = _add_noise(pictures, generator)
    _erase(pictures, generator)
    return pictures.clamp_(0, 1).mul_(2).sub_(1)


def as_bytes(pictures: Tensor) -> UInt8Array:
    """Return ``(N, S, S, 3)`` uint8 of pictures as the network sees them, ``(N, 3, S, S)`` in -1 to 1."""
    levels = pictures.add(1).mul(127.5).round().clamp(0, 255).byte()
    return np.ascontiguousarray(levels.permute(0, 2, 3, 1).numpy(), np.uint8)


def plain(stored_rgb: UInt8Array, side_px: int) -> Tensor:
    """Return the middle 112x112 of stored faces, resized and normalised, as for recognition."""
    margin = (stored_rgb.shape[1] - CROP_PX) // 2
    inner = np.ascontiguousarray(stored_rgb[:, margin : margin + CROP_PX, margin : margin + CROP_PX])
    pictures = torch.from_numpy(inner).permute(0, 3, 1, 2).float() / 255
    return resized(pictures, side_px).mul(2).sub(1)


def resized(pictures: Tensor, side_px: int) -> Tensor:
    """Return the pictures at another size, without aliasing."""
    if pictures.shape[-1] == side_px:
        return pictures
    return functional.interpolate(pictures, size=(side_px, side_px), mode="bilinear", antialias=True)


def _random(generator: np.random.Generator, low: float, high: float, *shape: int) -> Tensor:
    return torch.from_numpy(generator.uniform(low, high, shape).astype(np.float32))


def _place(pictures: Tensor, generator: np.random.Generator, careless_share: float) -> Tensor:
    """Return 112x112 cut-outs, mirrored at random, turned, scaled, stretched, sheared and shifted a little or far."""
    count, stored = pictures.shape[0], pictures.shape[-1]
    careless = generator.random(count) < careless_share if careless_share else np.zeros(count, bool)
    spreads = np.where(careless[:, None], astuple(CARELESS), astuple(CAREFUL)).T
    angle = generator.normal(0, np.radians(spreads[0]), count)
    scale = np.exp(generator.normal(0, spreads[1], count)) * CROP_PX / stored
    stretch = np.exp(generator.normal(0, spreads[2], count))
    shear = generator.normal(0, spreads[3], count)
    mirror = np.where(generator.random(count) < 0.5, -1.0, 1.0)
    shift = generator.normal(0, spreads[4][:, None] * 2 / stored, (count, 2))
    cosine, sine = np.cos(angle) * scale, np.sin(angle) * scale
    theta = np.empty((count, 2, 3), np.float32)
    theta[:, 0, 0], theta[:, 0, 1] = cosine * stretch * mirror, -sine + shear * scale
    theta[:, 1, 0], theta[:, 1, 1] = sine * mirror, cosine / stretch
    theta[:, :, 2] = shift
    grid = functional.affine_grid(torch.from_numpy(theta), [count, 3, CROP_PX, CROP_PX], align_corners=False)
    return functional.grid_sample(pictures, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _coarsen(pictures: Tensor, generator: np.random.Generator) -> Tensor:
    """Return the pictures, some after a detour through a small size, some blurred along one direction."""
    count = pictures.shape[0]
    chosen = generator.random(count) < COARSE_SHARE
    for group in np.array_split(np.flatnonzero(chosen), 4):
        if group.size:
            small = resized(pictures[group], int(generator.integers(24, 80)))
            mode = "bilinear" if generator.random() < 0.7 else "nearest"
            pictures[group] = functional.interpolate(small, size=(CROP_PX, CROP_PX), mode=mode)
    blurred = np.flatnonzero(generator.random(count) < BLURRED_SHARE)
    if blurred.size:
        kernels = torch.from_numpy(_blur_kernels(blurred.size, generator))
        rows = pictures[blurred].transpose(0, 1)
        soft = functional.conv2d(rows, kernels[:, None], padding=3, groups=int(blurred.size))
        pictures[blurred] = soft.transpose(0, 1)
    return pictures


def _blur_kernels(count: int, generator: np.random.Generator) -> Float32Array:
    """Return ``(count, 7, 7)`` Gaussian kernels, mostly longer in one direction, as a moving camera makes them."""
    axis = np.arange(-3, 4)
    x, y = np.meshgrid(axis, axis)
    kernels = np.empty((count, 7, 7), np.float32)
    for row in range(count):
        angle = generator.uniform(0, math.pi)
        along, across = generator.uniform(0.7, 2.5), generator.uniform(0.3, 1.0)
        u, v = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
        kernel = np.exp(-(u**2) / (2 * along**2) - v**2 / (2 * across**2))
        kernels[row] = kernel / kernel.sum()
    return kernels


def _recolour(pictures: Tensor, generator: np.random.Generator) -> Tensor:
    """Return the pictures with other exposure, contrast, white balance, saturation, side light; a few in grey."""
    count, side = pictures.shape[0], pictures.shape[-1]
    exponent = torch.exp(_random(generator, -0.25, 0.25, count, 1, 1, 1))
    pictures = pictures.clamp(1e-4, 1).pow(exponent)
    grey = pictures.mean(dim=1, keepdim=True)
    saturation = _random(generator, 0.7, 1.25, count, 1, 1, 1)
    saturation[torch.from_numpy(generator.random(count) < GREY_SHARE)] = 0.0
    pictures = grey + (pictures - grey) * saturation
    gain = torch.exp(_random(generator, -0.1, 0.1, count, 3, 1, 1)) * _random(generator, 0.8, 1.2, count, 1, 1, 1)
    axis = torch.linspace(-1, 1, side)
    slope = torch.from_numpy(generator.normal(0, 0.12, (count, 2)).astype(np.float32))
    light = 1 + slope[:, 0, None, None] * axis[None, None, :] + slope[:, 1, None, None] * axis[None, :, None]
    return pictures * gain * light[:, None] + _random(generator, -0.08, 0.08, count, 1, 1, 1)


def _dim(pictures: Tensor, generator: np.random.Generator) -> Tensor:
    """Return the pictures, some as dark as a room with the lights out, shadows darker than the rest."""
    rows = np.flatnonzero(generator.random(pictures.shape[0]) < DIM_SHARE)
    if rows.size:
        exponent = torch.exp(_random(generator, 0.0, 0.6, rows.size, 1, 1, 1))
        gain = torch.exp(_random(generator, math.log(0.2), math.log(0.7), rows.size, 1, 1, 1))
        pictures[rows] = pictures[rows].clamp(1e-4, 1).pow(exponent) * gain
    return pictures


def _add_noise(pictures: Tensor, generator: np.random.Generator) -> Tensor:
    """Return the pictures, some with the grain of a dim webcam."""
    rows = np.flatnonzero(generator.random(pictures.shape[0]) < NOISY_SHARE)
    if rows.size:
        source = torch.Generator().manual_seed(int(generator.integers(2**62)))
        strength = _random(generator, 0.01, 0.08, rows.size, 1, 1, 1)
        pictures[rows] += strength * torch.randn(pictures[rows].shape, generator=source)
    return pictures


def _erase(pictures: Tensor, generator: np.random.Generator) -> None:
    """Cover a random rectangle of some pictures (Zhong et al. 2017, "Random Erasing", arXiv:1708.04896)."""
    side = pictures.shape[-1]
    for row in np.flatnonzero(generator.random(pictures.shape[0]) < ERASED_SHARE):
        height, width = (int(side * generator.uniform(0.1, 0.4)) for _ in range(2))
        top, left = int(generator.integers(0, side - height)), int(generator.integers(0, side - width))
        colour = _random(generator, 0, 1, 3, 1, 1)
        pictures[int(row), :, top : top + height, left : left + width] = colour


def _turn(picture: UInt8Array, generator: np.random.Generator) -> None:
    """Turn the head to one side, seldom as far as a profile; in place."""
    yaw = int(np.clip(round(generator.normal(0, 32)), -75, 75))
    picture[...] = turned(picture, yaw, int(generator.choice((30, 36, 42, 48))))


def _draw_worn(picture: UInt8Array, generator: np.random.Generator) -> None:
    """Draw glasses, dark glasses, a mask or a scarf where the template has eyes and mouth; in place."""
    margin = (picture.shape[0] - CROP_PX) // 2
    kind = generator.random()
    colour = tuple(int(value) for value in generator.integers(0, 256 if kind > 0.5 else 70, 3))
    shift = generator.integers(-2, 3, 2) + margin
    if kind <= 0.5:
        radius = (int(generator.integers(10, 14)), int(generator.integers(7, 12)))
        thickness = -1 if kind < 0.25 else int(generator.integers(1, 3))
        for eye in ((38, 52), (74, 52)):
            cv2.ellipse(picture, (eye[0] + shift[0], eye[1] + shift[1]), radius, 0, 0, 360, colour, thickness)
        bridge = [(x + int(shift[0]), 50 + int(shift[1])) for x in (38 + radius[0], 74 - radius[0])]
        cv2.line(picture, bridge[0], bridge[1], colour, 2)
        return
    top = int(generator.integers(66, 84))
    outline = np.array([[18, top + 6], [56, top], [94, top + 6], [90, 104], [56, 124], [22, 104]]) + shift
    cv2.fillPoly(picture, [outline.astype(np.int32)], colour)


def _compress(picture: UInt8Array, generator: np.random.Generator) -> None:
    """Write the picture as a JPEG of low quality and read it back; in place."""
    quality = int(generator.integers(20, 80))
    data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    picture[...] = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
