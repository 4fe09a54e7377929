"""Faces as people drew them: struct of arrays, one row a face, beside what a detector says (``FaceDetections``)."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facerec_app.core.errors import ConfigError
from facerec_app.core.geometry import clip_boxes
from facerec_app.core.types import BoolArray, FaceDetections, Float32Array, Rows

LEAST_SIDE_PX = 4.0
"""A box with a shorter side shows no face and is refused."""
LEAST_INSIDE = 0.25
"""Share of a box's area that must lie in the picture: a face cut by the edge is one, a box beside it is a mistake."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceAnnotations:
    """Every face of one picture, and where it is.

    Attributes:
        boxes_xyxy: ``(N, 4)`` float32 px.
        landmarks_xy: ``(N, 5, 2)`` float32 px in the order of ``FaceDetections``; NaN where nobody said where they are.
        names: N names; empty text for a face without one.
        difficult: ``(N,)`` bool, faces that count neither as found nor as missed (PASCAL VOC's ``difficult``).
    """

    boxes_xyxy: Float32Array
    landmarks_xy: Float32Array
    names: tuple[str, ...]
    difficult: BoolArray

    def __len__(self) -> int:
        return int(self.boxes_xyxy.shape[0])

    @property
    def has_landmarks(self) -> BoolArray:
        """``(N,)`` bool: whether all five landmarks of a face are known."""
        return np.asarray(np.isfinite(self.landmarks_xy).all(axis=(1, 2)), np.bool_)

    def select(self, rows: Rows) -> FaceAnnotations:
        """Return the given rows (index array or boolean mask), in that order."""
        chosen = np.arange(len(self))[rows]
        names = tuple(self.names[row] for row in chosen.tolist())
        return FaceAnnotations(self.boxes_xyxy[chosen], self.landmarks_xy[chosen], names, self.difficult[chosen])

    def detections(self) -> FaceDetections:
        """Return the same faces as if a detector had found them, sure of each."""
        return FaceDetections(self.boxes_xyxy, self.landmarks_xy, np.ones(len(self), np.float32))

    def equals(self, other: FaceAnnotations) -> bool:
        """Return whether both say the same, to the last bit."""
        return (
            self.names == other.names
            and np.array_equal(self.boxes_xyxy, other.boxes_xyxy)
            and np.array_equal(self.landmarks_xy, other.landmarks_xy, equal_nan=True)
            and np.array_equal(self.difficult, other.difficult)
        )

    @staticmethod
    def empty() -> FaceAnnotations:
        """Return a picture without faces."""
        none = np.zeros((0, 4), np.float32), np.zeros((0, 5, 2), np.float32)
        return FaceAnnotations(*none, (), np.zeros(0, np.bool_))

    @staticmethod
    def of(
        boxes_xyxy: Float32Array,
        landmarks_xy: Float32Array | None = None,
        names: Sequence[str] | None = None,
        difficult: Sequence[bool] | None = None,
    ) -> FaceAnnotations:
        """Return annotations; what is left out is unknown, unnamed and not difficult."""
        count = len(boxes_xyxy)
        landmarks = np.full((count, 5, 2), np.nan, np.float32) if landmarks_xy is None else landmarks_xy
        return FaceAnnotations(
            np.asarray(boxes_xyxy, np.float32).reshape(count, 4),
            np.asarray(landmarks, np.float32).reshape(count, 5, 2),
            tuple(names) if names is not None else ("",) * count,
            np.asarray(difficult if difficult is not None else np.zeros(count), np.bool_),
        )

    @staticmethod
    def from_detections(found: FaceDetections) -> FaceAnnotations:
        """Return what a detector found as a proposal for people to correct."""
        return FaceAnnotations.of(found.boxes_xyxy, found.landmarks_xy)


def shown_name(name: str) -> str:
    """Return a name in single spaces without what cannot be shown, stored or written as XML."""
    unshown, none = {"Cc", "Cs"}, "\ufffe\uffff"
    shown = (ch for ch in name if ch.isspace() or (unicodedata.category(ch) not in unshown and ch not in none))
    return " ".join("".join(shown).split())


def fitted(faces: FaceAnnotations, width_px: int, height_px: int, what: str) -> FaceAnnotations:
    """Return the faces with boxes cut to their picture and names that can be shown.

    Args:
        faces: N faces.
        width_px, height_px: of the picture.
        what: the picture as the user knows it.

    Raises:
        ConfigError: names the first box that is no box, or that lies (almost) outside the picture, or whose landmarks
            do.
    """
    boxes = clip_boxes(np.nan_to_num(faces.boxes_xyxy, nan=-1.0), width_px, height_px)
    inside = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    sides = faces.boxes_xyxy[:, 2:] - faces.boxes_xyxy[:, :2]
    for row in range(len(faces)):
        drawn = ", ".join(f"{value:g}" for value in faces.boxes_xyxy[row])
        if not np.isfinite(faces.boxes_xyxy[row]).all() or sides[row].min() <= 0:
            raise ConfigError(f"Box {row + 1} of {what} ({drawn}) is none; its second corner lies right of and below.")
        if inside[row] < LEAST_INSIDE * sides[row].prod():
            raise ConfigError(
                f"Box {row + 1} of {what} ({drawn}) lies outside the picture of {width_px} x {height_px} px; "
                "move it onto the face."
            )
        if (boxes[row, 2:] - boxes[row, :2]).min() < LEAST_SIDE_PX:
            raise ConfigError(
                f"Box {row + 1} of {what} ({drawn}) is narrower than {LEAST_SIDE_PX:g} px; draw it larger."
            )
    _require_landmarks(faces, width_px, height_px, what)
    return FaceAnnotations(boxes, faces.landmarks_xy, tuple(map(shown_name, faces.names)), faces.difficult)


def _require_landmarks(faces: FaceAnnotations, width_px: int, height_px: int, what: str) -> None:
    """Refuse landmarks far outside the picture; a detector puts a hidden eye a little beyond the edge."""
    slack = np.maximum(faces.boxes_xyxy[:, 2:] - faces.boxes_xyxy[:, :2], 1.0)[:, None, :]
    low, high = faces.landmarks_xy < -slack, faces.landmarks_xy > np.array([width_px, height_px]) + slack
    for row in np.flatnonzero((low | high).any(axis=(1, 2))).tolist():
        raise ConfigError(f"A landmark of box {row + 1} of {what} lies outside the picture; move it onto the face.")
