"""Features of folders of pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facerec_app.core.errors import ModelVersionMismatchError, TrainingCancelledError, TrainingError
from facerec_app.core.types import FaceDetections
from facerec_app.models.model_store import ModelStore
from facerec_app.training.compute_features import sface_path
from facerec_app.training.picture_features import (
    PictureFeatures,
    central_face,
    embed_pictures,
    pictures_of_people,
)


def detections(*boxes: tuple[float, float, float, float]) -> FaceDetections:
    count = len(boxes)
    return FaceDetections(
        np.array(boxes, np.float32).reshape(count, 4),
        np.zeros((count, 5, 2), np.float32),
        np.linspace(1.0, 0.5, count).astype(np.float32),
    )


def test_the_largest_box_that_holds_the_centre_is_meant() -> None:
    faces = detections((0, 0, 120, 120), (40, 40, 60, 60), (30, 30, 70, 70))
    np.testing.assert_array_equal(
        central_face(faces.select(np.array([1, 2])), 100, 100).boxes_xyxy[0], [30, 30, 70, 70]
    )


def test_without_one_over_the_centre_the_nearest_is_meant() -> None:
    faces = detections((0, 0, 30, 30), (60, 20, 90, 45), (0, 60, 10, 70))
    np.testing.assert_array_equal(central_face(faces, 100, 100).boxes_xyxy[0], [60, 20, 90, 45])


def test_no_face_stays_no_face() -> None:
    assert len(central_face(FaceDetections.empty(), 100, 100)) == 0


@pytest.fixture(scope="module")
def embedded(test_data_dir: Path) -> tuple[Path, list[str], PictureFeatures]:
    root = test_data_dir / "lfw"
    pictures = pictures_of_people(root, ["Angelina_Jolie", "Hugh_Grant"])[:10]
    return root, pictures, embed_pictures(root, pictures, sface_path("yunet", ModelStore()))


def test_pictures_of_one_person_are_nearer_than_of_two(embedded: tuple[Path, list[str], PictureFeatures]) -> None:
    _, pictures, features = embedded
    assert features.found.all()
    labelled = features.labelled()
    cosines = labelled.vectors @ labelled.vectors.T
    same = labelled.person_index[:, None] == labelled.person_index[None, :]
    others = cosines[same & ~np.eye(len(pictures), dtype=bool)]
    assert others.mean() > cosines[~same].mean() + 0.3 if (~same).any() else others.mean() > 0.4


def test_what_is_written_is_read_back(embedded: tuple[Path, list[str], PictureFeatures], tmp_path: Path) -> None:
    _, _, features = embedded
    features.save(tmp_path / "features.npz")
    back = PictureFeatures.load(tmp_path / "features.npz")
    np.testing.assert_array_equal(back.vectors, features.vectors)
    assert (back.pictures, back.data_sha256) == (features.pictures, features.data_sha256)
    back.require_version(features.extractor_version)
    with pytest.raises(ModelVersionMismatchError, match="compute them again"):
        back.require_version("other")


def test_cancelling_keeps_nothing(embedded: tuple[Path, list[str], PictureFeatures]) -> None:
    root, pictures, _ = embedded
    with pytest.raises(TrainingCancelledError):
        embed_pictures(root, pictures, sface_path("yunet", ModelStore()), cancelled=lambda: True)


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04"])
def test_a_damaged_file_of_features_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "features.npz"
    file.write_bytes(content)
    with pytest.raises(TrainingError, match="compute them again"):
        PictureFeatures.load(file)


def test_a_pickle_inside_is_never_opened(tmp_path: Path) -> None:
    file = tmp_path / "features.npz"
    objects = np.empty(3, object)
    np.savez(file, facts=objects, pictures=objects, found=objects, vectors=objects)
    with pytest.raises(TrainingError, match="compute them again"):
        PictureFeatures.load(file)
