"""What is not so good about an enrolled face, for lists that show it in a word."""

from __future__ import annotations

from enum import Enum

from facerec_app.gallery.records import EnrolledFace

_SMALL_PX = 60.0
_BLURRED = 0.22
_TURNED_DEG = 35.0
_DARK, _BRIGHT = 0.20, 0.85


class FaceFault(Enum):
    """Something that makes a face less useful although it was good enough to enrol."""

    SMALL = "small"
    BLURRED = "blurred"
    TURNED = "turned"
    DARK = "dark"
    BRIGHT = "too bright"


def faults_of(face: EnrolledFace) -> tuple[FaceFault, ...]:
    """Return what is not so good about a face; nothing for a good one.

    The limits lie where recognition begins to suffer, inside those of ``QualityLimits``, which refuse a face.
    """
    found = (
        (face.size_px < _SMALL_PX, FaceFault.SMALL),
        (face.sharpness < _BLURRED, FaceFault.BLURRED),
        (abs(face.yaw_deg) > _TURNED_DEG, FaceFault.TURNED),
        (face.brightness < _DARK, FaceFault.DARK),
        (face.brightness > _BRIGHT, FaceFault.BRIGHT),
    )
    return tuple(fault for is_so, fault in found if is_so)


FAULT_CONDITIONS = {
    FaceFault.SMALL: f"faces.size_px < {_SMALL_PX}",
    FaceFault.BLURRED: f"faces.sharpness < {_BLURRED}",
    FaceFault.TURNED: f"abs(faces.yaw_deg) > {_TURNED_DEG}",
    FaceFault.DARK: f"faces.brightness < {_DARK}",
    FaceFault.BRIGHT: f"faces.brightness > {_BRIGHT}",
}
"""The same in the database's language."""
