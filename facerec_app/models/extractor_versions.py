"""Heads of the ResNet50 that were fine-tuned on somebody's own people."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from facerec_app.core.errors import WeightsRejectedError
from facerec_app.models.model_manifest import RecognitionProfile
from facerec_app.models.model_store import ModelStore
from facerec_app.models.tuned_versions import TunedFile, TunedVersion, TunedVersions, TunedWords

TUNED_KIND = "resnet50"
"""The kind of extractor that can be fine-tuned."""
INDEX_NAME = "extractors.json"


class ExtractorVersions(TunedVersions):
    """The arrays that take the place of the shipped ResNet50's; each version names the network it was made for.

    Args:
        folder: of the gallery.
        shipped_sha256: of the network that ships; versions made for another one are refused.
    """

    words: ClassVar[TunedWords] = TunedWords("extractor", "facerec extractors", INDEX_NAME, "facerec-extractors-1")

    def __init__(self, folder: Path, shipped_sha256: str) -> None:
        super().__init__(folder)
        self.shipped_sha256 = shipped_sha256

    def file(self, version: TunedVersion) -> TunedFile:
        """Return where a version's arrays are.

        Raises:
            WeightsRejectedError: it was made for another network than the one that ships.
        """
        if version.start != self.shipped_sha256:
            raise WeightsRejectedError(
                f"The tuned extractor {version.version_id} was made for the ResNet50 of another version of FaceRec; "
                "fine-tune again with 'facerec train-extractor --finetune'."
            )
        return super().file(version)


def tuned_file_in_use(folder: Path, models: ModelStore, profile: RecognitionProfile) -> TunedFile | None:
    """Return the fine-tuned head that a profile uses; None for the shipped one and for profiles that have none.

    Args:
        folder: where a gallery keeps them.
        models: the shipped models.
        profile: of their manifest.
    """
    if profile.extractor != TUNED_KIND:
        return None
    return ExtractorVersions(folder, models.entry(profile.extractor_file).sha256).file_in_use()
