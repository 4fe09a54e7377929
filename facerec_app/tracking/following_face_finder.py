"""Searching the whole picture now and then, and in between only where the faces are."""

from __future__ import annotations

import numpy as np

from facerec_app.core.geometry import pairwise_iou
from facerec_app.core.protocols import FollowingFaceDetector
from facerec_app.core.types import BoolArray, FaceDetections, Float32Array, Frame
from facerec_app.tracking.picture_change import PictureCells, cells_touched
from facerec_app.tracking.scene_cut import SceneCutDetector

_SAME_FACE_IOU = 0.3
_SURROUNDINGS = 0.3
"""Of a face's sides on each side of it: what moves there is the head that the face belongs to."""
_OTHER_SCENE_LEVELS = 10.0
"""Mean change of single pixels: a sensor's noise stays below a half of it, another scene is beyond."""


class FollowingFaceFinder:
    """A search of the whole picture is most of a frame's time, and a face is nearly where it was a frame ago.

    The picture is searched every few frames, at every cut, and not at all while nothing moves but the faces that are
    being followed (except once in a while). In between the detector looks again where the faces were going. A face
    that does not move is not even looked at again, and a picture in which nothing has moved for a while only every
    tenth of a second. What was measured is in docs/speed.md.

    Attributes:
        every_frames: a search at least every so many frames while something moves; 1 searches every frame.
        every_s: the same in seconds, for sources with few frames a second.
        still_s: a search at least so often while nothing moves.
        moved_levels: mean change of a cell, in grey levels, that counts as motion.
        rest_after_s: a picture in which nothing moved for so long is looked at every ``rest_s`` only.
        rest_s: the longest time without a look.
        rest_still_s: a search at least so often while the picture rests.
    """

    def __init__(
        self,
        detector: FollowingFaceDetector,
        *,
        every_frames: int = 4,
        every_s: float = 0.15,
        still_s: float = 1.0,
        moved_levels: float = 5.0,
        rest_after_s: float = 2.0,
        rest_s: float = 0.115,
        rest_still_s: float = 3.0,
    ) -> None:
        self.every_frames = every_frames
        self.every_s = every_s
        self.still_s = still_s
        self.moved_levels = moved_levels
        self.rest_after_s = rest_after_s
        self.rest_s = rest_s
        self.rest_still_s = rest_still_s
        self._detector = detector
        self._cuts = SceneCutDetector()
        self._frames_since_search = 0
        self._forget()

    def reset(self) -> None:
        """Forget what was seen (the source changed or jumped)."""
        self._cuts.reset()
        self._forget()

    def find(self, frame: Frame) -> FaceDetections:
        """Return the faces of a frame, best score first.

        Raises:
            InferenceError: if a network fails or returns values that are not finite.
        """
        self._resting = self._may_rest(frame)
        if self._resting:
            return self._found
        cut = self._cuts.is_cut(frame.pixels_rgb)
        if self.every_frames <= 1:
            return self._detector.detect(frame.pixels_rgb)
        cells = PictureCells(frame.pixels_rgb)
        self._frames_since_search += 1
        look = self._search if cut or self._is_search_due(frame, cells) else self._follow
        if cut or self._has_moved(cells):
            self._moved_s = frame.timestamp_s
        found = look(frame, cells)
        self._last_s = frame.timestamp_s
        self._glimpse = _glimpse(frame)
        return found

    @property
    def is_resting(self) -> bool:
        """Whether the latest frame was not looked at, because nothing has moved for a while: all is as it was."""
        return self._resting

    def _may_rest(self, frame: Frame) -> bool:
        since_s = frame.timestamp_s - self._last_s
        if not 0 <= since_s < self.rest_s or frame.timestamp_s - self._moved_s < self.rest_after_s:
            return False
        now = _glimpse(frame)
        return now.shape == self._glimpse.shape and float(np.abs(now - self._glimpse).mean()) <= _OTHER_SCENE_LEVELS

    def _has_moved(self, cells: PictureCells) -> bool:
        """Return whether any cell changed since the last search."""
        if self._searched is None or not cells.is_like(self._searched):
            return True
        return bool((cells.change_from(self._searched) > self.moved_levels / 2).any())

    def _forget(self) -> None:
        self._found = FaceDetections.empty()
        self._expected_xyxy: Float32Array = np.zeros((0, 4), np.float32)
        self._velocity_xy_s: Float32Array = np.zeros((0, 2), np.float32)
        self._searched: PictureCells | None = None
        self._looked: PictureCells | None = None
        self._searched_s = self._last_s = self._moved_s = -np.inf
        self._resting = False
        self._glimpse = np.zeros((0, 0), np.float32)
        self._frames_since_search = 0

    def _is_search_due(self, frame: Frame, cells: PictureCells) -> bool:
        since_s = frame.timestamp_s - self._searched_s
        rests = frame.timestamp_s - self._moved_s >= self.rest_after_s
        longest_s = self.rest_still_s if rests else self.still_s
        if self._searched is None or not cells.is_like(self._searched) or not 0 <= since_s < longest_s:
            return True
        soon = self._frames_since_search < self.every_frames and since_s < self.every_s
        # Whatever moves after a rest may be somebody who came while nobody looked.
        if soon and not rests:
            return False
        change = cells.change_from(self._searched)
        elsewhere = ~self._around_faces(cells, change.shape)
        return bool((change[elsewhere] > self.moved_levels).any())

    def _search(self, frame: Frame, cells: PictureCells) -> FaceDetections:
        found = self._detector.detect(frame.pixels_rgb)
        self._remember(found, frame.timestamp_s)
        self._searched = self._looked = cells
        self._searched_s, self._frames_since_search = frame.timestamp_s, 0
        return found

    def _follow(self, frame: Frame, cells: PictureCells) -> FaceDetections:
        """Look again where the faces were going; where no cell changed they are as they were."""
        if not self._anything_moves(cells):
            return self._found
        elapsed_s = max(frame.timestamp_s - self._last_s, 0.0)
        shift = self._velocity_xy_s * np.float32(min(elapsed_s, 0.1))
        expected = self._expected_xyxy + np.tile(shift, 2)
        found = self._detector.look_again(frame.pixels_rgb, expected)
        self._remember(found, frame.timestamp_s)
        # A face that is lost for a frame is looked for where it was until the next search.
        lost = expected[(pairwise_iou(expected, found.boxes_xyxy) <= _SAME_FACE_IOU).all(axis=1)]
        self._expected_xyxy = np.concatenate([found.boxes_xyxy, lost])
        self._velocity_xy_s = np.concatenate([self._velocity_xy_s, np.zeros((len(lost), 2), np.float32)])
        self._looked = cells
        return found

    def _anything_moves(self, cells: PictureCells) -> bool:
        """Return whether a cell around a face changed since the faces were last looked at."""
        if self._looked is None or not len(self._expected_xyxy):
            return False
        change = cells.change_from(self._looked)
        # Half the bar: a face that turns changes less than one that appears.
        changed = change > self.moved_levels / 2
        return bool((self._around_faces(cells, change.shape) & changed).any())

    def _around_faces(self, cells: PictureCells, shape: tuple[int, ...]) -> BoolArray:
        """Return ``(rows, columns)`` bool: the cells that are explained by the faces being followed."""
        boxes = self._expected_xyxy
        margin = (boxes[:, 2:4] - boxes[:, 0:2]) * np.float32(_SURROUNDINGS)
        around = np.concatenate([boxes[:, 0:2] - margin, boxes[:, 2:4] + margin], axis=1)
        return np.asarray(cells_touched(around, cells.cell_size_px, shape).any(axis=0), np.bool_)

    def _remember(self, found: FaceDetections, timestamp_s: float) -> None:
        """Keep the faces and how fast each moves, from the face before that it overlaps most."""
        velocity = np.zeros((len(found), 2), np.float32)
        elapsed_s = timestamp_s - self._last_s
        if len(found) and len(self._found) and 0 < elapsed_s < 1.0:
            overlaps = pairwise_iou(found.boxes_xyxy, self._found.boxes_xyxy)
            before = overlaps.argmax(axis=1)
            same = overlaps[np.arange(len(found)), before] > _SAME_FACE_IOU
            moved = _centres(found)[same] - _centres(self._found)[before[same]]
            # Half of what was measured: a face is as likely to stop as to go on, and noise is halved.
            velocity[same] = moved / np.float32(2.0 * elapsed_s)
        self._found, self._expected_xyxy, self._velocity_xy_s = found, found.boxes_xyxy, velocity


def _glimpse(frame: Frame) -> Float32Array:
    """Return about 18 by 32 single pixels' green: enough to notice another scene, at no price."""
    rows, columns = max(1, frame.height_px // 18), max(1, frame.width_px // 32)
    return frame.pixels_rgb[rows // 2 :: rows, columns // 2 :: columns, 1].astype(np.float32)


def _centres(found: FaceDetections) -> Float32Array:
    return np.asarray((found.boxes_xyxy[:, 0:2] + found.boxes_xyxy[:, 2:4]) / 2, np.float32)
