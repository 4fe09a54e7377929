"""Faces aligned once and asked about by any extractor: the same features as straight from the pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facerec_app.alignment.five_point_aligner import FivePointAligner
from facerec_app.alignment.templates import TEMPLATES
from facerec_app.capture.images import read_image
from facerec_app.core.errors import TrainingError
from facerec_app.models.model_store import ModelStore
from facerec_app.training.aligned_pictures import AlignedPictures, align_pictures
from facerec_app.training.compute_features import sface_path
from facerec_app.training.picture_features import embed_pictures, pictures_of_people


def test_features_of_stored_crops_equal_those_of_the_pictures(test_data_dir: Path, tmp_path: Path) -> None:
    root = test_data_dir / "lfw"
    names = (test_data_dir / "splits" / "test_people.txt").read_text(encoding="utf-8").split()[:4]
    pictures = pictures_of_people(root, names)[:5]
    path = sface_path("yunet", ModelStore())
    aligner = FivePointAligner(TEMPLATES["arcface_112"], 112)
    align_pictures(root, pictures, read_image, path.detector, aligner).save(tmp_path / "faces.npz")
    stored = AlignedPictures.load(tmp_path / "faces.npz").embedded(path.extractor)
    direct = embed_pictures(root, pictures, path)
    assert (stored.pictures, stored.data_sha256) == (direct.pictures, direct.data_sha256)
    assert stored.preprocessing == direct.preprocessing
    np.testing.assert_allclose(stored.vectors, direct.vectors, atol=1e-5)


def test_a_damaged_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "faces.npz").write_bytes(b"no faces")
    with pytest.raises(TrainingError, match=r"faces\.npz"):
        AlignedPictures.load(tmp_path / "faces.npz")
