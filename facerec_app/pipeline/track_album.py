"""The best pictures of each face that is being followed, kept so that it can be enrolled with one click."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np

from facerec_app.core.types import FaceDetections, Float32Array, Frame, Int64Array, UInt8Array

_MARGIN = 0.6  # of the box's longer side, so that the face can be found and aligned again in the cut-out


@dataclass(frozen=True, slots=True, eq=False)
class FacePicture:
    """A cut-out of a frame with one face in it.

    Attributes:
        pixels_rgb: ``(h, w, 3)`` uint8, the face with a margin.
        detection: one row, in coordinates of the cut-out.
        quality: 0..1, see ``crop_quality``.
        timestamp_s: of the frame.
        source_id: where the frame came from.
    """

    pixels_rgb: UInt8Array
    detection: FaceDetections
    quality: float
    timestamp_s: float
    source_id: str


def cut_out(frame: Frame, detection: FaceDetections, quality: float) -> FacePicture:
    """Return the picture around a single detection, copied out of its frame."""
    x0, y0, x1, y1 = detection.boxes_xyxy[0]
    margin = _MARGIN * float(max(x1 - x0, y1 - y0))
    left, top = max(int(x0 - margin), 0), max(int(y0 - margin), 0)
    right = min(int(np.ceil(x1 + margin)), frame.width_px)
    bottom = min(int(np.ceil(y1 + margin)), frame.height_px)
    shift = np.array([left, top], np.float32)
    moved = FaceDetections(
        detection.boxes_xyxy - np.tile(shift, 2), detection.landmarks_xy - shift, detection.scores.copy()
    )
    pixels = frame.pixels_rgb[top:bottom, left:right].copy()
    return FacePicture(pixels, moved, quality, frame.timestamp_s, frame.source_id)


class TrackAlbum:
    """Keeps a few good pictures of every live track, apart in time so that they differ.

    The inference thread adds; any thread may ask.
    """

    def __init__(self, *, pictures_per_track: int = 5, min_gap_s: float = 0.25) -> None:
        self.pictures_per_track = pictures_per_track
        self.min_gap_s = min_gap_s
        self._lock = threading.Lock()
        self._pictures: dict[int, list[FacePicture]] = {}

    def add(self, frame: Frame, detections: FaceDetections, track_ids: Int64Array, qualities: Float32Array) -> None:
        """Offer the faces of a frame; those that are better than what is kept are cut out and kept."""
        for row, track_id in enumerate(track_ids.tolist()):
            quality = float(qualities[row])
            with self._lock:
                kept = self._pictures.setdefault(track_id, [])
                recent = [p for p in kept if abs(p.timestamp_s - frame.timestamp_s) < self.min_gap_s]
                full = len(kept) >= self.pictures_per_track
                rivals = recent or (kept if full else [])
                worst = min(rivals, key=lambda p: p.quality, default=None)
                if worst is not None and worst.quality >= quality:
                    continue
            picture = cut_out(frame, detections.select(np.array([row])), quality)
            with self._lock:
                if worst is not None and worst in kept:
                    kept.remove(worst)
                kept.append(picture)

    def pictures(self, track_id: int) -> list[FacePicture]:
        """Return the pictures of a track, best first; none if the track is gone."""
        with self._lock:
            return sorted(self._pictures.get(track_id, []), key=lambda p: -p.quality)

    def forget(self, keep_track_ids: frozenset[int]) -> None:
        """Drop the pictures of tracks that ended."""
        with self._lock:
            for track_id in [i for i in self._pictures if i not in keep_track_ids]:
                del self._pictures[track_id]

    def drop(self, track_ids: frozenset[int]) -> None:
        """Drop the pictures of tracks that go on at another face."""
        with self._lock:
            for track_id in track_ids:
                self._pictures.pop(track_id, None)

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._pictures.clear()
