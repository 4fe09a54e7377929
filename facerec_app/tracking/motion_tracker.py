"""Boxes to tracks: constant-velocity prediction, one-to-one assignment by overlap, and a check of appearance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facerec_app.core.geometry import pairwise_iou
from facerec_app.core.types import BoolArray, Embeddings, FaceDetections, Float32Array, Frame, Int64Array
from facerec_app.tracking.scene_cut import SceneCutDetector


@dataclass(slots=True)
class _Track:
    track_id: int
    box_xyxy: Float32Array
    velocity_xyxy_s: Float32Array
    last_seen_s: float
    appearance: Float32Array | None = None

    def predicted_box(self, timestamp_s: float) -> Float32Array:
        # A face that was lost is not assumed to go on moving for long: heads turn and stop.
        elapsed_s = min(max(timestamp_s - self.last_seen_s, 0.0), 0.2)
        return self.box_xyxy + self.velocity_xyxy_s * np.float32(elapsed_s)


class MotionTracker:
    """Follows faces by overlap with where they were going, as SORT does (Bewley et al., "Simple online and realtime
    tracking", ICIP 2016), with smoothed velocities in place of a Kalman filter and best-first in place of Hungarian
    assignment: faces hardly overlap each other, so both give the same pairs, and importing SciPy's costs 0.7 s.

    All tracks end at a scene cut. A track whose new features are those of another person ends too
    (``check_appearance``), so that a name never passes from one face to the next in the same place. A track whose box
    jumped, or that went unseen for long because frames are far apart, is suspected of that: its face wants a look at
    once, and its features are held to a stricter bar.
    """

    def __init__(
        self,
        *,
        min_iou: float = 0.25,
        max_lost_s: float = 0.7,
        min_smooth_iou: float = 0.5,
        min_same_person_cosine: float = 0.15,
        min_same_person_cosine_after_jump: float = 0.4,
    ) -> None:
        self.min_iou = min_iou
        self.max_lost_s = max_lost_s
        self.min_smooth_iou = min_smooth_iou
        self.min_same_person_cosine = min_same_person_cosine
        self.min_same_person_cosine_after_jump = min_same_person_cosine_after_jump
        self._jumped: set[int] = set()
        self._tracks: dict[int, _Track] = {}
        self._next_id = 1
        self._cuts = SceneCutDetector()
        self._last_timestamp_s = -np.inf

    @property
    def live_track_ids(self) -> frozenset[int]:
        """Tracks that may still go on."""
        return frozenset(self._tracks)

    def jumped(self, track_ids: Int64Array) -> BoolArray:
        """Return ``(N,)`` bool: which of these tracks may have gone over to another face in this frame."""
        return np.isin(track_ids, list(self._jumped))

    def reset(self) -> None:
        """End all tracks; identifiers are not used again."""
        self._tracks.clear()
        self._cuts.reset()
        self._last_timestamp_s = -np.inf

    def update(self, frame: Frame, detections: FaceDetections) -> Int64Array:
        """Return the track identifier of each detection, ``(N,)`` int64, each at most once."""
        if self._cuts.is_cut(frame.pixels_rgb) or frame.timestamp_s < self._last_timestamp_s:
            self._tracks.clear()
        self._jumped.clear()
        self._drop_lost(frame.timestamp_s)
        self._last_timestamp_s = frame.timestamp_s
        track_ids = self._assign(detections.boxes_xyxy, frame.timestamp_s)
        for row, track_id in enumerate(track_ids):
            self._follow(int(track_id), detections.boxes_xyxy[row], frame.timestamp_s)
        return track_ids

    def check_appearance(self, track_ids: Int64Array, embeddings: Embeddings) -> Int64Array:
        """Return the tracks' identifiers, with a new one wherever the features are clearly another person's.

        Args:
            track_ids: ``(M,)`` tracks of the faces that were embedded in this frame.
            embeddings: M rows, same order.

        Returns:
            ``(M,)`` int64.
        """
        checked = track_ids.copy()
        for row, track_id in enumerate(track_ids):
            vector = embeddings.vectors[row]
            track = self._tracks[int(track_id)]
            if track.appearance is not None and track.appearance.shape == vector.shape:
                jumped = track.track_id in self._jumped
                bar = self.min_same_person_cosine_after_jump if jumped else self.min_same_person_cosine
                if float(vector @ track.appearance) < bar:
                    checked[row] = self._replace(track)
                    self._tracks[int(checked[row])].appearance = vector
                    continue
                mixed = 0.8 * track.appearance + 0.2 * vector
                track.appearance = np.asarray(mixed / max(float(np.linalg.norm(mixed)), 1e-6), np.float32)
            else:
                track.appearance = vector
        return checked

    def _drop_lost(self, timestamp_s: float) -> None:
        """End tracks that were missing for too long; one of the frame before is not, however far apart frames are."""
        lost = [
            track_id
            for track_id, track in self._tracks.items()
            if track.last_seen_s < self._last_timestamp_s and timestamp_s - track.last_seen_s > self.max_lost_s
        ]
        for track_id in lost:
            del self._tracks[track_id]

    def _assign(self, boxes_xyxy: Float32Array, timestamp_s: float) -> Int64Array:
        track_ids = np.full(len(boxes_xyxy), -1, np.int64)
        known = list(self._tracks.values())
        if known and len(boxes_xyxy):
            predicted = np.stack([track.predicted_box(timestamp_s) for track in known])
            overlaps = pairwise_iou(boxes_xyxy, predicted)
            for row, column in _best_first(overlaps, self.min_iou):
                track_ids[row] = known[column].track_id
                unseen_s = timestamp_s - known[column].last_seen_s
                if overlaps[row, column] < self.min_smooth_iou or unseen_s > self.max_lost_s:
                    self._jumped.add(known[column].track_id)
        for row in np.flatnonzero(track_ids < 0).tolist():
            track_ids[row] = self._take_id()
        return track_ids

    def _follow(self, track_id: int, box_xyxy: Float32Array, timestamp_s: float) -> None:
        track = self._tracks.get(track_id)
        if track is None:
            self._tracks[track_id] = _Track(track_id, box_xyxy, np.zeros(4, np.float32), timestamp_s)
            return
        elapsed_s = timestamp_s - track.last_seen_s
        if elapsed_s > 1e-6:
            measured = (box_xyxy - track.box_xyxy) / np.float32(elapsed_s)
            track.velocity_xyxy_s = np.asarray(0.5 * track.velocity_xyxy_s + 0.5 * measured, np.float32)
        track.box_xyxy = box_xyxy
        track.last_seen_s = timestamp_s

    def _replace(self, track: _Track) -> int:
        del self._tracks[track.track_id]
        track_id = self._take_id()
        self._tracks[track_id] = _Track(track_id, track.box_xyxy, track.velocity_xyxy_s, track.last_seen_s)
        return track_id

    def _take_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1


def _best_first(overlaps: Float32Array, least: float) -> list[tuple[int, int]]:
    """Return (row, column) pairs of at least that overlap, the largest first, each row and column at most once."""
    rows, columns = np.nonzero(overlaps >= least)
    order = np.argsort(-overlaps[rows, columns], kind="stable")
    pairs: list[tuple[int, int]] = []
    taken_rows: set[int] = set()
    taken_columns: set[int] = set()
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if row not in taken_rows and column not in taken_columns:
            taken_rows.add(row)
            taken_columns.add(column)
            pairs.append((row, column))
    return pairs
