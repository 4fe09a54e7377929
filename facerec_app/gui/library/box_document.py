"""The boxes of one picture while they are being corrected: what is chosen, what was changed, and back again."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

import numpy as np

from facerec_app.core.face_annotations import LEAST_SIDE_PX, FaceAnnotations
from facerec_app.core.types import Float32Array

_MOST_STEPS = 200
_PLACES = ((0.27, 0.38), (0.74, 0.38), (0.51, 0.58), (0.31, 0.74), (0.72, 0.74))
"""Where landmarks lie in a detector's box, in shares of its sides: medians of 965 faces of LFW's training people."""


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    faces: FaceAnnotations
    chosen: int | None
    enrolled: int | None


class BoxDocument:
    """Faces, the chosen one of them, and up to 200 steps back.

    Args:
        faces: to begin with.
        width_px, height_px: of the picture.
        enrolled_row: which of them is the enrolled face, whose box cannot be deleted.
    """

    def __init__(self, faces: FaceAnnotations, width_px: int, height_px: int, enrolled_row: int | None = None) -> None:
        self.width_px, self.height_px = width_px, height_px
        self._state = _State(faces, 0 if len(faces) else None, enrolled_row)
        self._saved = faces
        self._undo: list[_State] = []
        self._redo: list[_State] = []
        self._tag: object = None
        self._gestures = count()
        self.landmark: int | None = None

    @property
    def faces(self) -> FaceAnnotations:
        """Every face as it is now."""
        return self._state.faces

    @property
    def chosen(self) -> int | None:
        """The face that keys act on; None without any."""
        return self._state.chosen

    @property
    def enrolled_row(self) -> int | None:
        """Which face is the enrolled one."""
        return self._state.enrolled

    @property
    def is_changed(self) -> bool:
        """Whether anything differs from what was saved."""
        return not self.faces.equals(self._saved)

    @property
    def can_undo(self) -> bool:
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        return bool(self._redo)

    def mark_saved(self, faces: FaceAnnotations) -> None:
        """Take note of what was saved."""
        self._saved = faces

    def choose(self, row: int | None, landmark: int | None = None) -> None:
        """Choose a face, or one of its landmarks."""
        self._state = _State(self.faces, row, self.enrolled_row)
        has = row is not None and bool(self.faces.has_landmarks[row])
        self.landmark = landmark if has else None
        self._tag = None

    def choose_next(self, step: int) -> bool:
        """Choose the next face or the one before; return False at the end of the row, where nothing changes."""
        wanted = step - 1 + (step < 0) * (len(self.faces) + 1) if self.chosen is None else self.chosen + step
        if not 0 <= wanted < len(self.faces):
            return False
        self.choose(wanted)
        return True

    def begin_gesture(self) -> object:
        """Return a mark under which all changes of one movement of the mouse are one step back."""
        return next(self._gestures)

    def add(self, box_xyxy: Float32Array, tag: object = None) -> None:
        """Add a face, without landmarks or name, and choose it."""
        faces = self.faces
        new = FaceAnnotations.of(
            np.concatenate([faces.boxes_xyxy, self._inside(box_xyxy)[None]]),
            np.concatenate([faces.landmarks_xy, np.full((1, 5, 2), np.nan, np.float32)]),
            (*faces.names, ""),
            [*faces.difficult.tolist(), False],
        )
        self._change(new, len(faces), tag)
        self.landmark = None

    def remove(self) -> bool:
        """Delete the chosen face; return False for the enrolled one, which stays."""
        row = self.chosen
        if row is None or row == self.enrolled_row:
            return False
        kept = self.faces.select(np.array([other for other in range(len(self.faces)) if other != row], np.int64))
        enrolled = self.enrolled_row
        if enrolled is not None and enrolled > row:
            enrolled -= 1
        self._change(kept, min(row, len(kept) - 1) if len(kept) else None, None, enrolled)
        self.landmark = None
        return True

    def move(self, right_px: float, down_px: float, tag: object = None) -> None:
        """Move the chosen landmark, or the chosen box with its landmarks; it stays in the picture."""
        row = self.chosen
        if row is None:
            return
        shift = np.array([right_px, down_px], np.float32)
        box, points = self.faces.boxes_xyxy[row], self.faces.landmarks_xy[row]
        if self.landmark is not None:
            moved = points.copy()
            moved[self.landmark] = np.clip(points[self.landmark] + shift, 0, [self.width_px, self.height_px])
            self._replace(row, box, moved, tag or ("landmark", row, self.landmark))
            return
        low, high = np.minimum(-box[:2], 0), np.maximum([self.width_px, self.height_px] - box[2:], 0)
        shift = np.clip(shift, low, high).astype(np.float32)
        self._replace(row, box + np.tile(shift, 2), points + shift, tag or ("move", row))

    def resize(self, wider_px: float, higher_px: float) -> None:
        """Move the lower right corner of the chosen box."""
        if self.chosen is not None:
            box = self.faces.boxes_xyxy[self.chosen].copy()
            box[2:] = np.maximum(box[2:] + np.array([wider_px, higher_px]), box[:2] + LEAST_SIDE_PX)
            self.set_box(box, ("resize", self.chosen))

    def set_box(self, box_xyxy: Float32Array, tag: object = None) -> None:
        """Give the chosen face another box; its landmarks are stretched with it."""
        row = self.chosen
        if row is None:
            return
        old, new = self.faces.boxes_xyxy[row], self._inside(box_xyxy)
        stretch = (new[2:] - new[:2]) / np.maximum(old[2:] - old[:2], 1e-3)
        self._replace(row, new, (self.faces.landmarks_xy[row] - old[:2]) * stretch + new[:2], tag)

    def set_landmark(self, x: float, y: float, tag: object = None) -> None:
        """Put the chosen landmark somewhere."""
        row = self.chosen
        if row is not None and self.landmark is not None:
            points = self.faces.landmarks_xy[row].copy()
            points[self.landmark] = np.clip([x, y], 0, [self.width_px, self.height_px])
            self._replace(row, self.faces.boxes_xyxy[row], points, tag)

    def set_landmarks(self, row: int, landmarks_xy: Float32Array | None) -> None:
        """Give a face landmarks; None takes where they usually are."""
        box = self.faces.boxes_xyxy[row]
        if landmarks_xy is None:
            landmarks_xy = (box[:2] + np.array(_PLACES, np.float32) * (box[2:] - box[:2])).astype(np.float32)
        self._replace(row, box, landmarks_xy, None)

    def rename(self, name: str) -> None:
        """Say who the chosen face is."""
        if self.chosen is not None:
            names = list(self.faces.names)
            names[self.chosen] = name
            faces = self.faces
            self._change(
                FaceAnnotations(faces.boxes_xyxy, faces.landmarks_xy, tuple(names), faces.difficult), self.chosen, None
            )

    def switch_difficult(self) -> None:
        """Let the chosen face not count, or count again."""
        if self.chosen is not None:
            faces, difficult = self.faces, self.faces.difficult.copy()
            difficult[self.chosen] = not difficult[self.chosen]
            changed = FaceAnnotations(faces.boxes_xyxy, faces.landmarks_xy, faces.names, difficult)
            self._change(changed, self.chosen, None)

    def undo(self) -> None:
        """Take the last step back."""
        self._step(self._undo, self._redo)

    def redo(self) -> None:
        """Do the last step again that was taken back."""
        self._step(self._redo, self._undo)

    def _step(self, take: list[_State], keep: list[_State]) -> None:
        if take:
            keep.append(self._state)
            self._state, self.landmark, self._tag = take.pop(), None, None

    def _replace(self, row: int, box: Float32Array, landmarks: Float32Array, tag: object) -> None:
        boxes, points = self.faces.boxes_xyxy.copy(), self.faces.landmarks_xy.copy()
        boxes[row], points[row] = box, landmarks
        self._change(FaceAnnotations(boxes, points, self.faces.names, self.faces.difficult), row, tag)

    def _change(self, faces: FaceAnnotations, chosen: int | None, tag: object, enrolled: int | None = None) -> None:
        """Keep a new state; changes one after another under one tag are one step back."""
        if faces.equals(self.faces):
            return
        if tag is None or tag != self._tag:
            self._undo = [*self._undo[-_MOST_STEPS + 1 :], self._state]
        self._redo.clear()
        self._tag = tag
        self._state = _State(faces, chosen, self.enrolled_row if enrolled is None else enrolled)

    def _inside(self, box_xyxy: Float32Array) -> Float32Array:
        """Return a box with its corners in order, cut to the picture, and not too small to be taken hold of."""
        limits = np.array([self.width_px, self.height_px], np.float32)
        first = np.clip(np.minimum(box_xyxy[:2], box_xyxy[2:]), 0, limits - LEAST_SIDE_PX)
        last = np.clip(np.maximum(box_xyxy[:2], box_xyxy[2:]), first + LEAST_SIDE_PX, limits)
        return np.concatenate([first, last]).astype(np.float32)
