"""What a worker of bulk work is made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facerec_app.config.settings import Settings
from facerec_app.detection.mtcnn_detector import ONET
from facerec_app.inference.onnx_weights import read_weights
from facerec_app.models.detector_versions import DetectorVersion, DetectorVersions
from facerec_app.models.model_store import ModelStore
from facerec_app.services.picture_reading import PictureToRead
from facerec_app.worker_composition import bulk_parts


def blind_detector(folder: Path) -> DetectorVersions:
    """Promote a last stage that takes nothing for a face."""
    weights = {name: np.zeros_like(values) for name, values in read_weights(ModelStore().read(ONET)).items()}
    versions = DetectorVersions(folder)
    versions.add(DetectorVersion("blind", "2026-11-22", "", 1, 1, {}, {}), weights, promote=True)
    return versions


def test_workers_look_with_the_detector_that_is_in_use(demo_dir: Path, tmp_path: Path) -> None:
    settings = Settings(database_dir=tmp_path)
    file = demo_dir / "sources" / "obama2.jpg"
    picture = [PictureToRead(file.name, file)]
    (seen,) = bulk_parts("sface", settings).read(picture)
    tuned = blind_detector(settings.database.detectors_dir).file_in_use()
    (unseen,) = bulk_parts("sface", settings, tuned_detector=tuned).read(picture)
    assert "No face" not in str(seen)
    assert "No face" in str(unseen)
