"""The small frozen values that travel along the path of a frame: struct of arrays, one row per face.

Pixels are RGB everywhere inside the program; coordinates are pixels of the frame they belong to, x to the right and
y down. Arrays are never written to after construction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

UInt8Array = npt.NDArray[np.uint8]
Float32Array = npt.NDArray[np.float32]
Int64Array = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Rows = npt.NDArray[Any]
"""Anything that selects rows: an index array or a boolean mask of length N."""


class Verdict(Enum):
    """What is said of a face."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a source.

    Attributes:
        pixels_rgb: ``(H, W, 3)`` uint8, upright.
        index: number of the frame in its source, from 0; gaps are frames that were dropped.
        timestamp_s: seconds on the source's own clock that never runs backwards: media time of a file, monotonic
            time since opening of a camera or stream.
        source_id: what the user would call the source (path, address, camera number).
    """

    pixels_rgb: UInt8Array
    index: int
    timestamp_s: float
    source_id: str

    @property
    def height_px(self) -> int:
        return int(self.pixels_rgb.shape[0])

    @property
    def width_px(self) -> int:
        return int(self.pixels_rgb.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class FaceDetections:
    """Faces found in one picture.

    Attributes:
        boxes_xyxy: ``(N, 4)`` float32 px; may reach beyond the picture's edge.
        landmarks_xy: ``(N, 5, 2)`` float32 px: left eye, right eye, nose, left and right corner of the mouth, as seen
            in the picture (the left eye is the one with the smaller x in a frontal face).
        scores: ``(N,)`` float32 in 0..1.
    """

    boxes_xyxy: Float32Array
    landmarks_xy: Float32Array
    scores: Float32Array

    def __len__(self) -> int:
        return int(self.boxes_xyxy.shape[0])

    def select(self, rows: Rows) -> FaceDetections:
        """Return the given rows (index array or boolean mask), in that order."""
        return FaceDetections(self.boxes_xyxy[rows], self.landmarks_xy[rows], self.scores[rows])

    @staticmethod
    def empty() -> FaceDetections:
        """Return zero faces."""
        return FaceDetections(np.zeros((0, 4), np.float32), np.zeros((0, 5, 2), np.float32), np.zeros((0,), np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class FaceCrops:
    """Aligned faces, ready for an extractor, with what is known of their quality.

    Attributes:
        pixels_rgb: ``(N, S, S, 3)`` uint8.
        frame_to_crop: ``(N, 2, 3)`` float32, the similarity transform from frame to crop coordinates.
        size_px: ``(N,)`` float32, distance-derived width of the face in the frame, in pixels.
        sharpness: ``(N,)`` float32, 0 (nothing but blur) to 1 (crisp).
        yaw_deg: ``(N,)`` float32, estimated turn of the head, 0 = frontal, positive = towards the picture's right.
        brightness: ``(N,)`` float32, mean luminance of the face, 0 to 1.
    """

    pixels_rgb: UInt8Array
    frame_to_crop: Float32Array
    size_px: Float32Array
    sharpness: Float32Array
    yaw_deg: Float32Array
    brightness: Float32Array

    def __len__(self) -> int:
        return int(self.pixels_rgb.shape[0])

    def select(self, rows: Rows) -> FaceCrops:
        """Return the given rows (index array or boolean mask), in that order."""
        return FaceCrops(
            self.pixels_rgb[rows],
            self.frame_to_crop[rows],
            self.size_px[rows],
            self.sharpness[rows],
            self.yaw_deg[rows],
            self.brightness[rows],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Embeddings:
    """Feature vectors of faces.

    Attributes:
        vectors: ``(N, D)`` float32, unit length.
        extractor_version: names network, layer, pooling, input size, preprocessing and weights; vectors of two
            versions are never compared.
        norms: ``(N,)`` float32, above zero: how long each vector was before its length was made one, which says how
            sure the network was. None where vectors do not come from a network just now.
    """

    vectors: Float32Array
    extractor_version: str
    norms: Float32Array | None = None

    def __len__(self) -> int:
        return int(self.vectors.shape[0])


@dataclass(frozen=True, slots=True, eq=False)
class GalleryChange:
    """How a snapshot came from the one before it.

    Attributes:
        base_revision: of that one.
        removed_rows: ``(R,)`` int64, ascending, its rows that are gone; the others follow one another as before.
        added: number of rows at the end that it did not have.
    """

    base_revision: int
    removed_rows: Int64Array
    added: int


@dataclass(frozen=True, slots=True, eq=False)
class GallerySnapshot:
    """The enrolled faces at one moment; immutable, swapped whole.

    Attributes:
        vectors: ``(G, D)`` float32, unit length.
        person_ids: ``(G,)`` unicode array (UUIDs), whose face each row is.
        face_ids: ``(G,)`` unicode array (UUIDs).
        extractor_version: of the vectors.
        revision: grows by one with every change of the gallery.
        names: person id to display name, for everybody enrolled.
        rejected_vectors: ``(R, D)`` float32, faces of which a user said "this is not X"; ``(0, 0)`` without any.
        rejected_person_ids: ``(R,)`` unicode array, who each of them is not.
        change: how it came from an earlier snapshot; None if it was read whole.
    """

    vectors: Float32Array
    person_ids: npt.NDArray[np.str_]
    face_ids: npt.NDArray[np.str_]
    extractor_version: str
    revision: int
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    rejected_vectors: Float32Array = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    rejected_person_ids: npt.NDArray[np.str_] = field(default_factory=lambda: np.zeros(0, np.str_))
    change: GalleryChange | None = None

    def __len__(self) -> int:
        return int(self.vectors.shape[0])

    @property
    def person_count(self) -> int:
        """Number of people with at least one face."""
        return int(np.unique(self.person_ids).size)


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The gallery faces nearest to each probe, best first.

    Attributes:
        gallery_rows: ``(N, K)`` int64, rows of the snapshot; K is the smaller of what was asked for and G.
        cosines: ``(N, K)`` float32.
    """

    gallery_rows: Int64Array
    cosines: Float32Array

    def __len__(self) -> int:
        return int(self.gallery_rows.shape[0])


@dataclass(frozen=True, slots=True, eq=False)
class SimilarityScores:
    """Probability of each (probe, candidate) pair that both faces are one person: ``(N, K)`` float32."""

    probabilities: Float32Array

    def __len__(self) -> int:
        return int(self.probabilities.shape[0])


@dataclass(frozen=True, slots=True, eq=False)
class PersonScores:
    """The enrolled people most like each probe, best first.

    Attributes:
        person_ids: ``(N, P)`` unicode array; empty text where a probe has fewer than P people near it.
        logits: ``(N, P)`` float32, log-odds that probe and person are one, pooled over the person's faces; minus
            infinity where there is no person.
        gallery_people: number of people enrolled, which the chance of a wrong name grows with.
    """

    person_ids: npt.NDArray[np.str_]
    logits: Float32Array
    gallery_people: int

    def __len__(self) -> int:
        return int(self.person_ids.shape[0])


@dataclass(frozen=True, slots=True)
class IdentityDecision:
    """What is said of one face and why.

    Attributes:
        track_id: of the face's track; -1 for a still picture.
        verdict: known, unknown or not decided yet.
        person_id: who, for KNOWN only.
        probability: that ``person_id`` is right (KNOWN), or that the best candidate is right (otherwise), 0 to 1.
        margin: probability of the best person minus that of the runner-up (0 to 1).
        reason: one line for a curious user.
        best_person_id: the nearest enrolled person whatever the verdict, or None with an empty gallery.
        runner_up_id: the next nearest enrolled person, if there is one.
    """

    track_id: int
    verdict: Verdict
    person_id: str | None
    probability: float
    margin: float
    reason: str
    best_person_id: str | None = None
    runner_up_id: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FrameResult:
    """Everything the program says of one frame.

    Attributes:
        frame: the frame itself.
        detections: N faces.
        track_ids: ``(N,)`` int64.
        decisions: N decisions, in the order of the detections.
        stage_ms: time spent in each stage, milliseconds.
        gallery_revision: of the snapshot that was used.
        names: person id to display name, from the same snapshot.
    """

    frame: Frame
    detections: FaceDetections
    track_ids: Int64Array
    decisions: tuple[IdentityDecision, ...]
    stage_ms: Mapping[str, float]
    gallery_revision: int
    names: Mapping[str, str]

    def name_of(self, decision: IdentityDecision) -> str | None:
        """Return the display name behind a KNOWN decision, else None."""
        return self.names.get(decision.person_id) if decision.person_id is not None else None
