"""Who is in a video: its faces grouped by person, so that a user can say which of them is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from facerec_app.capture.video_file_source import VideoFileSource
from facerec_app.core.errors import NoFaceError
from facerec_app.core.types import Float32Array, Frame
from facerec_app.pipeline.track_album import cut_out
from facerec_app.services.face_reader import FaceReader, ReadFace
from facerec_app.services.progress import CancelCheck, Progress, ProgressCallback, never_cancelled, no_progress

SAMPLE_INTERVAL_S = 0.4
_MOST_PICTURES = 8
_SAME_PERSON_COSINE = 0.35
"""Faces of one person in one video, in the same light, agree by more than this in both profiles; of two people the
most alike of LFW's impostor pairs reach it."""
_TOO_ALIKE_COSINE = 0.97
_PRESENCE_GAP_S = 2.0
_FULL_LIGHT = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class VideoPerson:
    """One person of a video.

    Attributes:
        pictures: up to eight good and different looks, the best first.
        looks: how many good looks there were in all.
        spans_s: from when to when they were in view, media time.
    """

    pictures: tuple[ReadFace, ...]
    looks: int
    spans_s: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, eq=False)
class VideoPeople:
    """Everybody in a video, who was seen most first.

    Attributes:
        path: the video.
        people: those with at least one face good enough to enrol.
        searched_s: media time that was searched; less than the whole if it was cancelled.
        cancelled: whether the user ended the search.
    """

    path: Path
    people: tuple[VideoPerson, ...]
    searched_s: float
    cancelled: bool


@dataclass(slots=True, eq=False)
class _Group:
    faces: list[ReadFace] = field(default_factory=list)
    times_s: list[float] = field(default_factory=list)
    looks: int = 0
    vector_sum: Float32Array = field(default_factory=lambda: np.zeros(0, np.float32))

    @property
    def centre(self) -> Float32Array:
        return np.asarray(self.vector_sum / max(float(np.linalg.norm(self.vector_sum)), 1e-9), np.float32)

    def add(self, read: ReadFace, time_s: float) -> None:
        vector = read.embedding.vectors[0]
        self.vector_sum = self.vector_sum + vector if self.vector_sum.size else vector.copy()
        self.looks += 1
        self.times_s.append(time_s)
        self._keep(read)

    def absorb(self, other: _Group) -> None:
        self.vector_sum = self.vector_sum + other.vector_sum
        self.looks += other.looks
        self.times_s = sorted(self.times_s + other.times_s)
        for read in other.faces:
            self._keep(read)

    def _keep(self, read: ReadFace) -> None:
        """Keep the best looks that differ; one that is all but another replaces it if it is better."""
        self.faces.append(read)
        kept: list[ReadFace] = []
        for one in sorted(self.faces, key=_worth, reverse=True):
            alike = (float(one.embedding.vectors[0] @ other.embedding.vectors[0]) for other in kept)
            if len(kept) < _MOST_PICTURES and all(cosine < _TOO_ALIKE_COSINE for cosine in alike):
                kept.append(one)
        self.faces = kept

    def person(self) -> VideoPerson:
        return VideoPerson(tuple(self.faces), self.looks, _spans(self.times_s))


def find_people_in_video(
    path: Path,
    reader: FaceReader,
    *,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCheck = never_cancelled,
) -> VideoPeople:
    """Search a video for faces and group them by person.

    A frame every 0.4 s is looked at. Faces that the quality gate refuses are passed over. A face joins the group whose
    mean it is most like, if by enough, and two faces of one frame never join the same group; at the end, groups that
    were never in one frame and whose means agree become one.

    Args:
        path: the video file.
        reader: finds and judges faces.
        progress: done and total in seconds of media time.
        cancelled: asked before each frame; what was found until then is returned.

    Raises:
        SourceOpenError: if the file is no video.
        InferenceError: if a network fails.
    """
    source = VideoFileSource(path)
    groups: list[_Group] = []
    next_s = searched_s = 0.0
    stopped = False
    count, rate = source.frame_count, source.frame_rate
    total_s = max(1, round(count / rate)) if count and rate else None
    try:
        while not (stopped := cancelled()) and (frame := source.read()) is not None:
            searched_s = frame.timestamp_s
            if searched_s < next_s:
                continue
            next_s = searched_s + SAMPLE_INTERVAL_S
            progress(Progress(int(searched_s), total_s, clock(searched_s)))
            _assign(_good_faces(frame, path, reader), searched_s, groups)
    finally:
        source.close()
    groups = _united(groups)
    people = sorted((group.person() for group in groups), key=lambda person: -person.looks)
    return VideoPeople(path, tuple(people), searched_s, stopped)


def most_seen_person(found: VideoPeople) -> VideoPerson:
    """Return whom a video shows most.

    Raises:
        NoFaceError: if it shows nobody clearly.
    """
    if not found.people:
        raise NoFaceError(
            f"No frame of {found.path} shows one clear face; choose a video that shows the person from the front."
        )
    return found.people[0]


def clock(seconds: float) -> str:
    """Return media time as people write it: 0:07, 1:02:03."""
    whole = int(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def spans_text(person: VideoPerson, most: int = 3) -> str:
    """Return from when to when a person was in view: "0:12-0:40, 1:05"."""
    shown = [clock(a) if clock(a) == clock(b) else f"{clock(a)}-{clock(b)}" for a, b in person.spans_s[:most]]
    return ", ".join(shown) + (" ..." if len(person.spans_s) > most else "")


def _good_faces(frame: Frame, path: Path, reader: FaceReader) -> list[ReadFace]:
    detections = reader.detector.detect(frame.pixels_rgb)
    what = f"{path} at {frame.timestamp_s:.1f} s"
    found = []
    for row in reader.good_rows(frame.pixels_rgb, detections):
        # The part of the frame around the face: hundreds of whole frames would not fit in memory.
        picture = cut_out(frame, detections.select(np.array([row])), quality=0.0)
        found.append(reader.read_detection(picture.pixels_rgb, picture.detection, what))
    return found


def _assign(faces: Sequence[ReadFace], time_s: float, groups: list[_Group]) -> None:
    """Give each face of one frame to a group of its own, best agreement first."""
    taken: set[int] = set()
    placed: set[int] = set()
    if groups and faces:
        cosines = np.stack([read.embedding.vectors[0] for read in faces]) @ np.stack([g.centre for g in groups]).T
        for flat in np.argsort(-cosines, axis=None, kind="stable").tolist():
            row, column = divmod(int(flat), len(groups))
            if cosines[row, column] < _SAME_PERSON_COSINE:
                break
            if row not in placed and column not in taken:
                groups[column].add(faces[row], time_s)
                placed.add(row)
                taken.add(column)
    for row, read in enumerate(faces):
        if row not in placed:
            group = _Group()
            group.add(read, time_s)
            groups.append(group)


def _united(groups: list[_Group]) -> list[_Group]:
    """Join groups that agree and were never in view together, the most alike first."""
    left = list(groups)
    while len(left) > 1:
        centres = np.stack([group.centre for group in left])
        cosines = centres @ centres.T
        cosines[np.tril_indices(len(left))] = -1.0
        for i, a in enumerate(left):
            for j in range(i + 1, len(left)):
                if cosines[i, j] >= _SAME_PERSON_COSINE and set(a.times_s) & set(left[j].times_s):
                    cosines[i, j] = -1.0
        i, j = divmod(int(np.argmax(cosines)), len(left))
        if cosines[i, j] < _SAME_PERSON_COSINE:
            break
        left[i].absorb(left.pop(j))
    return left


def _worth(read: ReadFace) -> float:
    """Return how good a look is, 0 to 1: its quality, less in the dark (fades, night)."""
    return read.quality * min(1.0, read.face.brightness / _FULL_LIGHT)


def _spans(times_s: Sequence[float]) -> tuple[tuple[float, float], ...]:
    spans: list[tuple[float, float]] = []
    for time_s in sorted(times_s):
        if spans and time_s - spans[-1][1] <= _PRESENCE_GAP_S:
            spans[-1] = (spans[-1][0], time_s)
        else:
            spans.append((time_s, time_s))
    return tuple(spans)
