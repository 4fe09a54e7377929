"""Square windows around and beside faces, for teaching what is a face and where exactly it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facerec_app.core.errors import ConfigError
from facerec_app.core.types import BoolArray, FaceDetections, Float32Array, Int64Array

_LEAST_SIDE_PX = 12.0
_TRIES = 60


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """How windows are drawn.

    Attributes:
        seed: of everything random.
        size_px: side of the crops.
        scales: side of a window as a multiple of its face's longer side; samples take turns.
        samples: windows on faces, and as many beside them, a picture.
        covered: share of a face's box that has to lie within a window on it, and may not within one beside it.
        test_share: of the people (or pictures) kept for testing.
    """

    seed: int = 20
    size_px: int = 224
    scales: tuple[float, float] = (1.0, 1.6)
    samples: int = 5
    covered: float = 0.5
    test_share: float = 0.05

    def __post_init__(self) -> None:
        """Refuse values that cannot be meant.

        Raises:
            ConfigError: names the setting and what it may be.
        """
        if not 1 <= self.samples <= 100:
            raise ConfigError(f"{self.samples} samples a picture were asked for; choose 1 to 100.")
        if not 24 <= self.size_px <= 1024:
            raise ConfigError(f"Crops of {self.size_px} px were asked for; choose 24 to 1024.")
        if not 0.0 < self.test_share < 1.0:
            raise ConfigError(f"The test share is {self.test_share}; choose between 0 and 1.")
        if self.seed < 0:
            raise ConfigError(f"The seed is {self.seed}; choose 0 or more.")


@dataclass(frozen=True, slots=True, eq=False)
class FaceWindows:
    """Windows of one picture.

    Attributes:
        boxes_xyxy: ``(N, 4)`` float32 px, square; may reach beyond the picture.
        on_face: ``(N,)`` bool.
        face_rows: ``(N,)`` int64, the face a window is on, or the one whose size it has.
        scales: ``(N,)`` float32, side as a multiple of that face's longer side.
        covered: ``(N,)`` float32, the largest share of any face that lies within the window.
    """

    boxes_xyxy: Float32Array
    on_face: BoolArray
    face_rows: Int64Array
    scales: Float32Array
    covered: Float32Array

    def __len__(self) -> int:
        return int(self.on_face.shape[0])


def sample_face_windows(
    faces: FaceDetections, size_px: tuple[int, int], settings: WindowSettings, generator: np.random.Generator
) -> FaceWindows:
    """Return windows on and beside the faces of a picture.

    A window on a face is drawn with its centre anywhere within half its side of the face's, and taken if it covers
    more than ``covered`` of that face. One beside has its centre anywhere in the picture and covers no face by more
    than that; a picture that a face fills has none.

    Args:
        faces: at least one.
        size_px: width and height of the picture.
        settings: how many and how large.
        generator: of the draws.
    """
    rows: list[tuple[Float32Array, bool, int, float, float]] = []
    for on_face in (True, False):
        for number in range(settings.samples):
            scale = settings.scales[(number + (not on_face)) % len(settings.scales)]
            face = int(generator.integers(len(faces)))
            drawn = _draw(faces, face, scale, on_face, size_px, settings, generator)
            if drawn is not None:
                rows.append((drawn[0], on_face, face, scale, drawn[1]))
    return FaceWindows(
        np.array([row[0] for row in rows], np.float32).reshape(-1, 4),
        np.array([row[1] for row in rows], np.bool_),
        np.array([row[2] for row in rows], np.int64),
        np.array([row[3] for row in rows], np.float32),
        np.array([row[4] for row in rows], np.float32),
    )


def regression_offsets(windows_xyxy: Float32Array, boxes_xyxy: Float32Array) -> Float32Array:
    """Return how far the face's edges lie from the window's, in window sides: ``(N, 4)`` float32.

    The target that MTCNN regresses (Zhang et al., "Joint face detection and alignment using multitask cascaded
    convolutional networks", 2016): left, top, right, bottom, each (face - window) / side.
    """
    sides = (windows_xyxy[:, 2] - windows_xyxy[:, 0])[:, None]
    return np.asarray((boxes_xyxy - windows_xyxy) / sides, np.float32)


def covered_shares(window_xyxy: Float32Array, boxes_xyxy: Float32Array) -> Float32Array:
    """Return ``(N,)`` float32: which share of each box lies within a window."""
    low = np.maximum(boxes_xyxy[:, :2], window_xyxy[:2])
    high = np.minimum(boxes_xyxy[:, 2:], window_xyxy[2:])
    inside = np.prod(np.maximum(high - low, 0.0), axis=1)
    whole = np.prod(np.maximum(boxes_xyxy[:, 2:] - boxes_xyxy[:, :2], 1e-6), axis=1)
    return np.asarray(inside / whole, np.float32)


def _draw(
    faces: FaceDetections, face: int, scale: float, on_face: bool, size_px: tuple[int, int],
    settings: WindowSettings, generator: np.random.Generator,
) -> tuple[Float32Array, float] | None:  # fmt: skip
    box = faces.boxes_xyxy[face]
    side = max(scale * float(max(box[2] - box[0], box[3] - box[1])), _LEAST_SIDE_PX)
    half = side / 2
    for _ in range(_TRIES):
        if on_face:
            centre = (box[:2] + box[2:]) / 2 + generator.uniform(-half, half, 2)
        else:
            # Within the picture where it is large enough, so that a background is no grey margin.
            low = np.minimum(half, np.array(size_px) / 2)
            centre = generator.uniform(low, np.array(size_px) - low)
        window = np.concatenate([centre - half, centre + half]).astype(np.float32)
        shares = covered_shares(window, faces.boxes_xyxy)
        share = float(shares[face]) if on_face else float(shares.max())
        if (share > settings.covered) == on_face:
            return window, share
    return None
