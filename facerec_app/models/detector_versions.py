"""O-Nets tuned on boxes that people corrected."""

from __future__ import annotations

from typing import ClassVar

from facerec_app.models.tuned_versions import TunedVersion, TunedVersions, TunedWords

INDEX_NAME = "detectors.json"
DetectorVersion = TunedVersion
"""A tuned O-Net; it goes on from the version that ``start`` names, or from the shipped network where that is empty."""


class DetectorVersions(TunedVersions):
    """The tuned last stages of MTCNN."""

    words: ClassVar[TunedWords] = TunedWords("detector", "facerec detectors", INDEX_NAME, "facerec-detectors-1")
