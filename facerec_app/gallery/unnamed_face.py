"""A face that was kept although nobody has said whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path

import numpy as np

from facerec_app.core.types import FaceDetections, Float32Array


class FaceOrigin(Enum):
    """How an unnamed face came to be kept."""

    PICTURE = "picture"
    LIVE = "live"


class UnnamedState(Enum):
    """Whether the user is still to be asked about a face."""

    OPEN = "open"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True, eq=False)
class UnnamedFace:
    """A face without a name; coordinates are those of its own picture, not of the one it was cut from.

    Attributes:
        face_id: UUID; never changes, also when the face is enrolled.
        picture_file: the JPEG with the face and a wide margin.
        picture_sha256: of that file, hexadecimal.
        box_xyxy: ``(4,)`` float32 px.
        landmarks_xy: ``(5, 2)`` float32 px, in the order of ``FaceDetections``.
        score: of the detector, 0 to 1.
        source: where it came from, for people to read.
        size_px, sharpness, yaw_deg, brightness: as in ``FaceCrops``.
        created_at: when it was kept, UTC.
        origin: a picture of a folder, or a camera.
        state: whether to ask about it.
        group_id: UUID of the group that the user put it into; None while its group is found by likeness.
    """

    face_id: str
    picture_file: Path
    picture_sha256: str
    box_xyxy: Float32Array
    landmarks_xy: Float32Array
    score: float
    source: str
    size_px: float
    sharpness: float
    yaw_deg: float
    brightness: float
    created_at: datetime
    origin: FaceOrigin
    state: UnnamedState
    group_id: str | None

    def detections(self) -> FaceDetections:
        """Return the face as the one detection of its picture, for aligning it again."""
        return FaceDetections(self.box_xyxy[None], self.landmarks_xy[None], np.array([self.score], np.float32))
