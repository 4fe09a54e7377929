"""What O-Net learns from: windows of annotated pictures with what should be said of each.

The rule is that of Zhang et al., "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks",
IEEE Signal Processing Letters 2016, section II.C: a window that overlaps a face (intersection over union) by more than
0.65 is a face, from 0.4 to 0.65 a part of one, below 0.3 background; faces and background teach the face probability,
faces and parts the box, faces the landmarks. So every window that counts as a face overlaps it by more than half, and
no background does. As there, windows come from the cascade's own first stages, where its mistakes are, and from around
the faces.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facerec_app.core.face_annotations import FaceAnnotations
from facerec_app.core.geometry import pairwise_iou
from facerec_app.core.types import Float32Array, Int64Array, UInt8Array
from facerec_app.detection.crop_sampling import sample_windows

Float64Array = npt.NDArray[np.float64]
SIDE_PX = 48
FACE_IOU, PART_IOU, BACKGROUND_IOU = 0.65, 0.4, 0.3
FACE, BACKGROUND, PART = 1, 0, -1
_AROUND_FACE = 16
_BACKGROUNDS = 6
_CASCADE_MOST = 48
_SMALLEST_WINDOW_PX = 20.0
_MIRRORED_POINTS = (1, 0, 2, 4, 3)


@dataclass(frozen=True, slots=True, eq=False)
class OnetCrops:
    """M windows with their targets.

    Attributes:
        pixels_rgb: ``(M, 48, 48, 3)`` uint8.
        kinds: ``(M,)`` int64: ``FACE``, ``BACKGROUND`` or ``PART``.
        offsets: ``(M, 4)`` float32, how far each edge of the face lies from the window's, in sides of the window; zero
            for background.
        landmarks: ``(M, 10)`` float32, five x and five y in sides of the window from its first corner; NaN where they
            are not to be learnt.
    """

    pixels_rgb: UInt8Array
    kinds: Int64Array
    offsets: Float32Array
    landmarks: Float32Array

    def __len__(self) -> int:
        return len(self.kinds)

    @staticmethod
    def joined(parts: list[OnetCrops]) -> OnetCrops:
        """Return all windows of several pictures."""
        if not parts:
            none = np.zeros((0, SIDE_PX, SIDE_PX, 3), np.uint8), np.zeros(0, np.int64)
            return OnetCrops(*none, np.zeros((0, 4), np.float32), np.zeros((0, 10), np.float32))
        return OnetCrops(
            np.concatenate([part.pixels_rgb for part in parts]),
            np.concatenate([part.kinds for part in parts]),
            np.concatenate([part.offsets for part in parts]),
            np.concatenate([part.landmarks for part in parts]),
        )


def sample_onet_crops(
    pixels_rgb: UInt8Array, faces: FaceAnnotations, cascade_xyxy: Float32Array, generator: np.random.Generator
) -> OnetCrops:
    """Return windows of one picture, half of them mirrored.

    Args:
        pixels_rgb: ``(H, W, 3)`` uint8.
        faces: every face in it; windows on difficult ones are left out.
        cascade_xyxy: ``(C, 4)`` float32 px, windows that the cascade's first stages let through.
        generator: of everything random.
    """
    height, width = pixels_rgb.shape[:2]
    chosen = cascade_xyxy[generator.permutation(len(cascade_xyxy))[:_CASCADE_MOST]]
    windows = np.concatenate([chosen, _around(faces.boxes_xyxy, generator), _anywhere(width, height, generator)])
    overlaps = pairwise_iou(windows, faces.boxes_xyxy)
    nearest = overlaps.argmax(axis=1) if len(faces) else np.zeros(len(windows), np.int64)
    best = overlaps.max(axis=1) if len(faces) else np.zeros(len(windows), np.float32)
    kinds = np.select([best > FACE_IOU, best > PART_IOU, best < BACKGROUND_IOU], [FACE, PART, BACKGROUND], 9)
    usable = kinds != 9
    if len(faces):
        usable &= ~faces.difficult[nearest] | (kinds == BACKGROUND)
    windows, nearest, kinds = windows[usable], nearest[usable], kinds[usable].astype(np.int64)
    pixels = np.rint(sample_windows(np.ascontiguousarray(pixels_rgb, np.float32), windows, SIDE_PX)).astype(np.uint8)
    offsets, landmarks = _targets(windows, faces, nearest, kinds)
    return _half_mirrored(OnetCrops(pixels, kinds, offsets, landmarks), windows, generator)


def _around(boxes_xyxy: Float32Array, generator: np.random.Generator) -> Float32Array:
    """Return squares near each box: 0.8 to 1.25 times its size, moved by up to a fifth of it."""
    count = len(boxes_xyxy) * _AROUND_FACE
    boxes = np.repeat(boxes_xyxy, _AROUND_FACE, axis=0)
    sizes = boxes[:, 2:] - boxes[:, :2]
    sides = generator.uniform(0.8 * sizes.min(axis=1, initial=np.inf), 1.25 * sizes.max(axis=1, initial=0.0))
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2 + generator.uniform(-0.2, 0.2, (count, 2)) * sizes
    return _squares(centres, sides)


def _anywhere(width: int, height: int, generator: np.random.Generator) -> Float32Array:
    """Return squares anywhere in the picture, of all sizes that fit."""
    largest = max(float(min(width, height)), _SMALLEST_WINDOW_PX + 1)
    sides = np.exp(generator.uniform(np.log(_SMALLEST_WINDOW_PX), np.log(largest), _BACKGROUNDS))
    corners = generator.uniform(0, 1, (_BACKGROUNDS, 2)) * np.maximum([[width, height]] - sides[:, None], 0)
    return _squares(corners + sides[:, None] / 2, sides)


def _squares(centres: Float64Array, sides: Float64Array) -> Float32Array:
    halves = sides[:, None] / 2
    return np.concatenate([centres - halves, centres + halves], axis=1).astype(np.float32)


def _targets(
    windows: Float32Array, faces: FaceAnnotations, nearest: Int64Array, kinds: Int64Array
) -> tuple[Float32Array, Float32Array]:
    """Return offsets and landmarks in the units of the shipped weights (``MtcnnDetector`` reads them)."""
    offsets = np.zeros((len(windows), 4), np.float32)
    landmarks = np.full((len(windows), 10), np.nan, np.float32)
    on_face = kinds != BACKGROUND
    if on_face.any():
        chosen, rows = windows[on_face], nearest[on_face]
        sides = chosen[:, 2:] - chosen[:, :2] + 1
        offsets[on_face] = (faces.boxes_xyxy[rows] - chosen) / np.tile(sides, 2)
        points = (faces.landmarks_xy[rows] - chosen[:, None, :2] + 1) / sides[:, None, :]
        points[~faces.has_landmarks[rows] | (kinds[on_face] != FACE)] = np.nan
        landmarks[on_face] = points.transpose(0, 2, 1).reshape(-1, 10)
    return offsets, landmarks


def _half_mirrored(crops: OnetCrops, windows: Float32Array, generator: np.random.Generator) -> OnetCrops:
    """Mirror half of the windows; a mirrored left eye is a right one.

    Landmarks count from one pixel before the window, in units of its side and one: so the mirror image of ``u`` is
    ``1 + 1 / unit - u``.
    """
    rows = np.flatnonzero(generator.random(len(crops)) < 0.5)
    pixels, offsets, landmarks = crops.pixels_rgb.copy(), crops.offsets.copy(), crops.landmarks.copy()
    pixels[rows] = pixels[rows, :, ::-1]
    offsets[rows] = np.stack([-offsets[rows, 2], offsets[rows, 1], -offsets[rows, 0], offsets[rows, 3]], axis=1)
    points = landmarks[rows].reshape(-1, 2, 5)[:, :, _MIRRORED_POINTS]
    units = windows[rows, 2] - windows[rows, 0] + 1
    points[:, 0] = 1 + 1 / units[:, None] - points[:, 0]
    landmarks[rows] = points.reshape(-1, 10)
    return OnetCrops(pixels, crops.kinds, offsets, landmarks)
