"""What was seen of each face that is being followed: kept, so that it can be judged again without being seen again."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facerec_app.core.types import Embeddings, Float32Array, Int64Array
from facerec_app.decision.look_weights import look_weights


@dataclass(frozen=True, slots=True, eq=False)
class TrackLook:
    """One look at a face.

    Attributes:
        vector: ``(D,)`` float32, unit length.
        quality: 0..1, see ``crop_quality``.
        timestamp_s: of the frame.
        norm: how long the vector was before its length was made one.
    """

    vector: Float32Array
    quality: float
    timestamp_s: float
    norm: float = 1.0


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
        norms = embeddings.norms if embeddings.norms is not None else np.ones(len(embeddings), np.float32)
        with self._lock:
            self._extractor_version = embeddings.extractor_version
            for row, track_id in enumerate(track_ids.tolist()):
                looks = self._looks.setdefault(track_id, deque(maxlen=self.max_looks))
                looks.append(TrackLook(embeddings.vectors[row], float(qualities[row]), timestamp_s, float(norms[row])))

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

        That is its own features, or the mean of its and all earlier ones, weighed by ``look_weights``, at unit length.
        """
        looks, own = self.of(track_id), self.own(track_id)
        vectors = own.vectors
        if self.averages and looks:
            sums = np.cumsum(vectors * _weights(looks)[:, None], axis=0)
            vectors = np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), np.float32)
        return Embeddings(vectors, self._extractor_version)

    def own(self, track_id: int) -> Embeddings:
        """Return the features of each look at a track by itself, oldest first; zero rows if the track is gone."""
        return self._features(self.of(track_id))

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
        return self._features(sorted(self.of(track_id), key=lambda look: -look.quality)[:best])

    def _features(self, looks: Sequence[TrackLook]) -> Embeddings:
        vectors = np.stack([look.vector for look in looks]) if looks else np.zeros((0, 0), np.float32)
        norms = np.array([look.norm for look in looks], np.float32)
        return Embeddings(vectors, self._extractor_version, norms)

    def forget(self, keep_track_ids: frozenset[int]) -> None:
        """Drop the looks at tracks that ended."""
        with self._lock:
            for track_id in [i for i in self._looks if i not in keep_track_ids]:
                del self._looks[track_id]

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._looks.clear()


def _weights(looks: Sequence[TrackLook]) -> Float32Array:
    """Return how much each look counts, ``(N,)``."""
    qualities, norms = (np.array([getattr(look, name) for look in looks], np.float32) for name in ("quality", "norm"))
    return look_weights(qualities, norms)
