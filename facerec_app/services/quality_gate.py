"""Which pictures are good enough to enrol, and in words what is wrong with the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facerec_app.core.errors import LowQualityFaceError, MultipleFacesError, NoFaceError
from facerec_app.core.geometry import box_areas
from facerec_app.core.types import FaceCrops, FaceDetections


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """What a face must have to be enrolled.

    Attributes:
        min_size_px: width of the face in the picture.
        min_sharpness: see ``FaceCrops.sharpness``.
        brightness: darkest and brightest mean luminance, 0 to 1.
        max_yaw_deg: how far the head may be turned.
        dominance: among several faces, one counts as the picture's subject if its area is this many times the next's.
    """

    min_size_px: float = 32.0
    min_sharpness: float = 0.08
    brightness: tuple[float, float] = (0.10, 0.95)
    max_yaw_deg: float = 55.0
    dominance: float = 3.0


def choose_subject(detections: FaceDetections, limits: QualityLimits, what: str) -> int:
    """Return the row of the one face that a picture is of.

    Args:
        detections: all faces of the picture.
        limits: says when the largest face is clearly the subject.
        what: the picture, as the user knows it.

    Raises:
        NoFaceError: if there is none.
        MultipleFacesError: if no face is clearly the subject.
    """
    if len(detections) == 0:
        raise NoFaceError(f"No face was found in {what}; choose a picture that shows the face from the front.")
    areas = box_areas(detections.boxes_xyxy)
    order = np.argsort(-areas)
    if len(order) > 1 and areas[order[0]] < limits.dominance * areas[order[1]]:
        raise MultipleFacesError(
            f"{len(detections)} faces are in {what}; crop the picture to the person and try again."
        )
    return int(order[0])


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
