"""What was seen of each face that is being followed: kept, so that it can be judged again without being seen again."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

import numpy as np

from facerec_app.core.types import Embeddings, Float32Array, Int64Array


@dataclass(frozen=True, slots=True, eq=False)
class TrackLook:
    """One look at a face.

    Attributes:
        vector: ``(D,)`` float32, unit length.
        quality: 0..1, see ``crop_quality``.
        timestamp_s: of the frame.
    """

    vector: Float32Array
    quality: float
    timestamp_s: float


class TrackLooks:
    """The recent looks at every live track; the inference thread adds, any thread may ask.

    Attributes:
        max_looks: remembered for each track, as many as votes count.
        averages: whether each look is judged together with those before it, by their mean feature. A network that is
            often unsure of a single look gains much by that (docs/profiles.md); one that is not needs no more than the
            mean of what is said of the looks.
    """

    def __init__(self, *, max_looks: int = 24, averages: bool = False) -> None:
        self.max_looks = max_looks
        self.averages = averages
        self._lock = threading.Lock()
        self._looks: dict[int, deque[TrackLook]] = {}
        self._extractor_version = ""

    @property
    def extractor_version(self) -> str:
        """Of the features; empty before the first."""
        return self._extractor_version

    @property
    def track_ids(self) -> tuple[int, ...]:
        """The tracks that were looked at."""
        with self._lock:
            return tuple(self._looks)

    def add(self, track_ids: Int64Array, embeddings: Embeddings, qualities: Float32Array, timestamp_s: float) -> None:
        """Keep M looks at M tracks."""
        with self._lock:
            self._extractor_version = embeddings.extractor_version
            for row, track_id in enumerate(track_ids.tolist()):
                looks = self._looks.setdefault(track_id, deque(maxlen=self.max_looks))
                looks.append(TrackLook(embeddings.vectors[row], float(qualities[row]), timestamp_s))

    def of(self, track_id: int) -> tuple[TrackLook, ...]:
        """Return the looks at a track, oldest first; none if the track is gone."""
        with self._lock:
            return tuple(self._looks.get(track_id, ()))

    def newest_evidence(self, track_ids: Int64Array) -> Embeddings:
        """Return what the newest look at each of M tracks is judged by, ``(M, D)``; every track was looked at."""
        rows = [self.evidence(track_id).vectors[-1:] for track_id in track_ids.tolist()]
        return Embeddings(np.concatenate(rows), self._extractor_version)

    def evidence(self, track_id: int) -> Embeddings:
        """Return what each look at a track is judged by, oldest first; zero rows if the track is gone.

        That is its own features, or the mean of its and all earlier ones, each weighing what its quality is, at unit
        length.
        """
        looks, own = self.of(track_id), self.own(track_id)
        vectors = own.vectors
        if self.averages and looks:
            weights = np.array([max(look.quality, 0.01) for look in looks], np.float32)
            sums = np.cumsum(vectors * weights[:, None], axis=0)
            vectors = np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), np.float32)
        return Embeddings(vectors, self._extractor_version)

    def own(self, track_id: int) -> Embeddings:
        """Return the features of each look at a track by itself, oldest first; zero rows if the track is gone."""
        looks = self.of(track_id)
        vectors = np.stack([look.vector for look in looks]) if looks else np.zeros((0, 0), np.float32)
        return Embeddings(vectors, self._extractor_version)

    def keep_latest(self, track_id: int, count: int) -> None:
        """Drop all but the latest looks at a track: those before were at another face."""
        with self._lock:
            looks = self._looks.get(track_id)
            if looks is not None:
                self._looks[track_id] = deque(list(looks)[-count:], maxlen=self.max_looks)

    def features(self, track_id: int, *, best: int | None = None) -> Embeddings:
        """Return the features of a track's looks, best quality first; zero rows if the track is gone.

        Args:
            track_id: of the face.
            best: at most this many.
        """
        looks = sorted(self.of(track_id), key=lambda look: -look.quality)[:best]
        vectors = np.stack([look.vector for look in looks]) if looks else np.zeros((0, 0), np.float32)
        return Embeddings(vectors, self._extractor_version)

    def forget(self, keep_track_ids: frozenset[int]) -> None:
        """Drop the looks at tracks that ended."""
        with self._lock:
            for track_id in [i for i in self._looks if i not in keep_track_ids]:
                del self._looks[track_id]

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._looks.clear()
