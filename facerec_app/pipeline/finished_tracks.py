"""Faces of tracks that came to their end without a name, until somebody fetches them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from facerec_app.core.types import IdentityDecision, Int64Array, Verdict
from facerec_app.pipeline.track_album import FacePicture, TrackAlbum

_MOST_WAITING = 32


@dataclass(frozen=True, slots=True, eq=False)
class FinishedTrack:
    """A face that was followed until it was gone.

    Attributes:
        track_id: of the session.
        pictures: the best of it, best first.
    """

    track_id: int
    pictures: tuple[FacePicture, ...]


class FinishedTracks:
    """Holds the pictures of strangers' tracks in memory, and only while somebody wants them.

    The inference thread adds; any thread may ask. A track that was named at any moment is never held, nor one that was
    not decided: it may be somebody who is enrolled.

    Attributes:
        is_wanted: whether tracks are held at all; not so until it is set.
    """

    def __init__(self, *, pictures_per_track: int = 3) -> None:
        self.is_wanted = False
        self._pictures_per_track = pictures_per_track
        self._lock = threading.Lock()
        self._waiting: deque[FinishedTrack] = deque(maxlen=_MOST_WAITING)
        self._named: set[int] = set()
        self._unknown: set[int] = set()

    def note(self, track_ids: Int64Array, decisions: Sequence[IdentityDecision]) -> None:
        """Hear what is said of the faces in view."""
        for track_id, decision in zip(track_ids.tolist(), decisions, strict=True):
            if decision.verdict is Verdict.KNOWN:
                self._named.add(track_id)
            if decision.verdict is Verdict.UNKNOWN:
                self._unknown.add(track_id)
            else:
                self._unknown.discard(track_id)

    def take_ended(self, album: TrackAlbum, live_track_ids: frozenset[int]) -> None:
        """Hold the pictures of strangers who have left; to be called before the album forgets them."""
        ended = (self._unknown | self._named) - live_track_ids
        for track_id in sorted(ended & (self._unknown - self._named)):
            pictures = tuple(album.pictures(track_id)[: self._pictures_per_track])
            if self.is_wanted and pictures:
                with self._lock:
                    self._waiting.append(FinishedTrack(track_id, pictures))
        self._unknown -= ended
        self._named -= ended

    @property
    def has_waiting(self) -> bool:
        """Whether there is anything to fetch."""
        return bool(self._waiting)

    def fetch(self) -> tuple[FinishedTrack, ...]:
        """Return what is held and hold it no longer."""
        with self._lock:
            fetched = tuple(self._waiting)
            self._waiting.clear()
        return fetched

    def forget_tracks(self) -> None:
        """Forget the tracks in view: the source changed or jumped. What has ended stays until it is fetched."""
        self._named.clear()
        self._unknown.clear()
