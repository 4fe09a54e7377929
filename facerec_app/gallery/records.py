"""What the gallery knows of people and faces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import Path

import numpy as np

from facerec_app.core.types import Embeddings, FaceCrops, FaceDetections, Float32Array, UInt8Array


class FaceState(Enum):
    """Whether a face takes part in recognition."""

    ACTIVE = "active"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person agreed to.

    Attributes:
        purpose: what the pictures may be used for.
        agreed_by: who agreed: the person, or somebody for them.
        until: last day of the agreement, None if it has no end.
    """

    purpose: str
    agreed_by: str
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """An enrolled person.

    Attributes:
        person_id: UUID; never changes.
        name: display name; unique without regard to case.
        created_at: when enrolled, UTC.
        consent: what they agreed to, None if it was not recorded.
        portrait_face_id: the face that stands for them in lists, None if not chosen.
        face_count: number of their faces, excluded ones too.
    """

    person_id: str
    name: str
    created_at: datetime
    consent: Consent | None
    portrait_face_id: str | None
    face_count: int


@dataclass(frozen=True, slots=True, eq=False)
class EnrolledFace:
    """A face in the gallery; coordinates are those of its own picture, not of the one it was cut from.

    Attributes:
        face_id: UUID; never changes.
        person_id: whose face it is.
        picture_file: the JPEG with the face and a wide margin.
        picture_sha256: of that file, hexadecimal.
        box_xyxy: ``(4,)`` float32 px.
        landmarks_xy: ``(5, 2)`` float32 px, in the order of ``FaceDetections``.
        score: of the detector, 0 to 1.
        source: where it came from, for people to read.
        size_px, sharpness, yaw_deg, brightness: as in ``FaceCrops``, measured at enrolment.
        created_at: when enrolled, UTC.
        state: whether it takes part in recognition.
    """

    face_id: str
    person_id: str
    picture_file: Path
    picture_sha256: str
    box_xyxy: Float32Array
    landmarks_xy: Float32Array
    score: float
    source: str
    size_px: float
    sharpness: float
    yaw_deg: float
    brightness: float
    created_at: datetime
    state: FaceState

    def detections(self) -> FaceDetections:
        """Return the face as the one detection of its picture, for aligning it again."""
        return FaceDetections(self.box_xyxy[None], self.landmarks_xy[None], np.array([self.score], np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class NewFace:
    """A face to be enrolled.

    Attributes:
        pixels_rgb: ``(H, W, 3)`` uint8, the whole picture; the gallery cuts what it keeps.
        box_xyxy: ``(4,)`` float32 px in that picture.
        landmarks_xy: ``(5, 2)`` float32 px in that picture.
        score: of the detector.
        source: where it came from, for people to read (file name, "camera 0 at 12:30").
        size_px, sharpness, yaw_deg, brightness: as in ``FaceCrops``.
        embedding: one row, stored with the face; None to compute it later (``missing_embeddings``).
    """

    pixels_rgb: UInt8Array
    box_xyxy: Float32Array
    landmarks_xy: Float32Array
    score: float
    source: str
    size_px: float
    sharpness: float
    yaw_deg: float
    brightness: float
    embedding: Embeddings | None = None

    @staticmethod
    def from_row(
        pixels_rgb: UInt8Array,
        detections: FaceDetections,
        crops: FaceCrops,
        row: int,
        *,
        source: str,
        embeddings: Embeddings | None = None,
    ) -> NewFace:
        """Return one face of what the pipeline found in a picture."""
        embedding = None
        if embeddings is not None:
            embedding = Embeddings(embeddings.vectors[row : row + 1], embeddings.extractor_version)
        return NewFace(
            pixels_rgb,
            detections.boxes_xyxy[row],
            detections.landmarks_xy[row],
            float(detections.scores[row]),
            source,
            float(crops.size_px[row]),
            float(crops.sharpness[row]),
            float(crops.yaw_deg[row]),
            float(crops.brightness[row]),
            embedding,
        )


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a user said of two faces.

    Attributes:
        left_face_id, right_face_id: the faces, in the order of their identifiers.
        same_person: whether they show one person.
        decided_by: who said so.
        decided_at: when, UTC.
    """

    left_face_id: str
    right_face_id: str
    same_person: bool
    decided_by: str
    decided_at: datetime
