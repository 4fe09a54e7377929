"""Pictures for enrolment taken by themselves, while somebody looks straight, left, right, up and down."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum

import numpy as np

from facerec_app.alignment.head_pitch import USUAL_NOSE_HEIGHT, nose_height_of, pitch_deg_of
from facerec_app.core.geometry import box_areas
from facerec_app.core.protocols import FaceAligner, FeatureExtractor, SimilarityScorer
from facerec_app.core.types import Embeddings, FaceCrops, FaceDetections, Float32Array, FrameResult
from facerec_app.pipeline.embedding_schedule import crop_quality
from facerec_app.pipeline.track_album import FacePicture, cut_out
from facerec_app.services.quality_gate import QualityLimits


class CapturePose(Enum):
    """Where somebody looks, in their own terms: LEFT is towards their left hand."""

    STRAIGHT = "straight"
    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"


class CaptureAdvice(Enum):
    """What the person in front of the camera should do next."""

    NOBODY = "nobody"
    SEVERAL = "several"
    SOMEBODY_ELSE = "somebody else"
    NEARER = "nearer"
    MORE_LIGHT = "more light"
    LESS_LIGHT = "less light"
    HOLD_STILL = "hold still"
    LOOK_STRAIGHT = "look straight"
    TURN_LEFT = "turn left"
    TURN_RIGHT = "turn right"
    LOOK_UP = "look up"
    LOOK_DOWN = "look down"
    MOVE_A_LITTLE = "move a little"
    DONE = "done"


_ASKING = {
    CapturePose.STRAIGHT: CaptureAdvice.LOOK_STRAIGHT,
    CapturePose.LEFT: CaptureAdvice.TURN_LEFT,
    CapturePose.RIGHT: CaptureAdvice.TURN_RIGHT,
    CapturePose.UP: CaptureAdvice.LOOK_UP,
    CapturePose.DOWN: CaptureAdvice.LOOK_DOWN,
}


@dataclass(frozen=True, slots=True)
class CaptureRules:
    """When a picture is worth taking.

    Attributes:
        straight_deg: a look within this of straight ahead, both ways, counts as straight.
        turned_deg: a look turned by more than this counts as left or right.
        nodded_deg: a look nodded by more than this counts as up or down.
        straight_looks: steady looks from which the person's own straight look is measured.
        most_speed: face widths a second that the landmarks may move by in the face,
        jitter: beside the face widths by which they jump in a face that is still.
        restless_s: movement for this long is worth mentioning.
        pictures_per_pose: taken at most.
        min_gap_s: between two pictures.
        patience_s: when every pose is covered and nothing new came for this long, it is enough.
        duplicate_cosine: two pictures of one pose above this are the same picture.
        rival: another face counts if the largest is less than this many times as large.
    """

    straight_deg: float = 10.0
    turned_deg: float = 16.0
    nodded_deg: float = 9.0
    straight_looks: int = 3
    most_speed: float = 1.2
    jitter: float = 0.05
    restless_s: float = 1.0
    pictures_per_pose: int = 2
    min_gap_s: float = 0.3
    patience_s: float = 2.0
    duplicate_cosine: float = 0.97
    rival: float = 3.0

    def pose_of(self, yaw_deg: float, pitch_deg: float) -> CapturePose | None:
        """Return the pose of a head turned so from the person's own straight look; None between two poses."""
        if abs(yaw_deg) >= self.turned_deg:
            return CapturePose.LEFT if yaw_deg > 0 else CapturePose.RIGHT
        if abs(pitch_deg) >= self.nodded_deg:
            return CapturePose.UP if pitch_deg > 0 else CapturePose.DOWN
        is_straight = abs(yaw_deg) <= self.straight_deg and abs(pitch_deg) <= self.nodded_deg / 2
        return CapturePose.STRAIGHT if is_straight else None


@dataclass(frozen=True, slots=True, eq=False)
class CaptureState:
    """How far a guided capture has come.

    Attributes:
        advice: what to do next.
        covered: pictures taken of each pose.
        pictures: all that were taken, in order.
        box_xyxy: ``(4,)`` float32 px of the face in the latest frame, None without one.
        took: whether the latest frame was taken.
    """

    advice: CaptureAdvice
    covered: dict[CapturePose, int]
    pictures: tuple[FacePicture, ...]
    box_xyxy: Float32Array | None
    took: bool

    @property
    def is_done(self) -> bool:
        """Whether there is nothing more to take."""
        return self.advice is CaptureAdvice.DONE


class GuidedCapture:
    """Looks at results of any source and takes what enrolment needs; one person, one thread at a time.

    Args:
        aligner: of the profile in use.
        extractor: of the same; tells whether a picture adds anything.
        scorer: tells whether it is still the same person.
        limits: of the quality gate.
        rules: when a picture is worth taking.
    """

    def __init__(
        self,
        aligner: FaceAligner,
        extractor: FeatureExtractor,
        scorer: SimilarityScorer,
        limits: QualityLimits | None = None,
        rules: CaptureRules | None = None,
    ) -> None:
        self._aligner = aligner
        self._extractor = extractor
        self._scorer = scorer
        self._limits = limits if limits is not None else QualityLimits()
        self._rules = rules if rules is not None else CaptureRules()
        self._pictures: list[FacePicture] = []
        self._taken: dict[CapturePose, list[Float32Array]] = {pose: [] for pose in CapturePose}
        self._straight: deque[tuple[float, float]] = deque(maxlen=9)
        self._previous: tuple[Float32Array, float] | None = None
        self._last_taken_s: float | None = None
        self._steady_s = float("inf")

    @property
    def pictures(self) -> tuple[FacePicture, ...]:
        """What was taken so far."""
        return tuple(self._pictures)

    def offer(self, result: FrameResult) -> CaptureState:
        """Look at a frame that was recognised, and take the face in it if it is good, steady and new.

        Raises:
            InferenceError: if the network fails.
        """
        detections = result.detections
        if not len(detections):
            self._previous = None
            return self._state(CaptureAdvice.NOBODY, None)
        areas = box_areas(detections.boxes_xyxy)
        row = int(np.argmax(areas))
        box = detections.boxes_xyxy[row]
        if (areas * self._rules.rival > areas[row]).sum() > 1:
            self._previous = None
            return self._state(CaptureAdvice.SEVERAL, box)
        face = detections.select(np.array([row]))
        crops = self._aligner.align(result.frame.pixels_rgb, face)
        is_steady = self._is_steady(face, float(crops.size_px[0]), result.frame.timestamp_s)
        fault = self._fault(crops)
        if fault is not None:
            return self._state(fault, box)
        if not is_steady:
            restless = result.frame.timestamp_s - self._steady_s > self._rules.restless_s
            return self._state(CaptureAdvice.HOLD_STILL if restless else self._asking(), box)
        self._steady_s = result.frame.timestamp_s
        pose = self._pose(face, crops)
        if pose is None or len(self._taken[pose]) >= self._rules.pictures_per_pose:
            return self._finished_or(self._asking(), result, box)
        return self._consider(pose, face, crops, result)

    def _consider(self, pose: CapturePose, face: FaceDetections, crops: FaceCrops, result: FrameResult) -> CaptureState:
        """Take a face of a wanted pose unless it is somebody else's or adds nothing."""
        now_s, box = result.frame.timestamp_s, face.boxes_xyxy[0]
        if self._last_taken_s is not None and 0.0 <= now_s - self._last_taken_s < self._rules.min_gap_s:
            return self._state(self._asking(), box)
        embedding = self._extractor.embed(crops)
        if not self._is_same_person(embedding):
            return self._state(CaptureAdvice.SOMEBODY_ELSE, box)
        vector = embedding.vectors[0]
        if any(float(vector @ kept) > self._rules.duplicate_cosine for kept in self._taken[pose]):
            return self._finished_or(CaptureAdvice.MOVE_A_LITTLE, result, box)
        self._taken[pose].append(vector)
        self._pictures.append(cut_out(result.frame, face, float(crop_quality(crops)[0])))
        self._last_taken_s = now_s
        full = all(len(taken) >= self._rules.pictures_per_pose for taken in self._taken.values())
        return self._state(CaptureAdvice.DONE if full else self._asking(), box, took=True)

    def _finished_or(self, advice: CaptureAdvice, result: FrameResult, box: Float32Array) -> CaptureState:
        """Return DONE when every pose is covered and nothing new has come for a while."""
        waited_s = result.frame.timestamp_s - self._last_taken_s if self._last_taken_s is not None else 0.0
        covered = all(self._taken.values())
        return self._state(CaptureAdvice.DONE if covered and waited_s >= self._rules.patience_s else advice, box)

    def _asking(self) -> CaptureAdvice:
        """Return the advice for the pose that has fewest pictures, in the order of the poses."""
        pose = min(CapturePose, key=lambda one: len(self._taken[one]))
        return _ASKING[pose]

    def _fault(self, crops: FaceCrops) -> CaptureAdvice | None:
        limits, light = self._limits, float(crops.brightness[0])
        if float(crops.size_px[0]) < limits.min_size_px * 1.5:  # there is time to come nearer
            return CaptureAdvice.NEARER
        if light < limits.brightness[0]:
            return CaptureAdvice.MORE_LIGHT
        if light > limits.brightness[1]:
            return CaptureAdvice.LESS_LIGHT
        if float(crops.sharpness[0]) < limits.min_sharpness:
            return CaptureAdvice.HOLD_STILL
        return None

    def _is_steady(self, face: FaceDetections, size_px: float, timestamp_s: float) -> bool:
        """Return whether the head has hardly turned since the frame before; a first frame tells nothing."""
        landmarks = face.landmarks_xy[0] - face.landmarks_xy[0].mean(axis=0)  # where it is does not matter
        self._steady_s = min(self._steady_s, timestamp_s)  # the first frame, or a file that jumped back
        previous, self._previous = self._previous, (landmarks, timestamp_s)
        if previous is None or timestamp_s <= previous[1]:
            return False
        moved_px = float(np.hypot(*(landmarks - previous[0]).T).mean())
        allowed = self._rules.jitter + self._rules.most_speed * (timestamp_s - previous[1])
        return moved_px / max(size_px, 1.0) <= allowed

    def _pose(self, face: FaceDetections, crops: FaceCrops) -> CapturePose | None:
        """Return where the person looks; None between the poses, or while their straight look is not known."""
        rules, (lowest, highest) = self._rules, USUAL_NOSE_HEIGHT
        # Positive yaw is towards the picture's right, which is the left hand of who faces the camera.
        yaw, height = float(crops.yaw_deg[0]), float(nose_height_of(face.landmarks_xy)[0])
        if len(self._straight) < rules.straight_looks:
            if abs(yaw) > rules.straight_deg or not lowest <= height <= highest:
                return None
            self._straight.append((yaw, height))
            return CapturePose.STRAIGHT if len(self._straight) == rules.straight_looks else None
        straight_yaw, straight_height = np.median(np.array(self._straight), axis=0).tolist()
        pitch = float(pitch_deg_of(np.array([height], np.float32), straight_height)[0])
        return rules.pose_of(yaw - straight_yaw, pitch) if abs(yaw) <= self._limits.max_yaw_deg else None

    def _is_same_person(self, embedding: Embeddings) -> bool:
        kept = [vector for taken in self._taken.values() for vector in taken]
        if not kept:
            return True
        left = np.repeat(embedding.vectors, len(kept), axis=0)
        return float(self._scorer.score_pairs(left, np.stack(kept)).max()) >= 0.5

    def _state(self, advice: CaptureAdvice, box_xyxy: Float32Array | None, *, took: bool = False) -> CaptureState:
        covered = {pose: len(taken) for pose, taken in self._taken.items()}
        return CaptureState(advice, covered, tuple(self._pictures), box_xyxy, took)
