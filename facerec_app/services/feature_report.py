"""Mean and spread of the gallery's features: what normalisation goes by, and how far people are apart."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from facerec_app.core.atomic_file import write_bytes_atomically
from facerec_app.core.errors import GalleryWriteError
from facerec_app.services.gallery_session import GallerySession
from facerec_app.training.feature_statistics import FeatureStatistics
from facerec_app.training.gallery_material import material_of

FEATURE_REPORT_NAME = "feature-statistics.json"


@dataclass(frozen=True, slots=True)
class FeatureReport:
    """Statistics of the enrolled faces' features.

    Attributes:
        extractor_version: of the features.
        people: enrolled with a face.
        faces: enrolled.
        mean: of each value of the features.
        std: standard deviation of each value.
        mean_length: length of the mean: what all faces have in common, 0 to 1.
        between_spread: root of the total variance of people around the mean; None where nobody has two faces.
        within_spread: root of the total variance of faces around their person; None likewise.
    """

    extractor_version: str
    people: int
    faces: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    mean_length: float
    between_spread: float | None
    within_spread: float | None


class FeatureReportService:
    """Measures the gallery's features and keeps what it found beside the gallery.

    Args:
        gallery: the enrolled faces.
        folder: where the report is kept.
    """

    def __init__(self, gallery: GallerySession, folder: Path) -> None:
        self._gallery = gallery
        self.file = folder / FEATURE_REPORT_NAME

    def measure(self) -> FeatureReport:
        """Return the statistics and store them as JSON.

        Raises:
            NotEnoughDataError: nobody is enrolled.
            TrainingError: a feature is not finite.
            GalleryWriteError: they cannot be stored.
        """
        self._gallery.embed_missing()
        features = material_of(self._gallery.index().snapshot, ()).enrolled
        vectors = features.vectors.astype(np.float64)
        mean = vectors.mean(axis=0)
        spread: FeatureStatistics | None = None
        if len(features.people) > 1 and len(features) > len(features.people):
            spread = FeatureStatistics.measured_on(features)
        report = FeatureReport(
            features.extractor_version,
            len(features.people),
            len(features),
            tuple(np.round(mean, 7).tolist()),
            tuple(np.round(vectors.std(axis=0), 7).tolist()),
            float(np.linalg.norm(mean)),
            float(np.sqrt(np.trace(spread.between))) if spread is not None else None,
            float(np.sqrt(np.trace(spread.within))) if spread is not None else None,
        )
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            write_bytes_atomically(self.file, (json.dumps(asdict(report)) + "\n").encode())
        except OSError as exc:
            raise GalleryWriteError(
                f"The statistics cannot be stored in {self.file} ({exc.strerror}); free some space or check its rights."
            ) from exc
        return report
