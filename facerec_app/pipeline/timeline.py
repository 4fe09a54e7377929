"""Frame results to sightings: who was there, from when to when, how surely."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from facerec_app.core.types import FrameResult, Verdict


@dataclass(frozen=True, slots=True)
class Sighting:
    """One person's uninterrupted presence, or one unknown face's.

    Attributes:
        person_id: who, or None for an unknown face.
        name: display name, "Unknown" for an unknown face.
        track_id: first track it was seen on.
        start_s: source time of the first frame.
        end_s: source time of the last frame.
        frames: number of frames with the face in them.
        probability: mean over the frames that carry the verdict.
    """

    person_id: str | None
    name: str
    track_id: int
    start_s: float
    end_s: float
    frames: int
    probability: float


@dataclass(slots=True)
class _OpenSighting:
    person_id: str | None
    name: str
    track_id: int
    start_s: float
    end_s: float
    frames: int = 0
    probability_sum: float = 0.0
    decided_frames: int = 0

    def close(self) -> Sighting:
        mean = self.probability_sum / max(self.decided_frames, 1)
        return Sighting(self.person_id, self.name, self.track_id, self.start_s, self.end_s, self.frames, mean)


class Timeline:
    """Builds sightings as results come.

    The frames of a track before its verdict count as the person the track turns out to be. Sightings of one person
    that are less than ``max_gap_s`` apart are one. Faces that were never decided are left out.
    """

    def __init__(self, *, max_gap_s: float = 1.0, min_unknown_frames: int = 5) -> None:
        self.max_gap_s = max_gap_s
        self.min_unknown_frames = min_unknown_frames
        self._undecided: dict[int, tuple[float, int]] = {}
        self._open: dict[str, _OpenSighting] = {}
        self._closed: list[Sighting] = []

    def add(self, result: FrameResult) -> None:
        """Take the next frame's result, in order of time."""
        now_s = result.frame.timestamp_s
        for decision in result.decisions:
            if decision.verdict is Verdict.UNDECIDED:
                start_s, count = self._undecided.get(decision.track_id, (now_s, 0))
                self._undecided[decision.track_id] = (start_s, count + 1)
                continue
            person_id = decision.person_id if decision.verdict is Verdict.KNOWN else None
            key = person_id or f"track {decision.track_id}"
            name = (result.name_of(decision) or "Removed person") if person_id else "Unknown"
            sighting = self._open.get(key)
            if sighting is not None and now_s - sighting.end_s > self.max_gap_s:
                self._closed.append(sighting.close())
                sighting = None
            if sighting is None:
                sighting = _OpenSighting(person_id, name, decision.track_id, now_s, now_s)
                self._open[key] = sighting
            earlier = self._undecided.pop(decision.track_id, None)
            if earlier is not None:
                sighting.start_s = min(sighting.start_s, earlier[0])
                sighting.frames += earlier[1]
            sighting.end_s = now_s
            sighting.frames += 1
            sighting.decided_frames += 1
            sighting.probability_sum += decision.probability

    def sightings(self) -> list[Sighting]:
        """Return everything seen so far, by start time; brief unknown faces are left out."""
        everything = self._closed + [sighting.close() for sighting in self._open.values()]
        kept = [s for s in everything if s.person_id is not None or s.frames >= self.min_unknown_frames]
        return sorted(kept, key=lambda s: (s.start_s, s.name))

    def seconds_by_name(self) -> dict[str, float]:
        """Return for how long each name was in view, longest first."""
        totals: dict[str, float] = defaultdict(float)
        for sighting in self.sightings():
            totals[sighting.name] += sighting.end_s - sighting.start_s
        return dict(sorted(totals.items(), key=lambda item: -item[1]))
