"""Faces of people who do not exist, made from pairs of aligned faces.

A student that sees a few thousand people learns them by heart. Blending two faces gives a third one whose identity the
teacher can state as well as any other's, so the supply of people has no end (the idea of Zhang et al. 2017, "mixup",
arXiv:1710.09412, with the labels of a teacher as in Beyer et al. 2022, "Knowledge distillation: A good teacher is
patient and consistent", arXiv:2106.05237).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from facerec_app.core.geometry import similarity_transforms
from facerec_app.core.types import Float32Array, UInt8Array
from facerec_app.training.extractor.face_dataset import CROP_PX, STORED_PX, TEMPLATE_XY, FaceSet

LANDMARK_SPREAD_PX = 1.6
BEND_PX = 2.2
BEND_GRID = 5


@dataclass(frozen=True, slots=True)
class SynthesisShares:
    """How often each way of making a face is used; the rest is one face bent into another shape."""

    whole: float = 0.4
    patchwork: float = 0.3
    frequencies: float = 0.1


def make_face(faces: FaceSet, generator: np.random.Generator, shares: SynthesisShares | None = None) -> UInt8Array:
    """Return one new aligned face.

    Args:
        faces: the faces to draw from.
        generator: the source of chance; the same state gives the same face.
        shares: how often each way is used.

    Returns:
        ``(144, 144, 3)`` uint8 RGB.
    """
    shares = shares or SynthesisShares()
    way = generator.random()
    first, second = (int(row) for row in generator.integers(0, len(faces), 2))
    weight = float(generator.uniform(0.25, 0.75))
    single = way >= shares.whole + shares.patchwork + shares.frequencies
    if single:
        weight = 1.0
    left, right, target = _common_shape(faces, first, second, weight, generator)
    if single:
        mixed = left
    elif way < shares.whole:
        mixed = weight * left + (1 - weight) * right
    elif way < shares.whole + shares.patchwork:
        mask = _soft_mask(generator)
        mixed = mask * left + (1 - mask) * _recoloured(right, left, generator)
    else:
        sigma = float(generator.uniform(2.0, 5.0))
        mixed = cv2.GaussianBlur(left, (0, 0), sigma) + right - cv2.GaussianBlur(right, (0, 0), sigma)
    return _bend(np.clip(mixed, 0, 255), target, generator)


def make_faces(faces: FaceSet, count: int, seed: int) -> UInt8Array:
    """Return ``(count, 144, 144, 3)`` new faces; the same seed gives the same faces."""
    generator = np.random.default_rng(seed)
    return np.stack([make_face(faces, generator) for _ in range(count)])


def _common_shape(
    faces: FaceSet, first: int, second: int, weight: float, generator: np.random.Generator
) -> tuple[Float32Array, Float32Array, Float32Array]:
    """Return both faces moved to one set of landmarks between theirs, and those landmarks."""
    pictures = []
    shapes = []
    for row in (first, second):
        picture, shape = faces.pixels_rgb[row], faces.landmarks_xy[row]
        if generator.random() < 0.5:
            picture, shape = _mirrored(picture, shape)
        pictures.append(picture)
        shapes.append(shape)
    target = weight * shapes[0] + (1 - weight) * shapes[1]
    target = target + generator.normal(0, LANDMARK_SPREAD_PX, target.shape)
    template = TEMPLATE_XY + (STORED_PX - CROP_PX) / 2
    turn = similarity_transforms(target[None].astype(np.float32), template)[0]
    target = target @ turn[:, :2].T + turn[:, 2]
    moved = [_moved(picture, shape, target) for picture, shape in zip(pictures, shapes, strict=True)]
    return moved[0], moved[1], target.astype(np.float32)


def _mirrored(picture: UInt8Array, shape: Float32Array) -> tuple[UInt8Array, Float32Array]:
    """Return picture and landmarks mirrored left to right; left and right points change places."""
    swapped = shape[[1, 0, 2, 4, 3]].copy()
    swapped[:, 0] = STORED_PX - 1 - swapped[:, 0]
    return np.ascontiguousarray(picture[:, ::-1]), swapped


def _moved(picture: UInt8Array, shape: Float32Array, target: Float32Array) -> Float32Array:
    """Return the picture moved by the best affine map of its landmarks onto the target's."""
    points = np.concatenate([shape, np.ones((5, 1), np.float32)], axis=1).astype(np.float64)
    affine = np.linalg.lstsq(points, target.astype(np.float64), rcond=None)[0].T
    moved = cv2.warpAffine(
        np.ascontiguousarray(picture), affine, (STORED_PX, STORED_PX), borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved, np.float32)


def _soft_mask(generator: np.random.Generator) -> Float32Array:
    """Return a ``(144, 144, 1)`` smooth random field between 0 and 1."""
    side = int(generator.integers(3, 6))
    coarse = generator.normal(0, 2.0, (side, side)).astype(np.float32)
    field = cv2.resize(coarse, (STORED_PX, STORED_PX), interpolation=cv2.INTER_CUBIC)
    return np.asarray(1 / (1 + np.exp(-2.0 * field)), np.float32)[..., None]


def _recoloured(picture: Float32Array, like: Float32Array, generator: np.random.Generator) -> Float32Array:
    """Return the picture with, mostly, the other's mean and spread of each colour, so that patches fit together."""
    if generator.random() < 0.3:
        return picture
    mean, spread = picture.mean(axis=(0, 1)), picture.std(axis=(0, 1)) + 1.0
    return np.asarray((picture - mean) / spread * (like.std(axis=(0, 1)) + 1.0) + like.mean(axis=(0, 1)), np.float32)


def _bend(picture: Float32Array, target: Float32Array, generator: np.random.Generator) -> UInt8Array:
    """Return the picture with a smooth random displacement, which changes the shape of the face a little."""
    strength = BEND_PX * generator.random()
    coarse = generator.normal(0, strength, (BEND_GRID, BEND_GRID, 2)).astype(np.float32)
    shift = cv2.resize(coarse, (STORED_PX, STORED_PX), interpolation=cv2.INTER_CUBIC)
    rows, columns = target.round().astype(int).T[::-1].clip(0, STORED_PX - 1)
    shift -= shift[rows, columns].mean(axis=0)  # the face as a whole stays where it is
    axis = np.arange(STORED_PX, dtype=np.float32)
    bent = cv2.remap(
        picture.astype(np.uint8),
        axis[None, :] + shift[..., 0],
        axis[:, None] + shift[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(bent, np.uint8)
