"""Which pictures are good enough to enrol, and in words what is wrong with the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facerec_app.core.errors import LowQualityFaceError, MultipleFacesError, NoFaceError
from facerec_app.core.geometry import box_areas
from facerec_app.core.types import FaceCrops, FaceDetections, Float32Array


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """What a face must have to be enrolled.

    Attributes:
        min_size_px: width of the face in the picture.
        min_sharpness: see ``FaceCrops.sharpness``. Measured on Labeled Faces in the Wild: sharp pictures have 0.30 and
            more, faces of a real video 0.20 and more; blurred until a second picture of the same person is no longer
            recognised (a Gaussian of 6 px on faces of 90 px), half of them have 0.16 and less.
        brightness: darkest and brightest mean luminance, 0 to 1.
        max_yaw_deg: how far the head may be turned.
        dominance: among several faces, the largest counts as the picture's subject beside others whose area is this
            many times smaller,
        centre: and, if it lies this near the picture's centre
        portrait: and is at least this wide,
        rim: beside others within this distance of the picture's edge. All three as shares of the shorter side.
    """

    min_size_px: float = 32.0
    min_sharpness: float = 0.15
    brightness: tuple[float, float] = (0.10, 0.95)
    max_yaw_deg: float = 55.0
    dominance: float = 3.0
    centre: float = 0.12
    portrait: float = 0.25
    rim: float = 0.10


def choose_subject(detections: FaceDetections, frame_size_px: tuple[int, int], limits: QualityLimits, what: str) -> int:
    """Return the row of the one face that a picture is of.

    That is the only face, or the largest where every other one is much smaller, or stands at the rim of a portrait
    whose middle the largest fills. Of 500 pictures of Labeled Faces in the Wild, 68 show several faces; the first rule
    settles 19 of them, both together 60, each time for the face that the picture is named after.

    Args:
        detections: all faces of the picture.
        frame_size_px: width and height of the picture.
        limits: says when the largest face is clearly the subject.
        what: the picture, as the user knows it.

    Raises:
        NoFaceError: if there is none.
        MultipleFacesError: if no face is clearly the subject.
    """
    if len(detections) == 0:
        raise NoFaceError(f"No face was found in {what}; choose a picture that shows the face from the front.")
    boxes_xyxy = detections.boxes_xyxy
    areas = box_areas(boxes_xyxy)
    subject = int(np.argmax(areas))
    rivals = areas * limits.dominance > areas[subject]
    rivals[subject] = False
    if _fills_the_middle(boxes_xyxy[subject], frame_size_px, limits):
        rivals &= ~_stands_at_the_rim(boxes_xyxy, frame_size_px, limits)
    if rivals.any():
        raise MultipleFacesError(
            f"{len(detections)} faces are in {what}; crop the picture to the person and try again."
        )
    return subject


def _fills_the_middle(box_xyxy: Float32Array, frame_size_px: tuple[int, int], limits: QualityLimits) -> bool:
    shorter_px = min(frame_size_px)
    offset_xy = (box_xyxy[:2] + box_xyxy[2:]) / 2 - np.array(frame_size_px) / 2
    wide_enough = float(box_xyxy[2] - box_xyxy[0]) >= limits.portrait * shorter_px
    return wide_enough and float(np.hypot(*offset_xy)) <= limits.centre * shorter_px


def _stands_at_the_rim(
    boxes_xyxy: Float32Array, frame_size_px: tuple[int, int], limits: QualityLimits
) -> npt.NDArray[np.bool_]:
    to_edges = np.concatenate([boxes_xyxy[:, :2], np.array(frame_size_px) - boxes_xyxy[:, 2:]], axis=1)
    return np.asarray(to_edges.min(axis=1) <= limits.rim * min(frame_size_px))


def check_quality(crops: FaceCrops, row: int, limits: QualityLimits, what: str) -> None:
    """Refuse a face that could not be recognised again reliably.

    Raises:
        LowQualityFaceError: names the first thing that is wrong and how to mend it.
    """
    fault = quality_fault(crops, row, limits)
    if fault is not None:
        raise LowQualityFaceError(f"The face in {what} {fault}.")


def quality_fault(crops: FaceCrops, row: int, limits: QualityLimits) -> str | None:
    """Return what is wrong with a face and how to mend it, or None when it is good enough."""
    size, light = float(crops.size_px[row]), float(crops.brightness[row])
    if size < limits.min_size_px:
        return f"is too small ({size:.0f} px wide, at least {limits.min_size_px:.0f} are needed); come nearer"
    if light < limits.brightness[0]:
        return "is too dark; add light from the front"
    if light > limits.brightness[1]:
        return "is over-exposed; take the light away or step back from the window"
    if float(crops.sharpness[row]) < limits.min_sharpness:
        return "is blurred; hold the camera still and let it focus"
    if abs(float(crops.yaw_deg[row])) > limits.max_yaw_deg:
        return "is turned away too far; look towards the camera"
    return None
