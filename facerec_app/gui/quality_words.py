"""How good a picture is, in a word or two."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from facerec_app.gallery.face_faults import FaceFault, faults_of
from facerec_app.gallery.records import EnrolledFace, FaceState


def quality_words(face: EnrolledFace) -> str:
    """Return "Good", "Small, blurred", "Not used"."""
    if face.state is FaceState.EXCLUDED:
        return _tr("Not used")
    said = ", ".join(fault_word(fault) for fault in faults_of(face))
    return said[:1].upper() + said[1:] if said else _tr("Good")


def fault_word(fault: FaceFault) -> str:
    """Return what a fault is called, in small letters."""
    words = {
        FaceFault.SMALL: _tr("small"),
        FaceFault.BLURRED: _tr("blurred"),
        FaceFault.TURNED: _tr("turned"),
        FaceFault.DARK: _tr("dark"),
        FaceFault.BRIGHT: _tr("too bright"),
    }
    return words[fault]


def _tr(text: str) -> str:
    return QCoreApplication.translate("QualityWords", text)
