"""Which faces of a frame are worth the network's time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facerec_app.core.types import BoolArray, FaceCrops, Float32Array, Int64Array


@dataclass(slots=True)
class _Seen:
    looks: int
    last_s: float
    best_quality: float


def crop_quality(crops: FaceCrops) -> Float32Array:
    """Return ``(N,)`` float32 in 0..1: how far a crop can be relied on to tell people apart.

    The product of size (full from 80 px on), frontality (a face turned by more than 60 degrees says next to nothing)
    and sharpness; a product, because any one of them alone spoils a face.
    """
    size = np.clip(crops.size_px / 80.0, 0.0, 1.0)
    frontality = np.clip(np.cos(np.deg2rad(np.clip(crops.yaw_deg, -90, 90))) * 2.0 - 1.0, 0.05, 1.0)
    sharpness = np.clip(crops.sharpness, 0.1, 1.0)
    return np.asarray(size * frontality * sharpness, np.float32)


class EmbeddingSchedule:
    """A face is embedded when it is new, when it looks better than before, when it is due again, and when its track
    is in doubt.

    Attributes:
        eager_looks: looks taken frame after frame when a track is new, so that a name appears quickly.
        interval_s: after that, the time between two looks at one track.
        settled_looks: from so many looks on, another says little that is new.
        settled_interval_s: then, the time between two looks.
        quality_gain: a crop better than the best so far by this factor is taken at once.
    """

    def __init__(
        self,
        *,
        eager_looks: int = 4,
        interval_s: float = 0.4,
        settled_looks: int = 10,
        settled_interval_s: float = 1.0,
        quality_gain: float = 1.25,
    ) -> None:
        self.eager_looks = eager_looks
        self.interval_s = interval_s
        self.settled_looks = settled_looks
        self.settled_interval_s = settled_interval_s
        self.quality_gain = quality_gain
        self._seen: dict[int, _Seen] = {}

    def due(
        self,
        track_ids: Int64Array,
        qualities: Float32Array,
        timestamp_s: float,
        urgent: BoolArray,
        *,
        same_crops: bool = False,
    ) -> BoolArray:
        """Return ``(N,)`` bool: which faces to embed now, the urgent ones among them; they count as looked at.

        Args:
            track_ids: ``(N,)`` of the faces.
            qualities: ``(N,)`` of their crops.
            timestamp_s: of the frame.
            urgent: ``(N,)``, tracks in doubt.
            same_crops: the crops are those of the frame before: of a track that is settled they would say the same.
        """
        due = np.zeros(len(track_ids), bool)
        faces = zip(track_ids.tolist(), qualities.tolist(), urgent.tolist(), strict=True)
        for row, (track_id, quality, is_urgent) in enumerate(faces):
            seen = self._seen.get(track_id)
            if seen is None:
                self._seen[track_id] = _Seen(1, timestamp_s, quality)
                due[row] = True
                continue
            eager = is_urgent or seen.looks < self.eager_looks
            better = quality > seen.best_quality * self.quality_gain
            if same_crops and not is_urgent and seen.looks >= self.settled_looks:
                continue
            interval_s = self.interval_s if seen.looks < self.settled_looks else self.settled_interval_s
            if eager or better or timestamp_s - seen.last_s >= interval_s:
                seen.looks += 1
                seen.last_s = timestamp_s
                seen.best_quality = max(seen.best_quality, quality)
                due[row] = True
        return due

    def forget(self, keep_track_ids: frozenset[int]) -> None:
        """Drop what is known of tracks that ended."""
        for track_id in [i for i in self._seen if i not in keep_track_ids]:
            del self._seen[track_id]

    def reset(self) -> None:
        """Forget every track."""
        self._seen.clear()
